"""Order, cycles and selection."""

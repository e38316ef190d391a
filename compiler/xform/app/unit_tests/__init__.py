"""Unit tests: their queries, running them, making them of real rows."""

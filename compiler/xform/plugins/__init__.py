"""Finds engines by the type a profile names."""

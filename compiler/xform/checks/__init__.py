"""Data tests as SQL, and what their results mean."""

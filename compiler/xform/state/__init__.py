"""The state store: what was built, published and run."""

"""Jinja, in a sandbox, with a source map back to the written file."""

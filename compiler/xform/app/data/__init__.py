"""Rows: of one asset, of its sources, of two environments."""

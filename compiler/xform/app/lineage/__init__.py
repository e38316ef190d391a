"""Lineage as it is asked for: of a column of the project, or of any SQL."""

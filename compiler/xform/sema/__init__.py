"""Names, stars, columns, value and row lineage, meaning: one pass per model."""

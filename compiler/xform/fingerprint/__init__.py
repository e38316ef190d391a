"""Hashes of meaning for rows, columns and builds, and the text that explains them."""

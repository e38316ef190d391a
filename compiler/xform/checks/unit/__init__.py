"""Unit tests of models as SQL: rows in the place of tables, and what comes out compared."""

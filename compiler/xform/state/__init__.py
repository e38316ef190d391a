"""The state of one machine in SQLite: run history, and an index of the warehouse's ledger."""

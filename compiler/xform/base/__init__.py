"""Words that every stage shares: names, places in files, diagnostics, hashes. No IO, no SQL."""

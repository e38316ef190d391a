"""Plans carried out: builds, backfills, and tests of what is built."""

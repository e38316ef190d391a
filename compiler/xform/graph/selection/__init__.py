"""Selection: which assets and tests a command means (`--select`, `--exclude`, `--selector`)."""

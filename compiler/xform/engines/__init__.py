"""One file per engine, behind the ports of `run`."""

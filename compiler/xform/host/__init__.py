"""Files, clock, environment, processes: the machine behind the ports."""

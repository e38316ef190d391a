"""From a compilation and the record to a plan, and what may be asked of one."""

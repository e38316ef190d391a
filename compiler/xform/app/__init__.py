"""Use cases: compile, plan, build, test, show, why."""

"""One module per command."""

from __future__ import annotations

COMMANDS = (
    "init",
    "compile",
    "plan",
    "build",
    "retry",
    "runs",
    "backfill",
    "test",
    "ci",
    "ls",
    "lineage",
    "why",
    "show",
    "sources",
    "env",
    "diff",
    "rollback",
    "gc",
    "state",
    "explain",
    "debug",
)
"""In the order of the help text; each has a module of its name with a `run`."""

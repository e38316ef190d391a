"""The target of a run: which engine, where, and how many threads."""

from __future__ import annotations

from typing import Any

import msgspec


class Target(msgspec.Struct, frozen=True):
    """One output of `profiles.yml`, `env_var()` resolved.

    `settings` are the engine's own keys (for DuckDB: `path`, `settings`). They may hold secrets:
    never print them, never store them.
    """

    profile: str
    name: str
    type: str
    threads: int
    environment: str = "prod"
    settings: dict[str, Any] = {}
    secrets: tuple[str, ...] = ()
    """Values that came out of `env_var()`, to be masked in whatever is shown."""

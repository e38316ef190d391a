"""The target of a run: which engine, where, and how many threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from xform.base.spans import Span, file_span

FILE = "profiles.yml"
STATE_FILE = ".xform/state.db"
STATE_SCHEMA = "xform"


class StateTarget(msgspec.Struct, frozen=True):
    """The database that keeps the state: `type` is sqlite or postgres.

    `settings` are, of SQLite, the `path` of the file, from the project's folder on; of PostgreSQL
    what its client takes: `url`, or `host`, `port`, `user`, `password`, `dbname`, `sslmode`. They
    may hold secrets: never print them, never store them.
    """

    type: str = "sqlite"
    settings: dict[str, str | int] = {}
    schema: str = STATE_SCHEMA
    """Of PostgreSQL: the schema of the state's tables."""
    masked: tuple[str, ...] = ()
    """Values that stand for nothing in what a server says."""
    span: Span = file_span(STATE_FILE)
    """Where a user sees which it is."""

    @property
    def path(self) -> str:
        return str(self.settings.get("path", STATE_FILE))


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
    state: StateTarget = StateTarget()
    secrets: tuple[str, ...] = ()
    """Values that came out of `env_var()`, to be masked in whatever is shown."""
    written: dict[str, str] = {}
    """Texts with expressions as they stand in the file: by key, those of the engine's settings
    under `settings.<name>`, that of the target's own name under `target`, that of the path of the
    state's file under `state.path`."""


def profile_files(
    profiles_dir: str | None, environ: Mapping[str, str], project_dir: str, home: str
) -> tuple[str, ...]:
    """Where profiles.yml is looked for, the first that exists counts.

    A folder that is named, by `--profiles-dir` or in the environment, is the only one: else the
    project's own and `~/.xform`.
    """
    named = profiles_dir or environ.get("XFORM_PROFILES_DIR") or environ.get("DBT_PROFILES_DIR")
    folders = [named] if named else [project_dir, f"{home.rstrip('/')}/.xform"]
    return tuple(f"{folder.rstrip('/')}/{FILE}" for folder in folders)

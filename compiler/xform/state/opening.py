"""The state of a target: which database keeps it. Only the module of that one is imported."""

from __future__ import annotations

from pathlib import Path

from xform.project.profile import StateTarget
from xform.run.failures import StateError
from xform.state.database import Database
from xform.state.store import StateStore

INSTALL = "pip install 'xform-sql[postgres]'"


def open_state(target: StateTarget, root: Path) -> StateStore:
    """The state, not yet opened, of a project at `root`. Raises StateError where its driver is not
    installed."""
    return StateStore(_database(target, root))


def _database(target: StateTarget, root: Path) -> Database:
    if target.type == "sqlite":
        from xform.state.sqlite import SqliteDatabase

        return SqliteDatabase(root / target.path, place=target.span)
    try:
        from xform.state.postgres import PostgresDatabase
    except ImportError as error:
        if (error.name or "psycopg").partition(".")[0] != "psycopg":
            raise
        raise StateError(
            "the state is kept in PostgreSQL, whose driver is not installed",
            kind="driver",
            at=target.span,
            help=f"install it: {INSTALL}",
        ) from None
    return PostgresDatabase(target)

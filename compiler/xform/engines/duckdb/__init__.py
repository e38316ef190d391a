"""DuckDB, the embedded default: one file holds the data, the builds and their ledger.

Importing this package does not import the database's driver; connecting does.
"""

from __future__ import annotations

from pathlib import Path

from xform.engines.duckdb.engine import DuckDBEngine
from xform.project.profile import Target
from xform.run.ports import EngineError

__all__ = ["DuckDBEngine", "create_engine"]

MEMORY = ":memory:"


def create_engine(target: Target, root: Path) -> DuckDBEngine:
    """The engine of a target: `path` is relative to the project, `settings` are DuckDB's own."""
    path = target.settings.get("path", MEMORY)
    settings = target.settings.get("settings") or {}
    if not isinstance(path, str) or not path:
        raise EngineError("'path' of a duckdb target must be a file name", kind="settings")
    if not isinstance(settings, dict):
        raise EngineError("'settings' of a duckdb target must be a mapping", kind="settings")
    where = None if path == MEMORY else root / Path(path).expanduser()
    return DuckDBEngine(where, settings, root=root)

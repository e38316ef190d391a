"""DuckDB, the embedded default: one file holds the data, the builds and their ledger.

Importing this package imports no engine; connecting imports the database's driver.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xform.engines.duckdb.identity import MEMORY, file_of
from xform.project.profile import Target

if TYPE_CHECKING:
    from xform.engines.duckdb.engine import DuckDBEngine

__all__ = ["create_engine"]


def create_engine(target: Target, root: Path) -> DuckDBEngine:
    """The engine of a target: `path` is relative to the project, `settings` are DuckDB's own."""
    from xform.engines.duckdb.engine import DuckDBEngine
    from xform.run.failures import EngineError

    path = target.settings.get("path", MEMORY)
    settings = target.settings.get("settings") or {}
    if not isinstance(path, str) or not path:
        raise EngineError("'path' of a duckdb target must be a file name", kind="settings")
    if not isinstance(settings, dict):
        raise EngineError("'settings' of a duckdb target must be a mapping", kind="settings")
    return DuckDBEngine(file_of(path, root), settings, root=root)

"""The revision of the record: another one after each change that a plan might see.

Two states with one revision hold the same builds, publications and statuses, so that a plan made
from one need not be made again. The history of runs has no part in it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from xform.state.database import Connection, upsert

_READ = "select value from facts where key = 'revision'"


def revise(connection: Connection) -> None:
    """Give a new revision, in the transaction of the change."""
    sql = upsert("facts", ["key", "value"], ["key"])
    connection.execute(sql, ["revision", os.urandom(16).hex()])


def revision_of(path: Path) -> str | None:
    """The revision of a state file by one query; None where it cannot be told at once: there is
    no file, none was given yet, it is damaged or in use."""
    with contextlib.suppress(sqlite3.Error):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.0)
        try:
            found = connection.execute(_READ).fetchone()
        finally:
            connection.close()
        return str(found[0]) if found else None
    return None

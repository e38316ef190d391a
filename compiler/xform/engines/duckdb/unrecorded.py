"""Builds that are there and wait for their rows in the ledger.

A row in a statement of its own costs as much as a small table. So rows of builds that took little
are written together: when a second's work waits for them, or nothing else happens, and before
anything asks the ledger or shows a build. A row is only ever written behind the commit of its
build. What is stopped in between leaves relations that no row speaks of: the next build makes them
anew, or `gc` drops them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xform.engines.duckdb import ledger
from xform.engines.duckdb.transaction import retried, transaction
from xform.run.failures import EngineError
from xform.run.records import BuildRecord

if TYPE_CHECKING:
    import duckdb

PATIENCE = 1.0
"""Seconds of work that may wait. A build that took as long is recorded in its own transaction."""
MOST = 100
"""Builds that may wait."""


@dataclass(slots=True)
class Unrecorded:
    """To be used from any thread."""

    _waiting: list[BuildRecord] = field(default_factory=list)
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _doubtful: bool = False
    """Whether writing failed once: whether its commit went through cannot be told then."""

    def add(self, record: BuildRecord) -> bool:
        """To be called when the build is committed. Says whether it is time to write."""
        self._waiting.append(record)
        if self._writing.locked():
            return False
        waiting = tuple(self._waiting)
        return len(waiting) >= MOST or sum(one.seconds for one in waiting) >= PATIENCE

    def write(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Write all that waits, in one transaction; when this returns there is none left of what
        waited before. Raises EngineError, and then all of it still waits."""
        with self._writing:
            waiting = tuple(self._waiting)
            if not waiting:
                return

            def attempt() -> None:
                with transaction(cursor):
                    if self._doubtful:
                        ledger.forget_builds(cursor, [record.physical for record in waiting])
                    ledger.write_builds(cursor, waiting)

            try:
                retried(attempt)
            except EngineError:
                self._doubtful = True
                raise
            self._doubtful = False
            del self._waiting[: len(waiting)]

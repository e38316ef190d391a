"""Transactions that cannot half-succeed.

DuckDB's COMMIT after a failed statement does not raise and throws the work away, so every
exception on the way rolls back, and what conflicts with another transaction is tried anew whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from xform.engines.duckdb.errors import Conflict, translated

if TYPE_CHECKING:
    import duckdb

Value = TypeVar("Value")

ATTEMPTS = 6


@contextmanager
def transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the body, or nothing of it. Raises EngineError."""
    import duckdb

    with translated():
        cursor.execute("begin transaction")
        try:
            yield
            cursor.execute("commit")
        except BaseException:
            with suppress(duckdb.Error):
                cursor.execute("rollback")
            raise


def retried(work: Callable[[], Value]) -> Value:
    """Do the work; after a write conflict do all of it again, a few times, a little later."""
    for attempt in range(ATTEMPTS - 1):
        try:
            return work()
        except Conflict:
            time.sleep(0.02 * 2**attempt)
    return work()

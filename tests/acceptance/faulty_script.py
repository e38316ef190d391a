"""Runs a command in which one call fails: the n-th statement of the engine, or the n-th transaction
of the state. `faulty_script.py engine|state exit|error N command …`; exits with 9 where it ended
so, and with 7 where there were fewer calls than N."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from xform.cli.entrance import run
from xform.engines.duckdb import engine
from xform.state import sqlite

WHERE, HOW, NUMBER = sys.argv[1], sys.argv[2], int(sys.argv[3])
LEFT = [NUMBER]


def reached(error: Callable[[], Exception]) -> None:
    LEFT[0] -= 1
    if LEFT[0] == 0:
        if HOW == "exit":
            os._exit(9)
        raise error()


class Counted:
    """A cursor whose statements are counted."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def execute(self, *arguments: Any, **keywords: Any) -> Any:
        reached(lambda: duckdb.Error("injected"))
        return self._cursor.execute(*arguments, **keywords)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


if WHERE == "engine":
    plain_cursor = engine.DuckDBEngine._cursor

    @contextmanager
    def counted_cursor(self: engine.DuckDBEngine) -> Iterator[Any]:
        with plain_cursor(self) as cursor:
            yield Counted(cursor)

    engine.DuckDBEngine._cursor = counted_cursor  # type: ignore[method-assign]
else:
    plain_attempt: Any = sqlite.SqliteDatabase._attempt

    def counted_attempt(self: Any, *arguments: Any) -> Any:
        reached(lambda: OSError("injected"))
        return plain_attempt(self, *arguments)

    sqlite.SqliteDatabase._attempt = counted_attempt  # type: ignore[assignment]

sys.argv = ["xform", *sys.argv[4:]]
try:
    run()
finally:
    if LEFT[0] > 0:
        sys.stdout.flush()
        os._exit(7)

"""Runs a command in which one call fails: the n-th statement of the engine, or the n-th transaction
of the state, in a file or on a server. `faulty_script.py engine|state|server exit|error|cut N
command …`; exits with 9 where it ended so, with 7 where there were fewer calls than N. `cut` has
the server end the connection while the transaction is at work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import psycopg

from xform.cli.entrance import run
from xform.engines.duckdb import engine
from xform.state.postgres import PostgresDatabase
from xform.state.sqlite import SqliteDatabase

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
elif WHERE == "server":
    plain_work: Any = PostgresDatabase._attempt

    def counted_work(self: Any, work: Callable[[Any], Any], writes: bool) -> Any:
        def cut_work(connection: Any) -> Any:
            found = work(connection)
            connection.execute("select pg_terminate_backend(pg_backend_pid())")
            return found

        try:
            reached(lambda: psycopg.OperationalError("injected"))
        except psycopg.OperationalError:
            if HOW != "cut":
                raise
            return plain_work(self, cut_work, writes)
        return plain_work(self, work, writes)

    PostgresDatabase._attempt = counted_work  # type: ignore[method-assign]
else:
    plain_attempt: Any = SqliteDatabase._attempt

    def counted_attempt(self: Any, *arguments: Any) -> Any:
        reached(lambda: OSError("injected"))
        return plain_attempt(self, *arguments)

    SqliteDatabase._attempt = counted_attempt  # type: ignore[assignment,method-assign]

sys.argv = ["xform", *sys.argv[4:]]
try:
    run()
finally:
    if LEFT[0] > 0:
        sys.stdout.flush()
        os._exit(7)

"""Runs a command in which one call fails: the n-th of the engine's driver, or of the state's.

`faulty_calls.py engine|state|transactions|server HOW N command …`. Calls are counted where they
leave xform: opening, statements, cursors, frames given and taken; of `transactions` of the state
only opening, begin and commit; of a state on a `server` opening and statements. HOW is one of

- exit: the process ends before the call
- error: the call is not made, and raises
- late: the call is made, and raises all the same, as where its answer is lost
- damage: the call raises as where the file is broken (state only)
- cut: the server ends the connection (server only)

Exits with 9 where the process ended so, and with 7 where there were fewer calls than N.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

import duckdb
import psycopg

from xform.cli.entrance import run

WHERE, HOW, NUMBER = sys.argv[1], sys.argv[2], int(sys.argv[3])
LEFT = [NUMBER]
UNCOUNTED = ("close", "interrupt", "fetchall", "fetchmany", "fetchone")


def counted(call: Callable[[], Any], error: Callable[[], Exception]) -> Any:
    LEFT[0] -= 1
    if LEFT[0] != 0:
        return call()
    if HOW == "exit":
        os._exit(9)
    if HOW == "late":
        call()
    raise error()


# The engine ---------------------------------------------------------------------------------


def engine_error() -> Exception:
    return duckdb.Error("injected")


class Counted:
    """A connection or cursor whose calls are counted."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name in UNCOUNTED:
            return found

        def call(*arguments: Any, **keywords: Any) -> Any:
            done = counted(lambda: found(*arguments, **keywords), engine_error)
            return Counted(done) if name == "cursor" else done

        return call

    def __enter__(self) -> Counted:
        return self

    def __exit__(self, *error: object) -> None:
        self._inner.close()


# The state ----------------------------------------------------------------------------------


def state_error() -> Exception:
    damage = HOW == "damage"
    error: Any = (sqlite3.DatabaseError if damage else sqlite3.OperationalError)("injected")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT if damage else sqlite3.SQLITE_IOERR
    found: Exception = error
    return found


class CountedState(sqlite3.Connection):
    def execute(self, sql: str, *values: Any) -> Any:
        if WHERE == "transactions" and not sql.startswith(("begin", "commit")):
            return super().execute(sql, *values)
        return counted(lambda: super(CountedState, self).execute(sql, *values), state_error)

    def executemany(self, sql: str, *values: Any) -> Any:
        if WHERE == "transactions":
            return super().executemany(sql, *values)
        return counted(lambda: super(CountedState, self).executemany(sql, *values), state_error)


class CountedServer(psycopg.Connection[Any]):
    def execute(self, *arguments: Any, **keywords: Any) -> Any:
        def lost() -> Exception:
            if HOW == "cut":
                with contextlib.suppress(psycopg.Error):
                    plain("select pg_terminate_backend(pg_backend_pid())")
            return psycopg.OperationalError("injected")

        plain: Any = super().execute
        return counted(lambda: plain(*arguments, **keywords), lost)


if WHERE == "server":
    connect_server: Any = CountedServer.connect

    def opened_server(*arguments: Any, **keywords: Any) -> Any:
        return counted(
            lambda: connect_server(*arguments, **keywords),
            lambda: psycopg.OperationalError("injected"),
        )

    setattr(psycopg, "connect", opened_server)  # noqa: B010 - typed as an overload
elif WHERE == "engine":
    connect_engine = duckdb.connect

    def connected(*arguments: Any, **keywords: Any) -> Any:
        return Counted(counted(lambda: connect_engine(*arguments, **keywords), engine_error))

    duckdb.connect = connected
else:
    connect_state = sqlite3.connect

    def opened(path: Any, *arguments: Any, **keywords: Any) -> Any:
        if not str(path).partition("?")[0].endswith("state.db"):
            return connect_state(path, *arguments, **keywords)
        keywords["factory"] = CountedState
        return counted(lambda: connect_state(path, *arguments, **keywords), state_error)

    setattr(sqlite3, "connect", opened)  # noqa: B010 - typed as an overload

sys.argv = ["xform", *sys.argv[4:]]
try:
    run()
finally:
    if LEFT[0] > 0:
        sys.stdout.flush()
        os._exit(7)

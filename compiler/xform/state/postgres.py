"""A schema in PostgreSQL: one connection for the process, migrated, opened anew when it is lost.

A writer holds an advisory lock to the end of its transaction, so that writers take turns as they do
in a file of SQLite; readers have a snapshot and never wait. A writer that stops in the middle (a
machine asleep, a network cut) is ended by the server after a while, so that it cannot keep others
out. Whatever is set is set for the transaction, and nothing is prepared: poolers may stand between.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from xform.project.profile import StateTarget
from xform.state.database import Connection, Database, Result, Value, Words
from xform.state.migrations import MIGRATIONS, statements_of
from xform.state.postgres_errors import bad_url, newer, refused, unreachable

_TIME = "to_char({} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
_WAIT = 30.0
_USUAL: dict[str, str | int] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "xform",
    "client_encoding": "utf8",
}
"""How the client finds out that the server is gone, and the like; what a URL says counts before."""


class PostgresDatabase(Database):
    """`wait` is how many seconds to wait for another process that writes, and for how long one may
    stop in the middle of a transaction. Safe for threads, which take turns."""

    words = Words(
        text='text collate "C"',
        integer="bigint",
        real="double precision",
        blob="bytea",
        rows="rowid bigint generated always as identity,",
        random="md5(random()::text || clock_timestamp()::text)",
        now=_TIME.format("clock_timestamp()"),
        later=_TIME.format("(clock_timestamp() + make_interval(secs => ?))"),
    )

    def __init__(self, target: StateTarget, *, wait: float = _WAIT) -> None:
        super().__init__(target.span)
        self._target = target
        self._opened: psycopg.Connection | None = None
        self._lock = threading.Lock()
        schema = '"' + target.schema.replace('"', '""') + '"'
        milliseconds = round(wait * 1000)
        self._schema = schema
        here = f"set local search_path = {schema}; set local lock_timeout = {milliseconds}"
        self._begin = {
            False: f"begin isolation level repeatable read read only; {here}",
            True: f"begin isolation level read committed; {here}; "
            f"set local idle_in_transaction_session_timeout = {milliseconds}; "
            f"select pg_advisory_xact_lock({_key(target.schema)})",
        }

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _run(self, work: Callable[[Connection], Value], *, writes: bool) -> Value:
        with self._lock, self._translated():
            return self._attempt(work, writes)

    def _attempt(self, work: Callable[[Connection], Value], writes: bool) -> Value:
        with self._transaction(writes) as connection:
            return work(_Statements(connection))

    @contextmanager
    def _transaction(self, writes: bool) -> Iterator[psycopg.Connection]:
        connection = self._begun(writes)
        try:
            yield connection
            ended = connection.execute(b"commit").statusmessage
            # A transaction in which a statement failed ends so without an error.
            assert ended == "COMMIT", ended
        except BaseException:
            self._roll_back(connection)
            raise

    def _begun(self, writes: bool) -> psycopg.Connection:
        """A connection in a transaction. Servers, and what stands between, end sessions that do
        nothing for a time: nothing is lost with one that ends before its transaction has begun."""
        kept = self._opened
        try:
            return self._begin_in(self._connection(), writes)
        except psycopg.Error:
            if kept is None or not kept.broken:
                raise
        return self._begin_in(self._connection(), writes)

    def _begin_in(self, connection: psycopg.Connection, writes: bool) -> psycopg.Connection:
        try:
            connection.execute(self._begin[writes].encode())
        except BaseException:
            self._roll_back(connection)
            raise
        return connection

    def _roll_back(self, connection: psycopg.Connection) -> None:
        with contextlib.suppress(psycopg.Error):
            connection.execute(b"rollback")
        if connection.broken:
            self._drop()

    def _connection(self) -> psycopg.Connection:
        if self._opened is None:
            self._opened = self._connect()
            try:
                self._migrate(self._opened)
            except BaseException:
                self._drop()
                raise
        return self._opened

    def _connect(self) -> psycopg.Connection:
        given = dict(self._target.settings)
        try:
            known = conninfo_to_dict(str(given.pop("url", "")))
        except psycopg.Error:  # which would repeat what it cannot read
            raise bad_url(self._target) from None
        parameters: dict[str, Any] = {**_USUAL, **known, **given}
        try:
            return psycopg.connect(autocommit=True, prepare_threshold=None, **parameters)
        except (psycopg.Error, ValueError) as error:  # names of hosts raise the latter
            raise unreachable(self._target, error) from None

    def _drop(self) -> None:
        connection, self._opened = self._opened, None
        if connection is not None:
            connection.close()

    # Migrating -----------------------------------------------------------------------------------

    def _migrate(self, connection: psycopg.Connection) -> None:
        if self._version(connection) == len(MIGRATIONS):
            return
        self._begin_in(connection, writes=True)
        try:
            # Another process may have migrated it while this one waited.
            if self._version(connection) == 0:
                self._make(connection)
            for number in range(self._version(connection), len(MIGRATIONS)):
                for statement in statements_of(number, self.words):
                    connection.execute(statement.encode())
                connection.execute(f"update {self._counter} set version = {number + 1}".encode())
            connection.execute(b"commit")
        except BaseException:
            self._roll_back(connection)
            raise

    def _make(self, connection: psycopg.Connection) -> None:
        """Room for the tables. To make a schema is a right that few have: it is asked for only
        where there is none."""
        known = connection.execute(
            "select 1 from pg_namespace where nspname = %s", [self._target.schema]
        )
        if known.fetchone() is None:
            connection.execute(f"create schema {self._schema}".encode())
        connection.execute(f"create table {self._counter} (version bigint not null)".encode())
        connection.execute(f"insert into {self._counter} values (0)".encode())

    @property
    def _counter(self) -> str:
        """The table that counts the steps done."""
        return f"{self._schema}.xform_state"

    def _version(self, connection: psycopg.Connection) -> int:
        # Not to_regclass(): in a transaction that waited for its turn it may still remember that
        # there was no such table.
        there = connection.execute(
            "select 1 from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            "where nspname = %s and relname = 'xform_state'",
            [self._target.schema],
        )
        if there.fetchone() is None:
            return 0
        found = connection.execute(f"select version from {self._counter}".encode()).fetchone()
        version = int(found[0]) if found else 0
        if version > len(MIGRATIONS):
            raise newer(self._target, version, len(MIGRATIONS))
        return version

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            # Not as its cause: it may have more of the connection in it than may be shown.
            raise refused(self._target, error) from None


class _Statements:
    """A connection that takes `?` for parameters."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Result:
        return self._connection.execute(_client_form(sql), _storable(parameters))

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        with self._connection.cursor() as cursor:
            cursor.executemany(_client_form(sql), [_storable(row) for row in parameters])
        return None


@cache
def _client_form(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()


def _storable(parameters: Sequence[Any]) -> list[Any]:
    """No text in PostgreSQL holds a NUL character."""
    return [
        value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in parameters
    ]


def _key(schema: str) -> int:
    """The number of the lock of a state: one for each schema of a database."""
    digest = hashlib.blake2b(f"xform state {schema}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)

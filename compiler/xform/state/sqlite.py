"""A SQLite file: opened for each thread, migrated, moved aside when damaged.

WAL with synchronous=FULL loses no commit; BEGIN IMMEDIATE waits for another writer instead of
failing halfway. SQLite's connections belong to the thread that opened them.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from xform.base.codes import STATE_REBUILT
from xform.base.diagnostics import diagnose
from xform.base.spans import Span, file_span
from xform.run.failures import StateError
from xform.state.database import Connection, Database, Value, Words
from xform.state.migrations import MIGRATIONS, statements_of

_TIME = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'{})"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class SqliteDatabase(Database):
    """`wait` is how many seconds to wait for another process that writes."""

    words = Words(
        text="text",
        integer="integer",
        real="real",
        blob="blob",
        rows="",
        random="lower(hex(randomblob(16)))",
        now=_TIME.format(""),
        later=_TIME.format(", ? || ' seconds'"),
    )

    def __init__(self, path: Path, *, place: Span | None = None, wait: float = 30.0) -> None:
        super().__init__(place or file_span(path.as_posix()))
        self.path = path
        self._wait = wait
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            opened, self._all = self._all, []
        for connection in opened:
            connection.close()
        self._local = threading.local()

    def _run(self, work: Callable[[Connection], Value], *, writes: bool) -> Value:
        begin = "begin immediate" if writes else "begin"
        try:
            with self._translated():
                return self._attempt(work, begin)
        except sqlite3.DatabaseError:
            self._move_aside()
            with self._translated():
                return self._attempt(work, begin)

    def _attempt(self, work: Callable[[Connection], Value], begin: str) -> Value:
        connection = self._connection()
        with _transaction(connection, begin):
            return work(connection)

    def _connection(self) -> sqlite3.Connection:
        existing: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if existing is not None:
            return existing
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Other threads only ever close it, after their work is done.
        connection = sqlite3.connect(
            self.path, timeout=self._wait, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._all.append(connection)
        self._local.connection = connection
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == len(MIGRATIONS):
            return
        with _transaction(connection, "begin immediate"):
            # Another process may have migrated it while this one waited.
            for number in range(self._version(connection), len(MIGRATIONS)):
                for statement in statements_of(number, self.words):
                    connection.execute(statement)
                connection.execute(f"pragma user_version = {number + 1}")

    def _version(self, connection: sqlite3.Connection) -> int:
        version = int(connection.execute("pragma user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise StateError(
                f"the state '{self.path}' was written by a newer xform (version {version}, "
                f"this one knows {len(MIGRATIONS)})",
                kind="newer",
                at=self.place,
                help="update xform, or move the file away: the next run rebuilds it from the "
                "warehouse, without the history of runs",
            )
        return version

    def _move_aside(self) -> None:
        self.close()
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).unlink()
        with contextlib.suppress(FileNotFoundError):
            self.path.rename(aside)
        self.notices.append(
            diagnose(
                STATE_REBUILT,
                f"the state '{self.path.name}' is damaged; it was moved to '{aside.name}'",
                self.place,
                "nothing to do: builds and publications are read anew from the warehouse; only "
                "the history of runs is lost",
            )
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise StateError for what the user can mend, let damage pass as it is."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGED:
                raise
            if code in _BUSY:
                raise StateError(
                    f"the state '{self.path}' is in use by another process",
                    kind="busy",
                    at=self.place,
                    help="wait until the other xform is done, then run this again",
                ) from error
            raise StateError(
                f"the state '{self.path}' cannot be used: {error}",
                kind="io",
                at=self.place,
                help="see that the folder exists, is writable and has space",
            ) from error
        except OSError as error:
            raise StateError(
                f"the state '{self.path}' cannot be used: {error.strerror or error}",
                kind="io",
                at=self.place,
                help="see that the folder exists, is writable and has space",
            ) from error


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("rollback")
        raise

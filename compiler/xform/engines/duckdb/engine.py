"""A DuckDB file as a warehouse. See `run.ports.Engine`.

One process may write the file, and while it does no other may read it. Every thread works on a
cursor of its own. Nothing here runs a query for long in the calling thread except `versions`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xform.engines.duckdb import bad_rows, content, history, ledger, publishing
from xform.engines.duckdb.errors import connect_error, engine_error, translated
from xform.engines.duckdb.fences import Fence
from xform.engines.duckdb.identity import identity
from xform.engines.duckdb.session import DuckDBSession
from xform.engines.duckdb.text import literal, name, scan
from xform.engines.duckdb.transaction import retried, transaction
from xform.plan.plan import DropStep, PublishStep, SeedBody
from xform.project.versioning import USUAL, Versioning
from xform.run.failures import EngineBusy, EngineError
from xform.run.ports import Note, NoteOf, unnoted
from xform.run.records import UNSAID, BadRows, Ledger, Occasion, Publication, Publishing

if TYPE_CHECKING:
    import duckdb

_LATE = (
    "timezone",
    "calendar",
    "allowed_directories",
    "enable_external_access",
    "lock_configuration",
)
"""Settings that cannot be given while connecting, or that forbid others: in the order in which they
are made."""


class DuckDBEngine:
    """`path` is the database file, None for memory; data files are relative to `root`.

    `settings` are DuckDB's own (`memory_limit`, `temp_directory`, …). Unless they say otherwise
    the time zone is UTC.
    """

    def __init__(
        self,
        path: Path | None,
        settings: Mapping[str, Any] | None = None,
        *,
        root: Path | None = None,
    ) -> None:
        self._path = path
        self._settings = dict(settings or {})
        self._root = root or Path.cwd()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._read_only = False
        self._fences: dict[str, Fence] = {}
        self._lock = threading.Lock()

    @property
    def dialect(self) -> str:
        return "duckdb"

    @property
    def has_grants(self) -> bool:
        return False

    def identity(self) -> str:
        return identity(self._path)

    def open(self, *, read_only: bool = False) -> None:
        """Connect; already open for what is asked, it stays as it is. To readers a file that is
        not there yet is an empty warehouse."""
        if self._connection is not None:
            if read_only or not self._read_only:
                return
            self.close()
        self._connection = self._connect(read_only=read_only)
        self._read_only = read_only and self._path is not None

    def prepare(self, schemas: Iterable[str]) -> None:
        def attempt() -> None:
            with self._cursor() as cursor:
                ledger.is_present(cursor)
                with transaction(cursor):
                    cursor.execute(ledger.CREATE + bad_rows.CREATE)
                    for schema in schemas:
                        cursor.execute(f"create schema if not exists {name(schema)}")

        retried(attempt)

    @contextmanager
    def session(self, note: Note | None = None) -> Iterator[DuckDBSession]:
        with self._cursor() as cursor:
            yield DuckDBSession(cursor, self._root, note, self._fences.values())

    def ledger(self) -> Ledger:
        """Not open, it looks into the file for a moment. Raises EngineBusy."""
        with self._reading() as cursor:
            return ledger.read(cursor)

    def describe(self, queries: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
        """Where the warehouse is locked or not there yet, files can still be described."""
        try:
            with self._reading() as cursor:
                return _describe(cursor, queries)
        except EngineBusy:
            with self._connect_memory() as cursor:
                return _describe(cursor, queries)

    def scan(self, body: SeedBody) -> str:
        return scan(body, self._root)

    def versions(
        self,
        relations: Mapping[str, tuple[str, str]],
        how: Mapping[str, Versioning] = MappingProxyType({}),
    ) -> dict[str, str]:
        """Tables that are not there are left out."""
        found: dict[str, str] = {}
        with self._reading() as cursor:
            for key, (schema, table) in relations.items():
                try:
                    with translated():
                        found[key] = content.version(cursor, schema, table, how.get(key, USUAL))
                except EngineError as error:
                    if error.kind not in ("catalog", "binder"):
                        raise
        return found

    def fence(self, environment: str, token: int) -> None:
        fence = Fence(environment, token)

        def attempt() -> None:
            with self._cursor() as cursor, transaction(cursor):
                fence.hold(cursor)

        retried(attempt)
        self._fences[environment] = fence

    def publish(
        self,
        environment: str,
        publish: Sequence[PublishStep],
        drop: Sequence[DropStep],
        note: NoteOf = unnoted,
        occasion: Occasion = UNSAID,
    ) -> None:
        fence = self._fences.get(environment)

        def attempt() -> None:
            with self._cursor() as cursor, transaction(cursor):
                if fence is not None:
                    fence.hold(cursor)
                publishing.move(cursor, environment, publish, drop, note, occasion)

        retried(attempt)

    def history(self) -> tuple[Publishing, ...]:
        with self._reading() as cursor:
            return history.read(cursor)

    def bad_rows(self) -> tuple[BadRows, ...]:
        with self._reading() as cursor, translated():
            return bad_rows.read(cursor)

    def leftovers(self) -> tuple[str, ...]:
        with self._reading() as cursor:
            return ledger.leftovers(cursor)

    def strays(self) -> tuple[Publication, ...]:
        with self._reading() as cursor:
            return ledger.strays(cursor)

    def close(self) -> None:
        import duckdb

        connection, self._connection = self._connection, None
        self._fences = {}
        if connection is None:
            return
        if not self._read_only:
            # Refused where an interrupted session has not ended yet: the log keeps its changes.
            with suppress(duckdb.Error):
                connection.execute("checkpoint")
        connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        assert self._connection is not None, "the engine is not open"
        with self._lock, translated():
            # A connection refuses a second call while one is under way.
            cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if self._connection is not None:
            with self._cursor() as cursor:
                yield cursor
        else:
            with self._connect(read_only=True) as connection:
                yield connection

    def _connect_memory(self) -> duckdb.DuckDBPyConnection:
        return self._connect_to(":memory:", read_only=False)

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        if self._path is None or (read_only and not self._path.exists()):
            return self._connect_memory()
        if not read_only:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._connect_to(str(self._path), read_only=read_only)

    def _connect_to(self, path: str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        import duckdb

        late = {key: value for key, value in self._settings.items() if key.lower() in _LATE}
        early: dict[str, str | bool | int | float | list[str]] = {
            key: _setting(key, value) for key, value in self._settings.items() if key not in late
        }
        zone = {} if any(key.lower() == "timezone" for key in late) else {"TimeZone": "UTC"}
        try:
            connection = duckdb.connect(path, read_only=read_only, config=early)
        except (duckdb.Error, OSError) as error:
            raise connect_error(error, path) from error
        try:
            # Places in errors, and relative files in queries, are alike on every cursor.
            connection.execute("set global errors_as_json = true")
            # The search path is a list by commas; a project in such a folder does without it.
            if "file_search_path" not in early and "," not in str(self._root):
                connection.execute(f"set global file_search_path = {literal(str(self._root))}")
            late_last = sorted(late.items(), key=lambda item: _LATE.index(item[0].lower()))
            for key, value in [*zone.items(), *late_last]:
                connection.execute(f"set global {name(key)} = {literal(value)}")
        except duckdb.Error as error:
            connection.close()
            said = engine_error(error)
            raise EngineError(said.message, kind="settings") from error
        return connection


def _describe(
    cursor: duckdb.DuckDBPyConnection, queries: Mapping[str, str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    import duckdb

    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for key, sql in queries.items():
        with suppress(duckdb.Error):
            rows = cursor.execute(f"describe {sql}").fetchall()
            found[key] = tuple((str(row[0]), str(row[1])) for row in rows)
    return found


def _setting(key: str, value: object) -> str | int | float | bool:
    if isinstance(value, str | int | float | bool):
        return value
    raise EngineError(f"setting '{key}' must be a text, a number or true/false", kind="settings")

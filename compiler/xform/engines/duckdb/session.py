"""One connection for one thread: builds, discards, queries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import msgspec

from xform.engines.duckdb import bad_rows, content, frames, ledger
from xform.engines.duckdb.errors import AlreadyExists, engine_error, translated
from xform.engines.duckdb.fences import Fence
from xform.engines.duckdb.growing import GrowingTable
from xform.engines.duckdb.merging import MergedTable
from xform.engines.duckdb.text import build_name, name, scan
from xform.engines.duckdb.transaction import retried, transaction
from xform.plan.plan import BuildStep, HookSql, PythonBody, SeedBody, SqlBody
from xform.project.checksum import Checksum
from xform.run.failures import ColumnsDiffer, EngineError, HookFailed
from xform.run.ports import Note, QueryResult, note_nothing
from xform.run.records import BadRows, BuildRecord, Settle, Sums

if TYPE_CHECKING:
    import duckdb

LARGE = 1_000_000
"""Rows of a build behind which a checkpoint is tried: bulk data bypasses the log, so DuckDB's own
checkpoints never come, and the file would grow with every replaced table."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class DuckDBSession:
    """See `run.ports.Session`. The cursor is used by one thread; `interrupt` by any."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        root: Path,
        note: Note | None = None,
        fences: Iterable[Fence] = (),
    ) -> None:
        self._cursor = cursor
        self._root = root
        self._note: Note = note if note is not None else note_nothing
        self._fences = tuple(fences)
        self._stopped = False

    def build(
        self,
        step: BuildStep,
        record: BuildRecord,
        python: Any = None,
        settle: Settle | None = None,
    ) -> BuildRecord:
        result: Any = None
        if isinstance(step.body, PythonBody):
            result = frames.call(self._cursor, step.body, python, self._root)

        def attempt() -> BuildRecord:
            with transaction(self._cursor):
                if step.in_place:
                    for fence in self._fences:
                        fence.check(self._cursor)
                if step.slicing is not None or step.merging is not None:
                    made = self._grow(step, record)
                else:
                    rows = self._make(step, result)
                    found = self._fit_columns(step)
                    made = msgspec.structs.replace(record, columns=found, rows=rows)
                made = settle(made) if settle is not None else made
                for hook in step.hooks.after:
                    self.hook(hook)
                self._check_running()
                if step.in_place:
                    ledger.rewrite_build(self._cursor, made)
                else:
                    ledger.write_build(self._cursor, made)
            return made

        try:
            made = retried(attempt)
        except AlreadyExists:
            assert not step.in_place
            # Left by hand or by a crash of an earlier generation's run: never published, so the
            # name is free to be taken over.
            self.discard(step.physical)
            made = retried(attempt)
        if made.rows is not None and made.rows >= LARGE:
            self._checkpoint()
        return made

    def hook(self, hook: HookSql) -> None:
        try:
            self._check_running()
            with self._note(hook.written), translated():
                self._cursor.execute(hook.sql).fetchall()
        except EngineError as error:
            raise HookFailed(error, hook) from error

    def discard(self, physical: str) -> None:
        def attempt() -> None:
            with transaction(self._cursor):
                if ledger.is_published(self._cursor, physical):
                    raise EngineError(f"build '{physical}' is published and stays", kind="catalog")
                kinds = self._cursor.execute(
                    "select 'table' from duckdb_tables() where database_name = current_database()"
                    " and schema_name = '_xform' and table_name = $1 union all "
                    "select 'view' from duckdb_views() where database_name = current_database()"
                    " and schema_name = '_xform' and view_name = $1",
                    [physical],
                ).fetchall()
                for (kind,) in kinds:
                    self._cursor.execute(f"drop {kind} {build_name(physical)}")
                ledger.forget_build(self._cursor, physical)

        retried(attempt)

    def sums(self, physical: str, how: Checksum) -> Sums | None:
        target = build_name(physical)
        try:
            with translated():
                return content.checksums(self._cursor, target, self._describe(target), how)
        except EngineError as error:
            if error.kind != "catalog":
                raise
            return None

    def stand(self, record: BuildRecord) -> None:
        def attempt() -> None:
            with transaction(self._cursor):
                # Fails where it is gone; the engine's own list of tables takes long to make.
                self._cursor.execute(f"select 1 from {build_name(record.physical)} limit 0")
                ledger.rewrite_build(self._cursor, record)

        retried(attempt)

    def amend(self, physical: str, change: Settle) -> None:
        def attempt() -> None:
            with transaction(self._cursor):
                record = ledger.record_of(self._cursor, physical)
                if record is not None and (changed := change(record)) != record:
                    ledger.rewrite_build(self._cursor, changed)

        retried(attempt)

    def keep_bad_rows(self, found: Sequence[BadRows]) -> None:
        def attempt() -> None:
            with transaction(self._cursor):
                bad_rows.write(self._cursor, found)

        retried(attempt)

    def query(self, sql: str, limit: int | None = None) -> QueryResult:
        """Rows to show. Times with a zone come as text: the driver would need a further package
        to make Python values of them."""
        self._check_running()
        with self._note(sql), translated(sql):
            cursor = self._cursor.execute(sql)
            columns = _columns_of(cursor)
            zoned = [column for column, kind in columns if "WITH TIME ZONE" in kind]
            if zoned:
                casts = ", ".join(
                    f"cast({name(column)} as varchar) as {name(column)}" for column in zoned
                )
                cursor = self._cursor.execute(f"select * replace ({casts}) from ({sql}\n)")
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
            if limit is not None:
                # An unfinished result would own the connection.
                self._cursor.execute("select 1").fetchall()
        return QueryResult(columns, rows)

    def computed(self, body: PythonBody, function: Any, columns: Sequence[str]) -> QueryResult:
        result = frames.call(self._cursor, body, function, self._root)
        expected = frames.frame_rows(result)
        with translated():
            self._cursor.register("xform_result", result)
            try:
                listed = ", ".join(map(name, columns)) or "*"
                cursor = self._cursor.execute(f"select {listed} from xform_result limit 0")
                found = _columns_of(cursor)
                texts = ", ".join(f"cast({name(column)} as varchar)" for column, _ in found)
                rows = self._cursor.execute(f"select {texts} from xform_result").fetchall()
            finally:
                with suppress(Exception):
                    self._cursor.unregister("xform_result")
        if expected is not None and len(rows) != expected:
            raise EngineError(f"the returned frame has {expected} rows, but {len(rows)} were read")
        return QueryResult(found, rows)

    def interrupt(self) -> None:
        self._stopped = True
        self._cursor.interrupt()

    def close(self) -> None:
        self._cursor.close()

    def _check_running(self) -> None:
        """An interrupt that came between two statements must stop the second."""
        if self._stopped:
            raise EngineError("interrupted", kind="interrupted")

    def _make(self, step: BuildStep, result: Any) -> int | None:
        """Create the relation; returns the rows of a table, None of a view."""
        self._check_running()
        target = f"create {step.relation} {build_name(step.physical)} as "
        match step.body:
            case SqlBody():
                return self._create(target, step.body.sql, step.relation)
            case SeedBody():
                return self._create(target, scan(step.body, self._root), step.relation)
            case PythonBody():
                return self._store(target, result)
            case unknown:
                assert_never(unknown)

    def _grow(self, step: BuildStep, record: BuildRecord) -> BuildRecord:
        """Carry on a table that grows by time."""
        growing: GrowingTable | MergedTable
        if step.merging is not None:
            growing = MergedTable(self._cursor, step, self._note, self._check_running)
            revision = step.merging.revision
        else:
            assert step.slicing is not None
            growing = GrowingTable(self._cursor, step, self._note, self._check_running)
            revision = step.slicing.revision
        ranges = growing.grow(lambda: self._fit_columns(step))
        (rows,) = self._cursor.execute(
            f"select count(*) from {build_name(step.physical)}"
        ).fetchall()[0]
        found = self._describe(build_name(step.physical))
        carried = growing_base(step)
        base = ledger.record_of(self._cursor, carried) if carried is not None else None
        codes = ledger.codes_after(base, step.fingerprint)
        mark = f"{step.physical}@{revision}"
        if step.in_place and not growing.changed:
            mark = base.mark if base is not None else ""
        return msgspec.structs.replace(
            record,
            columns=found,
            rows=int(rows),
            ranges=ranges,
            revision=revision,
            codes=codes,
            mark=mark,
            computed=growing.computed if isinstance(growing, GrowingTable) else (),
        )

    def _create(self, target: str, sql: str, relation: str) -> int | None:
        import duckdb

        statement = target + sql
        with self._note(statement):
            try:
                rows = self._cursor.execute(statement).fetchall()
            except duckdb.Error as error:
                failure = engine_error(error, statement, len(target))
                if failure.kind not in ("syntax", "binder", "catalog") and self._reads_views(sql):
                    # Places of errors while rows flow count from the text of the view that holds
                    # the expression, which need not be ours.
                    failure.offset, failure.length = None, 0
                raise failure from error
        return int(rows[0][0]) if relation == "table" else None

    def _store(self, target: str, result: Any) -> int:
        """Store what a Python model returned, and count it again: DuckDB 2.0.0 is known to read
        some frames wrongly."""
        expected = frames.frame_rows(result)
        with translated():
            self._cursor.register("xform_result", result)
            try:
                statement = f"{target}select * from xform_result"
                with self._note(statement), translated():
                    made = self._cursor.execute(statement).fetchall()
            finally:
                with suppress(Exception):
                    self._cursor.unregister("xform_result")
        rows = int(made[0][0])
        if expected is not None and rows != expected:
            raise EngineError(f"the returned frame has {expected} rows, but {rows} were stored")
        return rows

    def _fit_columns(self, step: BuildStep) -> tuple[tuple[str, str], ...]:
        """The columns (name, type) as made, under the compiled names.

        Names that DuckDB makes up for expressions, and the case of letters, differ between its
        versions: those are set to the compiled ones. Any other difference is an error, since
        values could stand under a wrong name.
        """
        target = build_name(step.physical)
        found = self._describe(target)
        names = [column for column, _ in found]
        if not step.columns or names == list(step.columns):
            return found
        if not _may_rename(names, step.columns):
            raise ColumnsDiffer(_difference(names, step.columns), step.columns, names)
        if step.relation == "view" and isinstance(step.body, SqlBody):
            listed = ", ".join(name(column) for column in step.columns)
            self._cursor.execute(f"create or replace view {target} ({listed}) as {step.body.sql}")
        else:
            for old, new in zip(names, step.columns, strict=True):
                if old != new:
                    self._cursor.execute(
                        f"alter table {target} rename column {name(old)} to {name(new)}"
                    )
        return self._describe(target)

    def _describe(self, target: str) -> tuple[tuple[str, str], ...]:
        rows = self._cursor.execute(f"describe {target}").fetchall()
        return tuple((str(row[0]), str(row[1])) for row in rows)

    def _reads_views(self, sql: str) -> bool:
        """Asked after a failure, so on another connection: this one's transaction is aborted."""
        import duckdb

        with suppress(duckdb.Error), self._cursor.cursor() as other:
            views = other.execute(
                "select view_name from duckdb_views() where not internal"
            ).fetchall()
            return any(view in sql for (view,) in views)
        return True

    def _checkpoint(self) -> None:
        import duckdb

        # Refused while another transaction writes; the next build or the end tries again.
        with suppress(duckdb.Error):
            self._cursor.execute("checkpoint")


def growing_base(step: BuildStep) -> str | None:
    """The build that a step carries on."""
    grows = step.slicing or step.merging
    return grows.base if grows is not None else None


def _columns_of(cursor: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str], ...]:
    return tuple((str(column[0]), str(column[1])) for column in cursor.description or ())


def _may_rename(found: Sequence[str], expected: Sequence[str]) -> bool:
    if len(found) != len(expected):
        return False
    return all(
        old == new or old.lower() == new.lower() or not _PLAIN.fullmatch(old)
        for old, new in zip(found, expected, strict=True)
    )


def _difference(found: Sequence[str], expected: Sequence[str]) -> str:
    missing = [column for column in expected if column not in found]
    extra = [column for column in found if column not in expected]
    if not missing and not extra:
        return f"the build has the order {', '.join(found)}, not {', '.join(expected)}"
    parts = []
    if missing:
        parts.append(f"lacks {', '.join(missing)}")
    if extra:
        parts.append(
            f"has {', '.join(extra)}, which {'was' if len(extra) == 1 else 'were'} not expected"
        )
    return f"the build {' and '.join(parts)}"

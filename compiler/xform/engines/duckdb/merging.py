"""Tables that grow by key, and snapshots: new rows put in, within one transaction.

Idempotent: the same rows a second time change nothing (but for `append`, which is for rows that
come once).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from xform.engines.duckdb import columns
from xform.engines.duckdb.errors import engine_error, translated
from xform.engines.duckdb.text import build_name, literal, name
from xform.plan.intervals import Ranges
from xform.plan.plan import BuildStep, Merging, SqlBody
from xform.project.incremental import VALID_FROM, VALID_TO
from xform.run.failures import EngineError
from xform.run.ports import Note

if TYPE_CHECKING:
    import duckdb

NEW = "xform_new"
"""The temporary table of the rows that come."""


class MergedTable:
    """One step of a table that grows by key. To be used inside a transaction; `running` raises
    where the step is to stop."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        step: BuildStep,
        note: Note,
        running: Callable[[], None],
    ) -> None:
        assert step.merging is not None
        assert isinstance(step.body, SqlBody)
        self._cursor = cursor
        self._step = step
        self._merging: Merging = step.merging
        self._how = step.merging.how
        self._body: SqlBody = step.merging.carried or step.body
        self._target = build_name(step.physical)
        self._note = note
        self._running = running
        self.changed = False
        """Whether any row was changed."""

    def grow(self, fit: Callable[[], object]) -> Ranges:
        """Put in what is new. `fit` makes the columns of a new table as they shall be."""
        base = self._merging.base
        if base is None:
            if self._how.is_snapshot:
                since, until = name(VALID_FROM), name(VALID_TO)
                head = (
                    f"create table {self._target} as select *, {self._since('')} as {since}, "
                    f"cast(null as timestamp) as {until} from (\n"
                )
                self._query(head, "\n) as xform_rows")
            else:
                self._query(f"create table {self._target} as ", "")
            fit()
            self.changed = True
            return ()
        if base != self._step.physical:
            self._run(f"create table {self._target} as from {build_name(base)}")
        self._query(f"create or replace temp table {NEW} as ", "")
        self._running()
        self._fit_columns()
        changed = self._versions() if self._how.is_snapshot else self._rows()
        self._run(f"drop table {NEW}")
        self.changed = changed > 0
        return ()

    # By key --------------------------------------------------------------------------------------

    def _fit_columns(self) -> None:
        """New code may yield other columns."""
        if self._how.is_snapshot:
            return
        has, comes = self._described(self._target), self._described(NEW)
        into = columns.fit(self._target, has, comes, self._how.on_schema, self._run)
        for column, _ in comes:
            if column not in into:
                self._run(f"alter table {NEW} drop column {name(column)}")

    def _described(self, relation: str) -> list[tuple[str, str]]:
        with translated():
            rows = self._cursor.execute(f"describe {relation}").fetchall()
        return [(str(row[0]), str(row[1])) for row in rows]

    def _rows(self) -> int:
        if self._how.strategy == "append" or not self._how.key:
            return self._run(f"insert into {self._target} by name from {NEW}")
        if self._how.strategy == "merge":
            self._refuse_twice()
            # Rows that stand already are no change.
            self._run(
                f"delete from {NEW} as n where exists "
                f"(select 1 from {self._target} as t where {self._same_rows()})"
            )
        gone = self._run(
            f"delete from {self._target} as t where exists "
            f"(select 1 from {NEW} as n where {self._same_key()})"
        )
        return gone + self._run(f"insert into {self._target} by name from {NEW}")

    def _refuse_twice(self) -> None:
        keys = ", ".join(name(column) for column in self._how.key)
        with translated():
            ((twice,),) = self._cursor.execute(
                f"select count(*) from (select {keys} from {NEW} group by all having count(*) > 1)"
            ).fetchall()
        if twice:
            listed = ", ".join(self._how.key)
            told = "1 key stands" if twice == 1 else f"{twice:,} keys stand"
            also = "" if self._how.is_snapshot else "; with 'strategy: delete+insert' they may"
            raise EngineError(
                f"{told} more than once in the new rows (unique_key: {listed}){also}",
                kind="constraint",
            )

    def _same_key(self) -> str:
        return _equal(self._how.key)

    def _same_rows(self) -> str:
        return _equal(self._columns())

    def _columns(self) -> list[str]:
        """Those of the rows that come."""
        return [column for column, _ in self._described(NEW)]

    # Snapshots -----------------------------------------------------------------------------------

    def _since(self, alias: str) -> str:
        """From when on a row that comes is so."""
        if self._how.strategy == "timestamp":
            assert self._how.updated_at is not None
            return f"cast({alias}{name(self._how.updated_at)} as timestamp)"
        return f"timestamp {literal(self._merging.now)}"

    def _versions(self) -> int:
        """End the versions that are no longer so, and put in the new ones."""
        self._refuse_twice()
        since, until = name(VALID_FROM), name(VALID_TO)
        current = f"t.{until} is null"
        ended = self._run(
            f"update {self._target} as t set {until} = {self._since('n.')} from {NEW} as n "
            f"where {current} and {self._same_key()} and {self._differs()}"
        )
        if self._how.deletes:
            now = f"timestamp {literal(self._merging.now)}"
            ended += self._run(
                f"update {self._target} as t set {until} = {now} where {current} and not exists "
                f"(select 1 from {NEW} as n where {self._same_key()})"
            )
        read = self._columns()
        into = ", ".join(name(column) for column in read)
        listed = ", ".join(f"n.{name(column)}" for column in read)
        begun = self._run(
            f"insert into {self._target} ({into}, {since}, {until}) "
            f"select {listed}, {self._since('n.')}, null from {NEW} as n where not exists "
            f"(select 1 from {self._target} as t where {current} and {self._same_key()})"
        )
        return ended + begun

    def _differs(self) -> str:
        if self._how.strategy == "timestamp":
            return f"{self._since('n.')} > t.{name(VALID_FROM)}"
        keys = {column.lower() for column in self._how.key}
        compared = self._how.check or [c for c in self._columns() if c.lower() not in keys]
        return f"not ({_equal(compared) or 'true'})"

    # Statements ----------------------------------------------------------------------------------

    def _query(self, head: str, tail: str) -> None:
        """Run a statement around the query; places of errors lead into that."""
        import duckdb

        statement = f"{head}{self._body.sql}{tail}"
        try:
            with self._note(statement):
                self._cursor.execute(statement).fetchall()
        except duckdb.Error as error:
            raise engine_error(error, statement, len(head)) from error

    def _run(self, statement: str) -> int:
        """The rows that a statement changed."""
        self._running()
        with translated(), self._note(statement):
            rows = self._cursor.execute(statement).fetchall()
        return int(rows[0][0]) if rows and isinstance(rows[0][0], int) else 0


def _equal(columns: Sequence[str]) -> str:
    """Whether a row of the table and one that comes are the same in some columns."""
    return " and ".join(
        f"t.{name(column)} is not distinct from n.{name(column)}" for column in columns
    )

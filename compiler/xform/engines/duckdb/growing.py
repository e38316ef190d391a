"""Tables that grow by time: intervals taken out and put in anew, within one transaction.

How the inputs were is kept beside the table: for each input a checksum by interval, or one of the
whole. Where an input may hold other data than then, it is read again, and the intervals whose
checksum differs are computed, with those that look back on them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from xform.base.hashing import digest_parts
from xform.base.names import AssetName
from xform.engines.duckdb import columns, ledger
from xform.engines.duckdb.content import sums_of
from xform.engines.duckdb.errors import engine_error, translated
from xform.engines.duckdb.text import build_name, literal, name
from xform.plan.intervals import Moment, Range, Ranges, batches, common, merged, shifted, widened
from xform.plan.plan import BuildStep, SliceSource, Slicing, SqlBody
from xform.run.ports import Note

if TYPE_CHECKING:
    import duckdb

WHOLE = "*"
"""As a slice: all of an input."""

Slices = dict[str, str]
"""Checksums by the start of the interval."""


class GrowingTable:
    """One step of a table that grows. To be used inside a transaction; `running` raises where the
    step is to stop."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        step: BuildStep,
        note: Note,
        running: Callable[[], None],
    ) -> None:
        assert step.slicing is not None
        assert isinstance(step.body, SqlBody)
        self._cursor = cursor
        self._step = step
        self._slicing: Slicing = step.slicing
        self._body: SqlBody = step.body
        self._target = build_name(step.physical)
        self._note = note
        self._running = running
        self._chosen = "*"
        self.computed: Ranges = ()
        """The intervals that were computed."""

    @property
    def changed(self) -> bool:
        """Whether any interval was computed."""
        return bool(self.computed)

    def grow(self, fit: Callable[[], object]) -> Ranges:
        """Compute what is to be; the intervals that the table then holds. `fit` makes the columns
        of a new table as they shall be."""
        slicing = self._slicing
        ranges = slicing.ranges
        if slicing.watched and (slicing.recheck or slicing.base is None):
            now = {source.asset: self._slices(source) for source in slicing.inputs}
            if slicing.base is not None:
                ranges = merged((*ranges, *self._touched(slicing.base, now)))
            self._keep({asset: _packed(slices) for asset, slices in now.items()})
        elif slicing.watched and slicing.base not in (None, self._step.physical):
            assert slicing.base is not None
            self._keep(ledger.read_slices(self._cursor, slicing.base))
        pieces = list(batches(ranges, slicing.grain, slicing.batch))
        self.computed = ranges
        if slicing.base is None:
            first = pieces.pop(0) if pieces else (_LONG_AGO, _LONG_AGO)
            self._insert(f"create table {self._target} as ", first)
            fit()
        elif slicing.base != self._step.physical:
            with translated():
                self._cursor.execute(
                    f"create table {self._target} as from {build_name(slicing.base)}"
                )
        into = self._into() if slicing.base is not None else ""
        for piece in pieces:
            self._running()
            if common(slicing.kept, (piece,)):
                self._delete(piece)
            self._insert(f"insert into {self._target}{into} ", piece)
        return merged((*common(slicing.kept, slicing.target), *ranges))

    def _into(self) -> str:
        """The columns that the query puts in, where new code may have changed them."""
        start = self._literal(_LONG_AGO)
        sql, _ = bound(self._body, start, start)
        with translated():
            has = _described(self._cursor, f"from {self._target}")
            comes = _described(self._cursor, f"select * from (\n{sql}\n) as xform_slice")
            if [column.lower() for column, _ in has] == [column.lower() for column, _ in comes]:
                return ""
            into = columns.fit(
                self._target, has, comes, self._slicing.on_schema, self._cursor.execute
            )
        self._chosen = ", ".join(name(column) for column in into)
        return f" ({self._chosen})"

    def _keep(self, slices: Mapping[str, bytes]) -> None:
        with translated():
            ledger.write_slices(self._cursor, self._step.physical, slices)

    def _delete(self, piece: Range) -> None:
        statement = f"delete from {self._target} where {self._within(piece)}"
        with translated(), self._note(statement):
            self._cursor.execute(statement)

    def _insert(self, head: str, piece: Range) -> None:
        import duckdb

        sql, moved = bound(self._body, *(self._literal(at) for at in piece))
        chosen = "*" if head.startswith("create") else self._chosen
        head += f"select {chosen} from (\n"
        statement = f"{head}{sql}\n) as xform_slice where {self._within(piece)}"
        try:
            with self._note(statement):
                self._cursor.execute(statement).fetchall()
        except duckdb.Error as error:
            failure = engine_error(error, statement, len(head))
            if failure.offset is not None:
                failure.offset = moved(failure.offset)
            raise failure from error

    def _within(self, piece: Range) -> str:
        column = name(self._slicing.column)
        start, end = (self._literal(at) for at in piece)
        return f"{column} >= {start} and {column} < {end}"

    def _literal(self, at: Moment) -> str:
        """A moment in SQL: with a time zone, where the model has one."""
        zone = self._slicing.zone
        plain = f"timestamp {literal(at)}"
        return plain if zone is None else f"timezone({literal(zone)}, {plain})"

    # What the inputs are -------------------------------------------------------------------------

    def _touched(self, base: str, now: Mapping[AssetName, Slices]) -> Ranges:
        """The intervals whose inputs are not what they were."""
        slicing = self._slicing
        with translated():
            kept = ledger.read_slices(self._cursor, base)
        found: list[Range] = []
        for asset, slices in now.items():
            before = _unpacked(kept[asset]) if asset in kept else {WHOLE: ""}
            if WHOLE in before or WHOLE in slices:
                if before != slices:
                    return slicing.target
                continue
            found += [
                (start, shifted(start, slicing.grain, 1))
                for start in before.keys() | slices.keys()
                if before.get(start) != slices.get(start)
            ]
        return common(widened(merged(found), slicing.grain, slicing.lookback), slicing.target)

    def _slices(self, source: SliceSource) -> Slices:
        self._running()
        chosen = ", ".join(name(column) for column in source.columns) or "*"
        with translated():
            described = self._cursor.execute(f"describe select * from {source.relation}").fetchall()
            kinds = {str(row[0]).lower(): (str(row[0]), str(row[1])) for row in described}
            read = [kinds[c.lower()] for c in source.columns if c.lower() in kinds]
            counted = read or list(kinds.values())
            shape = [part for column in counted for part in column]
            if source.column is None or source.column.lower() not in kinds:
                sql = f"select {sums_of(counted)} from (select {chosen} from {source.relation})"
                (sums,) = self._cursor.execute(sql).fetchall()
                return {WHOLE: digest_parts([*shape, *map(str, sums)])[:16]}
            at = self._start(*kinds[source.column.lower()])
            rows = self._cursor.execute(
                f"select {at} as xform_start, {sums_of(counted)} from {source.relation} "
                "where xform_start is not null group by 1"
            ).fetchall()
        return {str(row[0]): digest_parts([*shape, *map(str, row[1:])])[:16] for row in rows}

    def _start(self, column: str, kind: str) -> str:
        """The start of the interval of a column's value, as text."""
        value = f"cast({name(column)} as timestamp)"
        if kind == "TIMESTAMP WITH TIME ZONE":
            value = f"timezone({literal(self._slicing.zone or 'UTC')}, {name(column)})"
        elif kind == "VARCHAR":
            value = f"try_cast({name(column)} as timestamp)"
        return f"strftime(date_trunc({literal(self._slicing.grain)}, {value}), '%Y-%m-%d %H:%M:%S')"


_LONG_AGO: Moment = "1000-01-01 00:00:00"


def bound(body: SqlBody, start: str, end: str) -> tuple[str, Callable[[int], int]]:
    """A query with the bounds of an interval in it; and the way back for a place in it."""
    pieces: list[str] = []
    shifts: list[tuple[int, int]] = []
    at = size = 0
    for begin, finish, which in body.bounds:
        value = start if which == "start" else end
        pieces += [body.sql[at:begin], value]
        size += begin - at + len(value)
        shifts.append((size, finish - size))
        at = finish
    pieces.append(body.sql[at:])

    def back(offset: int) -> int:
        found = offset
        for behind, difference in shifts:
            if offset >= behind:
                found = offset + difference
        return found

    return "".join(pieces), back


def _described(cursor: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in cursor.execute(f"describe {query}").fetchall()]


def _packed(slices: Slices) -> bytes:
    return zlib.compress(json.dumps(slices, sort_keys=True).encode())


def _unpacked(stored: bytes) -> Slices:
    found: Slices = json.loads(zlib.decompress(stored))
    return found

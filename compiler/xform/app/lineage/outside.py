"""Lineage of SQL from outside a project: a query, a statement that writes, or a whole script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from xform.app.lineage.columns import ANY
from xform.base.codes import (
    AMBIGUOUS_RELATION,
    COLUMNS_UNKNOWN,
    OPEN_OUTPUT,
    STAR_OVER_UNKNOWN,
    UNNAMED_COLUMN,
)
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, ColumnRef
from xform.sema.bind import bind
from xform.sema.facts import ModelFacts, Schema, SchemaColumn
from xform.sema.types.type import normal
from xform.sql.dialects import dialect_called
from xform.sql.ir import UNSEEN, SqlUnit, Table
from xform.sql.parse import Place
from xform.sql.script import Statement, read_script

Columns = dict[str, tuple[ColumnRef, ...]]


class StatementLineage(msgspec.Struct, frozen=True):
    """One statement: the table it writes, if any, and lineage from the tables it reads itself.

    `columns` are those that the statement yields or sets, under the names they have in the
    target, with `*` for all that cannot be listed; `rows` decide which rows are yielded, set, or
    deleted.
    """

    target: str | None
    tables: tuple[str, ...]
    columns: Columns
    rows: tuple[ColumnRef, ...]


class QueryLineage(msgspec.Struct, frozen=True):
    """Lineage of SQL: `tables`, `columns` in order and `rows` are those of the last statement
    that yields columns (else of the last that reads), with tables that the script has made
    itself looked through. `statements` has each statement by itself where there are several."""

    tables: tuple[str, ...]
    columns: Columns
    rows: tuple[ColumnRef, ...]
    diagnostics: tuple[Diagnostic, ...]
    target: str | None = None
    statements: tuple[StatementLineage, ...] = ()


def lineage_of_sql(
    sql: str, dialect: str, schema: Mapping[str, Mapping[str, str]], path: str = "<sql>"
) -> QueryLineage:
    """Lineage of SQL in a dialect. `schema` is {table: {column: type}}; tables that it lacks take
    any column that is asked of them."""
    script = _Script(Place(path, lambda: sql), schema, dialect_called(dialect))
    found = [script.read(item) for item in script.statements(sql)]
    said = tuple(script.diagnostics)
    if not found:
        return QueryLineage((), {}, (), said)
    shown = next(
        (item for item in reversed(found) if item.columns),
        next((item for item in reversed(found) if item.tables), found[-1]),
    )
    whole = script.looked_through(shown)
    return QueryLineage(
        whole.tables, whole.columns, whole.rows, said, whole.target,
        tuple(found) if len(found) > 1 else (),
    )  # fmt: skip


class _Script:
    """What is known while the statements of a script are read in order."""

    def __init__(self, place: Place, schema: Mapping[str, Mapping[str, str]], dialect: str) -> None:
        self.place = place
        self.dialect = dialect
        self.given = bool(schema)
        self.diagnostics: list[Diagnostic] = []
        self.known: dict[str, Schema] = {
            name: Schema(tuple(SchemaColumn(c, normal(str(kind))) for c, kind in columns.items()))
            for name, columns in schema.items()
        }
        self.made: dict[str, StatementLineage] = {}
        """Tables that the script has made, with where their contents come from: outside."""

    def statements(self, sql: str) -> Iterator[Statement]:
        return read_script(self.place, sql, self.dialect, self._columns_of)

    def read(self, statement: Statement) -> StatementLineage:
        self.diagnostics.extend(statement.diagnostics)
        target = self._name(statement.target) if statement.target else None
        if statement.unit is None:
            lineage = StatementLineage(target, (), {}, ())
            schema = Schema(_columns(statement.names))
        else:
            facts, assets = self._bound(statement.unit, statement.word)
            lineage = _lineage(target, facts, assets, statement.names)
            open_ = facts is None or facts.columns_open
            types = [column.type for column in facts.columns] if facts is not None else []
            schema = Schema(None if open_ else _columns(lineage.columns, types))
        if target is not None:
            self._written(target, lineage, schema if statement.creates else None)
        return lineage

    def _written(self, target: str, lineage: StatementLineage, created: Schema | None) -> None:
        whole = self.looked_through(lineage)
        if created is not None:
            self.known[target] = created
            self.made[target] = whole
        elif target in self.made:
            self.made[target] = _both(self.made[target], whole)

    def looked_through(self, lineage: StatementLineage) -> StatementLineage:
        """The lineage with columns of tables that the script made replaced by their own."""
        tables: set[str] = set()
        rows = set(self._through(lineage.rows))
        for table in lineage.tables:
            made = self.made.get(table)
            if made is None:
                tables.add(table)
            else:
                tables.update(made.tables)
                rows.update(made.rows)
        columns = {
            name: tuple(sorted(set(self._through(value))))
            for name, value in lineage.columns.items()
        }
        return StatementLineage(lineage.target, tuple(sorted(tables)), columns, tuple(sorted(rows)))

    def _through(self, refs: Iterable[ColumnRef]) -> Iterator[ColumnRef]:
        for table, column in refs:
            made = self.made.get(table)
            if made is None:
                yield table, column
            else:
                yield from _values_of(made.columns, column.lower())

    # Tables ------------------------------------------------------------------------------------

    def _bound(
        self, unit: SqlUnit, word: tuple[int, int]
    ) -> tuple[ModelFacts | None, list[AssetName]]:
        assets = [AssetName(self._table(table)) for table in unit.tables]
        schemas = {asset: self.known.get(asset, Schema(None)) for asset in assets}
        facts, found = bind(None, unit, assets, schemas, self.place, self.dialect)
        self.diagnostics.extend(item for item in found if item.code != UNNAMED_COLUMN.id)
        if facts is not None and facts.columns_open:
            self._open(word, found)
        return facts, assets

    def _open(self, word: tuple[int, int], found: Sequence[Diagnostic]) -> None:
        """Say it where outputs are taken together, if nothing else says so."""
        if any(item.code == STAR_OVER_UNKNOWN.id for item in found):
            return
        said = diagnose(
            OPEN_OUTPUT,
            "some output columns cannot be listed: their lineage is that of '*'",
            self.place.span(*word),
            "name the columns: select a, b from …",
        )
        self.diagnostics.append(said)

    def _table(self, table: Table) -> str:
        written = ".".join(table.parts)
        found = named(table.parts, self.known)
        at = self.place.span(table.start, table.end)
        if len(found) > 1:
            message = f"'{written}' may be any of {', '.join(found)}"
            help_ = f"write the schema too: {found[0]}"
            self.diagnostics.append(diagnose(AMBIGUOUS_RELATION, message, at, help_))
        if found:
            return found[0]
        if self.given:
            message = f"the columns of '{written}' are not known"
            said = diagnose(COLUMNS_UNKNOWN, message, at, "add the table to the schema")
            if said not in self.diagnostics:
                self.diagnostics.append(said)
        return written

    def _name(self, parts: Sequence[str]) -> str:
        found = named(parts, self.known)
        return found[0] if len(found) == 1 else ".".join(parts)

    def _columns_of(self, parts: tuple[str, ...]) -> Sequence[str]:
        found = named(parts, self.known)
        columns = self.known[found[0]].columns if len(found) == 1 else None
        return [column.name for column in columns or ()]


def named(parts: Sequence[str], names: Iterable[str]) -> list[str]:
    """Which of some dotted names a table's name may mean.

    One that is the same goes first, then one that differs in case only, then those of which the
    one name is the end of the other (`schema.table`, `table`).
    """
    written = [part for name in parts for part in name.split(".")]
    folded = [part.lower() for part in written]
    best: list[str] = []
    most = 0
    for name in names:
        other = name.split(".")
        other_folded = name.lower().split(".")
        shared = min(len(folded), len(other))
        if folded[-shared:] != other_folded[-shared:]:
            continue
        same = len(other) == len(written)
        score = 4 * shared + 2 * same + (other[-shared:] == written[-shared:])
        if score > most:
            best, most = [name], score
        elif score == most:
            best.append(name)
    return best


def _columns(names: Iterable[str], types: Sequence[str] = ()) -> tuple[SchemaColumn, ...]:
    listed = list(names)
    known = types if len(types) == len(listed) else ["unknown"] * len(listed)
    return tuple(SchemaColumn(name, type_) for name, type_ in zip(listed, known, strict=True))


def _lineage(
    target: str | None,
    facts: ModelFacts | None,
    assets: Sequence[AssetName],
    names: Sequence[str],
) -> StatementLineage:
    tables = tuple(sorted(set(assets)))
    if facts is None:
        return StatementLineage(target, tables, {}, ())
    columns: Columns = {}
    if facts.columns_open and names:  # which output goes where is not known either
        every = {ref for column in facts.columns for ref in column.value}.union(facts.others)
        columns = dict.fromkeys(names, tuple(sorted(every)))
        return StatementLineage(target, tables, columns, facts.rows)
    unseen = UNSEEN if target is not None else ""
    for number, column in enumerate(facts.columns):
        name = names[number] if number < len(names) else column.name.removeprefix(unseen)
        known = columns.get(name)  # a MERGE may write a column by several of its clauses
        columns[name] = column.value if known is None else tuple(sorted({*known, *column.value}))
    if facts.columns_open:
        columns[ANY] = facts.others
    return StatementLineage(target, tables, columns, facts.rows)


def _values_of(columns: Columns, key: str) -> Iterator[ColumnRef]:
    """The sources of a column; of one that is not listed, those of the columns not listed."""
    if key == ANY:
        for value in columns.values():
            yield from value
        return
    named_so = [value for name, value in columns.items() if name.lower() == key]
    for value in named_so or [columns.get(ANY, ())]:
        yield from value


def _both(one: StatementLineage, other: StatementLineage) -> StatementLineage:
    """What a table holds after a second statement has written to it."""
    columns = dict(one.columns)
    by_key = {name.lower(): name for name in columns}
    for name, value in other.columns.items():
        known = by_key.get(name.lower(), name)
        columns[known] = tuple(sorted({*columns.get(known, ()), *value}))
    return StatementLineage(
        one.target,
        tuple(sorted({*one.tables, *other.tables})),
        columns,
        tuple(sorted({*one.rows, *other.rows})),
    )

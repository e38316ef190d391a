"""Binds queries over given tables without a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xform.base.diagnostics import Diagnostic, Severity
from xform.base.names import AssetName
from xform.fingerprint.evaluate import Fingerprints, of_query, of_source
from xform.sema.bind import bind
from xform.sema.facts import ModelFacts, Schema, SchemaColumn
from xform.sql.ir import SqlUnit
from xform.sql.parse import Place, parse_query

Tables = Mapping[str, Sequence[str]]
"""Columns by table; a type may stand behind a name: `s struct(x integer)`."""


def place(sql: str) -> Place:
    return Place("models/m.sql", lambda: sql)


def schemas(tables: Tables) -> dict[AssetName, Schema]:
    found = {}
    for name, columns in tables.items():
        split = [column.partition(" ") for column in columns]
        found[AssetName(name)] = Schema(
            tuple(SchemaColumn(column, kind or "integer") for column, _, kind in split)
        )
    return found


def bound(
    sql: str, tables: Tables, dialect: str = "duckdb"
) -> tuple[SqlUnit | None, ModelFacts | None, tuple[Diagnostic, ...]]:
    unit, found = parse_query(None, place(sql), sql, dialect)
    if unit is None:
        return None, None, found
    known = schemas(tables)
    assets = [
        name if (name := AssetName(table.parts[-1].lower())) in known else None
        for table in unit.tables
    ]
    facts, more = bind(None, unit, assets, known, place(sql))
    return unit, facts, (*found, *more)


def facts_of(sql: str, tables: Tables) -> ModelFacts:
    """The facts of a query without errors."""
    _, facts, found = bound(sql, tables)
    errors = [str(item) for item in found if item.severity is Severity.ERROR]
    assert not errors, f"{sql}\n{errors}"
    assert facts is not None
    return facts


def prints_of(sql: str, tables: Tables) -> Fingerprints:
    facts = facts_of(sql, tables)
    sources = {name: of_source(name, schema, name) for name, schema in schemas(tables).items()}
    return of_query(facts, sources, "table")

"""A table of every type, in DuckDB and as a schema, and what both say of a query over it."""

from __future__ import annotations

import duckdb

from xform.base.diagnostics import Diagnostic, Severity
from xform.base.names import AssetName
from xform.sema.bind import bind
from xform.sema.facts import ModelFacts, Schema, SchemaColumn
from xform.sema.types.type import Type, read
from xform.sql.parse import Place, parse_query

COLUMNS = {
    "b": "boolean", "i1": "tinyint", "i2": "smallint", "i4": "integer", "i8": "bigint",
    "i16": "hugeint", "u1": "utinyint", "u2": "usmallint", "u4": "uinteger", "u8": "ubigint",
    "u16": "uhugeint", "f": "float", "d": "double", "n": "decimal(4,2)", "n2": "decimal(18,3)",
    "s": "varchar", "s2": "varchar", "bl": "blob", "dt": "date", "tm": "time", "ts": "timestamp",
    "tz": "timestamp with time zone", "iv": "interval", "id": "uuid", "j": "json",
    "m": "enum('a', 'b')", "l": "integer[]", "ls": "varchar[]", "ll": "integer[][]",
    "a": "integer[3]", "st": "struct(a integer, b varchar)",
    "deep": "struct(x struct(y date, z integer[]), w double)[]", "mp": "map(varchar, integer)",
    "bt": "bit", "tss": "timestamp_s", "tsm": "timestamp_ms", "tsn": "timestamp_ns",
    "tzt": "time with time zone",
}  # fmt: skip
TABLES = {
    "t": COLUMNS,
    "u": {"i4": "bigint", "k": "integer", "s": "varchar", "v": "decimal(10,4)", "day": "date"},
}


def schemas() -> dict[AssetName, Schema]:
    return {
        AssetName(name): Schema(tuple(SchemaColumn(c, kind) for c, kind in columns.items()))
        for name, columns in TABLES.items()
    }


def connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, columns in TABLES.items():
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"create table {name} ({listed})")
    return connection


def described(connection: duckdb.DuckDBPyConnection, query: str) -> list[Type]:
    """The types of a query's columns as the engine has them. Raises duckdb.Error."""
    return [read(row[1]) for row in connection.execute(f"describe {query}").fetchall()]


def inferred(query: str, dialect: str = "duckdb") -> list[Type]:
    """The types of a query's columns as the compiler has them."""
    facts, found = bound(query, dialect)
    assert facts is not None, found
    return [read(column.type) for column in facts.columns]


def findings(query: str, dialect: str = "duckdb") -> list[str]:
    """The codes of the errors in a query."""
    return [item.code for item in bound(query, dialect)[1] if _is_error(item)]


def warned(query: str, dialect: str = "duckdb") -> list[str]:
    """The codes of the warnings about types and functions in a query."""
    found = bound(query, dialect)[1]
    return [item.code for item in found if item.code in _OF_TYPES and not _is_error(item)]


_OF_TYPES = {*(f"XF043{number}" for number in range(10)), "XF0446"}


def _is_error(item: Diagnostic) -> bool:
    return item.severity is Severity.ERROR


def bound(query: str, dialect: str = "duckdb") -> tuple[ModelFacts | None, tuple[Diagnostic, ...]]:
    place = Place("q.sql", lambda: query)
    unit, found = parse_query(AssetName("q"), place, query, dialect)
    if unit is None:
        return None, found
    known = schemas()
    named = [AssetName(table.parts[-1].lower()) for table in unit.tables]
    tables = [name if name in known else None for name in named]
    return bind(AssetName("q"), unit, tables, known, place, dialect)

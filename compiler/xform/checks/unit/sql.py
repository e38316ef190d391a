"""Rows as SQL: what stands in the place of a table, and what is expected, each a query of its own.

Nothing is created anywhere: given rows become CTEs before the query of the model. SQL is DuckDB's
here; for another engine it is translated as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from xform.checks.literals import text_literal
from xform.checks.unit.cases import Filled
from xform.project.unit_tests import Cell
from xform.sema.facts import SchemaColumn
from xform.sema.types.type import RANGES, Type, is_known, read
from xform.sql.dialects import quote

OUTPUT = "xform_output"


def cte_name(number: int) -> str:
    """What stands for the input of that number. A name that needs no quotes in any dialect."""
    return f"xform_given_{number}"


def given_query(columns: Sequence[SchemaColumn], filled: Filled | None) -> str:
    """The rows of an input with all of its columns: those that are not named are NULL."""
    named = {name.lower(): number for number, name in enumerate(filled.columns)} if filled else {}
    wanted = [(column.name, column.type, named.get(column.name.lower())) for column in columns]
    return _rows_query(wanted, filled)


def expected_query(columns: Sequence[tuple[str, str]], filled: Filled) -> str:
    """What is expected, in the types (name, type) that come out."""
    return _rows_query([(name, kind, at) for at, (name, kind) in enumerate(columns)], filled)


def as_text(columns: Sequence[str], query: str, order: str = "") -> str:
    """A query that yields columns of another one as text."""
    listed = ", ".join(f"cast({quote(name)} as varchar) as {quote(name)}" for name in columns)
    return f"select {listed} from (\n{query}\n) as {OUTPUT}{order}"


def with_given(given: Sequence[tuple[str, str]], query: str) -> str:
    """A query behind the CTEs (name, query) that it may read."""
    if not given:
        return query
    return f"with {', '.join(f'{name} as ({body})' for name, body in given)}\n{query}"


def _rows_query(columns: Sequence[tuple[str, str, int | None]], filled: Filled | None) -> str:
    """`columns` are (name, type, which of the columns of `filled`)."""
    if filled is None or (filled.sql is None and not filled.rows):
        listed = ", ".join(f"{_null(kind)} as {quote(name)}" for name, kind, _ in columns)
        return f"select {listed or '1'} where false"
    if filled.sql is not None:
        listed = ", ".join(
            f"{_null(kind)} as {quote(name)}"
            if at is None
            else f"{_cast(f's.{quote(filled.columns[at])}', kind)} as {quote(name)}"
            for name, kind, at in columns
        )
        return f"select {listed} from (\n{filled.sql}\n) as s"
    parts: list[str] = []
    used: list[tuple[int, Type]] = []
    for name, kind, at in columns:
        if at is None:
            parts.append(f"{_null(kind)} as {quote(name)}")
            continue
        value = f"v.c{len(used)}"
        parts.append(f"{_cast(value, kind)} as {quote(name)}")
        used.append((at, read(kind)))
    rows = ", ".join(
        f"({', '.join(_literal(row[at], kind) for at, kind in used)})" for row in filled.rows
    )
    if not used:
        rows = ", ".join("(0)" for _ in filled.rows)
    names = ", ".join(f"c{number}" for number in range(len(used))) or "c0"
    return f"select {', '.join(parts)} from (values {rows}) as v({names})"


def _null(kind: str) -> str:
    return _cast("null", kind)


def _cast(expression: str, kind: str) -> str:
    type_ = read(kind)
    if not is_known(type_) or type_.name == "null":
        return expression
    return f"cast({expression} as {type_.text})"


def _literal(cell: Cell, kind: Type) -> str:
    """A value to be cast: as text where one word says it, so that all rows have one type."""
    value = cell.value
    if value is None:
        return "null"
    if kind.name in ("json", "variant") and not isinstance(value, str):
        return text_literal(msgspec.json.encode(value).decode())
    if isinstance(value, list | dict):
        return (
            f"cast({nested(value, kind)} as {kind.text})" if is_known(kind) else nested(value, kind)
        )
    return plain_literal(value) if not is_known(kind) else text_literal(_text(value, kind))


def nested(value: Any, kind: Type) -> str:
    """A list, struct or map as SQL, and what is in it."""
    match value:
        case list():
            inner = kind.inner[0] if kind.name in ("list", "array") else kind
            return "[" + ", ".join(nested(item, inner) for item in value) + "]"
        case dict() if kind.name == "map":
            keys = ", ".join(plain_literal(key) for key in value)
            items = ", ".join(nested(item, kind.inner[1]) for item in value.values())
            return f"map([{keys}], [{items}])"
        case dict():
            fields = {
                label.lower(): (label, part)
                for label, part in zip(kind.labels, kind.inner, strict=False)
            }
            given = {key.lower(): item for key, item in value.items()}
            if fields:
                parts = [
                    f"{text_literal(label)}: {nested(given.get(key), part)}"
                    for key, (label, part) in fields.items()
                ]
            else:
                parts = [
                    f"{text_literal(key)}: {nested(item, kind)}" for key, item in value.items()
                ]
            return "{" + ", ".join(parts) + "}"
        case _:
            return plain_literal(value)


def plain_literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case float():
            return f"cast('{value}' as double)"
        case _:
            return text_literal(str(value))


def _text(value: Any, kind: Type) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float() if kind.name in RANGES and value.is_integer():
            return str(int(value))
        case _:
            return str(value)

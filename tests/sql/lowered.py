"""Lowers texts for tests."""

from __future__ import annotations

from xform.base.diagnostics import Diagnostic
from xform.sql.ir import Expr, Name, Op, Query, Select, SqlUnit, Text
from xform.sql.parse import Place, parse_query
from xform.template.rendered import Reference


def parsed(
    sql: str, dialect: str = "duckdb", references: tuple[Reference, ...] = ()
) -> tuple[SqlUnit | None, tuple[Diagnostic, ...]]:
    place = Place("models/m.sql", lambda: sql)
    return parse_query(None, place, sql, dialect, references)


def unit(sql: str, dialect: str = "duckdb") -> SqlUnit:
    found, problems = parsed(sql, dialect)
    assert found is not None, f"{sql}: {problems}"
    return found


def select(sql: str) -> Select:
    query: Query = unit(sql).query
    assert isinstance(query, Select)
    return query


def shape(expr: Expr) -> object:
    """An expression without places in the text."""
    match expr:
        case Op():
            return (expr.tag, *(shape(argument) for argument in expr.args))
        case Name():
            return ".".join(expr.parts)
        case Text():
            return expr.text
        case _:
            return expr


def expression(text: str) -> object:
    (projection,) = select(f"select {text} as v").projections
    return shape(projection.expr)

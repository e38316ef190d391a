"""PIVOT, UNPIVOT and MATCH_RECOGNIZE lowered: which columns they make, and of what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from sqlglot import exp

from xform.sql.ir import Expr, Reshape, Star
from xform.sql.leaves import LeafLowerer
from xform.sql.naming import made_up_name
from xform.sql.tokens import MARK, unmarked

VALUES_FIRST = frozenset(["bigquery", "tsql", "fabric"])
"""Dialects whose UNPIVOT puts the values before the name."""


def reshape(lowerer: LeafLowerer, node: exp.Pivot) -> Reshape | None:
    """What a PIVOT or UNPIVOT does to columns; None where that is not understood."""
    if node.args.get("unpivot"):
        return _unpivot(lowerer, node)
    return _pivot(lowerer, node)


# PIVOT -----------------------------------------------------------------------------------------


def _pivot(lowerer: LeafLowerer, node: exp.Pivot) -> Reshape | None:
    fields = node.args.get("fields")
    if fields:  # `PIVOT (sum(b) FOR a IN (1, 2))`
        aggregates, on = node.expressions, fields
        names = [item.name.replace(MARK, "") for item in node.args.get("columns") or ()]
        if lowerer.dialect == "duckdb":
            names = _made_names(on, aggregates)
    else:  # DuckDB's `PIVOT t ON a USING sum(b) GROUP BY k`
        aggregates, on = node.args.get("using") or [], node.expressions
        names = _made_names(on, aggregates)
    drawn: list[exp.Expr] = [_plain(item) for item in aggregates]
    drawn += [field.this if isinstance(field, exp.In) else field for field in on]
    if not drawn:
        return None
    used = tuple(lowerer.expr(item) for item in drawn)
    taken = tuple(
        lowerer.expr(column)
        for item in drawn
        for column in item.find_all(exp.Column)
        if not isinstance(column.this, exp.Star)
    )
    group = node.args.get("group")
    keys = tuple(lowerer.expr(item) for item in group.expressions) if group is not None else ()
    known = bool(names) and not any(_asks(field) for field in on)
    if lowerer.dialect == "bigquery":
        names = ["_" * name[:1].isdigit() + name for name in names]
    fills, over = used[: len(aggregates)], used[len(aggregates) :]
    made = [
        (name, (*over, fills[number % len(fills)]) if fills else over)
        for number, name in enumerate(names if known else ())
    ]
    return Reshape(taken, keys, group is not None, tuple(made), () if known else used, (), True)


def _asks(field: exp.Expr) -> bool:
    """Whether the data says which columns there are: no list, ANY, a query."""
    if not isinstance(field, exp.In):
        return True
    items = [*field.expressions, *(field.args[key] for key in ("query", "field")
                                   if field.args.get(key))]  # fmt: skip
    return not items or any(isinstance(item, exp.Query | exp.PivotAny) for item in items)


def _made_names(on: Sequence[exp.Expr], aggregates: Sequence[exp.Expr]) -> list[str]:
    """The names that DuckDB gives: the values, behind `_`  the aggregates where they have an alias
    or are several. None where they are not all known."""
    values = [
        [_value_name(item) for item in field.expressions] if isinstance(field, exp.In) else []
        for field in on
    ]
    rows = [row for row in product(*values) if None not in row]
    if any(None in names for names in values) or not all(map(_is_listed, on)):
        return []
    called = ["_".join(map(str, row)) for row in rows]
    if len(aggregates) < 2 and not any(isinstance(item, exp.Alias) for item in aggregates):
        return called
    if not all(item.alias or _is_usual(item) for item in aggregates):
        return []
    suffixes = [item.alias or made_up_name(item) for item in aggregates]
    return [f"{row}_{suffix}" for row in called for suffix in suffixes]


def _is_listed(field: exp.Expr) -> bool:
    """Whether values are listed of a column, or of several. (`ON a || b IN (…)` asks whether.)"""
    return not isinstance(field, exp.In) or isinstance(field.this, exp.Column | exp.Tuple)


def _is_usual(aggregate: exp.Expr) -> bool:
    """Whether the engine's own name of an aggregate is known."""
    return isinstance(aggregate, exp.Anonymous) and all(
        isinstance(part, _USUAL) and not (isinstance(part, exp.Column) and len(part.parts) > 1)
        for part in aggregate.walk()
    )


_USUAL = (
    exp.Anonymous, exp.Identifier, exp.Column, exp.Star, exp.Literal, exp.Distinct, exp.Add,
    exp.Sub, exp.Mul,
)  # fmt: skip


def _value_name(item: exp.Expr) -> str | None:
    """What a listed value adds to the name of its column; None where that is not known."""
    match item:
        case exp.Alias() | exp.PivotAlias():
            return str(item.args["alias"].name)
        case exp.Literal() if not item.is_string:
            return item.name if _PLAIN_NUMBER.fullmatch(item.name) else None
        case exp.Literal() | exp.Column():
            return item.name or None  # of an empty text it is its quotes
        case exp.Boolean():
            return str(bool(item.this)).lower()
        case exp.Null():
            return "NULL"
        case exp.Neg():
            inner = _value_name(item.this)
            return f"-{inner}" if inner is not None and isinstance(item.this, exp.Literal) else None
        case exp.Cast() if item.to.is_type("date") and _PLAIN_DATE.fullmatch(item.this.name):
            return str(item.this.name)
        case exp.Tuple():
            parts = [_value_name(part) for part in item.expressions]
            return None if None in parts else "_".join(map(str, parts))
        case _:
            return None


_PLAIN_NUMBER = re.compile(r"(0|[1-9]\d*)(\.\d+)?")
_PLAIN_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _plain(item: exp.Expr) -> exp.Expr:
    inner: exp.Expr = item.this
    return inner if isinstance(item, exp.Alias | exp.PivotAlias) else item


# UNPIVOT ---------------------------------------------------------------------------------------


def _unpivot(lowerer: LeafLowerer, node: exp.Pivot) -> Reshape | None:
    into = node.args.get("into")
    values_first = lowerer.dialect in VALUES_FIRST
    if into is not None:  # DuckDB's `UNPIVOT t ON a, b INTO NAME n VALUE v`
        values = [item.name for item in into.expressions]
        name, groups = into.this.name, [_columns(item) for item in node.expressions]
    elif node.args.get("fields"):  # `UNPIVOT (v FOR n IN (a, b))`
        field = node.args["fields"][0]
        heads = node.expressions
        heads = heads[0].expressions if heads and isinstance(heads[0], exp.Tuple) else heads
        values = [unmarked(item.name) for item in heads]
        name, groups = field.this.name, [_columns(item) for item in field.expressions]
    else:
        values, name = ["value"], "name"
        groups = [_columns(item) for item in node.expressions]
    if not groups or not values or any(len(group) % len(values) for group in groups):
        return None
    drawn: list[list[Expr]] = [[] for _ in values]
    for group in groups:
        for number, column in enumerate(group):
            drawn[number % len(values)].append(lowerer.expr(column))
    made = [(value, tuple(found)) for value, found in zip(values, drawn, strict=True)]
    made.insert(len(made) if values_first else 0, (name, ()))
    taken = tuple(column for found in drawn for column in found)
    if any(isinstance(column, Star) and len(values) > 1 for column in taken):
        return None
    nulls = bool(node.args.get("include_nulls"))
    return Reshape(taken, (), False, tuple(made), (), () if nulls else taken, False)


def _columns(item: exp.Expr) -> list[exp.Expr]:
    """The columns of one item of the list: `a`, `(a, b)`, either with an alias."""
    item = _plain(item)
    items = item.expressions if isinstance(item, exp.Tuple) else [item]
    return [exp.column(one) if isinstance(one, exp.Identifier) else one for one in items]


# MATCH_RECOGNIZE -------------------------------------------------------------------------------


def match(lowerer: LeafLowerer, node: exp.Expr) -> Reshape:
    """A measure draws from its expression and from what decides which rows make up a match. One
    row for each match has the partition and the measures; all rows keep the input's columns."""
    pattern = node.args.get("pattern")
    variables = set(re.findall(r"\w+", pattern.name.lower())) if pattern is not None else set()
    for column in list(node.find_all(exp.Column)):
        if column.table.lower() in variables:
            column.set("table", None)
    order = node.args.get("order")
    keys = tuple(lowerer.expr(item) for item in node.args.get("partition_by") or ())
    decides = [_plain(item) for item in node.args.get("define") or ()]
    decides += [term.this for term in (order.expressions if order is not None else ())]
    rows = (*keys, *(lowerer.expr(item) for item in decides))
    measures = [item.this for item in node.args.get("measures") or ()]
    made = tuple((item.alias_or_name, (lowerer.expr(_plain(item)), *rows)) for item in measures)
    every = node.args.get("rows")
    one = every is None or not every.name.upper().startswith("ALL")
    return Reshape((), keys, one, made, (), rows, one)

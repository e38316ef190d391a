"""Which table a name in FROM means, where it is not written as a table's name is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sqlglot import exp

from xform.sql.brackets import enclosed
from xform.sql.leaves import extent, position
from xform.sql.tokens import unmarked

PATHS = frozenset(["bigquery", "redshift"])
"""Dialects in which `FROM t.items` may be the array of a row of `t` outside."""
TABLE_VARIABLES = frozenset(["fabric", "tsql"])
_DOTTED = re.compile(r"[^\W\d][\w$]*(?:\.[^\W\d][\w$]*){0,2}")


def name_dynamically(node: exp.Table, text: str, dialect: str) -> None:
    """`identifier('a.b')` is the table a.b, and what no text names a table that is called as it
    is written; T-SQL's table variables go by their names."""
    call = node.this
    if isinstance(call, exp.Parameter) and dialect in TABLE_VARIABLES:
        node.set("this", _named(f"@{call.name}", *extent([call])))
        return
    literal = dynamic_name(call)
    if literal is None:
        return
    start, end = enclosed(text, *extent([call]))
    if not isinstance(literal, exp.Literal) or _DOTTED.fullmatch(literal.name) is None:
        called = text[start:end] if text[start:end].endswith(")") else "identifier(…)"
        node.set("this", _named(called, start, end))
        return
    parts = reversed(literal.name.split("."))
    start, end = enclosed(text, position(call)[0] or position(literal)[0], position(literal)[1])
    for key, name in zip(("this", "db", "catalog"), parts, strict=False):
        node.set(key, _named(name, start, end))


def dynamic_name(call: exp.Expr) -> exp.Expr | None:
    """What `identifier(…)` stands around."""
    if isinstance(call, exp.DynamicIdentifier):
        inner: exp.Expr = call.this
        return inner
    if isinstance(call, exp.Anonymous) and unmarked(call.name).upper() == "IDENTIFIER":
        return call.expressions[0] if len(call.expressions) == 1 else None
    return None


def path(node: exp.Table, fold: Callable[[exp.Expr], str]) -> list[exp.Expr]:
    """The parts of a name that is a column of a query around: its first is a relation there."""
    parts = node.parts
    first = fold(parts[0]) if len(parts) > 1 else None
    around = node.parent_select
    while first is not None and around is not None:
        around = around.parent_select
        if around is not None and first in map(fold, _aliases(around)):
            return parts
    return []


def _aliases(query: exp.Expr) -> Iterator[exp.Expr]:
    """What the relations of a FROM clause are called."""
    clause = query.args.get("from_")
    joins = query.args.get("joins") or ()
    for item in (*([clause.this] if clause is not None else ()), *(join.this for join in joins)):
        called = item.args.get("alias") or item.this
        called = called.this if isinstance(called, exp.TableAlias) else called
        if isinstance(called, exp.Identifier):
            yield called


def _named(name: str, start: int, end: int) -> exp.Identifier:
    part = exp.to_identifier(name, quoted=False)
    part.update_positions(start=start, end=max(end - 1, 0), line=0, col=0)
    return part

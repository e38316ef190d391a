"""Walks over queries and expressions of the intermediate form."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from xform.sql.ir import (
    CteScan,
    Expr,
    Joined,
    Lambda,
    Name,
    Op,
    Over,
    Query,
    Relation,
    Select,
    Star,
    Text,
    Window,
)


def scans(select: Select) -> Iterator[CteScan]:
    stack = [source.relation for source in select.sources]
    while stack:
        relation = stack.pop()
        if isinstance(relation, CteScan):
            yield relation
        elif isinstance(relation, Joined):
            stack.extend(source.relation for source in relation.sources)


def selects(query: Query) -> Iterator[Select]:
    return (each for each in queries(query) if isinstance(each, Select))


def queries(query: Query) -> Iterator[Query]:
    """A query and all queries in it."""
    stack: list[object] = [query]
    seen_types = (msgspec.Struct, tuple)
    while stack:
        item = stack.pop()
        if isinstance(item, Query):
            yield item
        if isinstance(item, msgspec.Struct):
            stack.extend(
                value
                for name in item.__struct_fields__
                if isinstance(value := getattr(item, name), seen_types)
            )
        elif isinstance(item, tuple):
            stack.extend(value for value in item if isinstance(value, seen_types))


def nodes(expr: Expr) -> Iterator[Expr]:
    """An expression and all within it, without queries."""
    stack: list[Expr] = [expr]
    while stack:
        node = stack.pop()
        yield node
        match node:
            case Op():
                stack.extend(node.args)
            case Over():
                stack.append(node.function)
                stack.extend(_of_window(node.window))
            case Lambda():
                stack.append(node.body)
            case Star():
                stack.extend(value for _, value in node.replace)
            case _:
                pass


def _of_window(window: Window) -> Iterator[Expr]:
    yield from window.partition
    yield from (order.expr for order in window.order)
    yield from window.frame


def conjuncts(condition: Expr | None) -> Iterator[Expr]:
    if condition is None:
        return
    if isinstance(condition, Op) and condition.tag == "and":
        for operand in condition.args:
            yield from conjuncts(operand)
    else:
        yield condition


def alias_of(relation: Relation) -> str | None:
    alias = getattr(relation, "alias", None)
    return alias if isinstance(alias, str) else None


def alike(one: Expr, other: Expr) -> bool:
    """Whether two expressions are written alike."""
    match one, other:
        case Name(), Name():
            return one.parts == other.parts
        case Text(), Text():
            return one.text == other.text
        case Op(), Op():
            return (
                one.tag == other.tag
                and len(one.args) == len(other.args)
                and all(alike(a, b) for a, b in zip(one.args, other.args, strict=True))
            )
        case _:
            return False

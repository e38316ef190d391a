"""What an expression holds of its own SELECT: aggregates, windows, queries, UNNEST, stars."""

from __future__ import annotations

from xform.sql.ir import (
    FLAG_AGGREGATE,
    FLAG_UNNEST,
    Expr,
    Lambda,
    Name,
    Op,
    Over,
    Star,
    Subquery,
    Text,
)

AGGREGATE = 1
"""An aggregate, but not one over a window."""
QUERY = 2
UNNEST = 4
REORDERING = 8
"""A window or a query: the engine may sort or join to compute it."""
REPEATING = 16
"""A star that makes the whole expression several columns."""
ARRANGED = 32
"""A window with several partition keys: the order of rows hangs on theirs."""

WINDOW = 64
"""Any function over a window."""

WRAPPERS = frozenset(["filter", "ignorenulls", "respectnulls", "withingroup"])
"""What stands around the function of a window."""


def traits(expr: Expr) -> int:
    """The bits above, of an expression and what it is made of; not of queries within."""
    kind = type(expr)
    if kind is Name or kind is Text:
        return 0
    bits = 0
    stack: list[Expr] = [expr]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind is Name or kind is Text:
            continue
        match item:
            case Op():
                if item.flags:
                    if item.flags & FLAG_AGGREGATE:
                        bits |= AGGREGATE
                    if item.flags & FLAG_UNNEST:
                        bits |= UNNEST
                stack.extend(item.args)
            case Over():
                bits |= WINDOW | _window(item, stack)
            case Lambda():
                stack.append(item.body)
            case Subquery():
                bits |= QUERY | REORDERING
            case Star():
                if item.repeats and not item.unpack:
                    bits |= REPEATING
            case _:
                pass
    return bits


def unwrapped(function: Expr) -> Expr:
    """The function of a window, without what stands around it: FILTER, IGNORE NULLS."""
    while isinstance(function, Op) and function.tag.split(" ", 1)[0] in WRAPPERS:
        function = function.args[0]
    return function


def _window(item: Over, stack: list[Expr]) -> int:
    """Of a function over a window, only the arguments can hold aggregates of the SELECT."""
    function = item.function
    while isinstance(function, Op) and function.tag.split(" ", 1)[0] in WRAPPERS:
        stack.extend(function.args[1:])
        function = function.args[0]
    if isinstance(function, Op):
        stack.extend(function.args)
    window = item.window
    stack.extend(window.partition)
    stack.extend([term.expr for term in window.order])
    named = window.base is not None
    bits = REORDERING if window.partition or window.order or named else 0
    return bits | ARRANGED if len(window.partition) > 1 or named else bits


def unnesting(expr: Expr) -> Op | None:
    """The call that makes several rows of one."""
    stack: list[Expr] = [expr]
    while stack:
        item = stack.pop()
        if isinstance(item, Op):
            if item.flags & FLAG_UNNEST:
                return item
            stack.extend(item.args)
        elif isinstance(item, Lambda):
            stack.append(item.body)
    return None


def star_within(expr: Expr) -> Star | None:
    """The star that makes a projection several columns. A `*` in `count(*)` does not."""
    if isinstance(expr, Star):
        return None if expr.unpack else expr
    stack: list[Expr] = [expr]
    while stack:
        item = stack.pop()
        match item:
            case Star() if item.repeats and not item.unpack:
                return item
            case Op():
                stack.extend(item.args)
            case Over():
                stack.append(item.function)
                stack.extend(item.window.partition)
                stack.extend(term.expr for term in item.window.order)
            case Lambda():
                stack.append(item.body)
            case _:
                pass
    return None

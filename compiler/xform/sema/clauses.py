"""What a clause cannot hold, or hardly means: aggregates in WHERE, calls within calls, `= NULL`.

One walk over the expressions of a SELECT, without queries within: those are looked at as queries
of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xform.base.codes import (
    AGGREGATE_IN_WHERE,
    IDLE_QUALIFY,
    LIMIT_WITHOUT_ORDER,
    NESTED_AGGREGATE,
    WINDOW_MISPLACED,
    Code,
)
from xform.sema.traits import AGGREGATE, WINDOW, WRAPPERS
from xform.sql.ir import FLAG_AGGREGATE, Expr, Lambda, Name, Op, Over, Select, Text

Finding = tuple[Code, str, int, int, str]
"""Code, message, stretch of the rendered text, next step."""

AGGREGATES = frozenset(
    [
        "any_value", "array_agg", "avg", "bool_and", "bool_or", "count", "count_if", "list", "max",
        "median", "min", "mode", "quantile_cont", "stddev", "string_agg", "sum", "variance",
    ]
)  # fmt: skip
"""Those that every reader of SQL knows. Of other names another dialect may think otherwise."""
_WHERE, _HAVING, _CALL, _WINDOW = 1, 2, 4, 8
"""Where an expression stands: in WHERE, in HAVING, within an aggregate, within a window."""


def findings(
    query: Select, outermost: bool, own: bool, traits: Callable[[Expr], int]
) -> Iterator[Finding]:
    """What is wrong with the clauses of a SELECT. An aggregate within a query that is not
    `outermost` may belong to the one around it; `own`: in DuckDB's dialect. `traits` are looked
    up, to pass over most."""
    if outermost:
        clauses = [(projection.expr, 0) for projection in query.projections]
        if query.where is not None:
            clauses.append((query.where, _WHERE))
        if query.having is not None:
            clauses.append((query.having, _HAVING))
        for expr, where in clauses:
            if traits(expr) & (AGGREGATE | WINDOW):
                yield from _within_clause(expr, where)
    if own and query.qualify is not None:
        yield from _qualify(query, traits)
    if query.limit and query.sources and not (query.order or query.order_all):
        yield from _limit(query)


def _qualify(query: Select, traits: Callable[[Expr], int]) -> Iterator[Finding]:
    """QUALIFY asks for a window, in itself or among the outputs."""
    assert query.qualify is not None
    exprs = [query.qualify, *(projection.expr for projection in query.projections)]
    if not any(traits(expr) & WINDOW for expr in exprs):
        advice = "ask for this in WHERE, or in HAVING where rows are grouped"
        message = "QUALIFY without a window function"
        yield IDLE_QUALIFY, message, *place(query.qualify), advice


def _within_clause(clause: Expr, at: int) -> Iterator[Finding]:
    stack: list[tuple[Expr, int]] = [(clause, at)]
    while stack:
        expr, where = stack.pop()
        match expr:
            case Name() | Text():
                pass
            case Op():
                inner = where
                if expr.flags & FLAG_AGGREGATE and expr.tag in AGGREGATES:
                    yield from _aggregate(expr, where)
                    inner |= _CALL
                if expr.tag.split(" ", 1)[0] == "filter":
                    stack.append((expr.args[0], where))
                    stack.extend([(condition, where | _CALL) for condition in expr.args[1:]])
                    continue
                stack.extend([(argument, inner) for argument in expr.args])
            case Over():
                yield from _window(expr, where)
                stack.extend([(part, where | _WINDOW) for part in _within(expr)])
            case Lambda():
                stack.append((expr.body, where))
            case _:
                pass


def _aggregate(expr: Op, where: int) -> Iterator[Finding]:
    start, end = place(expr)
    if where & _WHERE:
        advice = "WHERE looks at single rows; put this into HAVING, or into a query around"
        yield AGGREGATE_IN_WHERE, f"aggregate {expr.tag}() in WHERE", start, end, advice
    elif where & _CALL:
        advice = "aggregate in a CTE first, then aggregate that"
        message = f"aggregate {expr.tag}() within an aggregate"
        yield NESTED_AGGREGATE, message, start, end, advice


def _window(expr: Over, where: int) -> Iterator[Finding]:
    start, end = place(expr)
    if where & (_WHERE | _HAVING):
        clause = "WHERE" if where & _WHERE else "HAVING"
        advice = "windows come after it; use QUALIFY, or a query around"
        yield WINDOW_MISPLACED, f"window function in {clause}", start, end, advice
    elif where & (_CALL | _WINDOW):
        advice = "compute the inner window in a CTE first"
        kind = "aggregate" if where & _CALL else "window function"
        yield WINDOW_MISPLACED, f"window function within {_an(kind)}", start, end, advice


def _an(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _limit(query: Select) -> Iterator[Finding]:
    count = query.limit[0]
    zero = isinstance(count, Op) and any(
        isinstance(argument, Text) and argument.text == "0" for argument in count.args
    )
    if not zero:
        advice = "add ORDER BY; which rows come first is up to the engine otherwise"
        yield LIMIT_WITHOUT_ORDER, "LIMIT without ORDER BY", *place(count), advice


def _within(expr: Over) -> list[Expr]:
    """What stands in a window function: its arguments, conditions, keys, order and frame."""
    parts: list[Expr] = []
    function = expr.function
    while isinstance(function, Op) and function.tag.split(" ", 1)[0] in WRAPPERS:
        parts.extend(function.args[1:])
        function = function.args[0]
    if isinstance(function, Op):
        parts.extend(function.args)
    window = expr.window
    return [*parts, *window.partition, *(term.expr for term in window.order), *window.frame]


def place(expr: Expr) -> tuple[int, int]:
    """The stretch of text that an expression covers, by what in it has a place; else (0, 0)."""
    low, high = -1, 0
    stack = [expr]
    while stack:
        item = stack.pop()
        start, end = getattr(item, "start", 0), getattr(item, "end", 0)
        if end:
            low = start if low < 0 else min(low, start)
            high = max(high, end)
        match item:
            case Op():
                stack.extend(item.args)
            case Over():
                stack.extend((item.function, *item.window.partition))
            case Lambda():
                stack.append(item.body)
            case _:
                pass
    return max(low, 0), high

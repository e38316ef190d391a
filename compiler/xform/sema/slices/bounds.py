"""Conditions of a query on `@start` and `@end`, the bounds of the interval that is computed."""

from __future__ import annotations

from collections.abc import Iterator

from xform.sema.slices.walking import nodes
from xform.sql.ir import BOUNDS, Expr, Name, Op, Text

_LOW, _HIGH = {"gte", "gt"}, {"lt", "lte"}


def bounded(condition: Expr, *, exact: bool) -> Iterator[tuple[Name, set[str]]]:
    """A column that a condition compares with `@start` or `@end`. Not `exact`: also with what is
    computed from them, for so far back an interval is said to look."""
    match condition:
        case Op(tag="between this low high", args=(Name() as name, low, high)):
            # Up to and with the end: only where a bound is computed from it.
            if not exact:
                yield name, _bounds_in(low) | _bounds_in(high)
        case Op(tag=tag, args=(Name() as name, other)) if tag in _LOW | _HIGH:
            yield name, _side(tag, other, exact)
        case Op(tag=tag, args=(other, Name() as name)) if tag in _LOW | _HIGH:
            yield (
                name,
                _side({"gte": "lte", "gt": "lt", "lt": "gt", "lte": "gte"}[tag], other, exact),
            )
        case _:
            return


def _side(tag: str, other: Expr, exact: bool) -> set[str]:
    """Which bound a comparison sets."""
    while isinstance(other, Op) and other.tag == "cast":
        other = other.args[0]
    found = _bounds_in(other)
    if exact and not isinstance(other, Text):
        return set()
    if tag in _LOW:
        return found & {"start"} if not exact or tag == "gte" else set()
    return found & {"end"} if not exact or tag == "lt" else set()


def _bounds_in(expr: Expr) -> set[str]:
    texts = {node.text for node in nodes(expr) if isinstance(node, Text)}
    return {which for which, text in BOUNDS.items() if text in texts}

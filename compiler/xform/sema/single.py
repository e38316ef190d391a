"""Which queries can yield no more than one row, as far as their text shows it."""

from __future__ import annotations

from collections.abc import Set

from xform.sema.traits import AGGREGATE, UNNEST, traits
from xform.sql.ir import (
    CteScan,
    Derived,
    Expr,
    Op,
    Query,
    Relation,
    Select,
    Text,
    Values,
    ValuesRelation,
)


def has_one_row(query: Query, ctes: Set[int]) -> bool:
    """Aggregates without keys, LIMIT 1, one row of VALUES, and what is selected of such. `ctes`
    are those known to have one row."""
    match query:
        case Values():
            return len(query.rows) < 2
        case Select():
            if query.limit and _is_one(query.limit[0]):
                return True
            bits = 0
            for projection in query.projections:
                bits |= traits(projection.expr)
            if bits & UNNEST:
                return False
            if query.group is None and (bits & AGGREGATE or query.having is not None):
                return True
            return all(is_single(source.relation, ctes) for source in query.sources)
        case _:
            return False


def is_single(relation: Relation, ctes: Set[int]) -> bool:
    """The same, of an item of FROM."""
    match relation:
        case CteScan():
            return relation.cte in ctes
        case Derived() | ValuesRelation():
            return has_one_row(relation.query, ctes)
        case _:
            return False


def _is_one(limit: Expr) -> bool:
    return (
        isinstance(limit, Op)
        and limit.tag == "limit"
        and len(limit.args) == 1
        and isinstance(limit.args[0], Text)
        and limit.args[0].text == "1"
    )

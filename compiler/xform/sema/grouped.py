"""What a grouped SELECT may put out: its keys, aggregates, and what is made of them.

Said only where it is certain that the engine refuses: a function that DuckDB does not know may be
an aggregate, a query within is not looked into, and names of other outputs are looked at there.
"""

from __future__ import annotations

from collections.abc import Sequence

from xform.base.codes import NOT_GROUPED
from xform.sema.binder import Use
from xform.sema.grouping import GROUPINGS, GroupBinder
from xform.sema.meaning import Part
from xform.sema.scope import Found, Scope
from xform.sema.stars import AS_IT_IS, Output
from xform.sema.traits import QUERY, WRAPPERS
from xform.sql.functions import is_scalar
from xform.sql.ir import FLAG_AGGREGATE, Expr, Lambda, Name, Op, Over, Select, Text

Keys = set[tuple[Part, ...]]
"""The canonical text of each key."""


class GroupedBinder(GroupBinder):
    """Checks the outputs of grouped SELECTs."""

    def check_grouped(self, query: Select, outputs: Sequence[Output], scope: Scope) -> None:
        """Complain of each output that is neither grouped nor aggregated."""
        group = query.group
        if scope.broken or (group is not None and group.all):
            return
        given = group.keys if group is not None else ()
        if any(_no_position(key, len(outputs)) for key in given):
            return  # that is said already
        keys: Keys = set()
        for key in given:
            self._add_key(key, outputs, scope, keys)
        for projection, star in outputs:
            if star is None:
                loose = self._loose(projection.expr, keys, scope)
                if loose is not None:
                    self._not_grouped(loose.written, loose.start, loose.end)
            elif projection.expr is AS_IT_IS and self._is_loose(star, keys):
                name = projection.name
                self._not_grouped(name, projection.start, projection.end)

    def _add_key(self, key: Expr, outputs: Sequence[Output], scope: Scope, keys: Keys) -> None:
        if isinstance(key, Op) and key.tag.split(" ", 1)[0] in GROUPINGS:
            for inner in key.args:
                self._add_key(inner, outputs, scope, keys)
            return
        out: list[Part] = []
        ordinal = self.ordinal(key, outputs, scope)
        if ordinal is None:
            self.write(key, scope, out, Use())
        else:
            self.output(ordinal[0].expr, ordinal[1], scope, out, Use())
        keys.add(tuple(out))

    def _loose(self, expr: Expr, keys: Keys, scope: Scope) -> Name | None:
        """A column within an expression that is neither a key nor within an aggregate."""
        match expr:
            case Name():
                found = self.find(expr, scope, Use())
                if not isinstance(found, Found) or not self._is_loose(found, keys):
                    return None
                return None if tuple(self.written(expr, scope, Use())) in keys else expr
            case Op() if expr.tag.split(" ", 1)[0] in WRAPPERS:
                return self._loose(expr.args[0], keys, scope)  # FILTER and the like
            case Op():
                if expr.flags & FLAG_AGGREGATE or (expr.start < expr.end and _unsure(expr)):
                    return None
                if (
                    not self.traits(expr) & QUERY
                    and tuple(self.written(expr, scope, Use())) in keys
                ):
                    return None
                return self._first(expr.args, keys, scope)
            case Over():
                function = expr.function
                inner = function.args if isinstance(function, Op) else ()
                order = [term.expr for term in expr.window.order]
                return self._first([*inner, *expr.window.partition, *order], keys, scope)
            case Lambda():
                return self._loose(expr.body, keys, scope)
            case _:
                return None

    def _first(self, parts: Sequence[Expr], keys: Keys, scope: Scope) -> Name | None:
        return next((loose for part in parts if (loose := self._loose(part, keys, scope))), None)

    def _is_loose(self, found: Found, keys: Keys) -> bool:
        column = found.column
        if found.level or column is None or found.member is None:
            return False
        if any(column.key in member.merged for member in found.scope.members):
            return False  # USING: the engine takes either side for the other
        out: list[Part] = []
        self.reference(Found(column, found.member, found.scope), out, Use())
        return tuple(out) not in keys

    def _not_grouped(self, name: str, start: int, end: int) -> None:
        self.complain(
            NOT_GROUPED,
            f"column '{name}' is neither grouped nor aggregated",
            start,
            end,
            f"add it to GROUP BY, or take any_value({name})",
        )


def _no_position(key: Expr, count: int) -> bool:
    return isinstance(key, Text) and key.text.isdigit() and not 1 <= int(key.text) <= count


def _unsure(call: Op) -> bool:
    """Whether a call may be an aggregate for all that is known."""
    return call.tag.isidentifier() and not is_scalar(call.tag)

"""GROUP BY: keys by name, position and grouping set."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from xform.sema.binder import Use
from xform.sema.ctes import CteBinder
from xform.sema.meaning import Hole, Part
from xform.sema.scope import Found, Ordering, Scope
from xform.sema.stars import AS_IT_IS, Output
from xform.sema.traits import AGGREGATE
from xform.sql.ir import Expr, Name, Op, Select, Text, Window

GROUPINGS = frozenset(["rollup", "cube", "groupingsets", "tuple"])


class Stage(msgspec.Struct):
    """The rows of a SELECT so far, and the windows it names."""

    hole: Hole
    sources: set[Hole]
    order: Ordering
    windows: dict[str, Window]
    inside: dict[Hole, Hole] = msgspec.field(default_factory=dict)
    """Outputs of a grouped SELECT: as an expression → as a column."""

    def use(self, *, either: bool = False) -> Use:
        return Use(rows_hole=self.hole, order=self.order, either=either, windows=self.windows)


class GroupBinder(CteBinder):
    """Binds GROUP BY."""

    def group(
        self,
        query: Select,
        outputs: Sequence[Output],
        stage: Stage,
        scope: Scope,
        grouped: bool,
    ) -> bool:
        """Whether the SELECT is grouped."""
        clauses = [projection.expr for projection, _ in outputs]
        clauses += [term.expr for term in query.order]
        clauses += [query.qualify] if query.qualify is not None else []
        if (
            query.group is None
            and query.having is None
            and not grouped
            and not any(self.traits(clause) & AGGREGATE for clause in clauses)
        ):
            return False
        use = stage.use()
        out: list[Part] = ["group(", stage.hole]
        group = query.group
        keys: list[list[Part]] = []
        if group is not None:
            if group.sets:
                out.append(f", {group.sets}")
            for key in group.keys:
                keys.append([])
                self._key(key, outputs, scope, keys[-1], use)
            for projection, star in outputs if group.all else ():
                if not self.traits(projection.expr) & AGGREGATE:
                    keys.append([])
                    self.output(projection.expr, star, scope, keys[-1], use)
        plain = group is not None and not group.sets and not any(map(is_set, group.keys))
        if plain:
            keys = [list(key) for key in dict.fromkeys(tuple(key) for key in keys)]
            out.append(", ")
            self.group_of(keys, out)
        else:
            for written in keys:
                out.extend((", ", *written))
        stage.hole = self.meaning.define("group by", [*out, ")"])
        stage.sources |= use.value
        if plain:
            self.arranged(keys, stage, use.value)
        return True

    def arranged(self, keys: list[list[Part]], stage: Stage, sources: set[Hole]) -> None:
        """Rows that were grouped come in an order that hangs on the order of the keys too."""
        if len(keys) > 1:
            out = [part for key in keys for part in (*key, ", ")]
            hole = self.meaning.define("keys", ["keys(", *out, ")"])
            stage.order = stage.order.then(Ordering((hole,), frozenset(sources)))

    def _key(
        self, key: Expr, outputs: Sequence[Output], scope: Scope, out: list[Part], use: Use
    ) -> None:
        """A grouping key: `1` is the output at that position, also within ROLLUP and the like."""
        if isinstance(key, Op) and is_set(key):
            self._grouping(key, outputs, scope, out, use)
            return
        ordinal = self.ordinal(key, outputs, scope)
        if ordinal is None:
            self.write(key, scope, out, use)
        else:
            self.output(ordinal[0].expr, ordinal[1], scope, out, use)

    def _grouping(
        self, sets: Op, outputs: Sequence[Output], scope: Scope, out: list[Part], use: Use
    ) -> None:
        """ROLLUP, CUBE, GROUPING SETS. There DuckDB tells outputs of one expression apart: one
        that a set lacks is NULL, even where its expression is a key under another name."""
        out.append(f"{sets.tag}(")
        for key in sets.args:
            for number, (projection, _) in enumerate(outputs, 1):
                by_name = isinstance(key, Name) and key.parts == (projection.alias,)
                if by_name or (isinstance(key, Text) and key.text == str(number)):
                    out.append(f"output {number} ")
            self._key(key, outputs, scope, out, use)
            out.append(", ")
        out.append(")")

    def output(
        self, expr: Expr, star: Found | None, scope: Scope, out: list[Part], use: Use
    ) -> None:
        """The expression of an output; that of a star is a column."""
        if expr is AS_IT_IS and star is not None:
            self.reference(star, out, use)
            return
        use.star = star
        self.write(expr, scope, out, use)
        use.star = None

    def ordinal(self, expr: Expr, outputs: Sequence[Output], scope: Scope) -> Output | None:
        """The output that a bare number means in GROUP BY and DISTINCT ON."""
        if not isinstance(expr, Text) or not expr.text.isdigit():
            return None
        position = int(expr.text)
        if 1 <= position <= len(outputs):
            return outputs[position - 1]
        if not scope.broken and all(m.relation.more is None for m in scope.members):
            self.bad_ordinal(position, len(outputs), expr)
        return None


def is_set(key: Expr) -> bool:
    return isinstance(key, Op) and key.tag.split(" ", 1)[0] in GROUPINGS

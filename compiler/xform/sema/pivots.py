"""PIVOT and UNPIVOT, and relations that are not modelled at all: defined as a whole. Of a pivot
the columns it makes are known, and what each draws from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xform.sema.binder import Use
from xform.sema.meaning import Part
from xform.sema.scope import Column, Member, More, Ordering, Relation, Scope, Sources
from xform.sema.stars import StarBinder
from xform.sql import canonical
from xform.sql.ir import Expr, Name, Pivoted, Reshape

ColumnMaker = Callable[[str, Sources], Column]


class PivotBinder(StarBinder):
    """Binds PIVOT and UNPIVOT."""

    def pivoted(
        self, inner: Relation, alias: str | None, node: Pivoted, parent: Scope | None
    ) -> Relation:
        whole = self.whole("pivot", [inner], node.args, Scope(parent))
        shape = node.shape
        if shape is None:
            return whole
        scope = Scope(parent)
        scope.members.append(Member(inner, alias, 0))
        taken = {expr.parts[-1].lower() for expr in shape.taken if isinstance(expr, Name)}
        passed = [column for column in inner.columns if column.key not in taken]
        if shape.grouped:
            keys = {expr.parts[-1].lower() for expr in shape.keys if isinstance(expr, Name)}
            passed = [column for column in inner.columns if column.key in keys]

        def column(name: str, value: Sources) -> Column:
            text = f"column {canonical.name(name.lower())} of "
            hole = self.meaning.define(f"column {name}", [text, whole.rows_hole])
            return Column(name, hole, value)

        columns = [column(item.name, item.value) for item in passed]
        columns += [column(name, self._drawn(drawn, scope)) for name, drawn in shape.made]
        rows = inner.rows | self._drawn(shape.rows, scope)
        if shape.collapses:
            rows = rows.union(*(item.value for item in passed), self._drawn(shape.keys, scope))
        return Relation(
            columns, whole.rows_hole, rows, whole.order, self._others(inner, shape, scope, column),
            inner.broken, covered=True,
        )  # fmt: skip

    def _drawn(self, exprs: Sequence[Expr], scope: Scope) -> Sources:
        use = Use(aliases=False)
        out: list[Part] = []
        for expr in exprs:
            self.write(expr, scope, out, use)
        return frozenset(use.value)

    def _others(
        self, inner: Relation, shape: Reshape, scope: Scope, column: ColumnMaker
    ) -> More | None:
        """Columns that are not listed: made of values in the data, or the input's own."""
        inner_more = inner.more if not shape.grouped else None
        if not shape.open and inner_more is None:
            return None
        made = self._drawn(shape.open, scope)
        return lambda key: column(
            key, made | inner_more(key).value if inner_more is not None else made
        )

    def whole(
        self, what: str, inputs: Sequence[Relation], args: Sequence[Expr], scope: Scope
    ) -> Relation:
        """Not modelled: every output may come from everything that is read."""
        out: list[Part] = [f"{what}("]
        use = Use(aliases=False)
        for relation in inputs:
            out.append(relation.rows_hole)
            for column in relation.everything():
                out.extend((f", {canonical.name(column.key)} ", column.hole))
            use.value |= relation.sources()
            self.ordering(relation.order, out, use)
        for arg in args:
            out.append(", ")
            self.write(arg, scope, out, use)
        rows_hole = self.meaning.define(what, [*out, ")"])
        sources = frozenset(use.value)

        def more(key: str) -> Column:
            text = f"column {canonical.name(key)} of "
            hole = self.meaning.define(f"column {key}", [text, rows_hole])
            return Column(key, hole, sources)

        order = Ordering((rows_hole,), sources)
        broken = any(relation.broken for relation in inputs)
        return Relation([], rows_hole, sources, order, more, broken, covered=True)

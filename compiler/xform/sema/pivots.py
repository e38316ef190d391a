"""PIVOT and UNPIVOT, and relations that are not modelled at all: defined as a whole. Of a pivot
the columns it makes are known, and what each draws from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xform.sema.binder import Use
from xform.sema.meaning import Part
from xform.sema.scope import Column, Member, More, Ordering, Relation, Scope, Sources
from xform.sema.stars import StarBinder
from xform.sema.types.functions import of_all
from xform.sema.types.type import BIGINT, UNKNOWN, VARCHAR, Type, decimal, settled
from xform.sql import canonical
from xform.sql.ir import FLAG_AGGREGATE, Expr, Name, Op, Pivoted, Reshape, Star

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
        scope.add(Member(inner, alias, 0))
        taken = {expr.parts[-1].lower() for expr in shape.taken if isinstance(expr, Name)}
        for star in shape.taken:
            if isinstance(star, Star):
                found = [item for _, item, _ in self.star(star, scope)]
                taken.update(item.column.key for item in found if item and item.column)
        passed = [column for column in inner.columns if column.key not in taken]
        if shape.grouped:
            keys = {expr.parts[-1].lower() for expr in shape.keys if isinstance(expr, Name)}
            passed = [column for column in inner.columns if column.key in keys]

        def column(name: str, value: Sources, type_: Type = UNKNOWN) -> Column:
            text = f"column {canonical.name(name.lower())} of "
            hole = self.meaning.define(f"column {name}", [text, whole.rows_hole])
            return Column(name, hole, value, type_)

        columns = [column(item.name, item.value, item.type) for item in passed]
        for name, made in shape.made:
            drawn, types = self._drawn(made, scope)
            columns.append(column(name, drawn, _made_type(made, types, shape.collapses)))
        rows = inner.rows | self._drawn(shape.rows, scope)[0]
        if shape.collapses:
            rows = rows.union(*(item.value for item in passed), self._drawn(shape.keys, scope)[0])
        return Relation(
            columns,
            whole.rows_hole,
            rows,
            whole.order,
            self._others(inner, shape, node.args, scope, column),
            inner.broken,
            covered=True,
        )

    def _drawn(self, exprs: Sequence[Expr], scope: Scope) -> tuple[Sources, list[Type]]:
        use = Use(aliases=False)
        out: list[Part] = []
        types = [self.write(expr, scope, out, use) for expr in exprs]
        return frozenset(use.value), types

    def _others(
        self,
        inner: Relation,
        shape: Reshape,
        args: Sequence[Expr],
        scope: Scope,
        column: ColumnMaker,
    ) -> More | None:
        """Columns that are not listed: made of values in the data, or the input's own."""
        inner_more = inner.more if not shape.grouped else None
        if not shape.open and inner_more is None:
            return None
        made, _ = self._drawn((*shape.open, *args), scope)
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


SUMMARY = (
    ("column_name", VARCHAR), ("column_type", VARCHAR), ("min", VARCHAR), ("max", VARCHAR),
    ("approx_unique", BIGINT), ("avg", VARCHAR), ("std", VARCHAR), ("q25", VARCHAR),
    ("q50", VARCHAR), ("q75", VARCHAR), ("count", BIGINT), ("null_percentage", decimal(9, 2)),
)  # fmt: skip
"""What SUMMARIZE yields of any relation."""


def summarized(whole: Relation) -> Relation:
    """SUMMARIZE as a whole, with the columns that it is known to have."""
    assert whole.more is not None
    every = whole.more("*").value
    columns = [Column(name, whole.more(name).hole, every, type_) for name, type_ in SUMMARY]
    return Relation(
        columns, whole.rows_hole, whole.rows, whole.order, None, whole.broken, covered=True
    )


def _made_type(made: Sequence[Expr], types: Sequence[Type], collapses: bool) -> Type:
    """The type of a column that a pivot makes: of an aggregate, which stands last; or of UNPIVOT,
    what the columns it puts together have in common, or their names."""
    if collapses:
        last = made[-1] if made else None
        aggregate = isinstance(last, Op) and last.flags & FLAG_AGGREGATE
        return settled(types[-1]) if aggregate else UNKNOWN
    return settled(of_all(types) or UNKNOWN) if types else VARCHAR

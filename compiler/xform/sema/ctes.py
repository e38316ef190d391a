"""WITH: what a CTE yields, also where it recurs or is read far from where it stands."""

from __future__ import annotations

from collections.abc import Sequence

from xform.base.codes import COLUMN_COUNT
from xform.base.names import AssetName
from xform.sema.binder import NO_REACH, Use
from xform.sema.meaning import Hole, Part
from xform.sema.scope import NO_SOURCES, Column, Ordering, Relation, Scope, Sources
from xform.sema.set_operations import SetOperationBinder
from xform.sema.single import has_one_row
from xform.sql.ir import Cte, CteScan, SetOperation


class Defined:
    """A CTE: what it yields, the depth of its own scopes, the outermost that it refers to."""

    __slots__ = ("depth", "reach", "relation")

    def __init__(self, relation: Relation, depth: int, reach: int) -> None:
        self.relation = relation
        self.depth = depth
        self.reach = reach


class CteBinder(SetOperationBinder):
    """Binds CTEs."""

    ctes: dict[int, Defined]
    ctes_read: set[int]
    single_ctes: set[int]
    """Those of one row."""
    recursions: int = 0
    """How many recursive CTEs are being bound."""

    def define_cte(self, cte: Cte, parent: Scope | None) -> None:
        depth = parent.depth + 1 if parent is not None else 0
        before, self.reach = self.reach, NO_REACH
        if cte.recursive and isinstance(cte.query, SetOperation):
            relation = self._recursive(cte, cte.query, parent, depth)
        else:
            relation = self.query(cte.query, parent)
        self.ctes[cte.number] = Defined(self._called(relation, cte), depth, self.reach)
        if has_one_row(cte.query, self.single_ctes):
            self.single_ctes.add(cte.number)
        self.reach = before

    def cte(self, node: CteScan, scope: Scope) -> Relation:
        """A CTE where it is read. What it says of scopes around it counts from where it was
        defined; where it is read deeper in, that is said, or it could be taken for another."""
        self.ctes_read.add(node.cte)
        defined = self.ctes[node.cte]
        if defined.reach >= defined.depth:
            return defined.relation
        self.reach = min(self.reach, defined.reach)
        shift = scope.depth - defined.depth
        if not shift:
            return defined.relation
        relation = defined.relation

        def shifted(label: str, hole: int) -> int:
            return self.meaning.define(label, [f"up {shift}(", hole, ")"])

        columns = [
            Column(c.name, shifted(f"column {c.name}", c.hole), c.value, c.type)
            for c in relation.columns
        ]
        rows = shifted("from", relation.rows_hole)
        order = Ordering(
            tuple(shifted("order by", hole) for hole in relation.order.holes),
            relation.order.sources,
        )
        return Relation(
            columns, rows, relation.rows, order, relation.more, relation.broken, relation.covered
        )

    def _called(self, relation: Relation, cte: Cte) -> Relation:
        relation = self._in_its_words(relation, cte)
        if not cte.added:
            return relation
        drawn = NO_SOURCES.union(*(c.value for c in relation.columns if c.key in cte.by))
        added = [
            Column(
                name,
                self.meaning.define(f"column {name}", [f"{number} of ", relation.rows_hole]),
                drawn,
            )
            for number, name in enumerate(cte.added)
        ]
        return relation.with_columns([*relation.columns, *added])

    def _in_its_words(self, relation: Relation, cte: Cte) -> Relation:
        if not cte.columns:
            return relation
        count = len(relation.columns)
        if len(cte.columns) > count and relation.more is None and not relation.broken:
            self.complain(
                COLUMN_COUNT,
                f"more column names ({len(cte.columns)}) than columns ({count}) in '{cte.name}'",
                cte.start,
                cte.end,
                "name no more columns than the query has",
            )
        columns = [
            column.called(name) for name, column in zip(cte.columns, relation.columns, strict=False)
        ]
        return relation.with_columns([*columns, *relation.columns[len(columns) :]])

    def _recursive(
        self, cte: Cte, query: SetOperation, parent: Scope | None, depth: int
    ) -> Relation:
        """A recursive CTE's definition is one whole. Its lineage is told by column: what a column
        draws from in the step, with each reference to the CTE itself followed on."""
        for inner in query.ctes:
            self.define_cte(inner, parent)
        anchor = self.query(query.first, parent)
        self.recursions += 1
        itself = self.meaning.define("recursion", [f"recursion {self.recursions}"])
        names = cte.columns or tuple(column.name for column in anchor.columns)
        own = AssetName(f"\x00{itself}")
        marks = [self.meaning.external(own, str(i)) for i in range(len(anchor.columns))]
        stand_in = [
            Column(
                names[i] if i < len(names) else column.name,
                self.meaning.define(f"column {column.name}", [f"column {i} of ", itself]),
                frozenset((marks[i],)),
                column.type,
            )
            for i, column in enumerate(anchor.columns)
        ]
        order = Ordering((itself,))
        self.ctes[cte.number] = Defined(
            Relation(stand_in, itself, NO_SOURCES, order, anchor.more, anchor.broken), depth,
            NO_REACH,
        )  # fmt: skip
        (operation,) = query.steps
        step = self.query(operation.query, parent)
        self.recursions -= 1
        self.same_width(operation, anchor, step)
        use = Use()
        out: list[Part] = [f"recursive {operation.op} {operation.distinct}({cte.settings}"]
        for relation in (anchor, step):
            out.extend((", ", relation.rows_hole))
            for column in relation.everything():
                out.extend((", ", column.hole))
            self.ordering(relation.order, out, use)
            use.value |= relation.sources()
        rows_hole = self.meaning.define(f"recursive cte {cte.name}", [*out, ")"])
        drawn = _followed(marks, anchor, step)
        rows = anchor.rows | step.rows
        if operation.distinct or cte.settings:
            rows = rows.union(*drawn)
        columns = [
            Column(
                column.name,
                self.meaning.define(f"column {column.name}", [f"column {i} of ", rows_hole]),
                drawn[i],
                column.type,
            )
            for i, column in enumerate(anchor.columns)
        ]
        order = Ordering((rows_hole,), _without(frozenset(use.value), marks, drawn))
        return Relation(
            columns, rows_hole, _without(rows, marks, drawn), order, anchor.more,
            anchor.broken or step.broken,
        )  # fmt: skip


def _followed(marks: Sequence[Hole], anchor: Relation, step: Relation) -> list[Sources]:
    """What each column of a recursion draws from. In the step, `marks` stand for the columns of
    the CTE itself: for each, what that column draws from belongs to it as well."""
    open_ = NO_SOURCES
    if step.more is not None:
        open_ = step.more("*").value
    drawn: list[Sources] = []
    for number, column in enumerate(anchor.columns):
        again = step.columns[number].value if number < len(step.columns) else NO_SOURCES
        drawn.append(column.value | again | open_)
    while True:
        followed = [
            value.union(*(drawn[i] for i, mark in enumerate(marks) if mark in value))
            for value in drawn
        ]
        if followed == drawn:
            return [value - frozenset(marks) for value in drawn]
        drawn = followed


def _without(sources: Sources, marks: Sequence[Hole], drawn: Sequence[Sources]) -> Sources:
    """Sources with what the marks stand for in their place."""
    found = [drawn[i] for i, mark in enumerate(marks) if mark in sources]
    return sources.union(*found) - frozenset(marks)

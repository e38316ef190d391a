"""UNION, INTERSECT and EXCEPT, aligned by position or by name."""

from __future__ import annotations

from collections.abc import Sequence

from xform.base.codes import BAD_ORDINAL, SET_COLUMN_COUNT, SET_TYPES
from xform.sema.binder import Use
from xform.sema.conversions import NEVER, converts
from xform.sema.meaning import Part
from xform.sema.relations import RelationBinder
from xform.sema.scope import NO_SOURCES, Column, Member, Ordering, Relation, Scope
from xform.sema.types.casts import common, merged
from xform.sql import canonical
from xform.sql.ir import Name, Order, SetStep, Text

CAST_OR_ORDER = "cast one side to the type that you mean, or check the order of the columns"
Pairs = list[tuple[Column | None, Column | None]]


class SetOperationBinder(RelationBinder):
    """Binds set operations; `query` binds their sides."""

    def same_width(self, step: SetStep, left: Relation, right: Relation) -> bool:
        """Whether both sides have as many columns, for all that is known."""
        if left.more is not None or right.more is not None or left.broken or right.broken:
            return True
        if len(left.columns) != len(right.columns):
            self.complain(
                SET_COLUMN_COUNT,
                f"{step.op.upper()} of {len(left.columns)} and {len(right.columns)} columns",
                step.start,
                step.end,
                "give both sides the same columns in the same order, or use BY NAME",
            )
            return False
        return True

    def _same_type(self, step: SetStep, number: int, held: Sequence[Column]) -> None:
        """Complain where both sides of a column have nothing in common, so that one is cast."""
        left, right = held[0].type, held[-1].type
        if self.asset is None or common(left, right) is not None:
            return
        self.complain(
            SET_TYPES,
            f"{step.op.upper()} of column {number}, '{held[0].name}': {left.text} and {right.text}"
            f" become {merged(left, right).text}",
            step.start,
            step.end,
            CAST_OR_ORDER
            if converts(left, right)
            else f"{NEVER}, or check the order of the columns",
        )

    def _pairs(self, step: SetStep, left: Relation, right: Relation) -> Pairs:
        if not step.by_name:
            return list(zip(left.columns, right.columns, strict=False))
        pairs: Pairs = [(column, right.find(column.key)) for column in left.columns]
        pairs += [(None, column) for column in right.columns if left.find(column.key) is None]
        return pairs

    def combine(
        self, step: SetStep, left: Relation, right: Relation, parent: Scope | None
    ) -> Relation:
        kind = step.op if step.distinct else f"{step.op} all"
        columns: list[Column] = []
        aligned = step.by_name or self.same_width(step, left, right)
        for number, pair in enumerate(self._pairs(step, left, right), 1):
            held = [column for column in pair if column is not None]
            if aligned:
                self._same_type(step, number, held)
            parts: list[Part] = [f"{kind}("]
            for column in pair:
                parts.extend(("missing" if column is None else column.hole, ", "))
            value = NO_SOURCES.union(*(column.value for column in held))
            hole = self.meaning.define(f"column {held[0].name}", [*parts, ")"])
            type_ = merged(held[0].type, held[-1].type)
            required = len(held) == 2 and held[0].required and held[1].required
            columns.append(Column(held[0].name, hole, value, type_, "", required))
        use = Use(value=set(left.rows | right.rows))
        out: list[Part] = [f"{kind}(", left.rows_hole, ", ", right.rows_hole]
        more = left.more or right.more
        if step.distinct or step.op != "union":
            for column in columns:
                out.extend((", ", column.hole))
                use.value |= column.value
            if more is not None:
                use.value |= left.sources() | right.sources()
        rows_hole = self.meaning.define(kind, [*out, ")"])
        relation = Relation(
            columns,
            rows_hole,
            frozenset(use.value),
            left.order.then(right.order),
            more,
            left.broken or right.broken,
            left.covered and right.covered,
        )
        if step.order or step.limit:
            return self._arranged(step, relation, right, parent)
        return relation

    def _arranged(
        self, step: SetStep, relation: Relation, right: Relation, parent: Scope | None
    ) -> Relation:
        """ORDER BY and LIMIT of a set operation, which see its columns."""
        scope = Scope(parent)
        scope.add(Member(relation, None, 0))
        use = Use(aliases=False, order=relation.order, rows_hole=relation.rows_hole)
        order: list[Part] = []
        for term in step.order:
            order.append(f"{term.how} ")
            self._term(term, relation, right, scope, order, use)
            order.append(", ")
        ordering = relation.order
        rows_hole, rows = relation.rows_hole, relation.rows
        if step.limit:
            out: list[Part] = ["limit(", rows_hole]
            for clause in step.limit:
                out.append(", ")
                self.write(clause, scope, out, use)
            out.extend((" by ", *order))
            if not order:
                self.ordering(ordering, out, use)
                for column in relation.columns:
                    out.extend((" ", column.hole))
            rows_hole = self.meaning.define("limit", [*out, ")"])
            rows = rows | use.value
        if order:
            hole = self.meaning.define("order by", ["order(", *order, ")"])
            ordering = Ordering((hole,), frozenset(use.value)).then(ordering)
        return Relation(
            relation.columns, rows_hole, rows, ordering, relation.more, relation.broken,
            relation.covered,
        )  # fmt: skip

    def _term(
        self,
        term: Order,
        relation: Relation,
        right: Relation,
        scope: Scope,
        out: list[Part],
        use: Use,
    ) -> None:
        """A position, or a name of either side; for what DuckDB finds elsewhere, all columns."""
        expr = term.expr
        chosen: Column | None = None
        if isinstance(expr, Text) and expr.text.isdigit():
            position = int(expr.text)
            if 1 <= position <= len(relation.columns):
                chosen = relation.columns[position - 1]
            elif relation.more is None and not relation.broken:
                self.bad_ordinal(position, len(relation.columns), expr)
        elif isinstance(expr, Name):
            key = expr.parts[-1]
            chosen = relation.find(key)
            other = right.find(key)
            if chosen is None and other is not None and relation.columns:
                chosen = relation.columns[
                    min(right.columns.index(other), len(relation.columns) - 1)
                ]
        else:
            self.write(expr, scope, out, use)
            return
        if chosen is None and isinstance(expr, Name):
            out.append(f"{canonical.name('.'.join(expr.parts))} of ")
        for column in relation.columns if chosen is None else [chosen]:
            out.extend((column.hole, " "))
            use.value |= column.value

    def bad_ordinal(self, position: int, count: int, at: Text) -> None:
        self.complain(
            BAD_ORDINAL,
            f"position {position} is none of the {count} output columns",
            at.start,
            at.end,
            f"use a position between 1 and {count}, or the column's name",
        )

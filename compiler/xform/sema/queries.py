"""Queries: SELECT clause by clause, VALUES, and what is not modelled.

The rows of a SELECT are built up in the order in which SQL evaluates: FROM, WHERE, GROUP BY,
HAVING, window functions, QUALIFY, unnesting, DISTINCT, LIMIT. Each clause that decides rows makes
a new definition of them over the one before; a SELECT that has none passes its input's through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from xform.base.codes import (
    COLUMN_COUNT,
    DUPLICATE_ALIAS,
    DUPLICATE_COLUMN,
    UNNAMED_COLUMN,
    UNUSED_CTE,
)
from xform.base.names import AssetName
from xform.sema import clauses
from xform.sema.binder import Use
from xform.sema.facts import Schema
from xform.sema.grouping import Stage, is_set
from xform.sema.joins import unconditional, unlinked
from xform.sema.meaning import CLOCK, Part
from xform.sema.names import mark
from xform.sema.nullability import holds_no_null
from xform.sema.pivots import summarized
from xform.sema.scope import (
    NO_SOURCES,
    Column,
    Found,
    Ordering,
    Relation,
    Scope,
    deduplicate,
)
from xform.sema.stars import AS_IT_IS, Output, exactly
from xform.sema.traits import (
    AGGREGATE,
    ARRANGED,
    QUERY,
    REORDERING,
    UNNEST,
    star_within,
)
from xform.sema.types.functions import of_all
from xform.sema.types.type import UNKNOWN, Type, settled
from xform.sema.unnesting import UnnestBinder
from xform.sql import canonical
from xform.sql.dialects import CONDITIONAL, VALUES_COLUMNS
from xform.sql.ir import (
    Expr,
    Name,
    Opaque,
    Order,
    Projection,
    Query,
    Select,
    SetOperation,
    SqlUnit,
    Star,
    Text,
    Values,
)
from xform.sql.parse import Place


class QueryBinder(UnnestBinder):
    """Binds queries."""

    def __init__(
        self,
        asset: AssetName | None,
        place: Place,
        dialect: str,
        unit: SqlUnit,
        assets: Sequence[AssetName | None],
        schemas: Mapping[AssetName, Schema],
    ) -> None:
        super().__init__(asset, place, dialect, unit, assets, schemas)
        self.ctes = {}
        self.ctes_read = set()
        self.single_ctes = set()

    def query(self, query: Query, parent: Scope | None) -> Relation:
        names: set[str] = set()
        for cte in query.ctes:
            self.define_cte(cte, parent)
            if cte.name in names:
                self.complain(
                    DUPLICATE_ALIAS,
                    f"two CTEs are called '{cte.name}'",
                    cte.start,
                    cte.end,
                    "give one of them another name",
                )
            names.add(cte.name)
        relation = self._body(query, parent)
        if self.asset is not None:
            self._unused(query)
        return relation

    def _unused(self, query: Query) -> None:
        names = [cte.name for cte in query.ctes]
        for cte in query.ctes:
            if cte.number not in self.ctes_read and names.count(cte.name) == 1:
                self.complain(
                    UNUSED_CTE,
                    f"nothing reads the CTE '{cte.name}'",
                    cte.start,
                    cte.end,
                    "take it out, or read it",
                )

    def _body(self, query: Query, parent: Scope | None) -> Relation:
        match query:
            case Select():
                return self._select(query, parent)
            case SetOperation():
                return self._set_operation(query, parent)
            case Values():
                return self._values(query, parent)
            case Opaque():
                scope = Scope(parent)
                inputs = [self._relation(node, scope)[0] for node in query.sources]
                whole = self.whole(query.tag, inputs, query.args, scope)
                known = query.tag == "summarize" and self.own
                return summarized(whole) if known else whole
            case _:
                assert_never(query)

    # SELECT --------------------------------------------------------------------------------------

    def _select(self, query: Select, parent: Scope | None) -> Relation:
        relation, collapsed = self._clauses(query, parent, grouped=False)
        if collapsed:
            relation, _ = self._clauses(query, parent, grouped=True)
        return relation

    def _clauses(
        self, query: Select, parent: Scope | None, *, grouped: bool
    ) -> tuple[Relation, bool]:
        """The SELECT bound, and whether a query within aggregates its rows though it was bound
        as not grouped."""
        scope = Scope(parent)
        if self.asset is not None:  # what is said of a model that will run
            for finding in clauses.findings(query, parent is None, self.own, self.traits):
                self.complain(*finding)
        parts, sources, order = self.sources(query.sources, scope)
        rows = self.meaning.define("from", parts or ["one row"])
        stage = Stage(rows, sources, order, dict(query.windows))
        for projection in query.projections:
            if projection.alias is not None:
                scope.aliases.setdefault(projection.alias, projection.expr)
        if self.asset is not None:
            found = list(unconditional(query.sources)) if self.dialect in CONDITIONAL else []
            for finding in found or unlinked(self, query, scope, self.single_ctes):
                self.complain(*finding)
        if query.where is not None:
            self._filter("where", query.where, stage, scope)
            with self.silent():
                self.prove(query.where, scope)
        outputs = self.expand(query, scope)
        if query.sample is not None:
            self._sample(query.sample, stage)
        collapsed = grouped
        grouped = self.group(query, outputs, stage, scope, grouped)
        if grouped and not collapsed and self.asset is not None and parent is None:
            self.check_grouped(query, outputs, scope)
        if query.having is not None:
            self._filter("having", query.having, stage, scope)
        columns = self._project_all(outputs, stage, scope, grouped)
        with self.silent():
            self._require(query, outputs, columns, scope)
        if query.qualify is not None:
            self._filter("qualify", query.qualify, stage, scope)
        more = self.more_columns(query, scope)
        if more is not None:
            self._open_outputs(query, stage, scope)
        opened = self.unnest(outputs, columns, stage, scope)
        columns = deduplicate(exactly(outputs, columns))
        self._finish(query, outputs, columns, stage, scope)
        relation = Relation(
            columns,
            stage.hole,
            frozenset(stage.sources),
            stage.order,
            more or opened,
            scope.broken,
            more is None or all(m.relation.covered for m in scope.visible() if m.relation.more),
        )
        return relation, scope.collapsed and not grouped

    def _filter(self, label: str, expr: Expr, stage: Stage, scope: Scope) -> None:
        use = stage.use(either=label != "where")
        out: list[Part] = [f"{label}(", stage.hole, ", "]
        self.write(expr, scope, out, use)
        stage.hole = self.meaning.define(label, [*out, ")"])
        stage.sources |= use.value

    def _sample(self, sample: str, stage: Stage) -> None:
        self.clock.add("run")
        use = stage.use()
        run = self.meaning.external(CLOCK, "run")
        out: list[Part] = [f"sample {sample}(", stage.hole, ", ", run]
        self.ordering(stage.order, out, use)
        stage.hole = self.meaning.define("sample", [*out, ")"])
        stage.sources |= use.value

    def _open_outputs(self, query: Select, stage: Stage, scope: Scope) -> None:
        """Outputs that are not known stand in the rows' definition, with all that shapes them."""
        out: list[Part] = ["outputs(", stage.hole]
        for number, projection in enumerate(query.projections):
            star = star_within(projection.expr)
            if star is None:
                continue
            shape = (star.qualifier, star.exclude, star.rename, star.names, star.pattern)
            out.append(f", {number} {canonical.word(repr(shape))}")
            if star is not projection.expr:
                self.output(projection.expr, None, scope, out, stage.use())
            for name, replacement in star.replace:
                out.append(f" {canonical.name(name)} ")
                self.write(replacement, scope, out, stage.use())
        stage.hole = self.meaning.define("outputs", [*out, ")"])

    # Outputs -------------------------------------------------------------------------------------

    def _project_all(
        self, outputs: Sequence[Output], stage: Stage, scope: Scope, grouped: bool
    ) -> list[Column]:
        """The outputs as columns. The engine computes windows and subqueries by sorting and
        joining, so they have a part in the order of rows, on which others may depend."""
        columns: dict[int, Column] = {}
        disturbing = [
            i for i, (item, _) in enumerate(outputs) if self.traits(item.expr) & REORDERING
        ]
        for number in disturbing:
            columns[number] = self._project(outputs[number], stage, scope, grouped)
        for number in disturbing:
            column = columns[number]
            hole = column.hole
            if self.traits(outputs[number][0].expr) & ARRANGED:
                hole = self.meaning.as_written(hole)
            stage.order = stage.order.then(Ordering((hole,), column.value))
        for number, output in enumerate(outputs):
            if number not in columns:
                columns[number] = self._project(output, stage, scope, grouped)
        return [columns[number] for number in range(len(outputs))]

    def _project(self, output: Output, stage: Stage, scope: Scope, grouped: bool) -> Column:
        projection, star = output
        expr = projection.expr
        if expr is AS_IT_IS:
            assert star is not None
            return self._passed(star, projection.name)
        use = stage.use()
        if type(expr) is Name:
            return self._named(projection, expr, scope, use)
        label = f"column {projection.name}"
        alias = projection.alias
        if alias is not None:
            scope.busy.add(alias)
        use.star = star
        column = self.column_of(label, projection.name, expr, scope, use)
        if alias is not None:
            scope.busy.discard(alias)
        if grouped and self.traits(expr) & (AGGREGATE | QUERY):
            hole = self.meaning.define(label, ["in(", stage.hole, ", ", column.hole, ")"])
            stage.inside[column.hole] = hole
            column.hole = hole
        return column

    def _passed(self, found: Found, name: str) -> Column:
        """A column as it is, under a name."""
        column = found.column
        assert column is not None
        if mark(found):
            use = Use()
            out: list[Part] = []
            self.reference(found, out, use)
            hole = self.meaning.define(f"column {name}", out)
            column = Column(name, hole, column.value, column.type, "", column.required)
        self.refer(found)
        required = holds_no_null(found)
        if column.name == name and column.required == required:
            return column
        column = column.called(name)
        column.required = required
        return column

    def _named(self, projection: Projection, expr: Name, scope: Scope, use: Use) -> Column:
        """A plain name as an output. Without an alias it is called as where it comes from."""
        name, alias = projection.name, projection.alias
        if alias is not None:
            scope.busy.add(alias)
        found = self.find(expr, scope, use)
        if type(found) is Found and found.column is not None and not found.fields:
            if alias is not None:
                scope.busy.discard(alias)
            if alias is None and found.column.key == name.lower():
                name = found.column.name
            return self._passed(found, name)
        out: list[Part] = []
        type_ = self.emit(found, expr, scope, out, use)
        if alias is not None:
            scope.busy.discard(alias)
        hole = self.meaning.define(f"column {name}", out)
        return Column(name, hole, frozenset(use.value), settled(type_))

    def _require(
        self, query: Select, outputs: Sequence[Output], columns: list[Column], scope: Scope
    ) -> None:
        """Tell which outputs are never NULL."""
        group = query.group
        if group is not None and (group.sets or any(map(is_set, group.keys))):
            for number, column in enumerate(columns):  # a key that a set lacks is NULL
                columns[number] = column.called(column.name, column.exact)
                columns[number].required = False
            return
        grouped = group is not None and bool(group.keys or group.all)
        for (projection, star), column in zip(outputs, columns, strict=True):
            expr = projection.expr
            if type(expr) is Name or expr is AS_IT_IS:
                continue  # as where it comes from
            if star is None and not self.traits(expr) & UNNEST:
                column.required = self.never_null(expr, scope, grouped)

    # DISTINCT, ORDER BY, LIMIT -------------------------------------------------------------------

    def _finish(
        self,
        query: Select,
        outputs: Sequence[Output],
        columns: Sequence[Column],
        stage: Stage,
        scope: Scope,
    ) -> None:
        use = stage.use(either=True)
        order: list[Part] = []
        for term in query.order:
            order.append(f"{term.how} ")
            self._order_term(term, outputs, columns, stage, scope, order, use)
            order.append(", ")
        if query.order_all is not None:
            for column in columns:
                order.extend((f"{query.order_all} ", column.hole, ", "))
                use.value |= column.value
        by = frozenset(use.value)
        if query.distinct:
            out: list[Part] = ["distinct(", stage.hole, ", "]
            keys: list[list[Part]] = [[column.hole] for column in columns]
            self.group_of(keys, out)
            stage.hole = self.meaning.define("distinct", [*out, ")"])
            value = set(NO_SOURCES.union(*(column.value for column in columns)))
            stage.sources |= value
            self.arranged(keys, stage, value)
        if query.distinct_on:
            out = ["distinct on(", stage.hole]
            for key in query.distinct_on:
                out.append(", ")
                self._order_term(Order(key, ""), outputs, columns, stage, scope, out, use)
            self._by(order, columns, stage, out, use)
            stage.hole = self.meaning.define("distinct on", [*out, ")"])
            stage.sources |= use.value
        if query.limit:
            out = ["limit(", stage.hole]
            for clause in query.limit:
                out.append(", ")
                self.write(clause, scope, out, use)
            self._by(order, columns, stage, out, use)
            stage.hole = self.meaning.define("limit", [*out, ")"])
            stage.sources |= use.value
        if order:
            hole = self.meaning.define("order by", ["order(", *order, ")"])
            stage.order = Ordering((hole,), by).then(stage.order)

    def _by(
        self,
        order: list[Part],
        columns: Sequence[Column],
        stage: Stage,
        out: list[Part],
        use: Use,
    ) -> None:
        """What decides which rows come first: the ORDER BY, else the order of the input. That
        depends on how the engine goes about it, which depends on what is asked for."""
        out.extend((" by ", *order))
        if not order:
            self.ordering(stage.order, out, use)
            for column in columns:
                out.extend((" ", column.hole))
        out.append(")")

    def _order_term(
        self,
        term: Order,
        outputs: Sequence[Output],
        columns: Sequence[Column],
        stage: Stage,
        scope: Scope,
        out: list[Part],
        use: Use,
    ) -> None:
        """A name of an output stands for it; within expressions columns may come first. An
        output's expression is written as the output is."""
        expr = term.expr
        chosen: list[Column] = []
        if isinstance(expr, Text) and expr.text.isdigit():
            position = int(expr.text)
            if 1 <= position <= len(columns):
                chosen = [columns[position - 1]]
            elif not scope.broken and all(m.relation.more is None for m in scope.members):
                self.bad_ordinal(position, len(columns), expr)
        elif isinstance(expr, Name) and len(expr.parts) == 1 and expr.parts[0] in scope.aliases:
            name = expr.parts[0]  # an alias goes before a column that is called as it is
            called = [at for at, (item, _) in enumerate(outputs) if item.alias == name]
            called += [at for at, column in enumerate(columns) if column.exact == name]
            chosen = [columns[at] for at in called[:1]]
        elif isinstance(expr, Star) and not (expr.pattern or expr.names or expr.exclude):
            chosen = list(columns)
        if not chosen:
            hole = self.meaning.define("order", self.written(expr, scope, use))
            out.append(stage.inside.get(hole, hole))
            return
        for number, column in enumerate(chosen):
            out.extend((" ", column.hole) if number else (column.hole,))
            use.value |= column.value

    # Set operations, VALUES ----------------------------------------------------------------------

    def _set_operation(self, query: SetOperation, parent: Scope | None) -> Relation:
        left = self.query(query.first, parent)
        for step in query.steps:
            left = self.combine(step, left, self.query(step.query, parent), parent)
        return left

    def _values(self, query: Values, parent: Scope | None) -> Relation:
        scope = Scope(parent)
        width = max((len(row) for row in query.rows), default=0)
        cells: list[list[Part]] = [["values("] for _ in range(width)]
        uses = [Use() for _ in range(width)]
        types: list[list[Type]] = [[] for _ in range(width)]
        for row in query.rows:
            if len(row) < width and row:
                self.complain(
                    COLUMN_COUNT,
                    f"rows of {len(row)} and {width} values in VALUES",
                    *clauses.place(row[0]),
                    "give all rows as many values",
                )
            for i, cell in enumerate(row):
                types[i].append(self.write(cell, scope, cells[i], uses[i]))
                cells[i].append(", ")
        rows_hole = self.meaning.define("values", [f"{len(query.rows)} rows"])
        stem, first = VALUES_COLUMNS.get(self.dialect, ("col", 0))
        columns = [
            Column(
                f"{stem}{first + i}",
                self.meaning.define(f"column {i} of values", [*cells[i], ")"]),
                frozenset(uses[i].value),
                settled(of_all(types[i]) or UNKNOWN),
            )
            for i in range(width)
        ]
        return Relation(columns, rows_hole, NO_SOURCES, Ordering((rows_hole,)))

    # The outputs of a model ----------------------------------------------------------------------

    def check_outputs(self, query: Query) -> None:
        """Names that a table cannot have twice, or that nobody could write."""
        while isinstance(query, SetOperation):
            query = query.first
        if not isinstance(query, Select):
            return
        seen: set[str] = set()
        for projection in query.projections:
            if star_within(projection.expr) is not None:
                continue  # columns are called as the star's are
            if projection.implicit:
                self.complain(
                    UNNAMED_COLUMN,
                    f"output column without a name: {projection.name}",
                    projection.start,
                    projection.end,
                    "give it one: … as name",
                )
            key = projection.name.lower()
            if self.asset is None:  # a model is stored where names have no case
                expr = projection.expr
                key = projection.alias or (expr.parts[-1] if type(expr) is Name else key)
            if key in seen:
                self.complain(
                    DUPLICATE_COLUMN,
                    f"two output columns are called '{projection.name}'",
                    projection.start,
                    projection.end,
                    f"rename one; the second is stored as '{projection.name}_1'",
                )
            seen.add(key)

"""Queries: SELECT clause by clause, set operations, VALUES.

The rows of a SELECT are built up in the order in which SQL evaluates: FROM, WHERE, GROUP BY,
HAVING, window functions, QUALIFY, unnesting, DISTINCT, LIMIT. Each clause that decides rows makes
a new definition of them over the one before; a SELECT that has none passes its input's through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import assert_never

from xform.base.codes import (
    BAD_ORDINAL,
    COLUMN_COUNT,
    DUPLICATE_COLUMN,
    SET_COLUMN_COUNT,
    STAR_MODIFIER,
    STAR_OVER_UNKNOWN,
    UNKNOWN_ALIAS,
    UNNAMED_COLUMN,
)
from xform.base.names import did_you_mean
from xform.sema.expressions import Use, has_aggregate, leaf
from xform.sema.meaning import CLOCK, Hole, Part
from xform.sema.relations import RelationBinder
from xform.sema.scope import (
    NO_SOURCES,
    Column,
    Found,
    Member,
    Relation,
    Scope,
    deduplicate,
    star_columns,
)
from xform.sql.ir import (
    FLAG_UNNEST,
    Cte,
    Expr,
    Lambda,
    Name,
    Op,
    Opaque,
    Order,
    Over,
    Projection,
    Query,
    Select,
    SetOperation,
    Star,
    Text,
    Values,
)


@dataclass(slots=True)
class Rows:
    """The rows of a SELECT so far."""

    hole: Hole
    sources: set[Hole]
    order: tuple[Hole, ...]


class QueryBinder(RelationBinder):
    """Binds queries."""

    def query(self, query: Query, parent: Scope | None) -> Relation:
        for cte in query.ctes:
            self._cte(cte, parent)
        match query:
            case Select():
                return self._select(query, parent)
            case SetOperation():
                return self._set_operation(query, parent)
            case Values():
                return self._values(query, parent)
            case Opaque():
                return self._opaque(query, parent)
            case _:
                assert_never(query)

    # WITH ----------------------------------------------------------------------------------------

    def _cte(self, cte: Cte, parent: Scope | None) -> None:
        if cte.recursive and isinstance(cte.query, SetOperation):
            relation = self._recursive(cte, cte.query, parent)
        else:
            relation = self.query(cte.query, parent)
        self.ctes[cte.number] = self._called(relation, cte)

    def _called(self, relation: Relation, cte: Cte) -> Relation:
        if not cte.columns:
            return relation
        if len(cte.columns) > len(relation.columns) and relation.more is None:
            self.complain(
                COLUMN_COUNT,
                f"more column names ({len(cte.columns)}) than columns ({len(relation.columns)}) "
                f"in '{cte.name}'",
                cte.start,
                cte.end,
                "name no more columns than the query has",
            )
        columns = [
            Column(name, column.hole, column.value, column.type)
            for name, column in zip(cte.columns, relation.columns, strict=False)
        ] + relation.columns[len(cte.columns) :]
        return Relation(columns, relation.rows_hole, relation.rows, relation.order,
                        relation.more, relation.broken)  # fmt: skip

    def _recursive(self, cte: Cte, query: SetOperation, parent: Scope | None) -> Relation:
        """A recursive CTE is one whole: each column may depend on all that either part reads."""
        for inner in query.ctes:
            self._cte(inner, parent)
        anchor = self.query(query.left, parent)
        itself = self.meaning.define("recursion", [f"(recursion {cte.number})"])
        names = cte.columns or tuple(column.name for column in anchor.columns)
        stand_in = [
            Column(
                names[i] if i < len(names) else column.name,
                self.meaning.define(f"column {column.name}", [f"(column {i} of ", itself, ")"]),
                NO_SOURCES,
                column.type,
            )
            for i, column in enumerate(anchor.columns)
        ]
        self.ctes[cte.number] = Relation(
            stand_in, itself, NO_SOURCES, (itself,), anchor.more, anchor.broken
        )
        step = self.query(query.right, parent)
        self._same_width(query, anchor, step)
        out: list[Part] = [f"(recursive {query.op} {query.distinct}"]
        value = set(anchor.rows | step.rows)
        for relation in (anchor, step):
            out.extend((" ", relation.rows_hole))
            for column in relation.columns:
                out.extend((" ", column.hole))
                value |= column.value
        rows_hole = self.meaning.define(f"recursive cte {cte.name}", [*out, ")"])
        sources = frozenset(value)
        columns = [
            Column(
                column.name,
                self.meaning.define(f"column {column.name}", [f"(column {i} of ", rows_hole, ")"]),
                sources,
                column.type,
            )
            for i, column in enumerate(anchor.columns)
        ]
        return Relation(columns, rows_hole, sources, (rows_hole,), anchor.more, anchor.broken)

    # SELECT --------------------------------------------------------------------------------------

    def _select(self, query: Select, parent: Scope | None) -> Relation:
        scope = Scope(parent)
        out, sources, order = self.sources(query.sources, scope)
        rows = Rows(self._from_hole(out), sources, order)
        windows = dict(query.windows)
        for projection in query.projections:
            if projection.alias is not None and projection.alias not in scope.aliases:
                scope.aliases[projection.alias] = projection.expr
        if query.sample is not None:
            self.clock.add("run")
            self._stage(rows, "sample", [f"(sample {leaf(query.sample)} ", rows.hole, " ",
                                         self.meaning.external(CLOCK, "run"), *_holes(rows.order)])  # fmt: skip
        if query.where is not None:
            self._filter("where", query.where, rows, scope, windows)
        projections = self._expand(query, scope)
        grouped = self._group(query, projections, rows, scope, windows)
        if query.having is not None:
            self._filter("having", query.having, rows, scope, windows)
        columns = [
            self._project(projection, star, rows, scope, windows, grouped)
            for projection, star in projections
        ]
        if query.qualify is not None:
            self._filter("qualify", query.qualify, rows, scope, windows)
        for (projection, _), column in zip(projections, columns, strict=True):
            if _unnests(projection.expr):
                self._stage(rows, "unnest", ["(unnest ", rows.hole, " ", column.hole, ")"])
                rows.sources |= column.value
        self._name_outputs(query, projections, columns)
        self._finish(query, rows, scope, columns, windows, grouped)
        more = self._more_columns(query, scope)
        broken = any(member.relation.broken for member in scope.members)
        return Relation(columns, rows.hole, frozenset(rows.sources), rows.order, more, broken)

    def _from_hole(self, out: list[Part]) -> Hole:
        return self.meaning.define("from", out or ["(one row)"])

    def _stage(self, rows: Rows, label: str, parts: list[Part]) -> None:
        rows.hole = self.meaning.define(label, parts)

    def _use(self, rows: Rows, windows: dict[str, object], aliases: bool = True) -> Use:
        return Use(rows_hole=rows.hole, order=rows.order, aliases=aliases, windows=windows)  # type: ignore[arg-type]

    def _filter(
        self, label: str, expr: Expr, rows: Rows, scope: Scope, windows: dict[str, object]
    ) -> None:
        use = self._use(rows, windows)
        use.either = label != "where"
        out: list[Part] = [f"({label} ", rows.hole, " "]
        self.write(expr, scope, out, use)
        self._stage(rows, label, [*out, ")"])
        rows.sources |= use.value

    # Outputs -------------------------------------------------------------------------------------

    def _expand(self, query: Select, scope: Scope) -> list[tuple[Projection, Found | None]]:
        """The projections with stars replaced by the columns they stand for."""
        result: list[tuple[Projection, Found | None]] = []
        for projection in query.projections:
            star = _star_within(projection.expr)
            if star is None:
                result.append((projection, None))
                continue
            alone = isinstance(projection.expr, Star)
            for name, found, replacement in self._star(star, scope):
                named = projection.alias is None
                result.append((
                    Projection(
                        replacement if replacement is not None and alone
                        else (_STAR if alone else projection.expr),
                        name if named else projection.name,
                        None, False, projection.start, projection.end,
                    ),
                    found,
                ))  # fmt: skip
        return result

    def _star(self, star: Star, scope: Scope) -> list[tuple[str, Found | None, Expr | None]]:
        """(output name, column, expression of REPLACE) for each column of a star."""
        members = list(scope.visible())
        if star.qualifier:
            member = self._qualified_member(star.qualifier, scope)
            if member is None:
                return self._struct_star(star, scope)
            members = [member]
        if not members and not star.qualifier:
            self.complain(UNKNOWN_ALIAS, "a star without FROM", star.start, star.end,
                          "name the columns, or add FROM")  # fmt: skip
        self._open_star(star, members)
        replace = dict(star.replace)
        rename = dict(star.rename)
        known: set[str] = set()
        result: list[tuple[str, Found | None, Expr | None]] = []
        pattern = _pattern(star.pattern)
        for found in star_columns(scope, members, bool(star.qualifier)):
            column = found.column
            assert column is not None
            key = column.key
            known.add(key)
            if key in star.exclude or (star.names and key not in star.names):
                continue
            if pattern is not None and not pattern.search(column.name):
                continue
            result.append((rename.get(key, column.name), found, replace.get(key)))
        opened = any(member.relation.more is not None for member in members)
        for kind, names in (("EXCLUDE", star.exclude), ("REPLACE", replace), ("RENAME", rename),
                            ("COLUMNS", star.names)):  # fmt: skip
            for name in names:
                if name not in known and not opened:
                    self.complain(
                        STAR_MODIFIER,
                        f"{kind} names '{name}', which the star does not have",
                        star.start,
                        star.end,
                        did_you_mean(name, known)
                        or f"columns here: {', '.join(sorted(known)[:8])}",
                    )
        return result

    def _struct_star(self, star: Star, scope: Scope) -> list[tuple[str, Found | None, Expr | None]]:
        """`s.*`: the fields of a struct, or a wrong qualifier."""
        qualifier = ".".join(star.qualifier)
        name = Name(star.qualifier, qualifier, star.start, star.end)
        broken = any(member.relation.broken for member in scope.members)
        if self._find_in(name, scope, 0) is not None or scope.parent is not None or broken:
            if not broken:
                self.complain(
                    STAR_OVER_UNKNOWN,
                    f"the fields of '{qualifier}' are not known",
                    star.start,
                    star.end,
                    f"name them: {qualifier}.field as field, …",
                )
            return []
        aliases = [member.alias for member in scope.visible() if member.alias]
        self.complain(
            UNKNOWN_ALIAS,
            f"'{qualifier}' names no relation of this query",
            star.start,
            star.end,
            did_you_mean(qualifier, aliases) or f"in scope: {', '.join(aliases) or 'nothing'}",
        )
        return []

    def _open_star(self, star: Star, members: list[Member]) -> None:
        for member in members:
            if member.relation.more is not None and not member.relation.broken:
                self.complain(
                    STAR_OVER_UNKNOWN,
                    f"'*' over '{member.alias or 'a relation'}', whose columns are not known",
                    star.start,
                    star.end,
                    "declare its columns in a yml file, or name the columns you need",
                )

    def _more_columns(self, query: Select, scope: Scope):  # type: ignore[no-untyped-def]
        """A star over unknown columns yields unknown columns."""
        for projection in query.projections:
            star = projection.expr
            if not isinstance(star, Star):
                continue
            for member in scope.visible():
                if star.qualifier and member.alias != star.qualifier[-1]:
                    continue
                if member.relation.more is not None:
                    return member.relation.more
        return None

    def _project(
        self,
        projection: Projection,
        star: Found | None,
        rows: Rows,
        scope: Scope,
        windows: dict[str, object],
        grouped: bool,
    ) -> Column:
        use = self._use(rows, windows)
        label = f"column {projection.name}"
        alias = projection.alias
        if alias is not None:
            scope.busy_aliases.add(alias)
        use.star = star
        if star is not None and projection.expr is _STAR:
            assert star.column is not None
            out: list[Part] = []
            self.reference(star, out, use)
            hole = self.meaning.define(label, out)
            column = Column(projection.name, hole, frozenset(use.value), star.column.type)
        else:
            column = self.column_of(label, projection.name, projection.expr, scope, use)
        if alias is not None:
            scope.busy_aliases.discard(alias)
        if grouped and has_aggregate(projection.expr):
            column.hole = self.meaning.define(label, ["(in ", rows.hole, " ", column.hole, ")"])
        return column

    def _name_outputs(
        self,
        query: Select,
        projections: list[tuple[Projection, Found | None]],
        columns: list[Column],
    ) -> None:
        names = [column.name for column in columns]
        unique = deduplicate(names)
        if unique is not names:
            for column, name in zip(columns, unique, strict=True):
                column.name, column.key = name, name.lower()

    # GROUP BY ------------------------------------------------------------------------------------

    def _group(
        self,
        query: Select,
        projections: list[tuple[Projection, Found | None]],
        rows: Rows,
        scope: Scope,
        windows: dict[str, object],
    ) -> bool:
        aggregates = any(has_aggregate(projection.expr) for projection, _ in projections) or (
            query.having is not None and has_aggregate(query.having)
        ) or any(has_aggregate(term.expr) for term in query.order) or (
            query.qualify is not None and has_aggregate(query.qualify)
        )  # fmt: skip
        if query.group is None and not aggregates and query.having is None:
            return False
        use = self._use(rows, windows)
        out: list[Part] = ["(group ", rows.hole]
        if query.group is not None:
            group = query.group
            if group.sets:
                out.append(f" {group.sets}")
            keys: list[tuple[Expr, Found | None]] = [
                self._ordinal(key, query, projections) for key in group.keys
            ]
            if group.all:
                keys += [(projection.expr, star) for projection, star in projections
                         if not has_aggregate(projection.expr)]  # fmt: skip
            for key, star in keys:
                out.append(" ")
                use.star = star
                self.write(key, scope, out, use)
        self._stage(rows, "group by", [*out, ")"])
        rows.sources |= use.value
        return True

    def _ordinal(
        self,
        expr: Expr,
        query: Select,
        projections: list[tuple[Projection, Found | None]],
    ) -> tuple[Expr, Found | None]:
        """`GROUP BY 1`: the output at that position."""
        if isinstance(expr, Text) and expr.text.isdigit():
            position = int(expr.text)
            if 1 <= position <= len(projections):
                projection, star = projections[position - 1]
                return projection.expr, star
            if not any(isinstance(p.expr, Star) for p in query.projections):
                self.complain(
                    BAD_ORDINAL,
                    f"position {position} is none of the {len(projections)} output columns",
                    query.start,
                    query.end,
                    f"use a position between 1 and {len(projections)}, or the column's name",
                )
        return expr, None

    # DISTINCT, ORDER BY, LIMIT -------------------------------------------------------------------

    def _finish(
        self,
        query: Select,
        rows: Rows,
        scope: Scope,
        columns: list[Column],
        windows: dict[str, object],
        grouped: bool,
    ) -> None:
        use = self._use(rows, windows)
        use.either = True
        order: list[Part] = []
        for term in query.order:
            order.append(f" {term.how} ")
            self._order_term(term, query, columns, scope, order, use)
        if query.order_all is not None:
            for column in columns:
                order.extend((f" {query.order_all} ", column.hole))
                use.value |= column.value
        if query.distinct:
            out: list[Part] = ["(distinct ", rows.hole]
            for column in columns:
                out.extend((" ", column.hole))
                rows.sources |= column.value
            self._stage(rows, "distinct", [*out, ")"])
        if query.distinct_on:
            out = ["(distinct on ", rows.hole]
            for key in query.distinct_on:
                out.append(" ")
                bound, _ = self._ordinal(key, query, [(p, None) for p in query.projections])
                self.write(bound, scope, out, use)
            out.extend((" first by", *order))
            if not order:
                out.extend(_holes(rows.order))
            self._stage(rows, "distinct on", [*out, ")"])
            rows.sources |= use.value
        if query.limit:
            out = ["(limit ", rows.hole]
            for clause in query.limit:
                out.append(" ")
                self.write(clause, scope, out, use)
            out.extend((" by", *order))
            if not order:
                out.extend(_holes(rows.order))
            self._stage(rows, "limit", [*out, ")"])
            rows.sources |= use.value
        if order:
            rows.order = (self.meaning.define("order by", ["(order", *order, ")"]), *rows.order)

    def _order_term(
        self,
        term: Order,
        query: Select,
        columns: list[Column],
        scope: Scope,
        out: list[Part],
        use: Use,
    ) -> None:
        """An output name stands for the output; in expressions columns come first."""
        expr = term.expr
        if isinstance(expr, Text) and expr.text.isdigit():
            position = int(expr.text)
            if 1 <= position <= len(columns):
                out.append(columns[position - 1].hole)
                use.value |= columns[position - 1].value
                return
            self._ordinal(expr, query, [(p, None) for p in query.projections])
        if isinstance(expr, Name) and len(expr.parts) == 1 and expr.parts[0] in scope.aliases:
            for column in columns:
                if column.key == expr.parts[0]:
                    out.append(column.hole)
                    use.value |= column.value
                    return
        if isinstance(expr, Star):
            for column in columns:
                out.extend((column.hole, " "))
                use.value |= column.value
            return
        self.write(expr, scope, out, use)

    # Set operations, VALUES ----------------------------------------------------------------------

    def _set_operation(self, query: SetOperation, parent: Scope | None) -> Relation:
        """A chain leans to the left; its spine is walked, not recursed into."""
        spine = [query]
        while isinstance(spine[-1].left, SetOperation):
            spine.append(spine[-1].left)
            for cte in spine[-1].ctes:
                self._cte(cte, parent)
        left = self.query(spine[-1].left, parent)
        for step in reversed(spine):
            right = self.query(step.right, parent)
            left = self._combine(step, left, right)
        return left

    def _same_width(self, step: SetOperation, left: Relation, right: Relation) -> None:
        if left.more is not None or right.more is not None or left.broken or right.broken:
            return
        if len(left.columns) != len(right.columns):
            self.complain(
                SET_COLUMN_COUNT,
                f"{step.op.upper()} of {len(left.columns)} and {len(right.columns)} columns",
                step.start,
                step.end,
                "give both sides the same columns in the same order, or use BY NAME",
            )

    def _pairs(
        self, step: SetOperation, left: Relation, right: Relation
    ) -> list[tuple[Column | None, Column | None]]:
        if not step.by_name:
            self._same_width(step, left, right)
            return list(zip(left.columns, right.columns, strict=False))
        pairs: list[tuple[Column | None, Column | None]] = [
            (column, right.find(column.key)) for column in left.columns
        ]
        pairs += [(None, column) for column in right.columns if left.find(column.key) is None]
        return pairs

    def _combine(self, step: SetOperation, left: Relation, right: Relation) -> Relation:
        kind = f"{step.op}{'' if step.distinct else ' all'}"
        columns: list[Column] = []
        for a, b in self._pairs(step, left, right):
            name = (a or b).name  # type: ignore[union-attr]
            parts: list[Part] = [f"({kind} "]
            parts.append(a.hole if a is not None else "missing")
            parts.append(" ")
            parts.append(b.hole if b is not None else "missing")
            value = (a.value if a else NO_SOURCES) | (b.value if b else NO_SOURCES)
            types = {column.type for column in (a, b) if column is not None}
            hole = self.meaning.define(f"column {name}", [*parts, ")"])
            columns.append(Column(name, hole, value, types.pop() if len(types) == 1 else "unknown"))
        sources = left.rows | right.rows
        out: list[Part] = [f"({kind} ", left.rows_hole, " ", right.rows_hole]
        if step.distinct or step.op != "union":
            for column in columns:
                out.extend((" ", column.hole))
                sources |= column.value
        more = left.more or right.more
        rows = Rows(self.meaning.define(kind, [*out, ")"]), set(sources),
                    (*left.order, *right.order))  # fmt: skip
        outer = Scope(None)
        outer.members.append(Member(Relation(columns, rows.hole, frozenset(), more=more), None, 0))
        if step.order or step.limit:
            projections = tuple(
                Projection(_STAR, column.name, column.key, False, 0, 0) for column in columns
            )
            query = Select(projections, order=step.order, limit=step.limit,
                           start=step.start, end=step.end)  # fmt: skip
            outer.aliases = {column.key: _STAR for column in columns}
            self._finish(query, rows, outer, columns, {}, False)
        broken = left.broken or right.broken
        return Relation(columns, rows.hole, frozenset(rows.sources), rows.order, more, broken)

    def _values(self, query: Values, parent: Scope | None) -> Relation:
        scope = Scope(parent)
        width = max((len(row) for row in query.rows), default=0)
        cells: list[list[Part]] = [[] for _ in range(width)]
        uses = [Use() for _ in range(width)]
        for row in query.rows:
            for i, cell in enumerate(row):
                cells[i].append(" ")
                self.write(cell, scope, cells[i], uses[i])
        rows_hole = self.meaning.define("values", [f"(values {len(query.rows)})"])
        columns = [
            Column(
                f"col{i}",
                self.meaning.define(f"column col{i}", ["(values", *cells[i], ")"]),
                frozenset(uses[i].value),
            )
            for i in range(width)
        ]
        value = frozenset().union(*(use.value for use in uses)) if uses else NO_SOURCES
        return Relation(columns, rows_hole, value, (rows_hole,))

    def _opaque(self, query: Opaque, parent: Scope | None) -> Relation:
        """Not modelled: every output may come from everything that is read."""
        out: list[Part] = [f"(whole {leaf(query.tag)}"]
        value: set[Hole] = set()
        broken = False
        for node in query.sources:
            relation, _, _ = self._relation(node, Scope(parent), parent)
            broken = broken or relation.broken
            out.extend((" ", relation.rows_hole))
            value |= relation.rows
            columns = list(relation.columns)
            if relation.more is not None:
                columns.append(relation.more("*"))
            for column in columns:
                out.extend((f" {leaf('`' + column.key + '`')} ", column.hole))
                value |= column.value
        rows_hole = self.meaning.define("query", [*out, ")"])
        sources = frozenset(value)

        def more(key: str) -> Column:
            name = leaf("`" + key + "`")
            hole = self.meaning.define(f"column {key}", [f"(column {name} of ", rows_hole, ")"])
            return Column(key, hole, sources)

        return Relation([], rows_hole, sources, (rows_hole,), more, broken)

    # The outputs of a model ----------------------------------------------------------------------

    def check_outputs(self, query: Query, columns: list[Column]) -> None:
        """Names that a table cannot have twice, or that nobody could write."""
        while isinstance(query, SetOperation):
            query = query.left
        if not isinstance(query, Select):
            return
        seen: dict[str, Projection] = {}
        for projection in query.projections:
            if isinstance(projection.expr, Star):
                continue
            if projection.implicit:
                self.complain(
                    UNNAMED_COLUMN,
                    f"output column without a name: {projection.name}",
                    projection.start,
                    projection.end,
                    "give it one: … as name",
                )
            key = projection.name.lower()
            if key in seen:
                self.complain(
                    DUPLICATE_COLUMN,
                    f"two output columns are called '{projection.name}'",
                    projection.start,
                    projection.end,
                    f"rename one; the second is stored as '{projection.name}_1'",
                )
            seen.setdefault(key, projection)


_STAR = Text("*")
"""Marks a projection that is a column of a star, as it is."""


def _holes(holes: tuple[Hole, ...]) -> list[Part]:
    return [part for hole in holes for part in (" ", hole)]


def _pattern(pattern: str | None) -> re.Pattern[str] | None:
    if not pattern:
        return None
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _star_within(expr: Expr) -> Star | None:
    """The star that makes a projection several columns. A `*` in `count(*)` does not."""
    if isinstance(expr, Star):
        return expr
    stack: list[Expr] = [expr]
    while stack:
        item = stack.pop()
        match item:
            case Star() if item.pattern is not None or item.names:
                return item
            case Star() if not item.qualifier and item is not expr:
                continue
            case Op():
                for argument in item.args:
                    if isinstance(argument, Star):
                        columns = argument.pattern is not None or bool(argument.names)
                        if columns:
                            return argument
                        continue
                    stack.append(argument)
            case Over():
                stack.append(item.function)
            case Lambda():
                stack.append(item.body)
            case _:
                pass
    return None


def _unnests(expr: Expr) -> bool:
    stack: list[Expr] = [expr]
    while stack:
        item = stack.pop()
        if isinstance(item, Op):
            if item.flags & FLAG_UNNEST:
                return True
            stack.extend(item.args)
    return False

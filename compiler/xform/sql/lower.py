"""Queries of sqlglot's tree, lowered to the intermediate form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from sqlglot import exp

from xform.sql.dialects import RECURSION_GOES_UNSAID
from xform.sql.from_clause import EVERYTHING, FromLowerer
from xform.sql.ir import (
    Cte,
    Derived,
    Expr,
    Group,
    Joined,
    Op,
    Opaque,
    Pivoted,
    Query,
    Relation,
    Select,
    SetOperation,
    SetStep,
    Source,
    SqlUnit,
    Text,
    Values,
)
from xform.sql.leaves import extent
from xform.sql.pivots import match, reshape
from xform.sql.rearranging import count_levels, joins_in_order, named_value
from xform.sql.statements import returning

if TYPE_CHECKING:
    from xform.template.rendered import Reference

_SELECT = (
    "expressions", "from_", "joins", "laterals", "prewhere", "where", "group", "having", "qualify",
    "windows", "distinct", "order", "limit", "offset", "sample", "with_",
)  # fmt: skip
_ELSEWHERE = (
    "connect", "match", "into", "kind", "hint", "operation_modifiers", "distribute", "sort",
    "cluster", "locks", "settings", "format", "options", "for_",
)  # fmt: skip
"""Clauses that are seen to elsewhere, or have no part in what a SELECT yields. Any other that is
not known counts among its conditions, so that nothing it reads is missing."""
_SET = ("this", "expression", "distinct", "by_name", "order", "limit", "offset", "with_")
_CTE = ("this", "alias", "materialized", "key_expressions")
_ALL = Text("var ALL")


class Lowered(msgspec.Struct, frozen=True):
    """`careful` where the unit does not say all that the text says; `parameter` is a query
    parameter found in it."""

    unit: SqlUnit
    careful: bool
    parameter: exp.Expr | None


def lower(
    tree: exp.Expr,
    text: str,
    dialect: str,
    references: Sequence[Reference] = (),
    *,
    sliced: bool = False,
) -> Lowered:
    """Lower a query. `text` is what was parsed; `references` are the template's placeholders;
    `sliced`: parameters may be the bounds of intervals.

    Raises RecursionError on input nested too deeply.
    """
    lowerer = _Lowerer(text, dialect, False, references)
    lowerer.sliced = sliced
    query = lowerer.query(tree)
    if lowerer.tangled:
        lowerer = _Lowerer(text, dialect, True, references)
        lowerer.sliced = sliced
        query = lowerer.query(tree)
    unit = SqlUnit(query, tuple(lowerer.tables), tuple(lowerer.qualifier_edits()), len(text))
    return Lowered(unit, lowerer.careful, lowerer.parameter)


class _Lowerer(FromLowerer):
    def __init__(
        self, text: str, dialect: str, keep_parentheses: bool, references: Sequence[Reference]
    ) -> None:
        super().__init__(text, dialect, keep_parentheses, references)
        self._count = 0

    def query(self, node: exp.Expr) -> Query:
        if isinstance(node, exp.Subquery):
            return self._subquery(node)
        with self._with(node) as ctes:
            match node:
                case exp.Select():
                    return self._select(node, ctes)
                case exp.SetOperation():
                    return self._set_operation(node, ctes)
                case exp.Values():
                    return Values(self.value_rows(node), ctes)
                case exp.Table():
                    return Select((EVERYTHING,), self.sources(node, ()), ctes)
                case exp.Insert() | exp.Update() | exp.Delete() | exp.Merge():
                    self.careful = True
                    return self.query(returning(node))
                case _:
                    return self._opaque(node, ctes)

    def _subquery(self, node: exp.Subquery) -> Query:
        """A query in parentheses; what stands behind them works on its result."""
        self.known(
            node,
            ("this", "alias", "with_", "order", "limit", "offset", "sample", "pivots", "joins"),
        )
        inner: exp.Expr = node.this
        keys = ("with_", "order", "limit", "offset", "sample", "pivots", "joins")
        if not any(node.args.get(key) for key in keys):
            return self.query(inner)
        with self._with(node) as ctes:
            if node.args.get("pivots") or node.args.get("joins"):
                self.careful = True
                sources = self.sources(node, ())
            else:
                sources = (Source(Derived(self.query(inner), None)),)
            return Select(
                (EVERYTHING,),
                sources,
                ctes,
                order=self.orders(node.args.get("order")),
                limit=self._limit(node),
                sample=self.sample(node),
            )

    def _select(self, node: exp.Select, ctes: tuple[Cte, ...]) -> Query:
        args = node.args
        self.known(node, _SELECT)
        if args.get("connect") is not None:
            count_levels(node)
        sources: tuple[Source, ...] = ()
        clause = args.get("from_")
        if clause is not None:
            sources = self.sources(clause.this, joins_in_order(node))
        sources = self._matched(node, sources)
        distinct = args.get("distinct")
        on = distinct.args.get("on") if distinct is not None else None
        distinct_on: tuple[Expr, ...] = ()
        if on is not None:
            distinct_on = self.exprs(on.expressions if isinstance(on, exp.Tuple) else [on])
        limit = self._limit(node)
        terms = self.orders(args.get("order"))
        if limit and not terms:  # of Spark: the order of each part, but not of the whole
            terms = self.orders(args.get("sort") or args.get("cluster"))
        if args.get("for_"):  # T-SQL's FOR XML and FOR JSON: all rows as one text, in their order
            limit = (*limit, Op("for", ()))
        order_all = None
        if len(terms) == 1 and terms[0].expr == _ALL:
            order_all, terms = terms[0].how, ()
        return Select(
            self.projections(node.expressions),
            sources,
            ctes,
            where=self._conditions(node),
            group=self._group(args.get("group")),
            having=self._clause(args.get("having")),
            qualify=self._clause(args.get("qualify")),
            windows=tuple(
                (self.fold(window.this), self.window(window, window.args.get("alias")))
                for window in args.get("windows") or ()
            ),
            distinct=distinct is not None and on is None,
            distinct_on=distinct_on,
            order=terms,
            order_all=order_all,
            limit=limit,
            sample=self.sample(node),
        )

    def _clause(self, node: exp.Expr | None) -> Expr | None:
        return self.expr(node.this) if node is not None else None

    def _conditions(self, node: exp.Select) -> Expr | None:
        """PREWHERE and WHERE, which differ in speed only, and START WITH … CONNECT BY."""
        clauses = [node.args.get("prewhere"), node.args.get("where")]
        found = [self.expr(clause.this) for clause in clauses if clause is not None]
        connect = node.args.get("connect")
        if connect is not None:
            parts = [connect.args.get("start"), connect.args.get("connect")]
            operands = tuple(self.expr(part) for part in parts if part is not None)
            found.append(Op("connect by", operands))
        for key, value in node.args.items():
            if value and key not in _SELECT and key not in _ELSEWHERE:
                parts = value if isinstance(value, list) else [value]
                operands = tuple(self.expr(part) for part in parts if isinstance(part, exp.Expr))
                found.append(Op(key, operands))
        return Op("and", tuple(found)) if len(found) > 1 else found[0] if found else None

    def _matched(self, node: exp.Select, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        """MATCH_RECOGNIZE takes its place in FROM, as one whole."""
        clause = node.args.get("match")
        if clause is None:
            return sources
        alias = clause.args.get("alias")
        called = self.fold(alias.this) if alias is not None and alias.this is not None else None
        everything = Select((EVERYTHING,), (Source(Joined(sources, None)),))
        whole = Pivoted(Derived(everything, None), "match", (), called, (), match(self, clause))
        return (Source(whole),)

    def _group(self, node: exp.Group | None) -> Group | None:
        if node is None:
            return None
        keys = list(self.exprs(node.expressions))
        sets: list[str] = []
        for key, value in node.args.items():
            if key in ("expressions", "all") or not value:
                continue
            self.careful = True
            sets.append(key)
            items = value if isinstance(value, list) else [value]
            keys.extend(self.exprs([item for item in items if isinstance(item, exp.Expr)]))
        return Group(tuple(keys), bool(node.args.get("all")), " ".join(sets))

    def _limit(self, node: exp.Expr) -> tuple[Expr, ...]:
        parts: list[Expr] = []
        for key in ("limit", "offset"):
            clause = node.args.get(key)
            if clause is None:
                continue
            self.known(
                clause,
                ("this", "expression", "count", "limit_options", "direction", "expressions"),
            )
            inner = clause.args.get("expression") or clause.args.get("count")
            options = clause.args.get("limit_options")
            told = [name for name, value in options.args.items() if value] if options else []
            operands: tuple[Expr, ...] = (self.expr(inner),) if inner is not None else ()
            by = clause.args.get("expressions")
            if by:  # ClickHouse: so many rows of each
                told.append("by")
                operands += self.exprs(by)
            parts.append(Op(" ".join([key, *(name for name in told if name != "rows")]), operands))
        return tuple(parts)

    def _set_operation(self, node: exp.SetOperation, ctes: tuple[Cte, ...]) -> Query:
        """A chain of set operations leans to the left and may be long: walk its spine."""
        spine: list[exp.SetOperation] = [node]
        while isinstance(below := spine[-1].this, exp.SetOperation) and not below.args.get("with_"):
            spine.append(below)
        first = self.query(spine[-1].this)
        steps = []
        for step in reversed(spine):
            right = step.expression
            while isinstance(right, exp.Subquery | exp.SetOperation):
                right = right.this
            steps.append(self._set_step(step, *extent(right.expressions)))
        return SetOperation(first, tuple(steps), ctes)

    def _set_step(self, node: exp.SetOperation, start: int, end: int) -> SetStep:
        self.known(node, _SET)
        return SetStep(
            node.key,
            bool(node.args.get("distinct")),
            bool(node.args.get("by_name")),
            self.query(node.expression),
            self.orders(node.args.get("order")),
            self._limit(node),
            start,
            end,
        )

    def _opaque(self, node: exp.Expr, ctes: tuple[Cte, ...]) -> Query:
        """PIVOT statements, SUMMARIZE and whatever else yields rows: whole."""
        self.careful = True
        if isinstance(node, exp.Pivot):
            inner = self.relation(node.this)
            pivoted = Pivoted(inner, "pivot", self.subqueries(node), None, (), reshape(self, node))
            return Select((EVERYTHING,), (Source(pivoted),), ctes)
        relations: list[Relation] = []
        if isinstance(node.this, exp.Table | exp.Subquery):
            relations.append(self.relation(node.this))
        return Opaque(node.key, tuple(relations), self.subqueries(node), ctes)

    # WITH --------------------------------------------------------------------------------------

    @contextmanager
    def _with(self, node: exp.Expr) -> Iterator[tuple[Cte, ...]]:
        clause = node.args.get("with_")
        if clause is None:
            yield ()
            return
        self.known(clause, ("expressions", "recursive", "search", "cycle"))
        recursive = bool(clause.args.get("recursive")) or self.dialect in RECURSION_GOES_UNSAID
        scope: dict[str, int] = {}
        self.visible_ctes.append(scope)
        ctes = []
        for item in clause.expressions:
            if item.args.get("scalar"):
                self.careful = True
                named_value(item, node)
                continue
            self.known(item, _CTE)
            alias = item.args["alias"]
            name = self.fold(alias.this)
            number = self._count
            self._count += 1
            query = self._cte_query(item, name, number if recursive else None)
            scope[name] = number
            keys = item.args.get("key_expressions") or ()
            ctes.append(
                Cte(
                    number,
                    name,
                    query,
                    self.alias_columns(alias),
                    number in self.read_ctes,
                    ", ".join(self.fold(key) for key in keys),
                    *self.positions([alias.this]),
                )
            )
        traced = [clause.args[key] for key in ("search", "cycle") if clause.args.get(key)]
        if traced and ctes:
            ctes[-1] = self._traced(ctes[-1], traced)
        yield tuple(ctes)
        self.visible_ctes.pop()

    def _traced(self, cte: Cte, clauses: Sequence[exp.Expr]) -> Cte:
        """A recursion with the columns that SEARCH and CYCLE add to it."""
        self.careful = True
        added = [
            clause.args[key].name
            for clause in clauses
            for key in ("expression", "using")
            if clause.args.get(key)
        ]
        return msgspec.structs.replace(
            cte,
            settings=" ".join([cte.settings, *(clause.args["kind"].lower() for clause in clauses)]),
            added=tuple(added),
            by=tuple(clause.this.name.lower() for clause in clauses),
        )

    def _cte_query(self, item: exp.Expr, name: str, number: int | None) -> Query:
        """A CTE's query. Where it may recurse (`number`), its last part sees it, and nothing
        else does: there the name is what it is outside."""
        inner = item.this
        while isinstance(inner, exp.Subquery) and not any(
            value for key, value in inner.args.items() if key != "this"
        ):
            inner = inner.this
        self.hidden.append(name)
        try:
            if number is None or not isinstance(inner, exp.SetOperation):
                return self.query(item.this)
            with self._with(inner) as ctes:
                left = self.query(inner.this)
                scope = self.visible_ctes[-1 if not ctes else -2]
                previous = scope.get(name)
                scope[name] = number
                step = self._set_step(inner, *extent(item.args["alias"].this.walk()))
                del scope[name]
                if previous is not None:
                    scope[name] = previous
                return SetOperation(left, (step,), ctes)
        finally:
            self.hidden.pop()

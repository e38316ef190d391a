"""Queries of sqlglot's tree, lowered to the intermediate form; CTEs told apart from tables.

A name in FROM is a CTE's where one of that name is visible: defined earlier in the same WITH, or
in a WITH around it; a CTE sees itself only in WITH RECURSIVE. Placeholders that the template put
in for `ref(…)` are always tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from xform.sql.expressions import ExpressionLowerer, extent
from xform.sql.ir import (
    Cte,
    CteScan,
    Derived,
    Expr,
    Group,
    Joined,
    Op,
    Opaque,
    Pivoted,
    Projection,
    Query,
    Relation,
    Select,
    SetOperation,
    Source,
    SqlUnit,
    Star,
    Table,
    TableFunction,
    TableScan,
    Text,
    Values,
    ValuesRelation,
)
from xform.template.rendered import PLACEHOLDER, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_FUNCTIONS = re.compile(r"^(read_|parquet_scan|csv_scan|glob|sniff_csv|query|st_read|.*_scan$)")
FILE_NAME = re.compile(r"[./\\]|^\w+:")
SERIES = frozenset(["range", "generate_series"])
_PLACEHOLDER = re.compile("^" + PLACEHOLDER.replace("{}", r"(\d+)") + "$")


def lower(
    tree: exp.Expression, text: str, dialect: str, references: Sequence[Reference] = ()
) -> SqlUnit:
    """Lower a query. `text` is what was parsed; `references` are the template's placeholders.

    Raises RecursionError on input nested too deeply.
    """
    lowerer = _Lowerer(text, dialect, references)
    query = lowerer.query(tree)
    return SqlUnit(query, tuple(lowerer.tables), tuple(lowerer.qualifier_edits()), len(text))


class _Lowerer(ExpressionLowerer):
    def __init__(self, text: str, dialect: str, references: Sequence[Reference]) -> None:
        super().__init__(text, dialect)
        self.references = references
        self.tables: list[Table] = []
        self._ctes: list[dict[str, int]] = []
        self._hidden: list[str] = []
        self._count = 0
        self._qualified: list[tuple[str, tuple[str, ...], int, int]] = []

    # Queries -----------------------------------------------------------------------------------

    def query(self, node: exp.Expression) -> Query:
        if isinstance(node, exp.Subquery):
            return self._subquery(node)
        with self._with(node) as ctes:
            match node:
                case exp.Select():
                    return self._select(node, ctes)
                case exp.SetOperation():
                    return self._set_operation(node, ctes)
                case exp.Values():
                    return Values(self._value_rows(node), ctes)
                case exp.Table():
                    return self._whole_table(node, ctes)
                case _:
                    return self._opaque(node, ctes)

    def _whole_table(self, node: exp.Table, ctes: tuple[Cte, ...]) -> Query:
        star = Projection(Star(()), "", None, False, 0, 0)
        return Select((star,), tuple(self._sources(node, node.args.get("joins"))), ctes)

    def _subquery(self, node: exp.Subquery) -> Query:
        inner: exp.Expression = node.this
        outer = [
            key
            for key in ("with_", "order", "limit", "offset", "sample")
            if node.args.get(key) is not None
        ]
        if not outer:
            return self.query(inner)
        with self._with(node) as ctes:
            star = Projection(Star(()), "", None, False, 0, 0)
            source = Source(Derived(self.query(inner), None))
            orders = self.orders(node.args.get("order"))
            return Select(
                (star,),
                (source,),
                ctes,
                order=orders,
                limit=self._limit(node),
                sample=self._sample(node),
            )

    def _select(self, node: exp.Select, ctes: tuple[Cte, ...]) -> Query:
        args = node.args
        sources: list[Source] = []
        if (clause := args.get("from_")) is not None:
            sources.extend(self._sources(clause.this, args.get("joins")))
        for lateral in args.get("laterals") or ():
            sources.append(Source(self._relation(lateral), "cross"))
        projections = tuple(self.projection(item) for item in node.expressions)
        distinct = args.get("distinct")
        on = distinct.args.get("on") if distinct is not None else None
        order = args.get("order")
        order_all = None
        terms = self.orders(order)
        if len(terms) == 1 and terms[0].expr == Text("var ALL"):
            order_all, terms = terms[0].how, ()
        start, end = extent(node)
        return Select(
            projections,
            tuple(sources),
            ctes,
            where=self._clause(args.get("where")),
            group=self._group(args.get("group")),
            having=self._clause(args.get("having")),
            qualify=self._clause(args.get("qualify")),
            windows=tuple(
                (self.fold(window.this), self.window(window, window.args.get("alias")))
                for window in args.get("windows") or ()
            ),
            distinct=distinct is not None and on is None,
            distinct_on=self.exprs(on.expressions if isinstance(on, exp.Tuple) else [on])
            if on is not None else (),
            order=terms,
            order_all=order_all,
            limit=self._limit(node),
            sample=self._sample(node),
            start=start,
            end=end,
        )  # fmt: skip

    def _clause(self, node: exp.Expression | None) -> Expr | None:
        return self.expr(node.this) if node is not None else None

    def _group(self, node: exp.Group | None) -> Group | None:
        if node is None:
            return None
        keys = list(self.exprs(node.expressions))
        sets: list[str] = []
        for key, value in node.args.items():
            if key in ("expressions", "all") or not value:
                continue
            sets.append(key)
            keys.extend(
                self.exprs(
                    [
                        item
                        for item in (value if isinstance(value, list) else [value])
                        if isinstance(item, exp.Expression)
                    ]
                )
            )
        if any(
            isinstance(item, exp.GroupingSets | exp.Rollup | exp.Cube) for item in node.expressions
        ):
            sets.append("sets")
        return Group(tuple(keys), bool(node.args.get("all")), " ".join(sets))

    def _limit(self, node: exp.Expression) -> tuple[Expr, ...]:
        parts: list[Expr] = []
        for key in ("limit", "offset", "limit_by"):
            clause = node.args.get(key)
            if clause is None:
                continue
            inner = clause.args.get("expression") or clause.args.get("count")
            options = clause.args.get("limit_options")
            told = [name for name, value in options.args.items() if value] if options else []
            told += ["by"] if clause.args.get("expressions") else []
            operands = (self.expr(inner),) if inner is not None else ()
            operands += self.exprs(clause.args.get("expressions"))
            parts.append(Op(" ".join([key, *told]), operands))
        return tuple(parts)

    def _sample(self, node: exp.Expression) -> str | None:
        sample = node.args.get("sample")
        return sample.sql(self.dialect) if sample is not None else None

    def _set_operation(self, node: exp.SetOperation, ctes: tuple[Cte, ...]) -> Query:
        """A chain of set operations leans to the left and may be long: walk its spine."""
        spine: list[exp.SetOperation] = [node]
        while (
            isinstance(spine[-1].this, exp.SetOperation)
            and spine[-1].this.args.get("with_") is None
        ):
            spine.append(spine[-1].this)
        result = self.query(spine[-1].this)
        for step in reversed(spine):
            start, end = extent(step.expression)
            result = SetOperation(
                step.key,
                bool(step.args.get("distinct")),
                bool(step.args.get("by_name")),
                result,
                self.query(step.expression),
                ctes if step is node else (),
                self.orders(step.args.get("order")),
                self._limit(step),
                start,
                end,
            )
        return result

    def _value_rows(self, node: exp.Values) -> tuple[tuple[Expr, ...], ...]:
        return tuple(
            self.exprs(row.expressions) if isinstance(row, exp.Tuple) else (self.expr(row),)
            for row in node.expressions
        )

    def _opaque(self, node: exp.Expression, ctes: tuple[Cte, ...]) -> Query:
        """PIVOT statements, SUMMARIZE and whatever else yields rows: whole."""
        relations: list[Relation] = []
        for table in node.find_all(exp.Table):
            relations.append(self._relation(table))
        return Opaque(node.sql(self.dialect), tuple(relations), (), ctes)

    # WITH --------------------------------------------------------------------------------------

    @contextmanager
    def _with(self, node: exp.Expression) -> Iterator[tuple[Cte, ...]]:
        clause = node.args.get("with_")
        if clause is None:
            yield ()
            return
        recursive = bool(clause.args.get("recursive"))
        scope: dict[str, int] = {}
        self._ctes.append(scope)
        ctes = []
        for item in clause.expressions:
            alias = item.args["alias"]
            name = self.fold(alias.this)
            number = self._count
            self._count += 1
            if recursive:
                previous = scope.get(name)
                scope[name] = number
                query = self.query(item.this)
                if previous is not None:
                    scope[name] = previous
            else:
                self._hidden.append(name)
                query = self.query(item.this)
                self._hidden.pop()
            scope[name] = number
            columns = tuple(column.name for column in alias.args.get("columns") or ())
            start, end = self._positions([alias.this])
            ctes.append(Cte(number, name, query, columns, recursive, start, end))
        yield tuple(ctes)
        self._ctes.pop()

    def _visible_cte(self, name: str) -> int | None:
        for scope in reversed(self._ctes):
            if name in scope:
                return scope[name]
        return None

    # FROM --------------------------------------------------------------------------------------

    def _sources(self, first: exp.Expression, joins: list[exp.Join] | None) -> Iterator[Source]:
        yield Source(self._relation(first), sample=self._sample(first))
        yield from self._nested_joins(first)
        for join in joins or ():
            item = join.this
            kind = " ".join(
                str(join.args[key]).lower()
                for key in ("method", "side", "kind")
                if join.args.get(key) and str(join.args[key]).upper() not in ("NATURAL", "OUTER")
            )
            on = join.args.get("on")
            using = tuple(self.fold(column) for column in join.args.get("using") or ())
            natural = str(join.args.get("method") or "").upper() == "NATURAL"
            if not kind:
                kind = "inner" if on is not None or using or natural else "cross"
            yield Source(
                self._relation(item),
                kind.replace("left semi", "semi").replace("left anti", "anti"),
                natural,
                using,
                self.expr(on) if on is not None else None,
                self._sample(item),
            )
            yield from self._nested_joins(item)

    def _nested_joins(self, item: exp.Expression) -> Iterator[Source]:
        """Joins that sqlglot hangs on a table inside a list of tables (`a, b join c …`)."""
        if isinstance(item, exp.Table) and item.args.get("joins"):
            sources = self._sources(exp.Table(this=exp.to_identifier("")), item.args["joins"])
            next(sources)
            yield from sources

    def _relation(self, node: exp.Expression) -> Relation:
        pivots = node.args.get("pivots")
        relation = self._plain_relation(node)
        for pivot in pivots or ():
            relation = self._pivot(relation, pivot)
        return relation

    def _plain_relation(self, node: exp.Expression) -> Relation:
        alias, columns = self._alias(node)
        match node:
            case exp.Table() if isinstance(node.this, exp.Identifier):
                return self._table(node, alias, columns)
            case exp.Table():
                if node.this is None or not str(node.this):
                    return Derived(Values(()), None)
                return self._function(node.this, alias, columns)
            case exp.Subquery():
                inner = node.this
                if isinstance(inner, exp.Table) or (
                    isinstance(inner, exp.Subquery) and inner.args.get("joins")
                ):
                    return Joined(
                        tuple(self._sources(inner, inner.args.get("joins")))
                        if isinstance(inner, exp.Subquery)
                        else tuple(self._parenthesised(inner)),
                        alias,
                    )
                if node.args.get("joins"):
                    bare = node.copy()
                    joins = bare.args.pop("joins")
                    return Joined(tuple(self._sources(bare, joins)), alias)
                return Derived(self._subquery(node), alias, columns)
            case exp.Lateral():
                inner = node.this
                if isinstance(inner, exp.Subquery):
                    return Derived(self._subquery(inner), alias, columns)
                return self._function(inner, alias, columns)
            case exp.Values():
                return ValuesRelation(Values(self._value_rows(node)), alias, columns)
            case exp.Unnest():
                return self._unnest(node, alias, columns)
            case exp.Query():
                return Derived(self.query(node), alias, columns)
            case _:
                return self._function(node, alias, columns)

    def _parenthesised(self, table: exp.Table) -> Iterator[Source]:
        joins = table.args.get("joins")
        bare = table.copy() if joins else table
        if joins:
            bare.args.pop("joins")
        yield from self._sources(bare, joins)

    def _alias(self, node: exp.Expression) -> tuple[str | None, tuple[str, ...]]:
        alias = node.args.get("alias")
        if alias is None:
            return None, ()
        if isinstance(alias, exp.TableAlias):
            name = self.fold(alias.this) if alias.this is not None else None
            return name, tuple(column.name for column in alias.args.get("columns") or ())
        return self.fold(alias), ()

    def _table(self, node: exp.Table, alias: str | None, columns: tuple[str, ...]) -> Relation:
        parts = node.parts
        names = tuple(part.name for part in parts)
        start, end = self._positions(parts)
        only = parts[-1]
        reference = -1
        if len(parts) == 1:
            placeholder = _PLACEHOLDER.match(names[0])
            if placeholder is not None:
                reference = int(placeholder[1])
                called = self.references[reference].arguments
                names = (called[-1],) if called else names
            else:
                folded = self.fold(only)
                cte = self._visible_cte(folded)
                if cte is not None and (folded not in self._hidden or cte is not None):
                    return CteScan(cte, alias or folded, columns)
                if only.args.get("quoted") and FILE_NAME.search(names[0]):
                    return self._file(names[0], alias, columns)
        folded_parts = tuple(self.fold(part) for part in parts) if reference < 0 else ()
        called_as = alias or (names[-1].lower() if reference >= 0 else folded_parts[-1])
        site = len(self.tables)
        self.tables.append(
            Table(
                names,
                start,
                end,
                called_as,
                alias is not None,
                reference,
                len(names) == 1 and reference < 0 and names[0].lower() in self._hidden,
            )
        )
        return TableScan(site, called_as, columns)

    def _file(self, name: str, alias: str | None, columns: tuple[str, ...]) -> Relation:
        call = Op("file", (Text(f"'{name}'"),))
        stem = re.split(r"[/\\]", name)[-1].partition(".")[0].lower()
        return TableFunction(call, stem, alias or stem, columns, "open", reads_files=True)

    def _function(
        self, node: exp.Expression, alias: str | None, columns: tuple[str, ...]
    ) -> Relation:
        arguments = []
        for item in node.args.get("expressions") or ():
            arguments.append((item, self._keyword(item)))
        for item, name in arguments:
            if name is not None:
                item.replace(exp.Tuple(expressions=[exp.Literal.string(name), item.expression]))
        call = self.expr(node)
        name = call.tag.split(" ")[0] if isinstance(call, Op) else node.key
        if isinstance(node, exp.Explode):
            name = "unnest"
        reads_files = bool(FILE_FUNCTIONS.match(name))
        shape = "one" if name in SERIES or name == "unnest" else "open"
        return TableFunction(call, name, alias, columns, shape, reads_files)

    @staticmethod
    def _keyword(item: Any) -> str | None:
        """The name of a named argument: `header = true`, `header := true`."""
        if isinstance(item, exp.EQ | exp.PropertyEQ):
            left = item.this
            if isinstance(left, exp.Column) and not left.args.get("table"):
                return left.name.lower()
            if isinstance(left, exp.Identifier):
                return left.name.lower()
        return None

    def _unnest(self, node: exp.Unnest, alias: str | None, columns: tuple[str, ...]) -> Relation:
        call = Op("unnest", self.exprs(node.expressions))
        offset = node.args.get("offset")
        if offset is not None and offset is not False:
            name = offset.name if isinstance(offset, exp.Expression) else "ordinality"
            columns = (*columns, name) if columns else (alias or "unnest", name)
            return TableFunction(call, "unnest", alias, columns, "open")
        shape = "one" if len(node.expressions) == 1 else "open"
        return TableFunction(call, "unnest", alias, columns, shape)

    def _pivot(self, relation: Relation, node: exp.Pivot) -> Relation:
        alias, _ = self._alias(node)
        bare = node.copy()
        bare.args.pop("alias", None)
        return Pivoted(relation, bare.sql(self.dialect, comments=False), (), alias)

    # Columns through full table names ----------------------------------------------------------

    def _column(self, node: exp.Column) -> Expr:
        parts = node.parts
        if len(parts) >= 3 and not isinstance(parts[-1], exp.Star):
            names = tuple(part.name.lower() for part in parts[:-1])
            start, end = self._positions(parts[:-1])
            self._qualified.append((names[-1], names, start, end))
        return super()._column(node)

    def qualifier_edits(self) -> Iterator[tuple[int, int, str]]:
        """Column references through a table's full name, where such a table is read unaliased."""
        full = {
            tuple(part.lower() for part in table.parts): table.alias
            for table in self.tables
            if not table.aliased and len(table.parts) > 1
        }
        for _, names, start, end in self._qualified:
            if names in full:
                yield start, end, full[names]

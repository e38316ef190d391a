"""FROM clauses of sqlglot's tree, lowered; CTEs told apart from tables.

A name in FROM is a CTE's where one of that name is visible: defined earlier in the same WITH, or
in a WITH around it; a CTE sees itself only in the recursive side of a WITH RECURSIVE.
Placeholders that the template put in for `ref(…)` are always tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlglot import exp

from xform.sql import canonical
from xform.sql.dialects import CONDITIONAL
from xform.sql.expressions import column_of
from xform.sql.ir import (
    CteScan,
    Derived,
    Expr,
    Joined,
    Op,
    Pivoted,
    Projection,
    Relation,
    Select,
    Source,
    Star,
    Subquery,
    Table,
    TableFunction,
    TableScan,
    Values,
    ValuesRelation,
)
from xform.sql.leaves import extent
from xform.sql.pivots import reshape
from xform.sql.table_functions import FILE_NAME, NO_FILES, TableFunctionLowerer
from xform.sql.table_names import PATHS, name_dynamically, path
from xform.template.rendered import PLACEHOLDER

if TYPE_CHECKING:
    from xform.template.rendered import Reference

_PLACEHOLDER = re.compile("^" + PLACEHOLDER.replace("{}", r"(\d+)") + "$")
_BESIDE = re.compile(r",|\bjoin\b", re.IGNORECASE)
EVERYTHING = Projection(Star(()), "", None, False, 0, 0)
_TABLE = ("this", "db", "catalog", "alias", "joins", "pivots", "sample")
_SUBQUERY = ("this", "alias", "with_", "order", "limit", "offset", "sample", "pivots", "joins")


class FromLowerer(TableFunctionLowerer):
    """Lowers FROM clauses. Subclassed by the lowerer of queries."""

    def __init__(
        self, text: str, dialect: str, keep_parentheses: bool, references: Sequence[Reference]
    ) -> None:
        super().__init__(text, dialect, keep_parentheses)
        self.references = references
        self.tables: list[Table] = []
        self.read_ctes: set[int] = set()
        self.visible_ctes: list[dict[str, int]] = []
        self.hidden: list[str] = []
        """Names of CTEs that are being defined and do not see themselves."""
        self._qualified: list[tuple[tuple[str, ...], Sequence[exp.Expr]]] = []

    # Joins -------------------------------------------------------------------------------------

    def sources(self, first: exp.Expr, joins: Sequence[exp.Expr]) -> tuple[Source, ...]:
        """The items of a FROM clause: the first, then joins and LATERAL VIEWs. A comma binds less
        than JOIN: what stands between commas is joined first."""
        first = self._plain(first)
        head = self._first(first)
        groups: list[list[Source]] = [[head]]
        if isinstance(head.relation, Joined) and not (head.relation.alias or head.sample):
            groups[0] = list(head.relation.sources)  # joins lean to the left as it is
        nested = list(_joins_of(first))
        for join in (*nested, *joins):
            if isinstance(join, exp.Lateral):
                groups[-1].append(Source(self.relation(join), "cross"))
                continue
            if join.args.get("kind") == "ARRAY":
                groups[-1].extend(self._array_join(join))
                continue
            source = self._join(join)
            if source.join == "comma":
                groups.append([source])
            else:
                groups[-1].append(source)
        result = groups[0]
        for group in groups[1:]:
            head = group[0]
            place = (head.start, head.end, True)
            if len(group) == 1:
                result.append(Source(head.relation, "cross", False, (), None, head.sample, *place))
            else:
                inner = (Source(head.relation, sample=head.sample), *group[1:])
                result.append(Source(Joined(inner, None), "cross", False, (), None, None, *place))
        return tuple(result)

    def _first(self, node: exp.Expr) -> Source:
        return Source(self._relation(node), sample=self.sample(node))

    def _array_join(self, join: exp.Expr) -> Iterator[Source]:
        """ClickHouse's ARRAY JOIN: each item gives a column. One without an alias stands in the
        place of the array itself, and is called as that is."""
        self.careful = True
        for number, item in enumerate((join.this, *join.expressions)):
            columns = (item.alias,) if isinstance(item, exp.Alias) else ()
            inner = item.this if isinstance(item, exp.Alias) else item
            call = Op("arrayjoin", (self.expr(inner),))
            relation = TableFunction(
                call, f"array join {number}", None, columns, "listed", *NO_FILES
            )
            yield Source(relation, "cross")

    def _join(self, join: exp.Expr) -> Source:
        self.known(
            join,
            ("this", "on", "using", "side", "kind", "method", "match_condition", "global_", "hint"),
        )
        item = self._plain(join.this)
        words = [str(join.args.get(key) or "").lower() for key in ("method", "side", "kind")]
        kind = " ".join(word for word in words if word not in ("", "natural", "outer"))
        on = join.args.get("on")
        match = join.args.get("match_condition")
        if match is not None:
            on = exp.And(this=on, expression=match) if on is not None else match
        using = join.args.get("using") or ()
        natural = "natural" in words
        nested = _joins_of(item)
        if not kind:
            kind = "comma" if on is None and not using and not natural else "inner"
        relation = Joined(self.sources(item, ()), None) if nested else self._relation(item)
        places = list(using) or [item.this if isinstance(item.this, exp.Expr) else item]
        if kind == "comma" and self.dialect in CONDITIONAL and self._is_joined(item):
            kind = "inner"
        kind = kind.replace("left semi", "semi").replace("left anti", "anti")
        if self.dialect == "clickhouse":  # there both sides are shown, the right one of any match
            kind = kind.replace("semi", "any").replace("anti", "any left")
        return Source(
            relation,
            kind,
            natural,
            tuple(self.fold(column).lower() for column in using),
            self.expr(on) if on is not None else None,
            None if nested else self.sample(item),
            *extent(places),
        )

    def _is_joined(self, item: exp.Expr) -> bool:
        """Whether JOIN stands before a relation, and no comma: the tree tells no difference."""
        before = _BESIDE.findall(self.text, 0, extent([item])[0])
        return bool(before) and before[-1] != ","

    def _plain(self, node: exp.Expr) -> exp.Expr:
        """A table without FINAL, which says how rows are put together while they are read."""
        while isinstance(node, exp.Final):
            self.careful = True
            node = node.this
        return node

    def sample(self, node: exp.Expr) -> str | None:
        sample = node.args.get("sample")
        return canonical.word(sample.sql(self.dialect)) if sample is not None else None

    # Relations ---------------------------------------------------------------------------------

    def relation(self, node: exp.Expr) -> Relation:
        if _joins_of(node):
            return Joined(self.sources(node, ()), None)
        return self._relation(node)

    def _relation(self, node: exp.Expr) -> Relation:
        relation = self._plain_relation(node)
        for pivot in node.args.get("pivots") or ():
            relation = self._pivot(relation, pivot)
        return relation

    def _plain_relation(self, node: exp.Expr) -> Relation:
        alias, columns = self._alias(node)
        match node:
            case exp.Table():
                self.known(node, _TABLE)
                name_dynamically(node, self.text, self.dialect)
                if isinstance(node.this, exp.Identifier | exp.Dot):
                    parts = path(node, self.fold) if self.dialect in PATHS else None
                    if parts:
                        call = Op("unnest", (self.expr(column_of(parts)),))
                        called = alias or self.fold(parts[-1])
                        return TableFunction(call, "unnest", called, columns, "one")
                    return self._table(node, alias, columns)
                if node.args.get("rows_from"):
                    return self._rows_from(node, alias, columns)
                function = self._function(node.this, alias, columns)
                defined = node.args["alias"].args["columns"] if columns else ()
                if any(isinstance(item, exp.ColumnDef) for item in defined):
                    function = msgspec.structs.replace(function, shape="listed")
                return function
            case exp.Subquery():
                self.known(node, _SUBQUERY)
                return self._parenthesised(node, alias, columns)
            case exp.Lateral():
                self.known(node, ("this", "alias", "view", "outer", "cross_apply"))
                inner = node.this
                if isinstance(inner, exp.Subquery):
                    return Derived(self.query(inner), alias, columns)
                return self._function(inner, alias, columns)
            case exp.Values():
                return ValuesRelation(Values(self.value_rows(node)), alias, columns)
            case exp.Unnest():
                return self._unnest(node, alias, columns)
            case exp.Query():
                return Derived(self.query(node), alias, columns)
            case _:
                return self._function(node, alias, columns)

    def _parenthesised(
        self, node: exp.Subquery, alias: str | None, columns: tuple[str, ...]
    ) -> Relation:
        inner = node.this
        plain = not any(node.args.get(key) for key in ("with_", "order", "limit", "offset"))
        if plain and (
            isinstance(inner, exp.Table)
            or (
                isinstance(inner, exp.Subquery)
                and any(inner.args.get(key) for key in ("joins", "alias", "sample", "pivots"))
            )
        ):
            sources = self.sources(inner, ())
            if alias is None or not columns:
                return Joined(sources, alias)
            return Derived(Select((EVERYTHING,), sources), alias, columns)
        if plain:
            return Derived(self.query(inner), alias, columns)
        return Derived(self.query(node), alias, columns)

    def value_rows(self, node: exp.Values) -> tuple[tuple[Expr, ...], ...]:
        self.known(node, ("expressions", "alias", "with_"))
        return tuple(
            self.exprs(row.expressions) if isinstance(row, exp.Tuple) else (self.expr(row),)
            for row in node.expressions
        )

    def _alias(self, node: exp.Expr) -> tuple[str | None, tuple[str, ...]]:
        alias = node.args.get("alias")
        if alias is None:
            return None, ()
        if isinstance(alias, exp.TableAlias):
            name = self.fold(alias.this) if alias.this is not None else None
            return name, self.alias_columns(alias)
        return self.fold(alias), ()

    @staticmethod
    def alias_columns(alias: exp.TableAlias) -> tuple[str, ...]:
        return tuple(column.name for column in alias.args.get("columns") or ())

    # Tables ------------------------------------------------------------------------------------

    def _table(self, node: exp.Table, alias: str | None, columns: tuple[str, ...]) -> Relation:
        parts = node.parts
        names = tuple(part.name for part in parts)
        start, end = self.positions(parts)
        reference = -1
        called = self.fold(parts[-1])
        if len(parts) == 1:
            placeholder = _PLACEHOLDER.match(names[0])
            if placeholder is not None:
                reference = int(placeholder[1])
                arguments = self.references[reference].arguments
                names = (arguments[-1],) if arguments else names
                called = names[-1].lower()
            else:
                cte = self._visible_cte(called)
                if cte is not None:
                    self.read_ctes.add(cte)
                    return CteScan(cte, alias or called, columns)
                if parts[-1].args.get("quoted") and FILE_NAME.search(names[0]):
                    return self._file(names[0], alias, columns, start, end)
        site = len(self.tables)
        self_named = len(names) == 1 and reference < 0 and called in self.hidden
        self.tables.append(
            Table(names, start, end, alias or called, alias is not None, reference, self_named)
        )
        return TableScan(site, alias or called, columns)

    def _visible_cte(self, name: str) -> int | None:
        for scope in reversed(self.visible_ctes):
            if name in scope:
                return scope[name]
        return None

    def _pivot(self, relation: Relation, node: exp.Pivot) -> Relation:
        """Hashed by the whole text: how a pivot names its columns is the engine's affair."""
        self.careful = True
        alias, columns = self._alias(node)
        shape = reshape(self, node)
        return Pivoted(relation, "pivot", self.subqueries(node), alias, columns, shape)

    def subqueries(self, node: exp.Expr) -> tuple[Expr, ...]:
        """The outermost queries within a node that is not modelled."""
        found: list[Expr] = []
        stack = [child for key, child in _children(node) if key != "this"]
        while stack:
            item = stack.pop()
            if isinstance(item, exp.Query):
                found.append(Subquery(self.query(item), "rows"))
            else:
                stack.extend(child for _, child in _children(item))
        return tuple(found)

    # Columns through full table names ----------------------------------------------------------

    def _column(self, node: exp.Column) -> Expr:
        parts = node.parts
        if len(parts) >= 3:
            self._qualified.append((tuple(part.name.lower() for part in parts[:-1]), parts))
        return super()._column(node)

    def qualifier_edits(self) -> Iterator[tuple[int, int, str]]:
        """Column references through a table's full name, where such a table is read unaliased."""
        full = {
            tuple(part.lower() for part in table.parts): table.alias
            for table in self.tables
            if not table.aliased and len(table.parts) > 1
        }
        for names, parts in self._qualified:
            for cut in range(len(names), 1, -1):
                if names[:cut] in full:
                    start, end = self.positions(parts[:cut])
                    yield start, end, full[names[:cut]]
                    break


def _children(node: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    for key, value in node.args.items():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expr):
                yield key, child


def _joins_of(node: exp.Expr) -> Sequence[exp.Expr]:
    """The joins that stand with an item of FROM. Those of a query that sqlglot takes without
    parentheses are that query's own."""
    if isinstance(node, exp.Select | exp.SetOperation):
        return ()
    joins: Sequence[exp.Expr] = node.args.get("joins") or ()
    return joins

"""FROM clauses: relations, joins, and what a join shows of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from xform.base.codes import (
    COLUMN_COUNT,
    DUPLICATE_ALIAS,
    STAR_OVER_UNKNOWN,
    UNDECLARED_FILE,
    UNKNOWN_COLUMN,
)
from xform.base.names import AssetName, did_you_mean
from xform.sema.expressions import ExpressionBinder, Use, leaf
from xform.sema.facts import UNKNOWN_TYPE, Schema
from xform.sema.meaning import CLOCK, ROWS, WHOLE, Part
from xform.sema.scope import (
    NO_SOURCES,
    Column,
    Member,
    Relation,
    Scope,
    Sources,
    star_columns,
)
from xform.sql.ir import (
    CteScan,
    Derived,
    Joined,
    Op,
    Pivoted,
    Source,
    SqlUnit,
    TableFunction,
    TableScan,
    ValuesRelation,
)
from xform.sql.ir import Relation as RelationNode
from xform.sql.parse import Place


class RelationBinder(ExpressionBinder):
    """Binds FROM clauses."""

    def __init__(
        self,
        asset: AssetName | None,
        place: Place,
        unit: SqlUnit,
        assets: Sequence[AssetName | None],
        schemas: Mapping[AssetName, Schema],
    ) -> None:
        super().__init__(asset, place)
        self.unit = unit
        self.assets = assets
        self.schemas = schemas
        self.ctes: dict[int, Relation] = {}

    # FROM ----------------------------------------------------------------------------------------

    def sources(
        self, sources: Sequence[Source], scope: Scope
    ) -> tuple[list[Part], set[int], tuple[int, ...]]:
        """Fill `scope` with the members of a FROM clause.

        Returns the canonical text of the rows that the joins yield, their row sources, and what
        decides their order.
        """
        out: list[Part] = []
        rows: set[int] = set()
        order: list[int] = []
        for source in sources:
            first = not out
            parent = scope.parent if first else scope
            before = len(scope.members)
            rows |= self._item(source, scope, parent, out, order)
            if source.sample is not None:
                self.clock.add("run")
                out.extend((f" sample {leaf(source.sample)} ", self.meaning.external(CLOCK, "run")))
                out.extend(part for hole in order for part in (" ", hole))
            if not first:
                rows |= self._condition(source, scope, before, out)
                if "positional" in source.join:
                    out.extend(part for hole in order for part in (" ", hole))
            if source.join.endswith(("semi", "anti")):
                for member in scope.members[before:]:
                    member.visible = False
        return out, rows, tuple(order)

    def _item(
        self,
        source: Source,
        scope: Scope,
        parent: Scope | None,
        out: list[Part],
        order: list[int],
    ) -> set[int]:
        node = source.relation
        if source.join:
            out.append(f" {source.join} join ")
        if isinstance(node, Joined) and node.alias is None:
            inner, rows, inner_order = self.sources(node.sources, scope)
            out.extend(("(", *inner, ")"))
            order.extend(inner_order)
            return rows
        relation, alias, full_name = self._relation(node, scope, parent)
        member = Member(relation, alias, len(scope.members), full_name)
        if isinstance(node, TableFunction) and node.shape == "one":
            member.by_key.setdefault(node.name, relation.columns[0])  # `range(3) r`: r.range
        self._join_member(member, scope, node)
        out.append(relation.rows_hole)
        order.extend(relation.order or (relation.rows_hole,))
        return set(relation.rows)

    def _join_member(self, member: Member, scope: Scope, node: RelationNode) -> None:
        if member.alias is not None and scope.member(member.alias) is not None:
            start, end = self._place_of(node)
            self.complain(
                DUPLICATE_ALIAS,
                f"two relations are called '{member.alias}'",
                start,
                end,
                f"give one an alias: … as {member.alias}_2",
            )
        scope.members.append(member)

    def _place_of(self, node: RelationNode) -> tuple[int, int]:
        if isinstance(node, TableScan):
            table = self.unit.tables[node.site]
            return table.start, table.end
        return 0, 0

    def _condition(self, source: Source, scope: Scope, before: int, out: list[Part]) -> set[int]:
        use = Use(aliases=False)
        using = source.using
        if source.natural:
            using = self._common(scope, before)
        if using:
            out.append(" using")
            for key in using:
                self._merge(key, scope, before, out, use)
        if source.on is not None:
            out.append(" on ")
            self.write(source.on, scope, out, use)
        return use.value

    def _common(self, scope: Scope, before: int) -> tuple[str, ...]:
        """The columns that a NATURAL join compares, in the left side's order."""
        right = {
            column.key for member in scope.members[before:] for column in member.relation.columns
        }
        open_members = [m for m in scope.members if m.relation.more is not None]
        if open_members:
            if not any(member.relation.broken for member in open_members):
                self.complain(
                    STAR_OVER_UNKNOWN,
                    "NATURAL JOIN over a relation whose columns are not known",
                    0, 0,
                    "declare its columns, or join with USING (…)",
                )  # fmt: skip
            return ()
        keys: list[str] = []
        for member in scope.members[:before]:
            if member.visible:
                for column in member.relation.columns:
                    if column.key in right and column.key not in keys:
                        keys.append(column.key)
        return tuple(keys)

    def _merge(self, key: str, scope: Scope, before: int, out: list[Part], use: Use) -> None:
        """One column of USING: from then on one name for both sides."""
        parts: list[Part] = ["(using"]
        value = NO_SOURCES
        type_ = UNKNOWN_TYPE
        name = key
        left = scope.merged.get(key)
        if left is not None:
            parts.extend((" ", left.hole))
            value, type_, name = left.value, left.type, left.name
        else:
            found = self._side(key, scope, scope.members[:before])
            if found is not None:
                member, column = found
                parts.extend((f" @{member.number} ", column.hole))
                value, type_, name = column.value, column.type, column.name
        right = self._side(key, scope, scope.members[before:])
        if right is not None:
            member, column = right
            member.hidden.add(key)
            parts.extend((f" @{member.number} ", column.hole))
            value |= column.value
        hole = self.meaning.define(f"column {key}", [*parts, ")"])
        out.extend((" ", hole))
        use.value |= value
        if left is not None or right is not None:
            scope.merged[key] = Column(name, hole, value, type_)

    def _side(self, key: str, scope: Scope, members: list[Member]) -> tuple[Member, Column] | None:
        for member in members:
            if not member.visible:
                continue
            column = member.by_key.get(key)
            if column is None and member.relation.more is not None:
                column = member.relation.more(key)
                member.by_key[key] = column
            if column is not None:
                return member, column
        if not any(member.relation.broken for member in scope.members):
            known = [column.name for member in members for column in member.relation.columns]
            self.complain(
                UNKNOWN_COLUMN,
                f"USING ({key}): one side has no column '{key}'",
                0,
                0,
                did_you_mean(key, known) or "join with ON and name both columns",
            )
        return None

    # Relations -----------------------------------------------------------------------------------

    def _relation(
        self, node: RelationNode, scope: Scope, parent: Scope | None
    ) -> tuple[Relation, str | None, tuple[str, ...]]:
        match node:
            case TableScan():
                relation, full_name = self._table(node)
                return self._renamed(relation, node.columns, node), node.alias, full_name
            case CteScan():
                relation = self.ctes[node.cte]
                return self._renamed(relation, node.columns, node), node.alias, ()
            case Derived():
                relation = self.query(node.query, parent)
                return self._renamed(relation, node.columns, node), node.alias, ()
            case ValuesRelation():
                relation = self.query(node.query, parent)
                return self._renamed(relation, node.columns, node), node.alias, ()
            case TableFunction():
                return self._function(node, scope, parent), node.alias or node.name, ()
            case Joined():
                return self._joined(node, parent), node.alias, ()
            case Pivoted():
                inner, alias, _ = self._relation(node.relation, scope, parent)
                return self._pivot(inner, node), node.alias or alias, ()
            case _:
                assert_never(node)

    def _table(self, node: TableScan) -> tuple[Relation, tuple[str, ...]]:
        asset = self.assets[node.site]
        if asset is None:
            missing = AssetName("?")
            rows = self.meaning.define("unknown relation", ["(unknown relation)"])
            return (
                Relation([], rows, NO_SOURCES, more=self._on_demand(missing), broken=True),
                (),
            )
        schema = self.schemas[asset]
        columns = [
            self._external(asset, column.name, column.type) for column in schema.columns or ()
        ]
        return (
            Relation(
                columns,
                self.meaning.external(asset, ROWS),
                NO_SOURCES,
                (self.meaning.external(asset, WHOLE),),
                None if schema.columns is not None else self._on_demand(asset),
                schema.broken,
            ),
            tuple(asset.lower().split(".")),
        )

    def _external(self, asset: AssetName, name: str, type_: str) -> Column:
        hole = self.meaning.external(asset, name)
        return Column(name, hole, frozenset((hole,)), type_)

    def _on_demand(self, asset: AssetName):  # type: ignore[no-untyped-def]
        def more(key: str) -> Column:
            return self._external(asset, key, UNKNOWN_TYPE)

        return more

    def _renamed(self, relation: Relation, names: tuple[str, ...], node: RelationNode) -> Relation:
        """`t(a, b)`: new names for the first columns."""
        if not names:
            return relation
        if len(names) > len(relation.columns) and relation.more is None:
            start, end = self._place_of(node)
            self.complain(
                COLUMN_COUNT,
                f"more column names ({len(names)}) than columns ({len(relation.columns)})",
                start,
                end,
                "name no more columns than the relation has",
            )
        columns = [
            Column(names[i] if i < len(names) else column.name, column.hole, column.value,
                   column.type)
            for i, column in enumerate(relation.columns)
        ]  # fmt: skip
        more = relation.more
        if more is not None:
            for name in names[len(columns) :]:
                columns.append(Column(name, more(name).hole, more("*").value))
        return Relation(
            columns, relation.rows_hole, relation.rows, relation.order, more, relation.broken
        )

    def _function(self, node: TableFunction, scope: Scope, parent: Scope | None) -> Relation:
        use = Use(aliases=False)
        out: list[Part] = ["(rows of "]
        self.write(node.call, scope if parent is scope else parent or Scope(), out, use)
        if node.reads_files:
            out.extend((" ", self.meaning.external(CLOCK, "run")))
            self.clock.add("run")
            start, end = (node.call.start, node.call.end) if isinstance(node.call, Op) else (0, 0)
            self.complain(
                UNDECLARED_FILE,
                f"{node.name} reads files that are not declared, so the model runs every time",
                start,
                end,
                "declare a source with `path:` in a yml file and read that",
            )
        rows_hole = self.meaning.define(f"function {node.name}", [*out, ")"])
        value: Sources = frozenset(use.value)

        def column(name: str, number: int | None = None) -> Column:
            which = f"(column {number if number is not None else leaf('`' + name + '`')} of "
            hole = self.meaning.define(f"column {name}", [which, rows_hole, ")"])
            return Column(name, hole, value)

        order = (rows_hole,)
        if node.shape == "one":
            name = node.columns[0] if node.columns else (node.alias or node.name)
            return Relation([column(name, 0)], rows_hole, value, order)
        columns = [column(name, i) for i, name in enumerate(node.columns)]
        return Relation(columns, rows_hole, value, order, lambda key: column(key))

    def _joined(self, node: Joined, parent: Scope | None) -> Relation:
        """A parenthesised join with an alias: one relation with the columns of all."""
        scope = Scope(parent)
        out, rows, order = self.sources(node.sources, scope)
        rows_hole = self.meaning.define("join", out)
        columns: list[Column] = []
        for found in star_columns(scope, list(scope.visible())):
            assert found.column is not None
            use = Use()
            parts: list[Part] = []
            self.reference(found, parts, use)
            hole = self.meaning.define(f"column {found.column.name}", parts)
            columns.append(Column(found.column.name, hole, frozenset(use.value), found.column.type))
        opens = [m.relation.more for m in scope.visible() if m.relation.more is not None]
        broken = any(m.relation.broken for m in scope.members)
        return Relation(columns, rows_hole, frozenset(rows), order,
                        opens[0] if opens else None, broken)  # fmt: skip

    def _pivot(self, relation: Relation, node: Pivoted) -> Relation:
        """Taken whole: every output may come from every input column."""
        out: list[Part] = [f"(pivot {leaf(node.tag)} ", relation.rows_hole]
        value: set[int] = set(relation.rows)
        columns = list(relation.columns)
        if relation.more is not None:
            columns.append(relation.more("*"))
        for column in columns:
            out.extend((f" {leaf('`' + column.key + '`')} ", column.hole))
            value |= column.value
        rows_hole = self.meaning.define("pivot", [*out, ")"])
        sources: Sources = frozenset(value)

        def more(key: str) -> Column:
            name = leaf("`" + key + "`")
            hole = self.meaning.define(f"column {key}", [f"(column {name} of ", rows_hole, ")"])
            return Column(key, hole, sources)

        return Relation([], rows_hole, sources, relation.order, more, relation.broken)

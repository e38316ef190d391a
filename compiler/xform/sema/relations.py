"""FROM clauses: relations, joins, and what a join shows of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from xform.base.codes import (
    AMBIGUOUS_COLUMN,
    COLUMN_COUNT,
    DUPLICATE_ALIAS,
    STAR_OVER_UNKNOWN,
    UNDECLARED_FILE,
    UNKNOWN_COLUMN,
)
from xform.base.names import AssetName, did_you_mean
from xform.sema import clauses
from xform.sema.binder import Use
from xform.sema.facts import Schema
from xform.sema.meaning import CLOCK, ROWS, WHOLE, Part
from xform.sema.names import listed
from xform.sema.nullability import holds_no_null
from xform.sema.pivots import PivotBinder
from xform.sema.scope import (
    NO_SOURCES,
    Column,
    Found,
    Member,
    Merged,
    More,
    Ordering,
    Relation,
    Scope,
    star_columns,
)
from xform.sema.types.casts import merged
from xform.sema.types.type import UNKNOWN, Type, read, settled
from xform.sql import canonical
from xform.sql.ir import (
    CteScan,
    Derived,
    Joined,
    Op,
    Pivoted,
    Select,
    Source,
    SqlUnit,
    TableFunction,
    TableScan,
    ValuesRelation,
)
from xform.sql.ir import Relation as RelationNode
from xform.sql.parse import Place


class RelationBinder(PivotBinder):
    """Binds FROM clauses."""

    def __init__(
        self,
        asset: AssetName | None,
        place: Place,
        dialect: str,
        unit: SqlUnit,
        assets: Sequence[AssetName | None],
        schemas: Mapping[AssetName, Schema],
    ) -> None:
        super().__init__(asset, place, dialect)
        self.unit = unit
        self.assets = assets
        self.schemas = schemas

    def cte(self, node: CteScan, scope: Scope) -> Relation:
        """What a CTE yields where it is read: provided by the binder of queries."""
        raise NotImplementedError

    # FROM ----------------------------------------------------------------------------------------

    def sources(
        self, sources: Sequence[Source], scope: Scope
    ) -> tuple[list[Part], set[int], Ordering]:
        """Fill `scope` with the members of a FROM clause.

        Returns the canonical text of the rows that the joins yield, their row sources, and what
        decides their order.
        """
        out: list[Part] = []
        rows: set[int] = set()
        order = Ordering()
        start = len(scope.members)
        for number, source in enumerate(sources):
            before = len(scope.members)
            if number:
                out.append(f" {source.join} join ")
            item_rows, item_order = self._item(source, scope, out)
            rows |= item_rows
            order = order.then(item_order)
            if source.sample is not None:
                self.clock.add("run")
                out.extend((f" sample {source.sample} ", self.meaning.external(CLOCK, "run")))
                rows |= self._in_order(order, out)
            if number:
                rows |= self._condition(source, scope, start, before, out)
                if "positional" in source.join:
                    rows |= self._in_order(order, out)
            if source.join.endswith(("semi", "anti")):
                for member in scope.members[before:]:
                    member.visible = False
            if source.join != "inner":
                _fill_with_null(source.join, scope.members[start:before], scope.members[before:])
        return out, rows, order

    def _in_order(self, order: Ordering, out: list[Part]) -> set[int]:
        use = Use()
        self.ordering(order, out, use)
        return use.value

    def _item(self, source: Source, scope: Scope, out: list[Part]) -> tuple[set[int], Ordering]:
        node = source.relation
        if isinstance(node, Joined) and node.alias is None:
            inner, rows, order = self.sources(node.sources, scope)
            out.extend(("(", *inner, ")"))
            return rows, order
        relation, alias, full_name = self._relation(node, scope)
        member = Member(relation, alias, len(scope.members), full_name)
        if isinstance(node, TableFunction) and node.shape == "one":
            member.by_key.setdefault(node.name, relation.columns[0])  # `range(3) r`: r.range
        self._no_twin(member, scope, node)
        scope.add(member)
        out.append(relation.rows_hole)
        order = relation.order if relation.order.holes else Ordering((relation.rows_hole,))
        return set(relation.rows), order

    def _no_twin(self, member: Member, scope: Scope, node: RelationNode) -> None:
        unnamed = self.dialect != "duckdb" and isinstance(node, TableFunction) and not node.alias
        if member.alias is not None and member.alias in scope.by_alias and not unnamed:
            self.complain(
                DUPLICATE_ALIAS,
                f"two relations are called '{member.alias}'",
                *self._place_of(node),
                f"give one an alias: … as {member.alias}_2",
            )

    def _place_of(self, node: RelationNode) -> tuple[int, int]:
        match node:
            case TableScan():
                table = self.unit.tables[node.site]
                return table.start, table.end
            case TableFunction():
                return node.start, node.end
            case ValuesRelation():
                cells = [cell for row in node.query.rows[:1] for cell in row]
                return clauses.place(Op("row", tuple(cells)))
            case Derived(query=Select(projections=shown)) if shown:
                return shown[0].start, shown[-1].end
            case _:
                return 0, 0

    # Join conditions -----------------------------------------------------------------------------

    def _condition(
        self, source: Source, scope: Scope, start: int, before: int, out: list[Part]
    ) -> set[int]:
        use = Use(aliases=False)
        using = source.using
        if using or source.natural:
            left = [member for member in scope.members[start:before] if member.visible]
            right = [member for member in scope.members[before:] if member.visible]
            if source.natural:
                using = self._common(source, left, right)
        if using:
            out.append(" using(")
            for key in using:
                self._using(key, source, scope, (left, right), out, use)
            out.append(")")
        if source.on is not None:
            out.append(" on ")
            self.joining = True
            self.write(source.on, scope, out, use)
            self.joining = False
        return use.value

    def _common(self, source: Source, left: list[Member], right: list[Member]) -> tuple[str, ...]:
        """The columns that a NATURAL join compares, in the left side's order."""
        unknown = [member for member in (*left, *right) if member.relation.more is not None]
        if unknown:
            if not any(member.relation.broken for member in unknown):
                self.complain(
                    STAR_OVER_UNKNOWN,
                    "NATURAL JOIN over a relation whose columns are not known",
                    source.start,
                    source.end,
                    "declare its columns, or join with USING (…)",
                )
            return ()
        shared = {column.key for member in right for column in member.relation.columns}
        keys = [column.key for member in left for column in member.relation.columns]
        return tuple(dict.fromkeys(key for key in keys if key in shared))

    def _using(
        self,
        key: str,
        source: Source,
        scope: Scope,
        sides: tuple[list[Member], list[Member]],
        out: list[Part],
        use: Use,
    ) -> None:
        """One column of USING: from then on one name for both sides."""
        found = [self._side(key, source, scope, side) for side in sides]
        parts: list[Part] = [f"using {source.join}("]
        inner = Use()
        members: list[Member] = []
        for at in found:
            if at is not None:
                self.reference(at, parts, inner)
                parts.append(", ")
                members.extend(self._members_of(at, key, scope))
        hole = self.meaning.define(f"column {key}", [*parts, ")"])
        out.extend((hole, ", "))
        use.value |= inner.value
        first = next((at.column for at in found if at is not None and at.column is not None), None)
        if first is None or source.join.endswith(("semi", "anti")):
            return
        types = [at.column.type for at in found if at is not None and at.column is not None]
        self.joined_types(key, types, source.start, source.end)
        type_ = _using_type(source.join, types)
        required = _using_required(source.join, [at for at in found if at is not None])
        column = Column(first.name, hole, frozenset(inner.value), type_, "", required)
        merged = Merged(column, members)
        for member in members:
            member.merged[key] = merged

    @staticmethod
    def _members_of(found: Found, key: str, scope: Scope) -> list[Member]:
        if found.member is not None:
            return [found.member]
        for member in scope.members:
            merged = member.merged.get(key)
            if merged is not None and merged.column is found.column:
                return merged.members
        return []

    def _side(self, key: str, source: Source, scope: Scope, members: list[Member]) -> Found | None:
        merged: list[Merged] = []
        hits: list[Found] = []
        for member in members:
            if key in member.merged:
                if member.merged[key] not in merged:
                    merged.append(member.merged[key])
            elif key in member.by_key:
                hits.append(Found(member.by_key[key], member, scope))
        found = [Found(group.column, None, scope) for group in merged] + hits
        if len(found) > 1:
            names = [m.alias or "?" for m in members if key in m.by_key]
            self.complain(
                AMBIGUOUS_COLUMN,
                f"USING ({key}): column '{key}' is in {listed(names)}",
                source.start,
                source.end,
                "join with ON and say which",
            )
        if found:
            return found[0]
        for member in members:
            if member.relation.more is not None:
                column = member.relation.more(key)
                member.by_key[key] = column
                return Found(column, member, scope)
        if not scope.broken:
            known = [column.name for member in members for column in member.relation.columns]
            sides = [member.alias or "?" for member in members]
            side = f"'{sides[0]}'" if len(sides) == 1 else f"none of {listed(sides)}"
            self.complain(
                UNKNOWN_COLUMN,
                f"USING ({key}): {side} has {'no' if len(sides) == 1 else 'a'} column '{key}'",
                source.start,
                source.end,
                did_you_mean(key, known) or "join with ON and name both columns",
                missing=self.lacking(members, key),
            )
        return None

    # Relations -----------------------------------------------------------------------------------

    def _relation(
        self, node: RelationNode, scope: Scope
    ) -> tuple[Relation, str | None, tuple[str, ...]]:
        """A relation, its alias, and the full name by which it can be called too.

        What stands behind other items of FROM may refer to them, the first only to the outside.
        """
        parent = scope if scope.members else scope.parent
        match node:
            case TableScan():
                relation, full_name = self._table(node)
                return self._renamed(relation, node.columns, node), node.alias, full_name
            case CteScan():
                return self._renamed(self.cte(node, scope), node.columns, node), node.alias, ()
            case Derived() | ValuesRelation():
                relation = self.query(node.query, parent)
                return self._renamed(relation, node.columns, node), node.alias, ()
            case TableFunction():
                return self._function(node, Scope(parent)), node.alias or node.name, ()
            case Joined():
                return self._joined(node, parent), node.alias, ()
            case Pivoted():
                inner, alias, _ = self._relation(node.relation, scope)
                pivoted = self.pivoted(inner, alias, node, parent)
                return self._renamed(pivoted, node.columns, node), node.alias or alias, ()
            case _:
                assert_never(node)

    def _table(self, node: TableScan) -> tuple[Relation, tuple[str, ...]]:
        asset = self.assets[node.site]
        if asset is None:
            rows = self.meaning.define("unknown relation", ["unknown relation"])
            unknown = self._on_demand(AssetName("?"))
            return Relation([], rows, NO_SOURCES, Ordering(), unknown, broken=True), ()
        schema = self.schemas[asset]
        listed = schema.columns or ()
        columns = [
            self._external(asset, item.name, read(item.type), item.required) for item in listed
        ]
        if len({column.key for column in columns}) < len(columns):
            columns = [column.called(column.name, column.name) for column in columns]
        relation = Relation(
            columns,
            self.meaning.external(asset, ROWS),
            NO_SOURCES,
            Ordering((self.meaning.external(asset, WHOLE),)),
            None if schema.columns is not None else self._on_demand(asset),
            schema.broken,
            pseudo=self._pseudo(asset),
        )
        table = self.unit.tables[node.site]
        return relation, () if table.aliased else tuple(part.lower() for part in asset.split("."))

    def passed_on(self, relation: Relation) -> list[AssetName]:
        externals = self.meaning.externals
        single = {
            (found.asset, found.column)
            for column in relation.columns
            if len(column.value) == 1
            for found in [externals[~next(iter(column.value))]]
        }
        return [
            asset
            for asset in dict.fromkeys(asset for asset, _ in single)
            if (schema := self.schemas.get(asset)) is not None  # else a CTE that recurs
            and all((asset, column.name) in single for column in schema.columns or ())
        ]

    def _external(self, asset: AssetName, name: str, type_: Type, required: bool = False) -> Column:
        hole = self.meaning.external(asset, name)
        return Column(name, hole, frozenset((hole,)), type_, "", required)

    def _on_demand(self, asset: AssetName) -> More:
        return lambda key: self._external(asset, key, UNKNOWN)

    def _pseudo(self, asset: AssetName) -> More:
        def column(key: str) -> Column:
            own = self.meaning.external(asset, key)
            whole = self.meaning.external(asset, WHOLE)  # it says where a row lies
            hole = self.meaning.define(f"column {key}", [f"{canonical.name(key)} of ", whole])
            return Column(key, hole, frozenset((own,)))

        return column

    def _renamed(self, relation: Relation, names: tuple[str, ...], node: RelationNode) -> Relation:
        """`t(a, b)`: new names for the first columns."""
        if not names or isinstance(node, TableFunction):
            return relation
        count = len(relation.columns)
        if len(names) > count and relation.more is None and not relation.broken:
            self.complain(
                COLUMN_COUNT,
                f"more column names ({len(names)}) than columns ({count})",
                *self._place_of(node),
                "name no more columns than the relation has",
            )
        columns = [
            column.called(names[i]) if i < len(names) else column
            for i, column in enumerate(relation.columns)
        ]
        if relation.more is not None:
            value = relation.more("*").value
            for i, name in enumerate(names[count:], count):
                columns.append(Column(name, relation.more(f"#{i}").hole, value))
        return relation.with_columns(columns)

    def _function(self, node: TableFunction, scope: Scope) -> Relation:
        use = Use(aliases=False)
        out: list[Part] = ["rows of("]
        self.unchecked += 1  # functions in FROM take other arguments
        yielded = settled(self.write(node.call, scope, out, use))
        self.unchecked -= 1
        if not node.pure:
            self.clock.add("run")
            out.extend((" at ", self.meaning.external(CLOCK, "run")))
        if node.reads_files:
            self.complain(
                UNDECLARED_FILE,
                f"{node.name} reads files that are not declared, so the model runs every time",
                node.start,
                node.end,
                "declare a source with `path:` in a yml file and read that",
            )
        rows_hole = self.meaning.define(f"function {node.name}", [*out, ")"])
        value = frozenset(use.value)

        item = _item_type(node, yielded) if node.shape == "one" else UNKNOWN

        def column(name: str, which: str) -> Column:
            hole = self.meaning.define(f"column {name}", [f"column {which} of ", rows_hole])
            return Column(name, hole, value, item)

        names = node.columns
        if node.shape == "one":
            names = names or (node.alias or node.name,)
        columns = [column(name, str(number)) for number, name in enumerate(names)]
        more = None if node.shape != "open" else lambda key: column(key, canonical.name(key))
        order = Ordering((rows_hole,))
        return Relation(columns, rows_hole, value, order, more, covered=True)

    def _joined(self, node: Joined, parent: Scope | None) -> Relation:
        """A parenthesised join with an alias: one relation with the columns of all."""
        scope = Scope(parent)
        out, rows, order = self.sources(node.sources, scope)
        rows_hole = self.meaning.define("join", out)
        columns: list[Column] = []
        for found in star_columns(scope, scope.visible()):
            assert found.column is not None
            use = Use()
            parts: list[Part] = []
            self.reference(found, parts, use)
            hole = self.meaning.define(f"column {found.column.name}", parts)
            columns.append(Column(found.column.name, hole, frozenset(use.value), found.column.type))
        open_members = [member for member in scope.visible() if member.relation.more is not None]
        more: More | None = None
        if open_members:
            more = lambda key: self._any_of(key, open_members, scope)  # noqa: E731
        return Relation(columns, rows_hole, frozenset(rows), order, more, scope.broken)


def _using_type(join: str, types: Sequence[Type]) -> Type:
    """The type of a column of USING: that of the side whose rows are kept."""
    if join.endswith("full"):
        return merged(types[0], types[-1])
    return types[-1] if join.endswith("right") else types[0]


def _using_required(join: str, sides: Sequence[Found]) -> bool:
    """Whether a column of USING is never NULL: NULL meets nothing."""
    if join == "inner":
        return True
    side = sides[-1] if join.endswith("right") else sides[0]
    return not join.endswith("full") and holds_no_null(side)


def _fill_with_null(join: str, left: Sequence[Member], right: Sequence[Member]) -> None:
    """An outer join fills the columns of its other side with NULL where nothing meets."""
    for ends, members in ((("left", "full", "positional"), right),
                          (("right", "full", "positional"), left)):  # fmt: skip
        if join.endswith(ends):
            for member in members:
                member.optional = True


def _item_type(node: TableFunction, yielded: Type) -> Type:
    """What a function in FROM yields in each row, by what it yields as a value."""
    if node.name in ("generate_series", "range"):
        return yielded.inner[0] if yielded.name == "list" else UNKNOWN
    return yielded if node.name == "unnest" else UNKNOWN

"""The columns of what a query reads, and whose a name is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xform.base.names import AssetName
from xform.sema.facts import Schema
from xform.sema.slices.walking import alias_of, queries
from xform.sql.ir import (
    CteScan,
    Derived,
    Name,
    Query,
    Relation,
    Select,
    SetOperation,
    Source,
    SqlUnit,
    Star,
    TableScan,
)


@dataclass
class Names:
    """A query, whose `tables` are `assets`, and its CTEs by number. Of those that are `recursive`,
    or give their columns other names, nothing is told."""

    unit: SqlUnit
    assets: Sequence[AssetName | None]
    schemas: Mapping[AssetName, Schema]
    ctes: dict[int, Query] = field(init=False, default_factory=dict)
    recursive: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        for each in queries(self.unit.query):
            for cte in each.ctes:
                self.ctes[cte.number] = cte.query
                if cte.recursive or cte.columns:
                    self.recursive.add(cte.number)

    def names(self, query: Query) -> list[str] | None:
        """The output columns of a query, folded; None where they cannot be told."""
        if isinstance(query, SetOperation):
            return self.names(query.first)
        if not isinstance(query, Select):
            return None
        found: list[str] = []
        for projection in query.projections:
            expr = projection.expr
            if not isinstance(expr, Star):
                found.append(projection.alias or projection.name.lower())
                continue
            if expr.pattern or expr.repeats or expr.rename or expr.names:
                return None
            taken = {name[-1] for name in expr.exclude}
            for source in query.sources:
                if expr.qualifier and alias_of(source.relation) != expr.qualifier[-1]:
                    continue
                if source.join in ("semi", "anti"):
                    continue
                columns = self.columns(source.relation)
                if columns is None or source.natural:
                    return None
                found += [c for c in columns if c not in taken and c not in source.using]
        return found

    def columns(self, relation: Relation) -> list[str] | None:
        match relation:
            case TableScan():
                return list(relation.columns) or self.scanned(relation)
            case CteScan():
                if relation.cte in self.recursive:
                    return None
                return list(relation.columns) or self.names(self.ctes[relation.cte])
            case Derived():
                return list(relation.columns) or self.names(relation.query)
            case _:
                return list(relation.columns) or None if hasattr(relation, "columns") else None

    def scanned(self, scan: TableScan) -> list[str] | None:
        asset = self.assets[scan.site]
        schema = self.schemas.get(asset) if asset is not None else None
        if schema is None or schema.columns is None:
            return None
        return [column.name.lower() for column in schema.columns]

    def source_of(self, query: Select, name: Name) -> tuple[Source | None, str]:
        """The item of FROM whose column a name is, and the column."""
        key = name.parts[-1].lower()
        visible = [s for s in query.sources if s.join not in ("semi", "anti")]
        if len(name.parts) > 1:
            alias = name.parts[-2]
            return next((s for s in visible if alias_of(s.relation) == alias), None), key
        if len(query.sources) == 1:
            source = query.sources[0]
            columns = self.columns(source.relation)
            return (source if columns is None or key in columns else None), key
        for source in visible:
            columns = self.columns(source.relation)
            if columns is None:
                return None, key
            if key in columns:
                return source, key
        return None, key

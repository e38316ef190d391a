"""The binder's door: a lowered query and the schemas of what it reads give `ModelFacts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xform.base.codes import SQL_TOO_DEEP
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, ColumnRef
from xform.sema.facts import UNKNOWN_TYPE, ModelFacts, OutputColumn, Schema
from xform.sema.meaning import ORDER, WHOLE, External, Hole, Part
from xform.sema.queries import QueryBinder
from xform.sema.scope import Sources
from xform.sema.tables import scans
from xform.sema.typecheck import OWN
from xform.sema.types.type import NULL, Type
from xform.sql.ir import SqlUnit
from xform.sql.parse import Place


def bind(
    asset: AssetName | None,
    unit: SqlUnit,
    assets: Sequence[AssetName | None],
    schemas: Mapping[AssetName, Schema],
    place: Place,
    dialect: str = OWN,
) -> tuple[ModelFacts | None, tuple[Diagnostic, ...]]:
    """Bind a query.

    `assets` names the asset of each of `unit.tables` (None: unknown, already diagnosed);
    `schemas` holds the columns of each of them; `dialect` says by whose rules types are inferred.
    The facts are None only where the query is too
    deep to walk; with errors they hold what could be found out.
    """
    binder = QueryBinder(asset, place, dialect, unit, assets, schemas)
    try:
        relation = binder.query(unit.query, None)
        binder.check_outputs(unit.query)
    except RecursionError:
        return None, (
            diagnose(
                SQL_TOO_DEEP,
                "the query is nested too deeply to be understood",
                place.path,
                "split it into CTEs or models; long OR chains become IN lists",
                asset=asset,
            ),
        )
    meaning = binder.meaning
    externals = meaning.externals

    def refs(sources: Sources) -> tuple[ColumnRef, ...]:
        return tuple(sorted({_column(externals[~hole]) for hole in sources}))

    rows = relation.rows_hole
    if unit.whole:
        rows = meaning.define("query text", [f"text {unit.whole} ", rows])
    holes = relation.order.holes
    order = holes[0] if holes and _is_order(binder, holes[0]) else None
    listing: list[Part] = ["rows in order "]
    for hole in holes:
        listing.extend((_only_order(binder, hole), " "))
    row_order = meaning.define("row order", listing)
    others = refs(relation.more("*").value) if relation.more is not None else ()
    roots = [rows, row_order, *(column.hole for column in relation.columns)]
    finished, renamed = meaning.finish(roots if order is None else [*roots, order])
    facts = ModelFacts(
        tuple(
            OutputColumn(
                column.name,
                _shown(column.type),
                refs(column.value),
                renamed[column.hole],
                column.required,
            )
            for column in relation.columns
        ),
        refs(relation.rows),
        scans(assets),
        renamed[rows],
        renamed[order] if order is not None else None,
        finished,
        relation.more is not None,
        tuple(sorted(binder.clock)),
        renamed[row_order],
        others,
    )
    return facts, binder.said()


def _shown(type_: Type) -> str:
    """A type as others see it. What is NULL alone becomes, when it is stored, whatever the engine
    likes."""
    return UNKNOWN_TYPE if _holds_null(type_) else type_.text


def _holds_null(type_: Type) -> bool:
    return type_ is NULL or any(_holds_null(part) for part in type_.inner)


def _column(external: External) -> ColumnRef:
    return external.asset, external.column


def _is_order(binder: QueryBinder, hole: Hole) -> bool:
    return hole >= 0 and binder.meaning.definitions[hole].label == "order by"


def _only_order(binder: QueryBinder, hole: Hole) -> Hole:
    """For readers of this query, the order of an asset it reads; not all of that asset."""
    if hole >= 0:
        return hole
    external = binder.meaning.externals[~hole]
    return binder.meaning.external(external.asset, ORDER) if external.column == WHOLE else hole

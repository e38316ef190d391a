"""The binder's door: a lowered query and the schemas of what it reads give `ModelFacts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xform.base.codes import SQL_TOO_DEEP
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, ColumnRef
from xform.sema.facts import ModelFacts, OutputColumn, Schema
from xform.sema.meaning import External
from xform.sema.queries import QueryBinder
from xform.sema.scope import Sources
from xform.sema.tables import scans
from xform.sql.ir import SqlUnit
from xform.sql.parse import Place


def bind(
    asset: AssetName | None,
    unit: SqlUnit,
    assets: Sequence[AssetName | None],
    schemas: Mapping[AssetName, Schema],
    place: Place,
) -> tuple[ModelFacts | None, tuple[Diagnostic, ...]]:
    """Bind a query.

    `assets` names the asset of each of `unit.tables` (None: unknown, already diagnosed);
    `schemas` holds the columns of each of them. The facts are None only where the query is too
    deep to walk; with errors they hold what could be found out.
    """
    binder = QueryBinder(asset, place, unit, assets, schemas)
    try:
        relation = binder.query(unit.query, None)
        binder.check_outputs(unit.query, relation.columns)
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
    externals = binder.meaning.externals

    def refs(sources: Sources) -> tuple[ColumnRef, ...]:
        return tuple(sorted({_column(externals[~hole]) for hole in sources}))

    ordered = [hole for hole in relation.order if hole >= 0]
    order = ordered[0] if ordered and _is_order(binder, ordered[0]) else None
    roots = [relation.rows_hole, *(column.hole for column in relation.columns)]
    if order is not None:
        roots.append(order)
    meaning, renamed = binder.meaning.finish(roots)
    facts = ModelFacts(
        tuple(
            OutputColumn(column.name, column.type, refs(column.value), renamed[column.hole])
            for column in relation.columns
        ),
        refs(relation.rows),
        scans(assets),
        renamed[relation.rows_hole],
        renamed[order] if order is not None else None,
        meaning,
        relation.more is not None,
        tuple(sorted(binder.clock)),
    )
    return facts, tuple(binder.diagnostics)


def _column(external: External) -> ColumnRef:
    return external.asset, external.column


def _is_order(binder: QueryBinder, hole: int) -> bool:
    return binder.meaning.definitions[hole].label == "order by"

"""Models that grow by time, compiled: how their inputs count, and what cannot be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from xform.app.compiling.compiled import Parsed
from xform.base.codes import NOT_SLICED, TIME_COLUMN, VOLATILE_INCREMENTAL
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Span
from xform.project.assets import Asset
from xform.sema.facts import ModelFacts, Schema
from xform.sema.slices.parts import NotSliced, Sliced, SlicedInput
from xform.sema.slices.slicing import sliced
from xform.sql.parse import Place


def slicing(
    asset: Asset,
    parsed: Parsed,
    facts: ModelFacts,
    tables: Sequence[AssetName | None],
    schemas: Mapping[AssetName, Schema],
    place: Place,
) -> tuple[Sliced | None, list[Diagnostic]]:
    """How a bound model is computed interval by interval. `schemas` holds what it reads."""
    time, unit = asset.time_range, parsed.unit
    assert time is not None
    assert unit is not None
    found: list[Diagnostic] = []
    names = [column.name for column in facts.columns]
    if not facts.columns_open and time.column.lower() not in map(str.lower, names):
        advice = did_you_mean(time.column, names) or f"its columns are {', '.join(names)}"
        message = f"{asset.name} grows by '{time.column}', and has no such column"
        return None, [diagnose(TIME_COLUMN, message, asset.span, advice, asset=asset.name)]
    how, why = sliced(unit, tables, schemas, time)
    if why is not None and not unit.bounds:
        return None, [_not_sliced(asset, why, place)]
    if facts.clock:
        found.append(
            diagnose(
                VOLATILE_INCREMENTAL,
                f"{asset.name} asks for the time or for chance: an interval that is computed "
                "again comes out otherwise",
                asset.span,
                "take the time from the data, or from @start and @end",
                asset=asset.name,
            )
        )
    inputs = tuple(
        SlicedInput(item.asset, item.column, _read(facts, item.asset)) for item in how.inputs
    )
    return Sliced(inputs, how.at_once), found


def through_ephemerals(how: Sliced, reads: Collection[AssetName]) -> Sliced:
    """The same over what is really read: what stands behind ephemeral models counts as a whole."""
    known = {item.asset: item for item in how.inputs}
    inputs = tuple(known.get(name) or SlicedInput(name, None) for name in sorted(reads))
    return Sliced(inputs, how.at_once)


def _read(facts: ModelFacts, asset: AssetName) -> tuple[str, ...]:
    """The columns that are read of an input; empty for all."""
    if facts.columns_open:
        return ()
    refs = [*facts.rows, *(ref for column in facts.columns for ref in column.value)]
    return tuple(sorted({column for name, column in refs if name == asset}))


def _not_sliced(asset: Asset, why: NotSliced, place: Place) -> Diagnostic:
    span: Span = place.span(why.start, why.end) if why.end else asset.span
    assert asset.time_range is not None
    column = asset.time_range.column
    return diagnose(
        NOT_SLICED,
        f"{asset.name} cannot be computed interval by interval: {why.message}",
        span,
        f"say what an interval reads, as in `where {column} >= @start and {column} < @end`, "
        "or make it a table",
        asset=asset.name,
    )

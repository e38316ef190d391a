"""How a query of a model that grows by time can be computed: what of its inputs is looked at by
interval, and what as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from xform.base.names import AssetName
from xform.project.incremental import TimeRange
from xform.sema.facts import Schema
from xform.sema.slices.bounds import bounded
from xform.sema.slices.parts import NotSliced, Sliced, SlicedInput, Stop, Trace
from xform.sema.slices.tracing import Tracer
from xform.sema.slices.walking import conjuncts, scans, selects
from xform.sql.ir import Name, Query, Select, SqlUnit


def sliced(
    unit: SqlUnit,
    assets: Sequence[AssetName | None],
    schemas: Mapping[AssetName, Schema],
    time: TimeRange,
) -> tuple[Sliced, NotSliced | None]:
    """How a query can be computed, and why its time column does not pass straight through, where
    it does not: then it must say itself what it reads. `unit.tables` are `assets`."""
    tracer = Tracer(unit, assets, schemas, time)
    why: NotSliced | None = None
    traces: list[Trace] = []
    if unit.whole:
        why = NotSliced("this query is not understood well enough", 0, 0)
    else:
        try:
            traces = tracer.column(unit.query, time.column.lower())
        except Stop as stop:
            why, traces = stop.found, []
            tracer.reached.clear()
        except RecursionError:
            why = NotSliced("the query is nested too deeply", 0, 0)
    if unit.bounds and not traces:
        traces = _said(tracer, unit.query)
    at_once = why is None and len(unit.bounds) == _exact(unit.query)
    return Sliced(tuple(_inputs(tracer, traces)), at_once), why


def _inputs(tracer: Tracer, traces: Sequence[Trace]) -> Iterator[SlicedInput]:
    """A table counts by intervals where each place that reads it does, by one column."""
    reads = Counter(node.cte for select in selects(tracer.unit.query) for node in scans(select))
    sites: dict[int, set[str]] = {}
    for trace in traces:
        if all(tracer.reached[cte] >= reads[cte] for cte in trace.ctes):
            sites.setdefault(trace.site, set()).add(trace.column)
    for asset in sorted({asset for asset in tracer.assets if asset is not None}):
        places = [site for site, at in enumerate(tracer.assets) if at == asset]
        columns = {column for site in places for column in sites.get(site, {""})}
        only = next(iter(columns)) if len(columns) == 1 else ""
        yield SlicedInput(asset, only or None)


def _said(tracer: Tracer, query: Query) -> list[Trace]:
    """The tables that conditions on `@start` and `@end` bound."""
    found: list[Trace] = []
    for select in selects(query):
        conditions = [*conjuncts(select.where)]
        for source in select.sources:
            if source.join in ("inner", "left", "semi"):
                conditions += conjuncts(source.on)
        limits: dict[tuple[str, ...], set[str]] = {}
        names: dict[tuple[str, ...], Name] = {}
        for condition in conditions:
            for name, bounds in bounded(condition, exact=tracer.time.lookback == 0):
                limits.setdefault(name.parts, set()).update(bounds)
                names[name.parts] = name
        for parts, bounds in limits.items():
            if bounds >= {"start", "end"}:
                try:
                    found += _named(tracer, select, names[parts])
                except Stop:
                    continue
    return found


def _exact(query: Query) -> int:
    """How many bounds only say which times are read."""
    return sum(
        len(bounds)
        for select in selects(query)
        for condition in conjuncts(select.where)
        for _, bounds in bounded(condition, exact=True)
    )


def _named(tracer: Tracer, query: Select, name: Name) -> list[Trace]:
    source, key = tracer.source_of(query, name)
    return tracer.within(source.relation, key) if source is not None else []

"""Unknown columns, with the place where they would come from: what is read, and what it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from xform.app.compiling.compiled import Body, Parsed
from xform.base.diagnostics import Diagnostic, Label
from xform.base.names import AssetName, ColumnRef, nearest
from xform.base.spans import Span, file_span
from xform.project.assets import Asset
from xform.sema.facts import ModelFacts, Schema
from xform.sema.names import COLUMNS_HERE
from xform.sql.ir import Projection, Query, Select, SetOperation, Star
from xform.sql.parse import Place

SHOWN = 8
"""How many columns of an asset are listed."""
FAR = 3
"""How many assets upstream are looked at."""


class Upstream:
    """Points at what models read. `place` gives the places in a model's file."""

    def __init__(
        self,
        assets: Mapping[AssetName, Asset],
        bodies: Mapping[AssetName, Body],
        place: Callable[[Asset, Parsed], Place],
    ) -> None:
        self._assets = assets
        self._bodies = bodies
        self._place = place

    def pointed_at(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The diagnostics, with labels at the assets that lack a column."""
        return [self._pointed(item) if item.missing else item for item in diagnostics]

    def _pointed(self, item: Diagnostic) -> Diagnostic:
        chain = list(dict.fromkeys(self._chain(item.missing)))[:FAR]
        labels = [self._label(asset, column) for asset, column in chain]
        advice = item.help
        if advice.startswith(COLUMNS_HERE):  # the label lists them
            asset, column = chain[-1]
            advice = f"add '{column}' to '{asset}', or read a column that it has"
        return msgspec.structs.replace(
            item, help=advice, labels=(*item.labels, *labels), missing=tuple(chain)
        )

    def _chain(self, missing: Iterable[ColumnRef]) -> Iterator[ColumnRef]:
        """Each asset, then those whose columns it passes on with a star."""
        open_ = list(missing)
        for asset, column in open_:
            yield asset, column
            facts = self._bodies[asset].facts
            outputs = self._outputs(self._bodies[asset])
            if facts is not None and any(isinstance(p.expr, Star) for p in outputs):
                open_.extend((read, column) for read in self._passed_on(facts))

    def _passed_on(self, facts: ModelFacts) -> Iterator[AssetName]:
        single = {column.value[0] for column in facts.columns if len(column.value) == 1}
        for read in facts.scans:
            columns = self._schema(read).columns
            if columns and all((read, column.name) in single for column in columns):
                yield read

    def _schema(self, asset: AssetName) -> Schema:
        return self._bodies[asset].schema

    def _label(self, name: AssetName, column: str) -> Label:
        known = [item.name for item in self._schema(name).columns or ()]
        near = nearest(column, known)
        listed = [*near, *(item for item in known if item not in near)]
        more = ", …" if len(listed) > SHOWN else ""
        message = f"'{name}' has {', '.join(listed[:SHOWN])}{more}"
        return Label(self._span(self._assets[name], near), message)

    def _span(self, asset: Asset, near: list[str]) -> Span:
        body = self._bodies[asset.name]
        outputs = self._outputs(body)
        if outputs and body.parsed is not None:
            named = [p for p in outputs if p.name in near[:1]] or outputs
            return self._place(asset, body.parsed).span(named[0].start, named[0].end)
        return file_span(asset.files) if asset.files else asset.span

    @staticmethod
    def _outputs(body: Body) -> tuple[Projection, ...]:
        unit = body.parsed.unit if body.parsed is not None else None
        return projections(unit.query) if unit is not None else ()


def projections(query: Query) -> tuple[Projection, ...]:
    """The outputs of a query as they are written; of a set operation those of its first side."""
    while isinstance(query, SetOperation):
        query = query.first
    return query.projections if isinstance(query, Select) else ()

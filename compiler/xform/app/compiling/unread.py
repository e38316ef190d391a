"""Columns of models that nothing reads, over the whole project, by lineage.

Read is what decides values or rows of something that is read in turn, what a test or an exposure
looks at, and every column of a model that nothing in the project reads: such are made for people.
Python models are taken to read all of their inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from xform.app.compiling.compiled import Body, CompiledAsset, Parsed
from xform.app.compiling.upstream import projections
from xform.base.codes import UNREAD_COLUMN
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName
from xform.checks.declared import tests_of
from xform.project.assets import Asset, Kind
from xform.sema.facts import ModelFacts
from xform.sema.tables import NameIndex
from xform.sql.ir import Query, Select, SetOperation, Star
from xform.sql.parse import Place

EVERY = "*"
"""As a column: all of them."""


def unread_columns(
    assets: Mapping[AssetName, Asset],
    compiled: Mapping[AssetName, CompiledAsset],
    bodies: Mapping[AssetName, Body],
    place: Callable[[Asset, Parsed], Place],
) -> Iterator[Diagnostic]:
    """What is to be said of the columns that nothing reads. `compiled` is in topological order;
    `place` gives the places in a model's file."""
    reading = Reading(assets, compiled, bodies)
    for name, item in compiled.items():
        if not item.broken and reading.readers[name]:
            yield from _said(assets[name], bodies[name], reading, place)


class Reading:
    """Which columns are read. Goes through the graph once, against its order."""

    def __init__(
        self,
        assets: Mapping[AssetName, Asset],
        compiled: Mapping[AssetName, CompiledAsset],
        bodies: Mapping[AssetName, Body],
    ) -> None:
        self._bodies = bodies
        self._read: set[tuple[AssetName, str]] = set()
        self.readers: dict[AssetName, list[AssetName]] = {name: [] for name in compiled}
        """The assets that read an asset, but for exposures."""
        index = NameIndex.of({name: asset.kind for name, asset in assets.items()})
        for asset in assets.values():
            self._test(asset, index)
        for name in reversed(list(compiled)):
            item = compiled[name]
            if not self.readers[name]:
                self._read.add((name, EVERY))
            for read in item.depends_on:
                if item.kind is Kind.EXPOSURE:
                    self._read.add((read, EVERY))
                else:
                    self.readers[read].append(name)
            self._follow(name, item)

    def is_read(self, asset: AssetName, column: str) -> bool:
        return (asset, EVERY) in self._read or (asset, column.lower()) in self._read

    def passed_to(self, asset: AssetName, column: str) -> list[str]:
        """The columns of readers that draw on it."""
        return [
            f"{reader}.{output.name}"
            for reader in sorted(set(self.readers[asset]))
            if (facts := self._bodies[reader].facts) is not None
            for output in facts.columns
            if any(read == asset and name.lower() == column.lower() for read, name in output.value)
        ]

    def _follow(self, name: AssetName, item: CompiledAsset) -> None:
        facts = self._bodies[name].facts
        if facts is None or item.broken:
            self._read.update((read, EVERY) for read in item.depends_on)
            return
        drawn = [*facts.rows, *facts.others]
        for column in facts.columns:
            if self.is_read(name, column.name):
                drawn.extend(column.value)
        self._read.update((read, column.lower()) for read, column in drawn)
        self._read.update(_ordering(facts))

    def _test(self, asset: Asset, index: NameIndex) -> None:
        for _, test in tests_of(asset):
            words = re.findall(r"\w+", test.where or "")
            self._read.update((asset.name, word.lower()) for word in (*test.columns, *words))
            other = index.one(str(test.args.get("to", "")))
            if other is not None:
                self._read.add((other, str(test.args.get("field", "")).lower()))
        self._read.update((asset.name, column.lower()) for column in asset.grain)


def _ordering(facts: ModelFacts) -> Iterator[tuple[AssetName, str]]:
    """The columns that the final ORDER BY draws on."""
    meaning = facts.meaning
    open_ = [facts.order] if facts.order is not None else []
    seen = set(open_)
    while open_:
        hole = open_.pop()
        if hole < 0:
            external = meaning.externals[~hole]
            yield external.asset, external.column.lower()
            continue
        fresh = [inner for inner in meaning.definitions[hole].holes if inner not in seen]
        seen.update(fresh)
        open_.extend(fresh)


def _said(
    asset: Asset, body: Body, reading: Reading, place: Callable[[Asset, Parsed], Place]
) -> Iterator[Diagnostic]:
    parsed = body.parsed
    if parsed is None or parsed.unit is None or _rows_hang_on_outputs(parsed.unit.query):
        return
    known = {column.name.lower(): column.name for column in body.schema.columns or ()}
    for output in projections(parsed.unit.query):
        column = known.get(output.name.lower())
        if column is None or isinstance(output.expr, Star) or reading.is_read(asset.name, column):
            continue
        passed = reading.passed_to(asset.name, column)
        if passed:
            listed = " and ".join(passed[:2]) + (" and others" if len(passed) > 2 else "")
            advice = f"only {listed} draws on it, which nothing reads either: take out both"
        else:
            advice = "take it out, or set a test on it, or name its reader as an exposure"
        yield diagnose(
            UNREAD_COLUMN,
            f"nothing reads column '{column}' of '{asset.name}'",
            place(asset, parsed).span(output.start, output.end),
            advice,
            asset=asset.name,
        )


def _rows_hang_on_outputs(query: Query) -> bool:
    """Whether a query has other rows where it puts out fewer columns."""
    while isinstance(query, SetOperation):
        if any(step.distinct for step in query.steps):
            return True
        query = query.first
    if not isinstance(query, Select):
        return True
    return query.distinct or (query.group is not None and query.group.all)

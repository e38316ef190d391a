"""Lineage of a column: its direct inputs, or on to the sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from xform.app.compiling.compiled import Compilation, Lineage
from xform.base.codes import NOT_A_COLUMN, NOT_AN_ASSET
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, ColumnRef, did_you_mean
from xform.project.assets import Language
from xform.sema.facts import ModelFacts, Schema

ANY = "*"
"""As a column: every column of the asset may count (Python models are not seen through)."""


_Values = dict[str, frozenset[ColumnRef]]


class ColumnLineage(msgspec.Struct, frozen=True):
    """`value` and `rows` as in DESIGN §2, sorted."""

    column: ColumnRef
    value: tuple[ColumnRef, ...]
    rows: tuple[ColumnRef, ...]


def kinds_of(schema: Schema) -> dict[str, str]:
    """What each column holds, in words, by its name without case: `integer, never NULL`."""
    return {
        column.name.lower(): column.type + (", never NULL" if column.required else "")
        for column in schema.columns or ()
    }


def find_asset(compilation: Compilation, written: str) -> tuple[AssetName | None, list[Diagnostic]]:
    """The asset that a name on the command line means."""
    index = compilation.names
    exact = index.full.get(written.lower())
    found = (exact,) if exact is not None else index.find_written(written)
    if len(found) == 1:
        return found[0], []
    if found:
        listed = ", ".join(found)
        return None, [
            diagnose(
                NOT_AN_ASSET,
                f"'{written}' may be any of {listed}",
                "<command line>",
                f"write the schema too: {found[0]}",
            )
        ]
    hint = index.suggestion(written) or "`xform ls` lists all assets"
    return None, [diagnose(NOT_AN_ASSET, f"no asset is called '{written}'", "<command line>", hint)]


def find_columns(
    compilation: Compilation, written: str
) -> tuple[AssetName | None, tuple[str, ...], list[Diagnostic]]:
    """The asset and columns that `asset.column` or `asset` means (all columns for an asset)."""
    index = compilation.names
    if len(index.find_written(written)) == 1:
        (name,) = index.find_written(written)
        return name, _columns(compilation, name), []
    asset, _, column = written.rpartition(".")
    if not asset:
        return None, (), find_asset(compilation, written)[1]
    name_or_none, found = find_asset(compilation, asset)
    if name_or_none is None:
        return None, (), found
    known = _columns(compilation, name_or_none)
    for candidate in known:
        if candidate.lower() == column.lower():
            return name_or_none, (candidate,), []
    hint = did_you_mean(column, known) or f"columns: {', '.join(known[:10])}"
    return (
        None,
        (),
        [
            diagnose(
                NOT_A_COLUMN, f"'{name_or_none}' has no column '{column}'", "<command line>", hint
            )
        ],
    )


def _columns(compilation: Compilation, name: AssetName) -> tuple[str, ...]:
    return tuple(column.name for column in compilation.body(name).schema.columns or ())


class LineageReader:
    """Reads lineage out of a compilation; remembers what it has resolved to the sources."""

    def __init__(self, compilation: Compilation) -> None:
        self._compilation = compilation
        self._at: tuple[AssetName, ModelFacts | Lineage, dict[str, frozenset[ColumnRef]]] | None = (
            None
        )
        """The model that was looked at last, for models are looked at column by column."""
        self._deep: dict[ColumnRef, frozenset[ColumnRef]] = {}
        self._deep_rows: dict[AssetName, frozenset[ColumnRef]] = {}

    def direct(self, asset: AssetName, column: str) -> ColumnLineage:
        """From the direct inputs."""
        value, rows = self._direct(asset, column)
        return ColumnLineage((asset, column), tuple(sorted(value)), tuple(sorted(set(rows))))

    def value(self, asset: AssetName, column: str) -> tuple[ColumnRef, ...]:
        """The `value` of `direct`."""
        return tuple(sorted(self._direct(asset, column)[0]))

    def recursive(self, asset: AssetName, column: str) -> ColumnLineage:
        """From the sources: assets that nothing in the project computes."""
        self._resolve()
        return ColumnLineage(
            (asset, column),
            tuple(sorted(self._deep.get((asset, column.lower()), frozenset()))),
            tuple(sorted(self._deep_rows.get(asset, frozenset()))),
        )

    def _direct(
        self, asset: AssetName, column: str
    ) -> tuple[frozenset[ColumnRef], Collection[ColumnRef]]:
        if self._at is None or self._at[0] != asset:
            facts = self._compilation.body(asset).lineage
            if facts is not None:
                values: _Values = {}
                for output in facts.columns:
                    values.setdefault(output.name.lower(), frozenset(output.value))
                self._at = (asset, facts, values)
        if self._at is not None and self._at[0] == asset:
            _, facts, values = self._at
            return values.get(column.lower(), frozenset()), facts.rows
        if self._compilation.declared[asset].language is Language.PYTHON:
            every = frozenset(
                (read, name)
                for read in self._compilation.assets[asset].depends_on
                for name in _columns(self._compilation, read) or (ANY,)
            )
            return every, every
        return frozenset(), frozenset()

    def _resolve(self) -> None:
        """Down the graph once; each column's sources from those of its inputs."""
        if self._deep:
            return
        for name, compiled in self._compilation.assets.items():
            columns = _columns(self._compilation, name)
            if not compiled.depends_on:
                for column in columns:
                    self._deep[name, column.lower()] = frozenset(((name, column),))
                self._deep_rows[name] = frozenset()
                continue
            rows: set[ColumnRef] = set()
            for read in compiled.depends_on:
                rows |= self._deep_rows.get(read, frozenset())
            direct_rows: Collection[ColumnRef] = ()
            for column in columns or (ANY,):
                value, direct_rows = self._direct(name, column)
                self._deep[name, column.lower()] = self._sources(value)
            rows |= self._sources(direct_rows)
            self._deep_rows[name] = frozenset(rows)

    def _sources(self, refs: Iterable[ColumnRef]) -> frozenset[ColumnRef]:
        found: set[ColumnRef] = set()
        for asset, column in refs:
            found |= self._deep.get((asset, column.lower()), frozenset(((asset, column),)))
        return frozenset(found)

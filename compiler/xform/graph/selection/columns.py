"""`column:` by lineage: which columns, what reads them, and what they come from.

The column `*` of an asset stands for its rows. Whatever is read of an asset is read of its rows,
so a column that decides the rows of an asset reaches everything that reads any column of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from xform.base.names import AssetName, ColumnRef, table_of
from xform.graph.nodes import Graph, SelectionFacts
from xform.graph.order import reachable

ROWS = "*"
WILD = frozenset("*?[]")


class ColumnGraph:
    """Columns as a graph, by folded column name."""

    def __init__(self, facts: SelectionFacts) -> None:
        self._columns: dict[AssetName, set[str]] = {
            asset: {column.lower() for column in columns}
            for asset, columns in facts.columns.items()
            if columns
        }
        self._down: dict[ColumnRef, set[ColumnRef]] = {}
        self._up: dict[ColumnRef, set[ColumnRef]] = {}
        for read, readers in facts.column_readers.items():
            for reader in readers:
                self._link(_fold(read), _fold(reader))
                self._link((read[0], ROWS), _fold(reader))
        for asset, column in self._down:
            self._columns.setdefault(asset, set()).add(column)

    def find(self, graph: Graph, value: str) -> frozenset[ColumnRef]:
        """The columns that `asset.column` names. Both parts take globs; the asset may go without
        its schema. Of an asset whose columns are unknown every column is believed, if both names
        are written out."""
        for asset_pattern, column_pattern in _splits(value):
            assets = [asset for asset in graph.nodes if _names(asset_pattern, asset)]
            if assets:
                believe = not WILD & set(asset_pattern + column_pattern)
                return frozenset(
                    (asset, column)
                    for asset in assets
                    for column in self._of(asset, column_pattern, believe)
                )
        return frozenset()

    def names(self) -> list[str]:
        """All known columns as `asset.column`, sorted."""
        return sorted(
            f"{asset}.{column}"
            for asset, columns in self._columns.items()
            for column in columns - {ROWS}
        )

    def readers(self, columns: Iterable[ColumnRef], depth: int | None) -> frozenset[AssetName]:
        """The assets of the columns and those that read them, at most `depth` columns on."""
        return frozenset(asset for asset, _ in reachable(self._down, columns, depth))

    def sources(self, columns: Iterable[ColumnRef], depth: int | None) -> frozenset[AssetName]:
        """The assets of the columns and those that decide their values or rows, likewise."""
        starts = [ref for asset, column in columns for ref in ((asset, column), (asset, ROWS))]
        return frozenset(asset for asset, _ in reachable(self._up, starts, depth))

    def _link(self, source: ColumnRef, reader: ColumnRef) -> None:
        for edges, near, far in ((self._down, source, reader), (self._up, reader, source)):
            edges.setdefault(near, set()).add(far)
            edges.setdefault(far, set())

    def _of(self, asset: AssetName, pattern: str, believe: bool) -> set[str]:
        known = self._columns.get(asset)
        if known is None:
            return {pattern} if believe else set()
        if pattern == ROWS:
            return {*known, ROWS}
        return {name for name in known if name == pattern or fnmatchcase(name, pattern)} - {ROWS}


def _fold(ref: ColumnRef) -> ColumnRef:
    return ref[0], ref[1].lower()


def _names(pattern: str, asset: AssetName) -> bool:
    return fnmatchcase(asset, pattern) or fnmatchcase(table_of(asset), pattern)


def _splits(value: str) -> list[tuple[str, str]]:
    """The ways to read a value as asset and column; names of columns may hold dots."""
    parts = value.split(".")
    return [
        (".".join(parts[:at]), ".".join(parts[at:]).lower()) for at in (2, 1) if len(parts) > at
    ]

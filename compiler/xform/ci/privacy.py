"""Which columns must not be shown of a change: a comment may be read by anybody."""

from __future__ import annotations

from collections.abc import Mapping

from xform.app.compiling.compiled import Compilation
from xform.app.lineage.columns import ANY, LineageReader
from xform.base.names import AssetName
from xform.checks.queries import hidden_in


def private_columns(*compilations: Compilation) -> Mapping[AssetName, frozenset[str]]:
    """The columns, in lower case, that any of these versions of a project tags `pii`, or computes
    from such a column: a change may take the tag away, or give the value another name."""
    found: dict[AssetName, frozenset[str]] = {}
    for compilation in compilations:
        for asset, columns in _of(compilation).items():
            found[asset] = found.get(asset, frozenset()) | columns
    return found


def _of(compilation: Compilation) -> dict[AssetName, frozenset[str]]:
    found: dict[AssetName, frozenset[str]] = {}
    reader = LineageReader(compilation)
    for name, compiled in compilation.assets.items():
        private = set(hidden_in(compilation.declared[name]))
        if any(found.get(read) for read in compiled.depends_on):
            for column in compilation.body(name).schema.columns or ():
                values = reader.value(name, column.name)
                if any(_is_private(found.get(asset), read) for asset, read in values):
                    private.add(column.name.lower())
        if private:
            found[name] = frozenset(private)
    return found


def _is_private(columns: frozenset[str] | None, read: str) -> bool:
    return bool(columns) and (read == ANY or read.lower() in (columns or ()))

"""What the compiler knows of one relation after binding: small, frozen, storable.

Later stages see these and never a tree.
"""

from __future__ import annotations

import msgspec

from xform.base.names import AssetName, ColumnRef
from xform.sema.meaning import ORDER, WHOLE, Hole, Meaning

UNKNOWN_TYPE = "unknown"


class SchemaColumn(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`required`: it is known never to be NULL."""

    name: str
    type: str = UNKNOWN_TYPE
    required: bool = False


class Schema(msgspec.Struct, frozen=True, array_like=True):
    """The columns that a reader of an asset sees. `columns` is None where they are not known;
    `broken` where that is because the asset has errors of its own, which are not repeated."""

    columns: tuple[SchemaColumn, ...] | None
    broken: bool = False


class OutputColumn(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A column of a model: its value lineage, its definition in the model's meaning, and whether
    it is known never to be NULL."""

    name: str
    type: str
    value: tuple[ColumnRef, ...]
    meaning: Hole
    required: bool = False


class ModelFacts(msgspec.Struct, frozen=True, array_like=True):
    """A bound query.

    `rows` is the row lineage; `scans` are the assets read, sorted; `columns_open` says that the
    query yields columns that are not known (a star over an unknown schema). `order` is the
    definition of the final ORDER BY, or None; `row_order` that of all that decides the order of
    its rows, for readers that depend on it. `clock` lists what it asks the clock or chance for:
    `day`, `run`. `others` is the value lineage of the columns that are not known, taken together.
    """

    columns: tuple[OutputColumn, ...]
    rows: tuple[ColumnRef, ...]
    scans: tuple[AssetName, ...]
    rows_meaning: Hole
    order: Hole | None
    meaning: Meaning
    columns_open: bool = False
    clock: tuple[str, ...] = ()
    row_order: Hole | None = None
    others: tuple[ColumnRef, ...] = ()

    def ordered(self) -> bool:
        """Whether what it yields depends on the order of the rows that it reads."""
        definitions, externals = self.meaning.definitions, self.meaning.externals
        pending = [self.rows_meaning, *(column.meaning for column in self.columns)]
        seen: set[Hole] = set()
        while pending:
            hole = pending.pop()
            if hole in seen:
                continue
            seen.add(hole)
            if hole >= 0:
                pending.extend(definitions[hole].holes)
            elif externals[~hole].column in (WHOLE, ORDER):
                return True
        return False

    def schema(self) -> Schema:
        if self.columns_open:
            return Schema(None)
        return Schema(
            tuple(SchemaColumn(item.name, item.type, item.required) for item in self.columns)
        )

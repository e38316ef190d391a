"""How the data of two relations differ: what a comparison yields, ready to be shown or stored.

`left` and `right` are the two sides throughout: what differs is told as a way from left to right,
so a row *removed* is one that only the left side has.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from xform.base.names import AssetName

Change: TypeAlias = Literal["same", "changed", "added", "removed"]
"""`added`, `removed`: only one side shows the asset at all."""
Kind: TypeAlias = Literal["changed", "added", "removed"]


class ColumnDiff(msgspec.Struct, frozen=True):
    """One column, by its name on the right side, or on the left where it was removed.

    A type is None where the side has no such column. `moved`: it stands elsewhere among the
    columns that both sides have. `compared_as` is the type that both were cast to where theirs
    differ. `differing` counts pairs of rows whose values differ; None where it was not compared:
    the columns of the key, added and removed ones, and all where there is no key. The numbers of
    NULLs and of distinct values are over the rows that were compared.
    """

    name: str
    left_type: str | None
    right_type: str | None
    moved: bool = False
    key: bool = False
    compared_as: str | None = None
    differing: int | None = None
    left_nulls: int | None = None
    right_nulls: int | None = None
    left_distinct: int | None = None
    right_distinct: int | None = None

    @property
    def retyped(self) -> bool:
        return None not in (self.left_type, self.right_type) and self.left_type != self.right_type

    @property
    def reshaped(self) -> bool:
        """Whether the schema differs in it."""
        return self.moved or self.left_type != self.right_type


class Repeats(msgspec.Struct, frozen=True):
    """On one side: keys that stand in several rows, and those rows; and the rows whose key has a
    NULL in it."""

    keys: int
    rows: int
    nulls: int


class KeyDiff(msgspec.Struct, frozen=True):
    """The columns that rows are paired by, and where they were taken from: `option`, `grain`,
    `unique` (a test) or `unique_key`. NULL equals NULL."""

    columns: tuple[str, ...]
    source: str
    left: Repeats
    right: Repeats

    @property
    def unique(self) -> bool:
        return not self.left.keys and not self.right.keys

    @property
    def lost(self) -> bool:
        """Whether it is unique on the left alone."""
        return bool(self.right.keys) and not self.left.keys


class RowsDiff(msgspec.Struct, frozen=True):
    """Numbers of rows. `left` and `right` are all that there are, `left_compared` and
    `right_compared` those that were compared, which hold:

        left_compared = equal + changed + removed
        right_compared = equal + changed + added

    A key that is unique on both sides pairs its rows (`paired`): they are equal or changed. Rows
    with a key that is repeated on a side, and all rows where there is no key, are equal, added or
    removed as a whole, each as often as it stands there.
    """

    left: int
    right: int
    left_compared: int
    right_compared: int
    paired: int
    equal: int
    changed: int
    added: int
    removed: int

    @property
    def differ(self) -> bool:
        return bool(self.changed or self.added or self.removed or self.left != self.right)

    @property
    def share(self) -> float:
        """Of all rows of both sides, those that are not the same on both: 0.0 to 1.0."""
        every = self.equal + self.changed + self.added + self.removed
        return (self.changed + self.added + self.removed) / every if every else 0.0


class Cell(msgspec.Struct, frozen=True):
    """The value of a column on both sides, as the engine writes it; None is NULL, and the side
    that has no such row. A long text is cut, with `…` where something is left out."""

    column: str
    left: str | None
    right: str | None


class Example(msgspec.Struct, frozen=True):
    """A row that differs. `key` are the columns of its key; `cells` of a changed row those that
    differ, else the first ones. Columns that must not be shown are in neither; `more` counts the
    cells that were left out for want of room. `copies`: so many rows are like it."""

    kind: Kind
    key: tuple[Cell, ...]
    cells: tuple[Cell, ...]
    more: int = 0
    copies: int = 1


class TableDiff(msgspec.Struct, frozen=True):
    """One asset on both sides. `left_build` and `right_build` name what is shown there. Without
    `rows` nothing was asked of the data: both show the same build, or only one shows it.

    `sample` is the share of keys that was compared, where it is not all: the same keys on both
    sides, chosen by a hash (without a key, rows by a hash of all columns). `distinct_exact`:
    whether the numbers of distinct values are counted or estimated. `private` are columns whose
    values are never shown. `problem` says why rows could not be compared.
    """

    asset: AssetName
    change: Change
    left_build: str | None
    right_build: str | None
    columns: tuple[ColumnDiff, ...] = ()
    rows: RowsDiff | None = None
    key: KeyDiff | None = None
    sample: float | None = None
    float_digits: int | None = None
    distinct_exact: bool = True
    private: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    problem: str = ""

    @property
    def same_build(self) -> bool:
        return self.left_build is not None and self.left_build == self.right_build

    @property
    def differs(self) -> bool:
        return self.change != "same"

    @property
    def gravity(self) -> tuple[int, float, str]:
        """Sorts the worst first: what breaks readers, then by the share of rows that differ."""
        dropped = any(c.right_type is None or c.retyped for c in self.columns)
        breaking = self.change == "removed" or dropped or (self.key is not None and self.key.lost)
        rank = 0 if self.problem else 1 if breaking else 2 if self.differs else 3
        return rank, -(self.rows.share if self.rows is not None else 0.0), self.asset


class DataDiff(msgspec.Struct, frozen=True):
    """What two environments show, compared: the worst first."""

    left: str
    right: str
    tables: tuple[TableDiff, ...]

    @property
    def differs(self) -> bool:
        return any(table.differs for table in self.tables)


def share_text(part: int, whole: int) -> str:
    """A share in percent, rounded: but only all is 100%, and only none 0%."""
    if not whole:
        return "-"
    if part in (0, whole):
        return "0%" if part == 0 else "100%"
    percent = 100 * part / whole
    if percent < 0.01:
        return "<0.01%"
    if percent > 99.99:
        return ">99.99%"
    return f"{percent:.2f}".rstrip("0").rstrip(".") + "%"

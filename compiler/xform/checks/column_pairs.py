"""The columns of two relations side by side, and the SQL in which their values can be compared."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xform.sql.dialects import quote

Columns: TypeAlias = Sequence[tuple[str, str]]
"""(name, type)"""

TEXT = "VARCHAR"
_FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """A column that both sides have: names and types on the (left, right) side. `type` is the one
    in which the values are compared."""

    names: tuple[str, str]
    types: tuple[str, str]
    type: str
    moved: bool = False

    @property
    def name(self) -> str:
        return self.names[1]

    def written(self, side: int) -> str:
        """The column as it stands."""
        return quote(self.names[side])

    def value(self, side: int, digits: int | None = None) -> str:
        """The value as it is compared: of one type on both sides, floats rounded to `digits`
        behind the point. An engine holds that a month equals 30 days, which is not to be told
        alike here: intervals are compared as they are written."""
        found = self.written(side)
        if "INTERVAL" in self.type:
            return f"cast({found} as {TEXT})"
        if self.types[side] != self.type:
            found = f"cast({found} as {self.type})"
        if digits is not None and self.type in _FLOATS:
            return f"round({found}, {digits})"
        return found


def retyped(left: Columns, right: Columns) -> dict[str, tuple[tuple[str, str], tuple[str, str]]]:
    """(names, types) of the columns whose types differ, by their folded names."""
    theirs = {name.lower(): (name, kind) for name, kind in right}
    return {
        name.lower(): ((name, found[0]), (kind, found[1]))
        for name, kind in left
        if (found := theirs.get(name.lower())) is not None and found[1] != kind
    }


def pairs_of(left: Columns, right: Columns, common: Mapping[str, str]) -> list[ColumnPair]:
    """The columns that both sides have, in the order of the right one. `common` gives the type to
    compare retyped columns in, by folded name."""
    places = {name.lower(): place for place, (name, _) in enumerate(left)}
    both = [(name, kind) for name, kind in right if name.lower() in places]
    moved = _moved([places[name.lower()] for name, _ in both])
    found = []
    for place, (name, kind) in enumerate(both):
        theirs = left[places[name.lower()]]
        as_type = common.get(name.lower(), kind)
        found.append(
            ColumnPair((theirs[0], name), (theirs[1], kind), as_type, moved=place in moved)
        )
    return found


def is_float(kind: str) -> bool:
    return kind in _FLOATS


def _moved(places: Sequence[int]) -> set[int]:
    """Which members of a permutation have to move to put it in order, as few as can be: those
    outside of a longest increasing subsequence (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int | None] = []
    for at, place in enumerate(places):
        pile = bisect_left(tails, place)
        before.append(ends[pile - 1] if pile else None)
        if pile == len(tails):
            tails.append(place)
            ends.append(at)
        else:
            tails[pile], ends[pile] = place, at
    kept: set[int] = set()
    at_last = ends[-1] if ends else None
    while at_last is not None:
        kept.add(at_last)
        at_last = before[at_last]
    return set(range(len(places))) - kept

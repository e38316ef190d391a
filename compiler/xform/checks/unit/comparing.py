"""What is expected against what came out: equal, or cell by cell what differs.

Values come as text, made by the engine from values of one type, so equal texts are equal values.
NULL equals NULL; numbers with a fraction may differ within a tolerance. Where the order of rows
does not count, rows that are equal find each other first, then those with one key, then those that
have most in common.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from xform.plan.cells import Change, Difference, Row
from xform.sema.types.type import read

CLOSE = 1e-9
"""By what part of themselves floating-point numbers may differ: by as much as they do when rows
are added up in another order."""
_MOST_PAIRS = 40_000
"""Pairs of rows that are compared to find those with most in common."""


def difference(
    columns: Sequence[tuple[str, str]],
    expected: Sequence[Row],
    actual: Sequence[Row],
    *,
    ordered: bool = False,
    tolerance: float | None = None,
    keys: Sequence[int] = (),
) -> Difference | None:
    """None where all is as expected. `keys` are the columns by which a row is known, if any."""
    same = _Sameness(columns, tolerance)
    changes: list[Change] = []
    equal = 0
    order = False
    if ordered:
        changes, equal = _in_order(expected, actual, same)
        if changes and len(expected) == len(actual):
            loose = difference(columns, expected, actual, tolerance=tolerance)
            order = loose is None
    else:
        left, right = _unequal(expected, actual, same)
        equal = len(expected) - len(left)
        changes = _matched(left, right, same, keys)
    if not changes:
        return None
    return Difference(tuple(columns), tuple(changes), equal, len(expected), len(actual), order)


class _Sameness:
    """Whether cells are the same."""

    def __init__(self, columns: Sequence[tuple[str, str]], tolerance: float | None) -> None:
        self._tolerance = tolerance
        self._loose = [self._is_loose(kind) for _, kind in columns]

    def _is_loose(self, kind: str) -> bool:
        name = read(kind.lower()).name
        return name in ("float", "double") or (name == "decimal" and self._tolerance is not None)

    @property
    def exact(self) -> bool:
        return not any(self._loose)

    def cells(self, number: int, one: str | None, other: str | None) -> bool:
        if one == other:
            return True
        if one is None or other is None or not self._loose[number]:
            return False
        try:
            left, right = float(one), float(other)
        except ValueError:
            return False
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return math.isclose(left, right, rel_tol=CLOSE, abs_tol=self._tolerance or 0.0)

    def rows(self, one: Row, other: Row) -> bool:
        return all(
            self.cells(number, left, right)
            for number, (left, right) in enumerate(zip(one, other, strict=True))
        )

    def differ(self, one: Row, other: Row) -> tuple[int, ...]:
        return tuple(
            number
            for number, (left, right) in enumerate(zip(one, other, strict=True))
            if not self.cells(number, left, right)
        )


def _in_order(
    expected: Sequence[Row], actual: Sequence[Row], same: _Sameness
) -> tuple[list[Change], int]:
    changes: list[Change] = []
    equal = 0
    for number in range(max(len(expected), len(actual))):
        want = expected[number] if number < len(expected) else None
        got = actual[number] if number < len(actual) else None
        if want is None or got is None:
            changes.append(Change(want, got))
        elif differ := same.differ(want, got):
            changes.append(Change(want, got, differ))
        else:
            equal += 1
    return changes, equal


def _unequal(
    expected: Sequence[Row], actual: Sequence[Row], same: _Sameness
) -> tuple[list[Row], list[Row]]:
    """The rows of both sides that have no equal on the other, each counted once."""
    left: list[Row] = []
    counts: dict[Row, int] = {}
    for row in actual:
        counts[row] = counts.get(row, 0) + 1
    for row in expected:
        if counts.get(row, 0):
            counts[row] -= 1
        else:
            left.append(row)
    right = [row for row, count in counts.items() for _ in range(count)]
    if same.exact or len(left) * len(right) > _MOST_PAIRS:
        return left, right
    rest: list[Row] = []
    for row in left:
        found = next((at for at, other in enumerate(right) if same.rows(row, other)), None)
        if found is None:
            rest.append(row)
        else:
            del right[found]
    return rest, right


def _matched(
    left: list[Row], right: list[Row], same: _Sameness, keys: Sequence[int]
) -> list[Change]:
    """The rows that are left, put together: by key, then by what they have in common."""
    partners: dict[int, int] = {}
    taken: set[int] = set()
    if keys:
        by_key: dict[Row, list[int]] = {}
        for number, row in enumerate(right):
            by_key.setdefault(tuple(row[at] for at in keys), []).append(number)
        for number, row in enumerate(left):
            found = by_key.get(tuple(row[at] for at in keys))
            if found:
                partners[number] = found.pop(0)
                taken.add(partners[number])
    if len(left) * len(right) <= _MOST_PAIRS:
        scored = sorted(
            (len(differ), one, other)
            for one, row in enumerate(left)
            if one not in partners
            for other, candidate in enumerate(right)
            if other not in taken
            if len(differ := same.differ(row, candidate)) < len(row)
        )
        for _, one, other in scored:
            if one not in partners and other not in taken:
                partners[one] = other
                taken.add(other)
    changes = [
        Change(row, right[partners[one]], same.differ(row, right[partners[one]]))
        if one in partners
        else Change(row, None)
        for one, row in enumerate(left)
    ]
    return changes + [Change(None, row) for other, row in enumerate(right) if other not in taken]

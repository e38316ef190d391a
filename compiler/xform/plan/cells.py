"""Two sets of rows, cell by cell: what was expected and what came out, as pure data.

Made by `checks/unit/comparing.py`. Values are text, made by the engine of values of one type.
"""

from __future__ import annotations

import msgspec

Row = tuple[str | None, ...]


class Change(msgspec.Struct, frozen=True):
    """A row expected and the one that stands for it: None where there is none. `differ` are the
    numbers of columns whose cells differ."""

    expected: Row | None
    actual: Row | None
    differ: tuple[int, ...] = ()


class Difference(msgspec.Struct, frozen=True):
    """How the rows differ, over `columns` (name, type). `equal` rows are as expected; `order` says
    that only the order is another."""

    columns: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    equal: int
    expected: int
    actual: int
    order: bool = False

    @property
    def message(self) -> str:
        """In words: `1 row differs, 2 are missing`."""
        if self.order:
            return "the rows are in another order"
        changed = sum(c.expected is not None and c.actual is not None for c in self.changes)
        missing = sum(c.actual is None for c in self.changes)
        extra = sum(c.expected is None for c in self.changes)
        parts = []
        for number, one, several in (
            (changed, "row differs", "rows differ"),
            (missing, "row is missing", "rows are missing"),
            (extra, "row too many", "rows too many"),
        ):
            if number:
                parts.append(f"{number:,} {one if number == 1 else several}")
        return f"{', '.join(parts)} (of {self.expected:,} expected)"

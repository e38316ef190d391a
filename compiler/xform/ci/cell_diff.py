"""What was expected of a unit test against what came out, as lines of plain text.

  day         orders  total
- 2024-01-01  2       55
+ 2024-01-01  2       56
"""

from __future__ import annotations

from collections.abc import Sequence

from xform.plan.cells import Difference, Row
from xform.plan.unit_outcome import FailingTest

_MOST_ROWS = 20
_MOST_COLUMNS = 12
_WIDEST = 40


def test_lines(test: FailingTest) -> list[str]:
    """What keeps a test from passing: its cells, else what was said."""
    if test.difference is not None:
        return cell_lines(test.difference)
    return [f"{item.span}: {item.message}" for item in test.diagnostics]


def cell_lines(differs: Difference) -> list[str]:
    """Columns that differ come first where there are too many."""
    wrong = {at for change in differs.changes for at in change.differ}
    order = sorted(range(len(differs.columns)), key=lambda at: (at not in wrong, at))
    chosen = sorted(order[:_MOST_COLUMNS])
    shown = differs.changes[:_MOST_ROWS]
    lines = [(" ", [differs.columns[at][0] for at in chosen])]
    for change in shown:
        for mark, row in (("-", change.expected), ("+", change.actual)):
            if row is not None:
                lines.append((mark, _cells(row, chosen)))
    widths = [max(len(cells[at]) for _, cells in lines) for at in range(len(chosen))]
    told = [
        f"{mark} {'  '.join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True))}".rstrip()
        for mark, cells in lines
    ]
    if len(differs.changes) > len(shown):
        told.append(f"  and {len(differs.changes) - len(shown):,} more rows")
    if len(differs.columns) > len(chosen):
        told.append(f"  and {len(differs.columns) - len(chosen):,} more columns")
    return told


def _cells(row: Row, chosen: Sequence[int]) -> list[str]:
    return [_text(row[at]) for at in chosen]


def _text(cell: str | None) -> str:
    if cell is None:
        return "NULL"
    flat = "".join(char if char.isprintable() else "·" for char in cell) or "''"
    return flat if len(flat) <= _WIDEST else f"{flat[: _WIDEST - 1]}…"

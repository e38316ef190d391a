"""Unit tests as lines: which passed, and of those that failed, cell by cell what differs.

fail  totals of shop.sales: 1 row differs (of 2 expected)
          day           orders    total
        - 2024-01-01         2  - 55
        + 2024-01-01         2  + 56
"""

from __future__ import annotations

from collections.abc import Sequence

from xform.app.unit_tests.running import UnitResult
from xform.console.cells import cut, pad, printable, width
from xform.console.terminal import Surface
from xform.console.text import EMPTY, Fragment, Line, Style, dim, line, strong, wrap
from xform.console.words import count, duration
from xform.plan.cells import Change, Difference, Row

_INDENT = 4
_MOST_CELLS = 32
_MOST_ROWS = 20


def unit_lines(results: Sequence[UnitResult], surface: Surface) -> list[Line]:
    """What did not pass, and a line for all."""
    lines = failure_lines(results, surface)
    return [*lines, *([EMPTY] if lines else []), _summary(results, surface)]


def failure_lines(results: Sequence[UnitResult], surface: Surface) -> list[Line]:
    """What did not pass, one under the other."""
    lines: list[Line] = []
    for result in results:
        if result.status == "pass":
            continue
        if lines:
            lines.append(EMPTY)
        head = f"  {result.name} of {result.model}"
        said = result.difference.message if result.difference is not None else ""
        lines += wrap(
            line(Fragment(result.status, Style.ERROR), strong(head), f": {said}" if said else ""),
            surface.width,
            hang=_INDENT,
        )
        if result.difference is not None:
            lines += difference_lines(result.difference, surface)
    return lines


def difference_lines(differs: Difference, surface: Surface) -> list[Line]:
    """The rows that differ under the names of the columns; as many columns as fit, those that
    differ first."""
    shown = list(differs.changes[:_MOST_ROWS])
    chosen = _chosen(differs, shown, surface)
    widths = [_width(differs, shown, at) for at in chosen]
    ellipsis = surface.symbols.ellipsis
    indent = " " * _INDENT
    names = [
        f"  {pad(cut(printable(differs.columns[at][0]), size, ellipsis), size)}"
        for at, size in zip(chosen, widths, strict=True)
    ]
    lines = [line(indent, "  ", dim("  ".join(names)))]
    for change in shown:
        for mark, row, style in (
            ("-", change.expected, Style.GONE),
            ("+", change.actual, Style.NEW),
        ):
            if row is not None:
                lines.append(_row(indent, mark, row, style, change, chosen, widths, ellipsis))
    if len(differs.changes) > len(shown):
        lines.append(line(indent, dim(f"and {len(differs.changes) - len(shown):,} more")))
    hidden = len(differs.columns) - len(chosen)
    more = f"; {count(hidden, 'more column')}" if hidden else ""
    lines.append(line(indent, dim(f"- expected  + came out{more}")))
    return lines


def _row(
    indent: str,
    mark: str,
    row: Row,
    style: Style,
    change: Change,
    chosen: Sequence[int],
    widths: Sequence[int],
    ellipsis: str,
) -> Line:
    whole = change.expected is None or change.actual is None
    parts: list[str | Fragment] = [indent, Fragment(mark, style), " "]
    for number, (at, size) in enumerate(zip(chosen, widths, strict=True)):
        differs = at in change.differ
        text = pad(cut(_text(row[at]), size, ellipsis), size)
        parts += ["  " if number else "", Fragment(f"{mark} " if differs else "  ", style)]
        parts.append(Fragment(text, style if differs or whole else Style.PLAIN))
    return line(*parts)


def _chosen(differs: Difference, shown: Sequence[Change], surface: Surface) -> list[int]:
    """The columns that fit, in their order: those that differ go first."""
    wrong = {at for change in shown for at in change.differ}
    order = sorted(range(len(differs.columns)), key=lambda at: (at not in wrong and at > 0, at))
    room = surface.width - _INDENT - 2
    chosen: list[int] = []
    for at in order:
        room -= _width(differs, shown, at) + 4
        if chosen and room < 0:
            break
        chosen.append(at)
    return sorted(chosen)


def _width(differs: Difference, shown: Sequence[Change], at: int) -> int:
    rows = [row for change in shown for row in (change.expected, change.actual) if row is not None]
    longest = max((width(_text(row[at])) for row in rows), default=0)
    return min(max(longest, width(printable(differs.columns[at][0]))), _MOST_CELLS)


def _text(cell: str | None) -> str:
    return "NULL" if cell is None else printable(cell) if cell else "''"


def _summary(results: Sequence[UnitResult], surface: Surface) -> Line:
    passed = sum(result.status == "pass" for result in results)
    again = sum(result.again for result in results)
    failed = sum(result.status == "fail" for result in results)
    broken = sum(result.status == "error" for result in results)
    parts = [f"{count(passed, 'unit test')} passed"]
    if again:
        parts.append(f"{again:,} of them before, unchanged since")
    if failed:
        parts.append(f"{failed:,} failed")
    if broken:
        parts.append(f"{broken:,} could not run")
    parts.append(duration(sum(result.seconds for result in results)))
    bad = failed or broken
    head = Fragment("failed" if bad else "done", Style.ERROR if bad else Style.GOOD)
    return line(head, strong(f": {f' {surface.symbols.dot} '.join(parts)}"))

"""Rows of an asset as a table: what fits the terminal, cut where it does not.

flight_date  carrier  flights
date         varchar   bigint
───────────  ───────  ───────
2013-01-01   UA           165
2013-01-01   NULL          12
"""

from __future__ import annotations

import datetime
import decimal
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xform.console.cells import cut, pad, printable, width
from xform.console.terminal import Surface
from xform.console.text import Fragment, Line, dim, frame, line, strong, wrap
from xform.console.words import count
from xform.run.ports import QueryResult

_GAP = "  "
_CAPS = (40, 24, 16)
"""How wide a column may be, tried in turn until all columns fit."""

_NUMBERS = re.compile(
    r"(u?(tiny|small|big|huge)int|u?int(eger)?\d*|int\d+|float\d*|real|double( precision)?"
    r"|decimal|numeric|number)\b(?!\[)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    cells: tuple[str | None, ...]
    """Values as text; None is NULL."""

    @property
    def right(self) -> bool:
        return bool(_NUMBERS.match(self.type)) and not self.type.endswith("]")

    @property
    def natural_width(self) -> int:
        values = max((width(_text(cell)) for cell in self.cells), default=0)
        return max(width(self.name), width(self.type), values)


def table_lines(result: QueryResult, surface: Surface, *, total: int | None = None) -> list[Line]:
    """The rows, with a count below. `total` is how many there are in all, where known."""
    columns = [
        _Column(
            printable(name),
            printable(type_).lower(),
            tuple(_cell(row[at]) for row in result.rows),
        )
        for at, (name, type_) in enumerate(result.columns)
    ]
    widths = _fit(columns, surface)
    shown = columns[: len(widths)]
    ellipsis = surface.symbols.ellipsis
    lines = [
        _row([(column.name, strong) for column in shown], shown, widths, ellipsis),
        _row([(column.type, dim) for column in shown], shown, widths, ellipsis),
        line(frame(_GAP.join(surface.symbols.rule * size for size in widths))),
    ]
    for at in range(len(result.rows)):
        values = [
            (_text(column.cells[at]), dim if column.cells[at] is None else Fragment)
            for column in shown
        ]
        lines.append(_row(values, shown, widths, ellipsis))
    lines.append(line(dim(_count(len(result.rows), total))))
    folded = [column.name for column in columns[len(shown) :]]
    if folded:
        text = f"{count(len(folded), 'more column')}: {', '.join(folded)}"
        lines += wrap(line(dim(text)), surface.width, hang=2)
    return lines


def _count(shown: int, total: int | None) -> str:
    if total is None or total <= shown:
        return count(shown, "row")
    return f"{shown:,} of {count(total, 'row')}"


def _row(
    values: Sequence[tuple[str, Any]],
    columns: Sequence[_Column],
    widths: Sequence[int],
    ellipsis: str,
) -> Line:
    parts: list[Fragment | str] = []
    for (text, style), column, size in zip(values, columns, widths, strict=True):
        parts += [_GAP] if parts else []
        parts.append(style(pad(cut(text, size, ellipsis), size, right=column.right)))
    return line(*parts)


def _fit(columns: Sequence[_Column], surface: Surface) -> list[int]:
    """The widths of the columns that are shown, from the first on: all, cut narrower where that
    makes them fit, else as many as do. Numbers are never cut to fit more columns."""
    natural = [column.natural_width for column in columns]
    widths: list[int] = []
    for cap in _CAPS:
        widths = [
            size if column.right else min(size, cap)
            for column, size in zip(columns, natural, strict=True)
        ]
        if sum(widths) + len(_GAP) * (len(widths) - 1) <= surface.width:
            return widths
    shown: list[int] = []
    used = 0
    for size in widths:
        used += size + (len(_GAP) if shown else 0)
        if shown and used > surface.width:
            break
        shown.append(min(size, surface.width))
    return shown


def _text(cell: str | None) -> str:
    return "NULL" if cell is None else cell


def _cell(value: Any) -> str | None:
    """A value as text on one line: dates as ISO 8601, bytes in hexadecimal, the rest nested."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case datetime.datetime():
            return value.isoformat(sep=" ")
        case bytes() | bytearray() | memoryview():
            return "\\x" + bytes(value).hex()
        case dict() | list() | tuple():
            return printable(json.dumps(_plain(value), ensure_ascii=False))
        case decimal.Decimal():
            return f"{value:f}"
        case _:
            return printable(str(value))


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return _cell(value)

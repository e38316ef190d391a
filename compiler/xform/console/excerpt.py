"""Source excerpts: the lines of a file that a diagnostic points at, with marks under them.

Drawn as rustc does: `^^^^` under the place itself, `----` under second places, and a rail at the
left of a place that spans lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xform.base.spans import Span
from xform.console.cells import character_width, printable, width
from xform.console.terminal import Surface
from xform.console.text import Fragment, Line, Style, line, wrap

TAB = 4
MOST_LINES = 6
"""A place that spans more lines than this is shown by its first lines and its last."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to mark, with what is to be seen there; one mark of an excerpt is primary."""

    span: Span
    message: str
    primary: bool
    style: Style


@dataclass(frozen=True, slots=True)
class _Row:
    """A source line as displayed: its pieces, each with its first cell, and the cell at which
    each character of the file begins (one more entry for the end)."""

    pieces: tuple[tuple[int, str], ...]
    cells: tuple[int, ...]

    @property
    def width(self) -> int:
        return self.cells[-1]

    def cell(self, column: int) -> int:
        """The cell of a column (from 1), clamped to the line."""
        return self.cells[max(0, min(column - 1, len(self.cells) - 1))]

    def blank_before(self, cell: int) -> bool:
        return all(at >= cell or piece.isspace() for at, piece in self.pieces)


@dataclass(frozen=True, slots=True)
class _Window:
    """The cells of a row that are shown: `text`, and the row's cell at which it begins."""

    text: str
    start: int
    size: int

    def place(self, cell: int) -> int:
        return max(0, min(cell - self.start, self.size))


def gutter_digits(marks: Sequence[Mark]) -> int:
    return max((len(str(mark.span.end_line)) for mark in marks), default=1)


def excerpt(text: str, marks: Sequence[Mark], digits: int, surface: Surface) -> list[Line]:
    """The marked lines of one file; empty where the file has no such lines (any more).

    `digits` is the width of the line numbers.
    """
    source = text.split("\n")
    fitting = [_fit(mark, source) for mark in marks if 1 <= mark.span.line <= len(source)]
    if not fitting:
        return []
    block = next((mark for mark in fitting if _spans_lines(mark) and mark.primary), None)
    singles = [_first_line(mark, source) for mark in fitting if mark is not block]
    drawing = _Drawing(source, block, singles, digits, surface)
    return drawing.lines()


def _spans_lines(mark: Mark) -> bool:
    return mark.span.end_line > mark.span.line


def _fit(mark: Mark, source: Sequence[str]) -> Mark:
    """The mark within the text as it is, not ending at the very start of a line."""
    span = mark.span
    end_line, end_column = min(span.end_line, len(source)), span.end_column
    if end_line < span.end_line:
        end_column = len(source[end_line - 1]) + 1
    while end_line > span.line and not source[end_line - 1][: end_column - 1].strip():
        end_line -= 1
        end_column = len(source[end_line - 1].rstrip()) + 1
    fitted = Span(span.path, span.line, span.column, max(end_line, span.line), end_column)
    return Mark(fitted, mark.message, mark.primary, mark.style)


def _first_line(mark: Mark, source: Sequence[str]) -> Mark:
    if not _spans_lines(mark):
        return mark
    span = mark.span
    end = len(source[span.line - 1].rstrip()) + 1
    shortened = Span(span.path, span.line, span.column, span.line, end)
    return Mark(shortened, mark.message, mark.primary, mark.style)


def _lay_out(text: str) -> _Row:
    pieces: list[tuple[int, str]] = []
    cells: list[int] = []
    at = 0
    for character in text.rstrip():
        cells.append(at)
        shown = " " * (TAB - at % TAB) if character == "\t" else printable(character)
        size = width(shown)
        pieces.append((at, shown))
        at += size
    cells.append(at)
    return _Row(tuple(pieces), tuple(cells))


def _window(row: _Row, focus: int, room: int, ellipsis: str) -> _Window:
    """What is shown of a row in `room` cells; of a longer one, the part around `focus`."""
    if row.width <= room:
        return _Window("".join(piece for _, piece in row.pieces), 0, room)
    edge = width(ellipsis)
    start = 0 if focus < room * 3 // 4 else focus - room // 3
    start = min(start, row.width - room)
    low = start + (edge if start else 0)
    high = start + room - (edge if start + room < row.width else 0)
    shown = ellipsis if start else ""
    at = low
    for cell, piece in row.pieces:
        for character in piece:
            size = character_width(character)
            if cell >= low and cell + size <= high:
                shown += " " * (cell - at) + character
                at = cell + size
            cell += size
    if high < start + room:
        shown += " " * (high - at) + ellipsis
    return _Window(shown, start, room)


class _Drawing:
    """One excerpt being drawn."""

    def __init__(
        self,
        source: Sequence[str],
        block: Mark | None,
        singles: Sequence[Mark],
        digits: int,
        surface: Surface,
    ) -> None:
        self._source = source
        self._block = block
        self._singles = singles
        self._digits = digits
        self._rail = 2 if block else 0
        self._room = max(surface.width - digits - 3 - self._rail, 16)
        self._ellipsis = surface.symbols.ellipsis

    def lines(self) -> list[Line]:
        drawn: list[Line] = []
        before: int | None = None
        for number in self._numbers():
            if before is not None and number > before + 1:
                rail = self._rail_part(before + 1, "|")
                drawn.append(line(Fragment("...".ljust(self._digits + 3), Style.FRAME), *rail))
            drawn.extend(self._source_line(number))
            before = number
        return drawn

    def _numbers(self) -> list[int]:
        """The lines to show, from 1; a gap of a single line is shown too."""
        wanted = {mark.span.line for mark in self._singles}
        if self._block:
            first, last = self._block.span.line, self._block.span.end_line
            if last - first < MOST_LINES:
                wanted.update(range(first, last + 1))
            else:
                wanted.update((first, first + 1, first + 2, last))
        wanted.update(
            number + 1
            for number in tuple(wanted)
            if number + 2 in wanted and number + 1 not in wanted
        )
        return sorted(wanted)

    def _source_line(self, number: int) -> list[Line]:
        row = _lay_out(self._source[number - 1])
        marks = sorted(
            (mark for mark in self._singles if mark.span.line == number),
            key=lambda mark: (mark.span.column, not mark.primary),
        )
        window = _window(row, self._focus(row, number, marks), self._room, self._ellipsis)
        block = self._block
        opens = block is not None and block.span.line == number
        flush = opens and block is not None and row.blank_before(row.cell(block.span.column))
        rail = self._rail_part(number, "/" if flush else " " if opens else "|")
        numbered = Fragment(f"{number:>{self._digits}} | ", Style.FRAME)
        drawn = [line(numbered, *rail, window.text)]
        if opens and not flush and block is not None:
            start = window.place(row.cell(block.span.column))
            drawn.append(self._under(Fragment(f" {'_' * (start + 1)}^", block.style)))
        for content in self._marked(row, window, marks):
            below = self._rail_part(number, " " if opens and not flush else "|")
            drawn.append(self._under(*below, content))
        if block is not None and block.span.end_line == number:
            end = max(window.place(row.cell(block.span.end_column)), 1)
            message = f" {block.message}" if block.message else ""
            drawn.append(self._under(Fragment(f"|{'_' * end}^{message}", block.style)))
        return drawn

    def _focus(self, row: _Row, number: int, marks: Sequence[Mark]) -> int:
        """The cell that must be seen."""
        if self._block is not None and number == self._block.span.end_line:
            return row.cell(self._block.span.end_column)
        shown = min(marks, key=lambda mark: not mark.primary, default=None)
        return row.cell(shown.span.column) if shown else 0

    def _rail_part(self, number: int, piece: str) -> tuple[Fragment, ...]:
        block = self._block
        if block is None:
            return ()
        inside = block.span.line <= number <= block.span.end_line
        return (Fragment(f"{piece if inside else ' '} ", block.style),)

    def _under(self, *parts: Fragment | Line) -> Line:
        return line(Fragment(f"{'':{self._digits}} | ", Style.FRAME), *parts)

    def _marked(self, row: _Row, window: _Window, marks: Sequence[Mark]) -> list[Line]:
        """The rows under a source line: the marks, then the messages from right to left."""
        if not marks:
            return []
        placed = [(self._extent(row, window, mark), mark) for mark in marks]
        drawn = [_Canvas()]
        for (start, end), mark in sorted(placed, key=lambda item: item[1].primary):
            for cell in range(start, end):
                drawn[0].put(cell, "^" if mark.primary else "-", mark.style)
        spoken = [((start, end), mark) for (start, end), mark in placed if mark.message]
        if spoken:
            (start, _), mark = spoken[-1]
            rightmost = max(end for (_, end), _ in placed)
            room = self._room - rightmost - 1
            if start == max(begin for (begin, _), _ in placed) and width(mark.message) <= room:
                drawn[0].write(rightmost + 1, mark.message, mark.style)
                spoken.pop()
        if spoken:
            drawn.append(_pointers(spoken))
        result = [canvas.line() for canvas in drawn]
        while spoken:
            (start, _), mark = spoken.pop()
            begin = min(start, max(self._room - width(mark.message), 0))
            for content in wrap(line(Fragment(mark.message, mark.style)), self._room - begin):
                left = _pointers([item for item in spoken if item[0][0] < begin])
                result.append(left.line(begin) + content)
        return result

    def _extent(self, row: _Row, window: _Window, mark: Mark) -> tuple[int, int]:
        start = min(window.place(row.cell(mark.span.column)), self._room - 1)
        return start, max(window.place(row.cell(mark.span.end_column)), start + 1)


class _Canvas:
    """Cells of one row, drawn in any order."""

    def __init__(self) -> None:
        self._cells: dict[int, Fragment] = {}
        self._tail = Line()

    def put(self, cell: int, character: str, style: Style) -> None:
        self._cells[cell] = Fragment(character, style)

    def write(self, cell: int, text: str, style: Style) -> None:
        """Text behind everything else."""
        self._tail = line(" " * (cell - max(self._cells, default=-1) - 1), Fragment(text, style))

    def line(self, cells: int = 0) -> Line:
        """The row, at least as wide as `cells`."""
        size = max(max(self._cells, default=-1) + 1, cells)
        return line(*(self._cells.get(at, " ") for at in range(size)), self._tail)


def _pointers(placed: Sequence[tuple[tuple[int, int], Mark]]) -> _Canvas:
    canvas = _Canvas()
    for (start, _), mark in placed:
        canvas.put(start, "|", mark.style)
    return canvas

"""Places in files, and the way from rendered text back to the written file."""

from __future__ import annotations

from bisect import bisect_right

import msgspec


class Span(msgspec.Struct, frozen=True, order=True, gc=False):
    """A stretch of a file. Lines and columns count from 1; the end column is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


def file_span(path: str) -> Span:
    """The place to name when a whole file is meant."""
    return Span(path, 1, 1, 1, 1)


def is_whole_file(span: Span) -> bool:
    return span == file_span(span.path)


class LineIndex:
    """Turns offsets into lines and columns of one text."""

    __slots__ = ("_size", "_starts")

    def __init__(self, text: str) -> None:
        self._size = len(text)
        starts = [0]
        at = text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = text.find("\n", at + 1)
        self._starts = starts

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column), both from 1, of an offset into the text; clamped to the text."""
        offset = max(0, min(offset, self._size))
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, both from 1; clamped to the text."""
        if line < 1:
            return 0
        if line > len(self._starts):
            return self._size
        return min(self._starts[line - 1] + max(column - 1, 0), self._size)

    def span(self, path: str, start: int, end: int) -> Span:
        line, column = self.position(start)
        end_line, end_column = self.position(max(start, end))
        return Span(path, line, column, end_line, end_column)


class Segment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`length` characters of output from `out` on come from the source at `source`.

    `exact` segments map character by character; others (the output of an expression) map whole
    to `source_length` characters of the source.
    """

    out: int
    source: int
    length: int
    source_length: int
    exact: bool


class SourceMap(msgspec.Struct, frozen=True, array_like=True):
    """From offsets in rendered text to offsets in the written file. Empty: the texts are equal."""

    segments: tuple[Segment, ...] = ()

    def locate(self, start: int, end: int) -> tuple[int, int]:
        """The (start, end) offsets in the written file of a stretch of rendered text."""
        if not self.segments:
            return start, max(end, start)
        first = self._segment(start)
        last = self._segment(max(start, end - 1))
        begin = first.source + (min(start - first.out, first.length) if first.exact else 0)
        if last.exact:
            finish = last.source + min(max(end - last.out, 0), last.length)
        else:
            finish = last.source + last.source_length
        return begin, max(begin, finish)

    def _segment(self, offset: int) -> Segment:
        at = bisect_right(self.segments, offset, key=lambda segment: segment.out) - 1
        return self.segments[max(at, 0)]

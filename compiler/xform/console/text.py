"""Lines of styled text. A renderer yields lines; colour is added at the very end or not at all,
so plain and coloured output have the same text by construction.
"""

from __future__ import annotations

import enum
from itertools import groupby
from typing import NamedTuple

import msgspec

from xform.console.cells import printable, take, width


class Style(enum.Enum):
    """What a stretch of text means. Nothing is said by style alone."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    FRAME = "frame"
    """Gutters, branches, rules."""
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    GOOD = "good"
    NEW = "new"
    CHANGED = "changed"
    DATA = "data"
    GONE = "gone"


class Fragment(NamedTuple):
    text: str
    style: Style = Style.PLAIN


class Line(msgspec.Struct, frozen=True):
    """One line; its text holds nothing that a terminal would act upon."""

    fragments: tuple[Fragment, ...] = ()

    @property
    def text(self) -> str:
        return "".join(fragment.text for fragment in self.fragments)

    @property
    def width(self) -> int:
        return sum(width(fragment.text) for fragment in self.fragments)

    def __add__(self, other: Line) -> Line:
        return Line(self.fragments + other.fragments)


EMPTY = Line()


def line(*parts: str | Fragment | Line) -> Line:
    """A line of plain strings, styled fragments and other lines, made safe to print."""
    fragments: list[Fragment] = []
    for part in parts:
        if isinstance(part, Line):
            fragments.extend(part.fragments)
        elif isinstance(part, str):
            fragments.append(Fragment(printable(part)))
        else:
            fragments.append(Fragment(printable(part.text), part.style))
    joined = (
        Fragment("".join(fragment.text for fragment in group), style)
        for style, group in groupby(fragments, key=lambda fragment: fragment.style)
    )
    return Line(tuple(fragment for fragment in joined if fragment.text))


def strong(text: str) -> Fragment:
    return Fragment(text, Style.STRONG)


def dim(text: str) -> Fragment:
    return Fragment(text, Style.DIM)


def frame(text: str) -> Fragment:
    return Fragment(text, Style.FRAME)


def wrap(content: Line, cells: int, hang: int = 0) -> list[Line]:
    """Break a line at spaces into lines of at most `cells`; longer words are split.

    Lines after the first begin with `hang` spaces.
    """
    cells = max(cells, hang + 8)
    if content.width <= cells:
        return [content]
    indent = Fragment(" " * hang)
    lines: list[Line] = []
    current: list[Fragment] = []
    used = 0

    def end_line() -> None:
        nonlocal current, used
        lines.append(line(*current))
        current, used = [indent], hang

    for word, space in _words(content):
        gap = 0 if current == [indent] else width(space.text)
        if gap and used + gap + sum(width(text) for text, _ in word) > cells:
            end_line()
        elif gap:
            current.append(space)
            used += gap
        for text, style in word:
            while width(text) > cells - used:
                head, text = take(text, cells - used)
                current.append(Fragment(head, style))
                end_line()
            current.append(Fragment(text, style))
            used += width(text)
    lines.append(line(*current))
    return lines


def _words(content: Line) -> list[tuple[list[Fragment], Fragment]]:
    """The words of a line, each with the space before it; a word may change its style within."""
    words: list[tuple[list[Fragment], Fragment]] = []
    word: list[Fragment] = []
    space = Fragment("")
    for text, style in content.fragments:
        rest = text
        while rest:
            stripped = rest.lstrip(" ")
            if len(stripped) < len(rest):
                if word:
                    words.append((word, space))
                    word, space = [], Fragment("")
                space = Fragment(space.text + " " * (len(rest) - len(stripped)), style)
                rest = stripped
                continue
            piece, blank, tail = rest.partition(" ")
            word.append(Fragment(piece, style))
            rest = blank + tail
    if word:
        words.append((word, space))
    return words

"""Documents: text with places where a line may end, and how they are set to a width.

After P. Wadler, "A prettier printer" (2003). A group is set on one line where it fits, else each
of its own lines ends; what has to end a line breaks every group around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

STEP = 4
"""Columns of one level of indentation."""


@dataclass(frozen=True, slots=True)
class Line:
    """A place where a line may end; else it is `flat`."""

    flat: str = " "


@dataclass(frozen=True, slots=True)
class Hard:
    """Here a new line begins, unless one has just begun."""


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line before what follows, if that begins a line and not a level."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """A comment that goes to the end of its line."""

    text: str


@dataclass(frozen=True, slots=True)
class Own:
    """A comment with a line of its own."""

    text: str


@dataclass(frozen=True, slots=True)
class Cat:
    parts: tuple[Doc, ...]
    hard: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hard", any(is_hard(part) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Indent:
    content: Doc


@dataclass(frozen=True, slots=True)
class Group:
    """`broken`: its lines end, whether it fits or not."""

    content: Doc
    broken: bool


Doc: TypeAlias = str | Line | Hard | Blank | Suffix | Own | Cat | Indent | Group

SOFT = Line("")
LINE = Line()
HARD = Hard()
BLANK = Blank()


def cat(*parts: Doc) -> Doc:
    return Cat(parts)


def joined(parts: Iterable[Doc]) -> Doc:
    return Cat(tuple(parts))


def group(*parts: Doc, broken: bool = False) -> Doc:
    content = Cat(parts)
    return Group(content, broken or content.hard)


def indent(*parts: Doc) -> Doc:
    return Indent(Cat(parts))


def is_hard(doc: Doc) -> bool:
    """Whether a line ends within."""
    match doc:
        case Hard() | Suffix() | Own():
            return True
        case Cat():
            return doc.hard
        case Indent():
            return is_hard(doc.content)
        case Group():
            return doc.broken
        case _:
            return False


_Part: TypeAlias = tuple[int, bool, Doc]
"""(indentation, whether it is set flat, document)"""


def render(doc: Doc, width: int) -> str:
    """The text; every line but those of literals and comments without space at its end."""
    page = _Page()
    waiting: list[_Part] = [(0, False, doc)]
    while waiting:
        level, flat, part = waiting.pop()
        match part:
            case str():
                page.write(part, level)
            case Line():
                if flat:
                    page.write(part.flat, level)
                else:
                    page.end_line(level)
            case Hard():
                page.end_line(level)
            case Blank():
                page.blank = not flat
            case Suffix():
                page.append(part.text, level)
            case Own():
                page.end_line(level)
                page.write(part.text, level)
                page.end_line(level)
            case Cat():
                waiting.extend([(level, flat, inner) for inner in reversed(part.parts)])
            case Indent():
                waiting.append((level + STEP, flat, part.content))
            case Group():
                room = width - page.column(level)
                flat = flat or (not part.broken and _fits(part.content, room, waiting))
                waiting.append((level, flat, part.content))
    return page.text()


def _fits(doc: Doc, room: int, behind: list[_Part]) -> bool:
    """Whether a document fits when it is set flat, with what follows it up to a line's end."""
    at = len(behind)
    waiting: list[tuple[bool, Doc]] = [(True, doc)]
    while room >= 0:
        if not waiting:
            if at == 0:
                return True
            at -= 1
            waiting.append(behind[at][1:])
        flat, part = waiting.pop()
        match part:
            case str():
                first, ends, _ = part.partition("\n")
                room -= len(first)
                if ends:
                    return room >= 0
            case Line():
                if not flat:
                    return True
                room -= len(part.flat)
            case Hard() | Own() | Suffix():
                return True
            case Cat():
                waiting.extend([(flat, inner) for inner in reversed(part.parts)])
            case Indent():
                waiting.append((flat, part.content))
            case Group():
                waiting.append((flat, part.content))
            case Blank():
                pass
    return False


class _Page:
    """Lines as they are written. A line's indentation is written with its first word."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._space = False
        self._suffix = ""
        self._level = 0
        self._last_level = 0
        self.blank = False

    def column(self, level: int) -> int:
        return len(self._line) + self._space if self._line else level

    def write(self, text: str, level: int) -> None:
        if text == " ":
            self._space = bool(self._line)
            return
        if not text:
            return
        if self._suffix and text not in (",", ";"):
            self.end_line(level)
        if not self._line:
            if self.blank and self._lines and level <= self._last_level:
                self._lines.append("")
            self.blank = False
            self._level = level
            text = " " * level + text
        elif self._space:
            text = " " + text
        self._space = False
        *ended, last = (self._line + text).split("\n")
        self._lines += ended
        self._line = last

    def append(self, comment: str, level: int) -> None:
        """A comment at the end of the line; one that is the second has its own."""
        if self._line and not self._suffix:
            self._suffix = comment
            return
        self.end_line(level)
        self.write(comment, level)
        self.end_line(level)

    def end_line(self, level: int) -> None:
        if self._line:
            behind = f"  {self._suffix}" if self._suffix else ""
            self._lines.append(self._line + behind)
            self._last_level = self._level
        self._line = self._suffix = ""
        self._space = False

    def text(self) -> str:
        self.end_line(0)
        return "".join(f"{line}\n" for line in self._lines)

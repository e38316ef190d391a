"""A template's text as its tokens lie in it: exact offsets, where Jinja itself counts lines.

Jinja is given `offset + 1` of each token as its "line number". So every node of its tree, every
error of its parser and every frame of a traceback knows the exact place.

Offsets here are into the *normal* text, in which every line break is one `\\n`, since that is the
text that Jinja reads; `original` leads back to the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from xform.base.spans import LineIndex, Segment, Span

if TYPE_CHECKING:
    from jinja2.lexer import Lexer

RawToken: TypeAlias = tuple[int, str, str]
"""(offset + 1, kind, text as written)"""

Range: TypeAlias = tuple[int, int]
"""Offsets in the normal text, the second exclusive."""

_BREAK = re.compile(r"\r\n?")
_OPENING = frozenset({"variable_begin", "block_begin"})
_CLOSING = frozenset({"variable_end", "block_end"})


class TemplateSource:
    """One template's text. `tokens` is filled by `scan` and complete if that did not raise."""

    __slots__ = ("_index", "_starts", "_tags", "breaks", "text", "tokens", "written")

    def __init__(self, written: str) -> None:
        self.written = written
        self.text = written
        self.breaks: list[int] = []
        """Offsets of the breaks that are two characters in the file, ascending."""
        if "\r" in written:
            self.text = _BREAK.sub("\n", written)
            for shorter, match in enumerate(re.finditer("\r\n", written)):
                self.breaks.append(match.start() - shorter)
        self.tokens: list[RawToken] = []
        self._tags: list[Range] = []
        self._starts: list[int] = []
        self._index: LineIndex | None = None

    def scan(self, lexer: Lexer) -> None:
        """Read all tokens. Raises jinja2's TemplateSyntaxError; `scanned` says how far it came."""
        text, at = self.text, 0
        for _, kind, value in lexer.tokeniter(text, None):
            while not text.startswith(value, at):  # space that a tag's `-` took away
                at += 1
            self.take((at + 1, kind, value))
            at += len(value)

    def take(self, token: RawToken) -> None:
        """Append the next token."""
        place, kind, value = token
        if kind in _OPENING:
            self._starts.append(place - 1)
        elif kind in _CLOSING:
            self._tags.append((self._starts[-1], place - 1 + len(value.rstrip())))
        self.tokens.append(token)

    @property
    def everything(self) -> Range:
        return 0, len(self.text)

    @property
    def scanned(self) -> int:
        """The offset behind the last token."""
        if not self.tokens:
            return 0
        place, _, value = self.tokens[-1]
        return place - 1 + len(value)

    def tag(self, offset: int) -> Range:
        """The whole `{{ … }}` or `{% … %}` around an offset; empty where there is none."""
        at = bisect_right(self._starts, offset) - 1
        if 0 <= at < len(self._tags) and offset < self._tags[at][1]:
            return self._tags[at]
        return offset, offset

    def first_tag(self) -> Range:
        return self._tags[0] if self._tags else (0, 0)

    def called_on(self, name: Range) -> bool:
        """Whether a name is followed by `.name(`."""
        at = bisect_right(self.tokens, name[1], key=lambda token: token[0])
        following = [value for _, _, value in self.tokens[at : at + 3]]
        return len(following) == 3 and following[0] == "." and following[2] == "("

    def call(self, parenthesis: int) -> Range:
        """The call, `name.name(…)`, whose arguments open at an offset."""
        at = bisect_right(self.tokens, parenthesis + 1, key=lambda token: token[0]) - 1
        start = parenthesis
        for number in range(at - 1, -1, -1):
            place, kind, value = self.tokens[number]
            if kind != "name" and value != ".":
                break
            start = place - 1
        depth = 0
        for number in range(at, len(self.tokens)):
            place, kind, value = self.tokens[number]
            if kind == "operator":
                depth += (value in "([{") - (value in ")]}")
                if depth == 0:
                    return start, place
        return self.tag(parenthesis)

    def word(self, name: str, within: Range) -> Range | None:
        """The first free-standing occurrence of a name inside the tags of a range."""
        start = bisect_right(self.tokens, within[0], key=lambda token: token[0])
        for number in range(start, len(self.tokens)):
            place, kind, value = self.tokens[number]
            if place > within[1]:
                return None
            if kind == "name" and value == name:
                return place - 1, place - 1 + len(name)
        return None

    def original(self, offset: int) -> int:
        """The offset in the file of an offset in the normal text."""
        return offset + bisect_right(self.breaks, offset) if self.breaks else offset

    def _written(self, place: Range) -> Range:
        """A range in the file: its end is just behind its last character."""
        start, end = place
        begin = self.original(start)
        return begin, self.original(end - 1) + 1 if end > start else begin

    def span(self, path: str, place: Range) -> Span:
        if self._index is None:
            self._index = LineIndex(self.written)
        return self._index.span(path, *self._written(place))

    def exact(self, out: int, start: int, length: int) -> Iterator[Segment]:
        """Segments for data copied from `start`: more than one where line breaks shrank."""
        if not self.breaks:
            yield Segment(out, start, length, length, True)
            return
        end = start + length
        at = bisect_right(self.breaks, start)
        edges = [start]
        while at < len(self.breaks) and self.breaks[at] < end:
            edges.append(self.breaks[at])
            at += 1
        for begin, finish in zip(edges, [*edges[1:], end], strict=True):
            size = finish - begin
            yield Segment(out + begin - start, self.original(begin), size, size, True)

    def whole(self, out: int, length: int, offset: int) -> Segment:
        """The segment of an expression's output, from the tag around `offset`."""
        begin, finish = self._written(self.tag(offset))
        return Segment(out, begin, length, finish - begin, False)

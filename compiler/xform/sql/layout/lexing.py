"""Written SQL as tokens with the space and comments around them; a template's tags are tokens too.

sqlglot's tokenizer of the dialect tells where tokens lie, over a text in which each tag is hidden
by a word of its length. What lies between tokens is space and comments, or the text is not
understood.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from xform.template.render import has_jinja

if TYPE_CHECKING:
    from xform.template.tags import Tag


class Kind(Enum):
    WORD = "a keyword or a name"
    NAME = "a name in quotes"
    TEXT = "a text in quotes"
    NUMBER = "a number"
    OPERATOR = "an operator"
    OPEN = "a bracket that opens"
    CLOSE = "a bracket that closes"
    COMMA = "a comma"
    SEMICOLON = "a semicolon"
    PRINT = "{{ … }}"
    OPENING = "{% if … %}"
    MIDDLE = "{% else %}"
    CLOSING = "{% endif %}"
    SINGLE = "{% set x = … %}"
    VERBATIM = "a stretch that stays as it is"
    END = "the end of the text"


OPERANDS = frozenset([Kind.NAME, Kind.TEXT, Kind.NUMBER, Kind.PRINT, Kind.CLOSE, Kind.VERBATIM])
"""Kinds with which an operand ends."""
BLOCKS = frozenset([Kind.OPENING, Kind.MIDDLE, Kind.CLOSING, Kind.SINGLE])
_STICKY = frozenset(
    [Kind.WORD, Kind.NAME, Kind.TEXT, Kind.NUMBER, Kind.OPERATOR, Kind.PRINT, Kind.VERBATIM]
)
"""Kinds that may become one token with what stands right beside them."""


@dataclass(frozen=True, slots=True)
class Comment:
    """`text` from its mark on. `ends_line`: nothing can follow it on its line. `begins` and
    `breaks`: a line begins before it, or behind it; `blank`: an empty line before it."""

    text: str
    start: int
    end: int
    ends_line: bool
    begins: bool
    blank: bool
    column: int
    breaks: bool = False


@dataclass(slots=True)
class Token:
    """A stretch of the text, with what lies before it.

    `before` are comments that belong to it, `behind` those on its line, `below` those on lines of
    their own that are indented more than what follows. `newline` and `blank`: a line begins, or an
    empty one lies, before it or its comments. `touching`: it stands right behind the token before.
    `glued`: a tag right beside it may make one token of both.
    """

    kind: Kind
    text: str
    start: int
    before: tuple[Comment, ...] = ()
    behind: tuple[Comment, ...] = ()
    below: tuple[Comment, ...] = ()
    newline: bool = False
    blank: bool = False
    touching: bool = False
    glued: bool = False
    gap: str = field(default="")
    """What stands between it and the token before on one line."""
    keyword: bool = field(default=False)
    alone: bool = field(default=False)
    """A tag with lines of its own."""
    led: bool = field(default=False)
    followed: bool = field(default=False)
    """Whether the comments before it, or behind it, are set apart from what it is part of."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class Unreadable(Exception):  # noqa: N818 - a fact of the text, told to who asked for its layout
    """The text cannot be told apart into tokens. The message says why."""


_STRINGS = frozenset(
    kind
    for kind in (
        TokenType.STRING,
        TokenType.BYTE_STRING,
        TokenType.HEX_STRING,
        TokenType.BIT_STRING,
        TokenType.RAW_STRING,
        TokenType.HEREDOC_STRING,
        TokenType.NATIONAL_STRING,
        TokenType.UNICODE_STRING,
    )
)
_BY_TEXT = {
    "(": Kind.OPEN, "[": Kind.OPEN, "{": Kind.OPEN, ")": Kind.CLOSE, "]": Kind.CLOSE,
    "}": Kind.CLOSE, ",": Kind.COMMA, ";": Kind.SEMICOLON,
}  # fmt: skip
_SPACE = re.compile(r"\s+")
_HIDING = "j"


def lex(text: str, dialect: str) -> list[Token]:
    """The tokens of a text whose line breaks are `\\n`, the last of kind END. Raises Unreadable."""
    tags = _tags(text)
    hidden = _hidden(text, tags)
    settings = Dialect.get_or_raise(dialect)
    try:
        raw = settings.tokenize(hidden)
    except SqlglotError as error:
        raise Unreadable("its SQL cannot be told apart into tokens") from error
    pieces = _pieces(hidden, text, [(t.token_type, t.start, t.end + 1) for t in raw], tags)
    gaps = _Gaps(text, hidden, settings, tags)
    tokens: list[Token] = []
    at = 0
    carried: list[Comment] = []
    for kind, start, end in (*pieces, (Kind.END, len(text), len(text))):
        token = Token(kind, text[start:end], start)
        between = [*carried, *gaps.comments(at, start)]
        carried = _attach(token, between, text[at:start], tokens)
        tokens.append(token)
        at = end
    _glue(tokens)
    return tokens


def _tags(text: str) -> list[Tag]:
    if not has_jinja(text):
        return []
    from xform.template.tags import tags_of

    tags = tags_of(text)
    if tags is None:
        raise Unreadable("its template cannot be read")
    return tags


def _hidden(text: str, tags: Sequence[Tag]) -> str:
    """The text with each tag as a word of its length, and comments of the template as space
    where they keep nothing apart."""
    parts: list[str] = []
    at = 0
    for tag in tags:
        length = tag.end - tag.start
        if _is_comment(tag) and _in_word(text, tag):
            raise Unreadable("a comment of its template stands within a word")
        parts.append(text[at : tag.start])
        parts.append((" " if _is_comment(tag) else _HIDING) * length)
        at = tag.end
    return "".join(parts) + text[at:]


def _is_comment(tag: Tag) -> bool:
    return tag.kind.name == "COMMENT"


def _in_word(text: str, tag: Tag) -> bool:
    around = text[max(tag.start - 1, 0) : tag.start] + text[tag.end : tag.end + 1]
    return len(around) > 1 and not any(c.isspace() or c in "(),;" for c in around)


def _pieces(
    hidden: str, text: str, raw: Sequence[tuple[TokenType, int, int]], tags: Sequence[Tag]
) -> Iterator[tuple[Kind, int, int]]:
    """(kind, start, end) of each token: sqlglot's, less what it takes together, and tags."""
    at = 0
    shown = [tag for tag in tags if not _is_comment(tag)]
    for kind, start, end in raw:
        while at < len(shown) and shown[at].end <= start:
            at += 1  # those within a comment, or a text that has been passed
        if kind in _STRINGS and not text[start].isalnum():
            yield Kind.TEXT, start, end
        elif kind is TokenType.IDENTIFIER:
            yield Kind.NAME, start, end
        elif kind in _STRINGS:
            yield Kind.TEXT, start, end
        else:
            begin = start
            while at < len(shown) and shown[at].start < end:
                tag = shown[at]
                if tag.start < begin or tag.end > end:
                    raise Unreadable("a tag stands across its tokens")
                yield from _words(hidden, kind, begin, tag.start)
                yield Kind[tag.kind.name], tag.start, tag.end
                begin = tag.end
                at += 1
            yield from _words(hidden, kind, begin, end)


def _words(text: str, kind: TokenType, start: int, end: int) -> Iterator[tuple[Kind, int, int]]:
    """A token that is none in quotes; some hold several words."""
    for word in re.finditer(r"\S+", text[start:end]):
        begin, finish = start + word.start(), start + word.end()
        first = text[begin]
        if first.isalpha() or first in "_\x01" or first > "\x7f":
            found = Kind.WORD
        elif first.isdigit():
            found = Kind.NUMBER if kind is TokenType.NUMBER else Kind.WORD
        else:
            found = _BY_TEXT.get(word[0], Kind.OPERATOR)
        yield found, begin, finish


class _Gaps:
    """What lies between tokens."""

    def __init__(self, text: str, hidden: str, dialect: Dialect, tags: Sequence[Tag]) -> None:
        self._text = text
        self._hidden = hidden
        self._tags = {tag.start: tag for tag in tags if _is_comment(tag)}
        marks = dialect.tokenizer_class.COMMENTS
        self._line = tuple(mark for mark in marks if isinstance(mark, str))
        self._around = tuple(mark for mark in marks if not isinstance(mark, str))
        self._nested = dialect.tokenizer_class.NESTED_COMMENTS

    def comments(self, at: int, end: int) -> Iterator[Comment]:
        text = self._text
        begins, blank = not text[:at].strip(), False
        while at < end:
            tag = self._tags.get(at)
            space = None if tag is not None else _SPACE.match(text, at, end)
            if space is not None:
                begins |= "\n" in space[0]
                blank = space[0].count("\n") > 1
                at = space.end()
                continue
            finish, ends_line = (tag.end, False) if tag is not None else self._comment(at, end)
            written = text[at:finish]
            column = at - (text.rfind("\n", 0, at) + 1)
            breaks = ends_line or _breaks(text, finish)
            yield Comment(
                written.rstrip() if ends_line else written,
                at, finish, ends_line, begins, blank, column, breaks,
            )  # fmt: skip
            at, begins, blank = finish, False, False

    def _comment(self, at: int, end: int) -> tuple[int, bool]:
        """(end, whether it takes the line) of the comment at a place."""
        text = self._hidden
        for opening, closing in self._around:
            if text.startswith(opening, at):
                return self._closed(at, opening, closing), False
        if text.startswith(self._line, at):
            finish = text.find("\n", at)
            return (end if finish < 0 or finish > end else finish), True
        raise Unreadable("something stands between its tokens that is no comment")

    def _closed(self, at: int, opening: str, closing: str) -> int:
        text, depth = self._hidden, 1
        at += len(opening)
        while depth:
            finish = text.find(closing, at)
            if finish < 0:
                raise Unreadable("a comment is not closed")
            inner = text.find(opening, at, finish) if self._nested else -1
            if inner >= 0:
                depth += 1
                at = inner + len(opening)
            else:
                depth -= 1
                at = finish + len(closing)
        return at


def _breaks(text: str, at: int) -> bool:
    """Whether nothing follows on the line."""
    finish = text.find("\n", at)
    return not text[at : finish if finish >= 0 else len(text)].strip()


def _attach(
    token: Token, between: list[Comment], gap: str, tokens: Sequence[Token]
) -> list[Comment]:
    """Give each comment to the token before or behind. What is left is for the one behind that:
    a comma leads no line."""
    before = tokens[-1] if tokens else None
    token.touching = not gap and before is not None
    token.newline = "\n" in gap
    token.blank = gap[len(gap.rstrip()) :].count("\n") > 1
    if before is not None:
        same = 0
        while same < len(between) and not between[same].begins:
            same += 1
        before.behind, between = tuple(between[:same]), between[same:]
        if token.kind is Kind.COMMA:
            return between
        below = 0
        if before.kind not in (Kind.OPEN, *BLOCKS):
            column = _column(token, gap)
            while below < len(between) and between[below].column > column:
                below += 1
        before.below, between = tuple(between[:below]), between[below:]
    token.before = tuple(between)
    if between:
        token.blank = between[0].blank
    return []


def _column(token: Token, gap: str) -> int:
    """Where a token begins its line; beyond all columns where it does not."""
    if token.kind is Kind.END:
        return 0
    indentation = gap[gap.rfind("\n") + 1 :]
    return len(indentation) if not indentation.strip() else sys.maxsize


def _glue(tokens: Sequence[Token]) -> None:
    for before, token in pairwise(tokens):
        tags = [kind in BLOCKS or kind is Kind.PRINT for kind in (before.kind, token.kind)]
        if not token.touching or not any(tags):
            continue
        for one, other in ((before, token), (token, before)):
            if one.kind in _STICKY and other.kind not in (Kind.OPEN, Kind.CLOSE, Kind.COMMA):
                one.glued = other.glued = True

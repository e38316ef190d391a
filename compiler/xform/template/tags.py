"""The tags of a template as they lie in its text, without rendering it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from xform.template.parse import SyntaxFault, parse
from xform.template.source import RawToken


class TagKind(Enum):
    PRINT = "{{ … }}"
    COMMENT = "{# … #}"
    OPENING = "{% if %}, {% for %}"
    MIDDLE = "{% elif %}, {% else %}"
    CLOSING = "{% endif %}, {% endfor %}"
    SINGLE = "{% set x = … %}, {% do … %}"
    VERBATIM = "a block whose text is a value: from its opening to its closing tag"


class Tag(NamedTuple):
    """`start` and `end` are offsets in the text, the second exclusive."""

    start: int
    end: int
    kind: TagKind


_PLAIN = frozenset(["if", "for", "with"])
_VALUES = frozenset(["set", "macro", "call", "filter"])
_MIDDLE = frozenset(["elif", "else"])
_END = "end"


def tags_of(text: str) -> list[Tag] | None:
    """All tags in their order; None where Jinja cannot read the text. Line breaks have to be
    `\\n`. What stands between the tags of a block whose text is a value (`{% macro %}`, `{% raw
    %}`) is part of one tag."""
    parsed = parse(text)
    if isinstance(parsed, SyntaxFault):
        return None
    found: list[Tag] = []
    opened: list[int] = []
    """The starts of blocks whose text is a value."""
    for start, end, kind, words in _written(parsed.source.tokens):
        word = words[0] if words else ""
        if kind == "block":
            if word in _VALUES and not (word == "set" and _assigns(words)):
                opened.append(start)
                continue
            if word.startswith(_END) and word.removeprefix(_END) in _VALUES:
                start = opened.pop()
                tag = Tag(start, end, TagKind.VERBATIM)
            else:
                tag = Tag(start, end, _kind_of(word))
        else:
            tag = Tag(start, end, TagKind(kind))
        if not opened:
            found.append(tag)
    return found


def _kind_of(word: str) -> TagKind:
    if word in _PLAIN:
        return TagKind.OPENING
    if word in _MIDDLE:
        return TagKind.MIDDLE
    return TagKind.CLOSING if word.removeprefix(_END) in _PLAIN else TagKind.SINGLE


def _assigns(words: list[str]) -> bool:
    """Whether the words of a `set` hold a value: an `=` outside of brackets."""
    depth = 0
    for word in words:
        depth += (word in "([{") - (word in ")]}")
        if word == "=" and depth == 0:
            return True
    return False


def _written(tokens: list[RawToken]) -> Iterator[tuple[int, int, str, list[str]]]:
    """(start, end, kind, words) of each tag; `{% raw %}` goes to its end."""
    start, words = 0, list[str]()
    for place, kind, value in tokens:
        end = place - 1 + len(value.rstrip())
        match kind:
            case "variable_begin" | "block_begin" | "comment_begin" | "raw_begin":
                start, words = place - 1, []
            case "variable_end":
                yield start, end, TagKind.PRINT.value, words
            case "comment_end":
                yield start, end, TagKind.COMMENT.value, words
            case "block_end":
                yield start, end, "block", words
            case "raw_end":
                yield start, end, TagKind.VERBATIM.value, words
            case "whitespace" | "data" | "comment":
                pass
            case _:
                words.append(value)

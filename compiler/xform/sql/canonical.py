"""Canonical text of leaves and tags, such that no two different ones are written alike.

The text of an expression is `tag(argument, argument)`. Strings stand in single quotes, names in
backquotes, and whatever else holds more than letters, digits and a little punctuation in double
quotes, each with its own quote doubled inside; so parentheses, commas and marks are always
structure. The control characters that mark holes (`sema/meaning.py`) never stand in it: text that
holds one has a backslash before its opening quote and escapes inside.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[\w.+*=-]+(?: [\w.+*=-]+)*", re.ASCII)
_MARKS = re.compile("[\x00-\x03]")


def string(text: str) -> str:
    """A string literal."""
    return _quoted(text, "'")


def name(text: str) -> str:
    """An identifier that is no reference: a field, the name of an argument."""
    return _quoted(text, "`")


def word(text: str) -> str:
    """A keyword, number, type, tag or setting: as it is where that is safe."""
    if _PLAIN.fullmatch(text):
        return text
    return _quoted(text, '"')


def _quoted(text: str, quote: str) -> str:
    if quote in text:
        text = text.replace(quote, quote + quote)
    if text.isprintable() or _MARKS.search(text) is None:
        return f"{quote}{text}{quote}"
    text = text.replace("\\", "\\\\")
    return "\\" + quote + _MARKS.sub(lambda found: f"\\{ord(found[0])}", text) + quote

"""Canonical text of leaves and tags, such that no two different ones are written alike.

The text of an expression is `tag(argument, argument)`. Strings stand in single quotes, names in
backquotes, and whatever else holds more than letters, digits and a little punctuation in double
quotes, each with its own quote doubled inside; so parentheses, commas and marks are always
structure.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[\w.+*=-]+(?: [\w.+*=-]+)*", re.ASCII)


def string(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """An identifier that is no reference: a field, the name of an argument."""
    return "`" + text.replace("`", "``") + "`"


def word(text: str) -> str:
    """A keyword, number, type, tag or setting: as it is where that is safe."""
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace('"', '""') + '"'

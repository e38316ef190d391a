"""Types of what is written out: literals, and the names of types in casts."""

from __future__ import annotations

import re
from functools import cache

from xform.sema.types.type import (
    BOOLEAN,
    DOUBLE,
    NULL,
    TEXT_LITERAL,
    UNKNOWN,
    WIDEST,
    Type,
    decimal,
    read,
    whole,
)

_WHOLE = re.compile(r"[0-9]{1,40}")
_DECIMAL = re.compile(r"([0-9]*)\.([0-9]*)")
USER_DEFINED = "user-defined "


@cache
def literal(text: str) -> Type:
    """The type of a leaf, by its canonical text (`sql/canonical.py`)."""
    if text.startswith(("'", "\\'")):
        return TEXT_LITERAL
    if _WHOLE.fullmatch(text):
        return whole(int(text))
    if text in ("true", "false"):
        return BOOLEAN
    if text == "null":
        return NULL
    found = _DECIMAL.fullmatch(text)
    if found is not None and (found[1] or found[2]):
        width, scale = len(found[1]) + len(found[2]), len(found[2])
        return decimal(width, scale) if width <= WIDEST else DOUBLE
    if text[:1].isdigit() and "e" in text.lower():
        return DOUBLE
    return UNKNOWN


@cache
def named(text: str) -> Type:
    """The type that a cast names."""
    if text.startswith('"') and text.endswith('"'):
        text = text[1:-1].replace('""', '"')
    return read(text.removeprefix(USER_DEFINED)) if text else UNKNOWN

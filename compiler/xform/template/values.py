"""Plain data in templates: how it is named, copied, hashed and stored."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping
from typing import Any

from xform.base.hashing import Digest, digest_text


def type_name(value: object) -> str:
    """What a person would call the type of a value."""
    match value:
        case None:
            return "none"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"a {type(value).__name__}"


def canonical(value: object) -> str:
    """A text that two values share only if they are equal and of equal types."""
    match value:
        case Mapping():
            items = sorted((canonical(key), canonical(item)) for key, item in value.items())
            return "{" + ",".join(f"{key}:{item}" for key, item in items) + "}"
        case list() | tuple():
            return "[" + ",".join(canonical(item) for item in value) + "]"
        case _:
            return f"{type(value).__name__}({value!r})"


def digest_value(value: object) -> Digest:
    return digest_text(canonical(value))


def copied(value: Any) -> Any:
    """A copy that a template may change without changing the original."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


class NotPlainError(Exception):
    """A value that is no plain data. `args[0]` says what it is."""


def plain(value: Any) -> Any:
    """The value as data that can be stored. Raises NotPlainError."""
    match value:
        case None | bool() | int() | float() | decimal.Decimal():
            return value
        case datetime.date() | datetime.time() | datetime.timedelta():
            return value
        case str():
            return str(value)
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise NotPlainError("a mapping with keys that are not text")
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            raise NotPlainError(type_name(value))

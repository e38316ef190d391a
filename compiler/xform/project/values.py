"""Values with places: what YAML, TOML and Python literals are read into before they get a type.

One reader (`fields.py` and its neighbours) serves all three, and every complaint has a span.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

import msgspec

from xform.base.spans import Span


class Scalar(msgspec.Struct, frozen=True):
    """A single value. `text` is how it was written, without quotes."""

    value: str | int | float | bool | None
    text: str
    span: Span


class Sequence(msgspec.Struct, frozen=True):
    items: tuple[Value, ...]
    span: Span


class Entry(msgspec.Struct, frozen=True):
    """A key of a mapping and its value. A key is its text, whatever type it might have."""

    key: Scalar
    value: Value

    @property
    def name(self) -> str:
        return self.key.text


class Mapping(msgspec.Struct, frozen=True):
    """Entries in written order; no key stands twice."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, name: str) -> Value | None:
        return next((entry.value for entry in self.entries if entry.name == name), None)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


Value = Scalar | Sequence | Mapping


def plain(value: Value) -> Any:
    """The value without its places: dicts, lists, strings, numbers, booleans, None."""
    match value:
        case Scalar():
            return value.value
        case Sequence():
            return [plain(item) for item in value.items]
        case Mapping():
            return {entry.name: plain(entry.value) for entry in value.entries}
        case _:
            assert_never(value)


def storable(number: int) -> int | str:
    """A whole number within 64 bits, others as text: stored forms hold no larger ones."""
    return number if -(2**63) <= number < 2**63 else str(number)


def is_null(value: Value) -> bool:
    return isinstance(value, Scalar) and value.value is None


def sort_of(value: Value) -> str:
    """What a value is, in words, for `…, not a number`."""
    match value:
        case Sequence():
            return "a list"
        case Mapping():
            return "a mapping"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=int() | float()):
            return "a number"
        case Scalar():
            return "text"
        case _:
            assert_never(value)

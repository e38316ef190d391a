"""TOML with places. The standard reader gives none, so the text is scanned once more for them."""

from __future__ import annotations

import re
from typing import Any

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.spans import LineIndex, Span
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value, storable

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_LONG = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}', re.DOTALL)
_OTHER = re.compile(r"[^,\]}#\n]+")

Key = tuple[str, ...]


def read_toml(text: str, path: str) -> tuple[Mapping | None, list[Diagnostic]]:
    """The tables of a TOML text, or None where it is broken. Dates become text."""
    import tomllib

    index = LineIndex(text)
    try:
        data = tomllib.loads(text)
        places = _Scan(text).places()
        return _mapping(data, (), places, index, path), []
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        if place is not None and place.group(1):
            start = index.offset(int(place.group(1)), int(place.group(2)))
        else:
            start = len(text.rstrip())
        return None, [
            diagnose(
                codes.BAD_TOML,
                f"TOML: {_PLACE.sub('', message)}",
                index.span(path, start, start + 1),
                "correct the syntax here: 'key = value', texts in quotes",
            )
        ]
    except RecursionError:
        return None, [
            diagnose(codes.BAD_TOML, "TOML: nested too deep", path, "close the open brackets")
        ]


def _mapping(
    data: dict[str, Any],
    at: Key,
    places: dict[Key, tuple[int, int, int, int]],
    index: LineIndex,
    path: str,
) -> Mapping:
    entries = []
    for name, value in data.items():
        key = (*at, name)
        key_span, value_span = _spans(key, places, index, path)
        entries.append(
            Entry(Scalar(name, name, key_span), _value(value, key, value_span, places, index, path))
        )
    return Mapping(tuple(entries), _spans(at, places, index, path)[0])


def _value(
    value: Any,
    at: Key,
    span: Span,
    places: dict[Key, tuple[int, int, int, int]],
    index: LineIndex,
    path: str,
) -> Value:
    match value:
        case dict():
            return _mapping(value, at, places, index, path)
        case list():
            items = tuple(_value(item, at, span, places, index, path) for item in value)
            return Sequence(items, span)
        case int() if not isinstance(value, bool):
            return Scalar(storable(value), str(value), span)
        case str() | bool() | float():
            return Scalar(value, value if isinstance(value, str) else str(value), span)
        case _:
            return Scalar(value.isoformat(), value.isoformat(), span)


def _spans(
    key: Key, places: dict[Key, tuple[int, int, int, int]], index: LineIndex, path: str
) -> tuple[Span, Span]:
    """(span of a key, span of its value); for one without a place, those of its parent."""
    while key and key not in places:
        key = key[:-1]
    start, end, value_start, value_end = places.get(key, (0, 0, 0, 0))
    return index.span(path, start, end), index.span(path, value_start, value_end)


class _Scan:
    """The places of all keys in a text that is known to be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._places: dict[Key, tuple[int, int, int, int]] = {}

    def places(self) -> dict[Key, tuple[int, int, int, int]]:
        """Key → (start and end of the key, start and end of its value), in offsets."""
        table: Key = ()
        while self._blank():
            if self._text[self._at] == "[":
                while self._text[self._at] in "[ \t":
                    self._at += 1
                table = self._key(())[0]
                while self._at < len(self._text) and self._text[self._at] in "] \t":
                    self._at += 1
            else:
                self._pair(table)
        return self._places

    def _blank(self) -> bool:
        """Skip space and comments; whether anything is left."""
        blank = _BLANK.match(self._text, self._at)
        if blank is not None:
            self._at = blank.end()
        return self._at < len(self._text)

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group()

    def _key(self, table: Key) -> tuple[Key, list[Key]]:
        """(a dotted key below a table, the keys whose place it is the first to give)."""
        key = table
        new: list[Key] = []
        while True:
            self._blank()
            start = self._at
            raw = self._take(_BARE) or self._take(_LITERAL) or self._take(_BASIC) or ""
            key = (*key, _unquoted(raw))
            if key not in self._places:
                self._places[key] = (start, self._at, start, self._at)
                new.append(key)
            self._blank()
            if self._at >= len(self._text) or self._text[self._at] != ".":
                return key, new
            self._at += 1

    def _pair(self, table: Key) -> None:
        key, _ = self._key(table)
        self._at += 1  # the '='
        self._blank()
        start = self._at
        self._value(key)
        key_start, key_end, _, _ = self._places[key]
        self._places[key] = (key_start, key_end, start, self._at)

    def _value(self, key: Key) -> None:
        text = self._text
        if text[self._at] == "[":
            self._at += 1
            while self._blank() and text[self._at] != "]":
                if text[self._at] == ",":
                    self._at += 1
                else:
                    self._value(key)
            self._at += 1
        elif text[self._at] == "{":
            self._at += 1
            while self._blank() and text[self._at] != "}":
                if text[self._at] == ",":
                    self._at += 1
                else:
                    self._pair(key)
            self._at += 1
        elif not (self._take(_LONG) or self._take(_BASIC) or self._take(_LITERAL)):
            taken = self._take(_OTHER) or ""
            self._at -= len(taken) - len(taken.rstrip())


def _unquoted(raw: str) -> str:
    if raw.startswith("'"):
        return raw[1:-1]
    if not raw.startswith('"'):
        return raw
    if "\\" not in raw:
        return raw[1:-1]
    import tomllib

    return str(tomllib.loads(f"key = {raw}")["key"])

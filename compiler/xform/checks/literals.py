"""Values of test arguments as SQL literals, in words, and compared with columns of any type."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | date
"""What an argument can be. `datetime` is a `date` in Python."""

_EXACT = 2**53
"""Whole numbers below this are exact as doubles."""


def scalar_of(value: object) -> Scalar | None:
    """The value if SQL text can hold it: no NULL, no collection, no text that is not Unicode."""
    match value:
        case str():
            fits = "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
            return value if fits else None
        case bool() | int() | float() | date():
            return value
        case _:
            return None


def text_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literal(value: Scalar) -> str:
    """For comparison with a column that holds such values. Dates are text: the engine gives it
    the column's type, so they compare with dates, timestamps and ISO text alike."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else f"'{value}'::double"
        case str():
            return text_literal(value)
        case datetime():
            return text_literal(value.isoformat(sep=" "))
        case date():
            return text_literal(value.isoformat())


def in_words(value: Scalar) -> str:
    match value:
        case str():
            return f"'{value}'"
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(sep=" ")
        case _:
            return str(value)


def is_one_of(column: str, values: Iterable[Scalar]) -> str:
    """SQL that is true where a column, of whatever type, holds one of the values, else false.

    The column's type is not known here, and comparing a text column with a number raises an error
    in the engine at the first text that is no number. So everything is compared as text, numbers
    as doubles read from that text: `1` is found in 1, 1.0 and '1'. Whole numbers that a double
    cannot hold exactly are compared as text.
    """
    text = f"cast({column} as varchar)"
    words: dict[str, None] = {}
    numbers: dict[str, None] = {}
    flags: dict[str, None] = {}
    moments: dict[str, None] = {}
    for value in values:
        match value:
            case bool():
                flags[literal(value)] = None
            case int() if abs(value) >= _EXACT:
                words[text_literal(str(value))] = None
            case int() | float():
                numbers[f"{text_literal(repr(value))}::double"] = None
            case str():
                words[text_literal(value)] = None
            case date():
                moments[f"{literal(value)}::{_moment_type(value)}"] = None
    tests = [
        *_in(text, words),
        *_in(f"try_cast({text} as double)", numbers),
        *_in(f"lower({text})", (text_literal(flag) for flag in flags)),
        *_in(f"try_cast({text} as timestamp)", (m for m in moments if m.endswith("timestamp"))),
        *_in(f"try_cast({text} as timestamptz)", (m for m in moments if m.endswith("tz"))),
    ]
    return f"coalesce({' or '.join(tests)}, false)"


def is_beyond(column: str, operator: str, bound: Scalar) -> str:
    """SQL that is true where a column lies beyond a bound; `operator` is `<` or `>`.

    The comparison is the engine's own, exact for every type; it refuses a number against text.
    """
    return f"{column} {operator} {literal(bound)}"


def _in(expression: str, values: Iterable[str]) -> list[str]:
    listed = ", ".join(values)
    return [f"{expression} in ({listed})"] if listed else []


def _moment_type(value: date) -> str:
    return "timestamptz" if isinstance(value, datetime) and value.tzinfo else "timestamp"

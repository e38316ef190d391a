"""Whether a value as written is one of a type. What cannot be told here the engine tells."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from xform.sema.types.type import RANGES, Type

_WHOLE = re.compile(r"[-+]?\d+")
_FLOAT = re.compile(
    r"[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|inf|infinity|nan)", re.IGNORECASE
)
_NUMBER = re.compile(r"[-+]?[\d.]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?")
_UUID = re.compile(r"\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?", re.IGNORECASE)
_TRUTHS = frozenset(["true", "false", "t", "f", "yes", "no", "y", "n", "0", "1"])


def fits(value: Any, type_: Type) -> bool:
    """`value` is None, a bool, a number, a text, or a list or dict of these."""
    if value is None:
        return True
    match type_.name:
        case "list" | "array":
            if isinstance(value, list):
                return all(fits(item, type_.inner[0]) for item in value)
            return isinstance(value, str)
        case "struct" if type_.labels:
            if isinstance(value, dict):
                inner = dict(zip(map(str.lower, type_.labels), type_.inner, strict=True))
                return all(
                    key.lower() in inner and fits(item, inner[key.lower()])
                    for key, item in value.items()
                )
            return isinstance(value, str)
        case "map":
            if isinstance(value, dict):
                key, item = type_.inner
                return all(fits(k, key) and fits(v, item) for k, v in value.items())
            return isinstance(value, str)
        case "json" | "unknown" | "null" | "variant":
            return True
        case name if isinstance(value, list | dict):
            return name in ("union", "tuple", "struct")
        case name if name in RANGES:
            return _fits_whole(value, *RANGES[name])
        case "decimal":
            return _fits_decimal(value, *type_.numbers)
        case "float" | "double":
            text = str(value).strip()
            return not isinstance(value, bool) and _FLOAT.fullmatch(text) is not None
        case "boolean":
            return isinstance(value, bool) or str(value).strip().lower() in _TRUTHS
        case "date":
            return _is_day(value)
        case "timestamp" | "timestamp_s" | "timestamp_ms" | "timestamp_ns":
            return _is_moment(value)
        case "timestamp with time zone" | "time" | "time with time zone" | "interval":
            return isinstance(value, str)
        case "uuid":
            return isinstance(value, str) and _UUID.fullmatch(value.strip()) is not None
        case "enum":
            return not type_.labels or str(value) in type_.labels
        case _:
            return True


def _fits_whole(value: Any, low: int, high: int) -> bool:
    match value:
        case bool():
            return False
        case int():
            return low <= value <= high
        case float():
            return value.is_integer() and low <= value <= high
        case _:
            text = str(value).strip()
            return _WHOLE.fullmatch(text) is not None and low <= int(text) <= high


def _fits_decimal(value: Any, width: int, scale: int) -> bool:
    if isinstance(value, bool):
        return False
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return False
    if not number.is_finite():
        return False
    digits, exponent = number.normalize().as_tuple()[1:]
    assert isinstance(exponent, int)
    return number == 0 or (-exponent <= scale and len(digits) + exponent <= width - scale)


def _is_day(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    text = value.strip()
    day = text[:10]
    if _DAY.fullmatch(day) is None:
        # Years before 1000 and after 9999, infinity, other ways to write it: the engine tells.
        return bool(text) and not _NUMBER.fullmatch(text)
    rest = text[10:].strip(" T0:.Z+")
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return not rest


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    text = value.strip()
    if _MOMENT.fullmatch(text) is None:
        return bool(text) and not _NUMBER.fullmatch(text)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True

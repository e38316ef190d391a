"""Typed reading of values: each function gives the value or notes why it is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xform.base import codes
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import did_you_mean
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value, plain, sort_of

Notes = list[Diagnostic]
"""Where readers put what they find."""


def wrong_type(value: Value, what: str, wanted: str, notes: Notes, advice: str = "") -> None:
    """Note that `what` must be `wanted`."""
    message = f"{what} must be {wanted}, not {sort_of(value)}"
    notes.append(diagnose(codes.WRONG_TYPE, message, value.span, advice or f"give {wanted}"))


def read_text(value: Value, what: str, notes: Notes) -> str | None:
    if isinstance(value, Scalar) and isinstance(value.value, str):
        return value.value
    advice = ""
    if isinstance(value, Scalar) and value.value is not None:
        advice = f'put quotes around it: "{value.text}"'
    wrong_type(value, what, "text", notes, advice)
    return None


def read_word(value: Value, what: str, notes: Notes) -> str | None:
    """Text that is not empty."""
    text = read_text(value, what, notes)
    if text is None or text.strip():
        return text
    notes.append(
        diagnose(codes.BAD_VALUE, f"{what} is empty", value.span, "fill it in or take it out")
    )
    return None


def read_words(value: Value, what: str, notes: Notes) -> tuple[str, ...] | None:
    """A list of texts, or one text alone; each once, in written order."""
    if isinstance(value, Scalar) and isinstance(value.value, str):
        word = read_word(value, what, notes)
        return None if word is None else (word,)
    if not isinstance(value, Sequence):
        wrong_type(value, what, "a list of names", notes)
        return None
    words = [read_word(item, f"each of {what}", notes) for item in value.items]
    return tuple(dict.fromkeys(word for word in words if word is not None))


def read_mapping(value: Value, what: str, notes: Notes) -> Mapping | None:
    if isinstance(value, Mapping):
        return value
    wrong_type(value, what, "a mapping", notes, "write 'key: value' pairs")
    return None


def read_list(value: Value, what: str, notes: Notes) -> tuple[Value, ...]:
    """The items of a list; nothing (`tests:` with nothing behind it) is an empty list."""
    if isinstance(value, Sequence):
        return value.items
    if not (isinstance(value, Scalar) and value.value is None):
        wrong_type(value, what, "a list", notes, "put '- ' before each item, or [ ] around them")
    return ()


def read_whole(value: Value, what: str, notes: Notes, minimum: int = 0) -> int | None:
    """A whole number from `minimum` on."""
    number = value.value if isinstance(value, Scalar) else None
    if not isinstance(number, int) or isinstance(number, bool):
        wrong_type(value, what, "a whole number", notes)
        return None
    if number < minimum:
        message = f"{what} must be {minimum} or more, not {number}"
        notes.append(diagnose(codes.BAD_VALUE, message, value.span, f"give {minimum} or more"))
        return None
    return number


def read_bool(value: Value, what: str, notes: Notes) -> bool | None:
    if isinstance(value, Scalar) and isinstance(value.value, bool):
        return value.value
    wrong_type(value, what, "true or false", notes)
    return None


def read_choice(value: Value, what: str, allowed: Iterable[str], notes: Notes) -> str | None:
    text = read_text(value, what, notes)
    known = list(allowed)
    if text is None or text in known:
        return text
    notes.append(
        diagnose(
            codes.BAD_VALUE,
            f"{what} cannot be '{text}'",
            value.span,
            _first(did_you_mean(text, known), f"it is one of {', '.join(known)}"),
        )
    )
    return None


def read_meta(value: Value, what: str, notes: Notes) -> dict[str, Any] | None:
    mapping = read_mapping(value, what, notes)
    return None if mapping is None else dict(plain(mapping))


def unknown_key(entry: Entry, known: Iterable[str], what: str, notes: Notes) -> None:
    """Note a key that `what` does not have, with the nearest that it has."""
    names = sorted(known)
    notes.append(
        diagnose(
            codes.UNKNOWN_KEY,
            f"unknown setting '{entry.name}' of {what}",
            entry.key.span,
            _first(did_you_mean(entry.name, names), f"known are {', '.join(names)}"),
        )
    )


def check_keys(mapping: Mapping, known: Iterable[str], what: str, notes: Notes) -> None:
    names = frozenset(known)
    for entry in mapping:
        if entry.name not in names:
            unknown_key(entry, names, what, notes)


def required(mapping: Mapping, key: str, what: str, notes: Notes) -> Value | None:
    value = mapping.get(key)
    if value is None:
        message = f"{what} has no '{key}'"
        notes.append(diagnose(codes.MISSING_KEY, message, mapping.span, f"add '{key}: …'"))
    return value


def set_twice(entry: Entry, first: Entry, notes: Notes) -> None:
    names = f"'{entry.name}'"
    if first.name != entry.name:
        names = f"'{first.name}' and '{entry.name}', which mean the same,"
    notes.append(
        diagnose(
            codes.SET_TWICE,
            f"{names} {'is' if first.name == entry.name else 'are'} set twice",
            entry.key.span,
            "keep one of the two",
            labels=[Label(first.key.span, "first here")],
        )
    )


def _first(*texts: str) -> str:
    return next(text for text in texts if text)

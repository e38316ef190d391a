"""Settings of how an asset is built, not of what it means: patience and persistence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.base.spans import Span
from xform.project.checksum import Checksum, read_checksum
from xform.project.reader import (
    Notes,
    check_keys,
    read_bool,
    read_list,
    read_mapping,
    read_whole,
    read_word,
    read_words,
    wrong_type,
)
from xform.project.values import Scalar, Value

RUNNING = ("timeout", "retries", "checksum", "persist_docs", "grants")
"""Their names, where they may also be set for the whole project."""

HOOKS = ("before", "after")
"""Those of models only."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FORM = "a duration, such as 30s, 10m or 1h"


class Retries(msgspec.Struct, frozen=True):
    """How often a build is tried again after an error that may pass by itself. Before the first
    time it waits `wait` seconds, then twice as long each time."""

    times: int = 2
    wait: float = 1.0


class History(msgspec.Struct, frozen=True):
    """How many of the last runs are remembered, and for how many days; None: for ever."""

    runs: int = 100
    days: int | None = None


class Hook(msgspec.Struct, frozen=True):
    """SQL of the user's, as written: a template."""

    text: str
    span: Span


class RunHooks(msgspec.Struct, frozen=True):
    """What runs at both ends of a run."""

    on_start: tuple[Hook, ...] = ()
    on_end: tuple[Hook, ...] = ()


class Docs(msgspec.Struct, frozen=True):
    """Which descriptions are written into the warehouse, as comments."""

    relation: bool = False
    columns: bool = False


class Running(msgspec.Struct, frozen=True):
    """None: not said."""

    timeout: float | None = None
    """Seconds from the start of a build to the end of its tests."""
    retries: Retries | None = None
    persist_docs: Docs | None = None
    grants: dict[str, tuple[str, ...]] | None = None
    """Privilege → whom it is given to."""
    before: tuple[Hook, ...] = ()
    """Runs in the session of the build, before it."""
    after: tuple[Hook, ...] = ()
    """Runs in the transaction of the build, behind it."""
    checksum: Checksum | None = None
    """How builds are compared."""


def running_of(fields: dict[str, Any]) -> Running:
    """Takes the settings of running out of typed fields."""
    return Running(**{name: fields.pop(name) for name in (*RUNNING, *HOOKS) if name in fields})


def merged(layers: Iterable[Running]) -> Running:
    """One from several, the nearest last. Hooks add up, the farthest first."""
    found: dict[str, Any] = {}
    for layer in layers:
        for name in RUNNING:
            value = getattr(layer, name)
            if value is not None:
                found[name] = value
        for name in HOOKS:
            hooks = (*found.get(name, ()), *getattr(layer, name))
            if hooks:
                found[name] = tuple(dict.fromkeys(hooks))
    return Running(**found)


def read_running(setting: str, value: Value, what: str, notes: Notes) -> Any:
    """The typed value of one of these settings; None where it is none."""
    if setting == "timeout":
        return read_duration(value, what, notes)
    if setting == "checksum":
        return read_checksum(value, what, notes)
    if setting in HOOKS:
        return read_hooks(value, what, notes)
    if setting == "persist_docs":
        return read_docs(value, what, notes)
    if setting == "grants":
        return read_grants(value, what, notes)
    return read_retries(value, what, notes)


def read_docs(value: Value, what: str, notes: Notes) -> Docs | None:
    """`persist_docs: true`, or dbt's `{relation: true, columns: true}`."""
    if isinstance(value, Scalar):
        said = read_bool(value, what, notes)
        return None if said is None else Docs(said, said)
    mapping = read_mapping(value, what, notes)
    if mapping is None:
        return None
    check_keys(mapping, ("relation", "columns"), what, notes)
    parts = {
        entry.name: read_bool(entry.value, f"'{entry.name}' of {what}", notes) or False
        for entry in mapping
        if entry.name in ("relation", "columns")
    }
    return Docs(**parts)


def read_grants(value: Value, what: str, notes: Notes) -> dict[str, tuple[str, ...]] | None:
    """`grants: {select: [reporting, ann]}`."""
    mapping = read_mapping(value, what, notes)
    if mapping is None:
        return None
    return {
        entry.name: read_words(entry.value, f"'{entry.name}' of {what}", notes) or ()
        for entry in mapping
    }


def read_hooks(value: Value, what: str, notes: Notes) -> tuple[Hook, ...]:
    """A statement, or a list of them."""
    items = (value,) if isinstance(value, Scalar) else read_list(value, what, notes)
    texts = [(read_word(item, f"each of {what}", notes), item.span) for item in items]
    return tuple(Hook(text, span) for text, span in texts if text is not None)


def read_run_hooks(value: Value, notes: Notes) -> RunHooks:
    mapping = read_mapping(value, "'hooks'", notes)
    if mapping is None:
        return RunHooks()
    check_keys(mapping, ("on_start", "on_end"), "'hooks'", notes)
    return RunHooks(
        **{
            entry.name: read_hooks(entry.value, f"'{entry.name}' of 'hooks'", notes)
            for entry in mapping
            if entry.name in ("on_start", "on_end")
        }
    )


def read_history(value: Value, notes: Notes) -> History:
    """`history = {runs = 50, days = 30}`."""
    mapping = read_mapping(value, "'history'", notes)
    if mapping is None:
        return History()
    check_keys(mapping, ("runs", "days"), "'history'", notes)
    said = {
        entry.name: read_whole(entry.value, f"'{entry.name}' of 'history'", notes, 1)
        for entry in mapping
        if entry.name in ("runs", "days")
    }
    return History(said.get("runs") or History().runs, said.get("days"))


def seconds_of(text: str) -> float | None:
    """Seconds of a duration as it is written: `30s`, `7d`, `1h 30m`; None where it is none."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def read_duration(value: Value, what: str, notes: Notes, *, zero: bool = False) -> float | None:
    """Seconds, written as a number with a unit, or several: `1h 30m`. A plain number is seconds."""
    given = value.value if isinstance(value, Scalar) else None
    seconds: float | None = None
    if isinstance(given, int | float) and not isinstance(given, bool):
        seconds = float(given)
    elif isinstance(given, str):
        seconds = seconds_of(given)
    else:
        wrong_type(value, what, _FORM, notes)
        return None
    if seconds is None or not (0 < seconds < 1e9 or (zero and seconds == 0)):
        message = f"{what} cannot be '{value.text if isinstance(value, Scalar) else given}'"
        notes.append(diagnose(codes.BAD_VALUE, message, value.span, f"give {_FORM}"))
        return None
    return seconds


def read_retries(value: Value, what: str, notes: Notes) -> Retries | None:
    """`retries: 3`, or `retries: {times: 3, wait: 5s}`."""
    if isinstance(value, Scalar):
        times = read_whole(value, what, notes)
        return None if times is None else Retries(times)
    mapping = read_mapping(value, what, notes)
    if mapping is None:
        return None
    check_keys(mapping, ("times", "wait"), what, notes)
    said: dict[str, Any] = {}
    for entry in mapping:
        inner = f"'{entry.name}' of {what}"
        if entry.name == "times":
            said["times"] = read_whole(entry.value, inner, notes)
        elif entry.name == "wait":
            said["wait"] = read_duration(entry.value, inner, notes, zero=True)
    return Retries(**{name: found for name, found in said.items() if found is not None})

"""Settings of assets, typed: what a header, a yml entry, a decorator or folder defaults say.

The same reader serves all of them; `Subject` says which keys are known where.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any, assert_never

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import did_you_mean
from xform.base.spans import Span
from xform.project import incremental
from xform.project.assets import ColumnSpec, Kind, TestSpec
from xform.project.columns import read_columns
from xform.project.contracts import read_contract, read_date
from xform.project.data_tests import read_tests
from xform.project.reader import (
    Notes,
    read_choice,
    read_mapping,
    read_meta,
    read_text,
    read_word,
    read_words,
    set_twice,
    unknown_key,
)
from xform.project.running import HOOKS, RUNNING, Hook, Running, read_running, running_of
from xform.project.values import Entry, Mapping, Value, is_null

MODEL_KINDS = (Kind.VIEW, Kind.TABLE, Kind.INCREMENTAL, Kind.SNAPSHOT, Kind.EPHEMERAL)
ACCESS = ("private", "protected", "public")
VOLATILE = ("rebuild", "ignore")

_LATER_KINDS = {
    "materialized_view": "use 'view' or 'table'",
    "dynamic_table": "use 'view' or 'table'",
}
_OTHER_KINDS = {
    "seed": "put the data file under seeds/",
    "external": "declare it under 'sources:' in a yml file",
    "source": "declare it under 'sources:' in a yml file",
    "exposure": "declare it under 'exposures:' in a yml file",
}

_DESCRIBING = ("description", "owner", "tags", "group", "access", "domain", "meta", "config")
_COMMON = ("columns", "tests", "data_tests", "grain", *_DESCRIBING)
_MODEL = (
    *_COMMON,
    "contract",
    "deprecation_date",
    *RUNNING,
    *HOOKS,
    *incremental.KEYS,
    "kind",
    "materialized",
    "dialect",
    "volatile",
)
_SYNONYMS = {"materialized": "kind", "data_tests": "tests"}


class Subject(enum.StrEnum):
    """Whose settings are read."""

    SQL_MODEL = "a SQL model"
    PYTHON_MODEL = "a Python model"
    MODEL = "a model"
    """In yml or in folder defaults, where the language is not known yet."""
    SEED = "a seed"
    SOURCE = "a source"
    SOURCE_TABLE = "a source table"
    EXPOSURE = "an exposure"

    @property
    def keys(self) -> tuple[str, ...]:
        match self:
            case Subject.SQL_MODEL | Subject.MODEL:
                return _MODEL
            case Subject.PYTHON_MODEL:
                return (*_MODEL, "inputs")
            case Subject.SEED:
                return (*_COMMON, *RUNNING)
            case Subject.SOURCE_TABLE:
                return _COMMON
            case Subject.SOURCE:
                return _DESCRIBING
            case Subject.EXPOSURE:
                return tuple(key for key in _DESCRIBING if key != "access")
            case _:
                assert_never(self)


class AssetSettings(msgspec.Struct, frozen=True):
    """What one place says of an asset. None (or empty): not said there.

    `given` holds the settings as written, without columns, tests and description: they become
    `Asset.config`. `places` says where each was written, by its name here.
    """

    span: Span
    kind: Kind | None = None
    columns: tuple[ColumnSpec, ...] = ()
    tests: tuple[TestSpec, ...] = ()
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    access: str | None = None
    contract: bool | None = None
    deprecation_date: str | None = None
    domain: str | None = None
    grain: tuple[str, ...] = ()
    meta: dict[str, Any] = {}
    dialect: str | None = None
    volatile: str | None = None
    incremental: dict[str, Any] = {}
    """How an incremental model grows, by setting (`incremental.KEYS`)."""
    inputs: dict[str, str] = {}
    running: Running = Running()
    given: dict[str, Any] = {}
    places: dict[str, Span] = {}


def read_settings(
    mapping: Mapping, subject: Subject, notes: Notes, *, beside: tuple[str, ...] = ()
) -> AssetSettings:
    """The settings in a mapping. `beside` are further keys that the caller reads himself."""
    given: dict[str, list[Entry]] = {}
    for entry in _flat(mapping, notes):
        setting = _SYNONYMS.get(entry.name, entry.name)
        if entry.name in beside:
            continue
        if entry.name not in subject.keys:
            unknown_key(entry, (*subject.keys, *beside), subject.value, notes)
        elif setting in given and setting not in ("tags", "meta"):
            set_twice(entry, given[setting][0], notes)
        else:
            given.setdefault(setting, []).append(entry)
    fields: dict[str, Any] = {}
    for setting, entries in given.items():
        for entry in entries:
            value = _field(setting, entry, notes)
            if value is None:
                continue
            earlier = fields.get(setting)
            if setting == "tags" and earlier is not None:
                value = tuple(dict.fromkeys((*earlier, *value)))
            elif setting == "meta" and earlier is not None:
                value = {**earlier, **value}
            fields[setting] = value
    grows = {name: fields.pop(name) for name in incremental.KEYS if name in fields}
    given_plain = {
        name: _raw(value)
        for name, value in (*fields.items(), *grows.items())
        if name not in _NOT_CONFIG
    }
    return AssetSettings(
        span=mapping.span,
        running=running_of(fields),
        **fields,
        incremental=grows,
        given=given_plain,
        places={name: entries[0].value.span for name, entries in given.items()},
    )


_NOT_CONFIG = ("columns", "tests", "description", "inputs")


def _raw(value: Any) -> Any:
    if isinstance(value, Kind):
        return value.value
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    if isinstance(value, tuple):
        return [item.text if isinstance(item, Hook) else item for item in value]
    return value


def _flat(mapping: Mapping, notes: Notes) -> Iterator[Entry]:
    """The entries, those of a nested `config:` (dbt's properties) lifted up."""
    for entry in mapping:
        if entry.name != "config":
            yield entry
        elif not is_null(entry.value):
            nested = read_mapping(entry.value, "'config'", notes)
            if nested is not None:
                yield from nested


def _field(setting: str, entry: Entry, notes: Notes) -> Any:
    """The typed value of one setting; None where it is none."""
    what = f"'{entry.name}'"
    value = entry.value
    match setting:
        case "kind":
            return read_kind(value, what, notes)
        case "columns":
            return read_columns(value, notes)
        case "tests":
            return read_tests(value, None, notes)
        case "description":
            return read_text(value, what, notes)
        case "tags" | "grain":
            return read_words(value, what, notes)
        case "meta":
            return read_meta(value, what, notes)
        case "owner":
            return read_owner(value, what, notes)
        case "access":
            return read_choice(value, what, ACCESS, notes)
        case "contract":
            return read_contract(value, what, notes)
        case "deprecation_date":
            return read_date(value, what, notes)
        case "volatile":
            return read_choice(value, what, VOLATILE, notes)
        case "inputs":
            return _inputs(value, notes)
        case _ if setting in (*RUNNING, *HOOKS):
            return read_running(setting, value, what, notes)
        case _ if setting in incremental.KEYS:
            return incremental.read_incremental(setting, value, what, notes)
        case _:
            return read_word(value, what, notes)


def read_kind(value: Value, what: str, notes: Notes) -> Kind | None:
    """The kind of a model: view, table, incremental or ephemeral."""
    text = read_text(value, what, notes)
    if text is None:
        return None
    known = [kind.value for kind in MODEL_KINDS]
    if text in known:
        return Kind(text)
    if text in _LATER_KINDS:
        message = f"kind '{text}' is not available in this version"
        notes.append(diagnose(codes.NOT_YET, message, value.span, _LATER_KINDS[text]))
        return None
    advice = _OTHER_KINDS.get(text) or did_you_mean(text, known)
    notes.append(
        diagnose(
            codes.BAD_VALUE,
            f"{what} of a model cannot be '{text}'",
            value.span,
            advice or f"it is one of {', '.join(known)}",
        )
    )
    return None


def read_owner(value: Value, what: str, notes: Notes) -> str | None:
    """A name, or dbt's mapping of `name` and `email`, as `Name <email>`."""
    if not isinstance(value, Mapping):
        return read_word(value, what, notes)
    said: dict[str, str] = {}
    for entry in value:
        if entry.name not in ("name", "email"):
            unknown_key(entry, ("name", "email"), what, notes)
        elif (text := read_word(entry.value, f"'{entry.name}' of {what}", notes)) is not None:
            said[entry.name] = text
    if "name" in said and "email" in said:
        return f"{said['name']} <{said['email']}>"
    return said.get("name") or said.get("email")


def _inputs(value: Value, notes: Notes) -> dict[str, str] | None:
    """Parameter → asset, of a Python model."""
    mapping = read_mapping(value, "'inputs'", notes)
    if mapping is None:
        return None
    assets = {
        entry.name: read_word(entry.value, f"input '{entry.name}'", notes) for entry in mapping
    }
    return {name: asset for name, asset in assets.items() if asset is not None}


def python_kind(settings: AssetSettings) -> Diagnostic | None:
    """A Python model is always stored: it cannot be a view or ephemeral."""
    if settings.kind is None or settings.kind is Kind.TABLE:
        return None
    return diagnose(
        codes.PYTHON_KIND,
        f"a Python model cannot be of kind '{settings.kind}'",
        settings.places["kind"],
        "use kind 'table', or leave it out",
    )

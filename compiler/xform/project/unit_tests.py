"""Unit tests of models as written: the inputs that are given, and what is to come out.

The layout is dbt's, with shorter forms beside it: `given` may be a mapping of inputs, an input or
the expectation a list of rows, and overrides may stand at the test itself. What Python tests give
is read in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.base.hashing import Digest
from xform.base.spans import Span
from xform.project.incremental import read_moment
from xform.project.reader import (
    Notes,
    check_keys,
    read_bool,
    read_choice,
    read_list,
    read_mapping,
    read_meta,
    read_text,
    read_word,
    read_words,
    required,
    set_twice,
    wrong_type,
)
from xform.project.references import REFERENCE_HELP, reference
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value, is_null, plain

THIS = "this"
"""The input that stands for what an incremental model has built already."""
FORMATS = ("dict", "csv", "sql")
_OVERRIDES = ("macros", "vars", "env_vars")
_SETTINGS = ("is_incremental", "time", "start", "end", "tolerance", *_OVERRIDES)
_KEYS = ("name", "model", "description", "given", "expect", "overrides", "config", *_SETTINGS)
_ROWS = ("rows", "format", "fixture")


class Cell(msgspec.Struct, frozen=True, array_like=True):
    """A value as written: None, bool, int, float, str, or lists and dicts of these."""

    value: Any
    span: Span


class Rows(msgspec.Struct, frozen=True):
    """Rows as written: cells by column (`dict`), or text (`csv`, `sql`), in place or (then `text`
    is None) in the file that `fixture` names under `tests/fixtures/`."""

    span: Span
    format: str = "dict"
    rows: tuple[dict[str, Cell], ...] = ()
    text: str | None = None
    fixture: str | None = None


class Given(msgspec.Struct, frozen=True):
    """`input` is the asset as written, or `this`."""

    input: str
    span: Span
    rows: Rows


class UnitTest(msgspec.Struct, frozen=True):
    """A unit test as declared. `model` is the asset as written.

    `ordered`: the order of rows counts. `tolerance`: by how much numbers with a fraction may
    differ. `time` is what the clock shows; `start` and `end` are the bounds of the intervals that
    a model by time is computed for; `incremental`: it is the form that carries on what was built.
    Of a Python test, `function` gives the rest when it is called.
    """

    name: str
    model: str
    span: Span
    model_span: Span
    given: tuple[Given, ...] = ()
    expect: Rows | None = None
    ordered: bool = False
    tolerance: float | None = None
    time: str | None = None
    start: str | None = None
    end: str | None = None
    incremental: bool = False
    vars: dict[str, Any] = {}
    env_vars: dict[str, str] = {}
    macros: dict[str, Any] = {}
    places: dict[str, Span] = {}
    """Where macros are overridden, by name."""
    description: str = ""
    tags: tuple[str, ...] = ()
    function: str | None = None
    digest: Digest = Digest("")
    """Of the file of a Python test, and of what it imports of the project."""

    @property
    def overrides(self) -> bool:
        """Whether the model's template is to be rendered anew."""
        return bool(self.vars or self.env_vars or self.macros)


def read_unit_tests(value: Value, notes: Notes) -> Iterator[UnitTest]:
    """The tests of a section `unit_tests`. Broken ones are left out."""
    for item in read_list(value, "'unit_tests'", notes):
        mapping = read_mapping(item, "a unit test", notes)
        if mapping is None:
            continue
        before = len(notes)
        name = required(mapping, "name", "a unit test", notes)
        word = name and read_word(name, "'name' of a unit test", notes)
        found = read_unit_test(mapping, word or "", notes)
        if len(notes) == before and found is not None:
            yield found


def read_unit_test(
    mapping: Mapping, name: str, notes: Notes, function: str | None = None
) -> UnitTest | None:
    """One test, or what stands beside a function that gives the rest. None, and enabled, where
    it is said to be off."""
    what = f"unit test '{name}'"
    check_keys(mapping, _KEYS, what, notes)
    settings, places = _settings(mapping, what, notes)
    model = required(mapping, "model", what, notes)
    written = model and read_text(model, f"'model' of {what}", notes)
    asset = written and reference(written)
    if model is not None and written and asset is None:
        message = f"'{written}' is not the name of an asset"
        notes.append(diagnose(codes.BAD_VALUE, message, model.span, REFERENCE_HELP))
    given = mapping.get("given")
    if given is not None:
        settings["given"] = tuple(_given(given, what, notes))
    expect = mapping.get("expect")
    if expect is not None:
        settings.update(_expected(expect, what, notes))
    elif function is None:
        required(mapping, "expect", what, notes)
    description = mapping.get("description")
    if description is not None:
        settings["description"] = read_text(description, f"'description' of {what}", notes) or ""
    config = mapping.get("config")
    if config is not None and not _config(config, what, settings, notes):
        return None
    if not asset or model is None:
        return None
    at = mapping.get("name")
    return UnitTest(
        name,
        asset,
        at.span if at is not None else mapping.span,
        model.span,
        places=places,
        function=function,
        **settings,
    )


def _settings(mapping: Mapping, what: str, notes: Notes) -> tuple[dict[str, Any], dict[str, Span]]:
    """Overrides and the like, from the test itself and from `overrides`."""
    given = {entry.name: entry for entry in mapping if entry.name in _SETTINGS}
    nested = mapping.get("overrides")
    overrides = nested and read_mapping(nested, f"'overrides' of {what}", notes)
    if overrides:
        check_keys(overrides, _OVERRIDES, f"'overrides' of {what}", notes)
        for entry in overrides:
            if entry.name in given:
                set_twice(entry, given[entry.name], notes)
            elif entry.name in _OVERRIDES:
                given[entry.name] = entry
    found: dict[str, Any] = {}
    places: dict[str, Span] = {}
    for entry in given.values():
        value, label = entry.value, f"'{entry.name}' of {what}"
        match entry.name:
            case "is_incremental":
                found["incremental"] = read_bool(value, label, notes) or False
            case "time" | "start" | "end":
                found[entry.name] = read_moment(value, label, notes)
            case "tolerance":
                found["tolerance"] = _tolerance(value, label, notes)
            case "macros":
                macros = read_mapping(value, label, notes)
                for macro in macros or ():
                    places[macro.name] = macro.key.span
                found["macros"] = dict(plain(macros)) if macros is not None else {}
            case "env_vars":
                texts = read_mapping(value, label, notes)
                found["env_vars"] = {
                    item.name: item.value.text if isinstance(item.value, Scalar) else ""
                    for item in texts or ()
                }
            case _:
                found[entry.name] = read_meta(value, label, notes) or {}
    if "is_incremental" in found.get("macros", {}):  # as dbt has it
        found["incremental"] = found["macros"].pop("is_incremental") is True
    return found, places


def _tolerance(value: Value, what: str, notes: Notes) -> float | None:
    number = value.value if isinstance(value, Scalar) else None
    if isinstance(number, int | float) and not isinstance(number, bool) and number >= 0:
        return float(number)
    wrong_type(value, what, "a number from 0 on", notes, "give the most that may differ: 0.001")
    return None


def _config(value: Value, what: str, settings: dict[str, Any], notes: Notes) -> bool:
    """Whether the test is on."""
    config = read_mapping(value, f"'config' of {what}", notes)
    if config is None:
        return True
    check_keys(config, ("tags", "meta", "enabled"), f"'config' of {what}", notes)
    tags, enabled = config.get("tags"), config.get("enabled")
    if tags is not None:
        settings["tags"] = read_words(tags, f"'tags' of {what}", notes) or ()
    return enabled is None or read_bool(enabled, f"'enabled' of {what}", notes) is not False


def _given(value: Value, what: str, notes: Notes) -> Iterator[Given]:
    """The inputs: a list of mappings with `input`, or a mapping of inputs."""
    pairs: list[tuple[Scalar, Value]] = []
    if isinstance(value, Mapping):
        pairs = [(entry.key, entry.value) for entry in value]
    else:
        label = f"an input of {what}"
        for item in read_list(value, f"'given' of {what}", notes):
            mapping = read_mapping(item, label, notes)
            named = mapping and required(mapping, "input", label, notes)
            if not mapping or named is None or read_word(named, "'input'", notes) is None:
                continue
            assert isinstance(named, Scalar)
            rest = tuple(entry for entry in mapping if entry.name != "input")
            pairs.append((named, Mapping(rest, mapping.span)))
    seen: dict[str, Scalar] = {}
    for key, rows in pairs:
        asset = reference(key.text)
        if asset is None:
            message = f"'{key.text}' is not the name of an asset"
            notes.append(diagnose(codes.BAD_VALUE, message, key.span, REFERENCE_HELP))
            continue
        if asset.lower() in seen:
            first = seen[asset.lower()]
            set_twice(Entry(key, rows), Entry(first, rows), notes)
            continue
        seen[asset.lower()] = key
        yield Given(asset, key.span, _rows(rows, f"input '{asset}' of {what}", notes))


def _expected(value: Value, what: str, notes: Notes) -> dict[str, Any]:
    label = f"'expect' of {what}"
    found: dict[str, Any] = {}
    if isinstance(value, Mapping):
        ordered = value.get("ordered")
        if ordered is not None:
            found["ordered"] = read_bool(ordered, f"'ordered' of {what}", notes) or False
        rest = tuple(entry for entry in value if entry.name != "ordered")
        value = Mapping(rest, value.span)
    found["expect"] = _rows(value, label, notes)
    return found


def _rows(value: Value, what: str, notes: Notes) -> Rows:
    """Rows in any form: a list of them, or a mapping that says their format."""
    if not isinstance(value, Mapping):
        return Rows(value.span, rows=tuple(_dicts(value, what, notes)))
    check_keys(value, _ROWS, what, notes)
    given = value.get("format")
    form = (given and read_choice(given, f"'format' of {what}", FORMATS, notes)) or None
    rows, fixture = value.get("rows"), value.get("fixture")
    if fixture is not None:
        named = read_word(fixture, f"'fixture' of {what}", notes)
        if rows is not None:
            message = f"{what} has both 'rows' and 'fixture'"
            notes.append(diagnose(codes.BAD_VALUE, message, fixture.span, "keep one of the two"))
        if form not in ("csv", "sql"):
            form = "sql" if (named or "").endswith(".sql") else "csv"
        return Rows(fixture.span, form, fixture=named)
    if rows is None:
        message = f"{what} has neither 'rows' nor 'fixture'"
        notes.append(diagnose(codes.MISSING_KEY, message, value.span, "add 'rows: […]'"))
        return Rows(value.span)
    if form in (None, "dict"):
        if form is None and isinstance(rows, Scalar) and rows.value is not None:
            message = f"'rows' of {what} is text, and its format is not said"
            advice = "add 'format: csv' or 'format: sql'"
            notes.append(diagnose(codes.MISSING_KEY, message, rows.span, advice))
            return Rows(rows.span)
        return Rows(rows.span, rows=tuple(_dicts(rows, what, notes)))
    assert form is not None
    return Rows(rows.span, form, text=read_text(rows, f"'rows' of {what}", notes) or "")


def _dicts(value: Value, what: str, notes: Notes) -> Iterator[dict[str, Cell]]:
    if not isinstance(value, Sequence) and not is_null(value):
        wrong_type(value, f"the rows of {what}", "a list", notes, "write - {column: value, …}")
        return
    for item in read_list(value, f"the rows of {what}", notes):
        mapping = read_mapping(item, f"a row of {what}", notes)
        if mapping is not None:
            yield {entry.name: Cell(plain(entry.value), entry.value.span) for entry in mapping}

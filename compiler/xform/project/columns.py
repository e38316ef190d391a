"""Columns as described in a header or yml: by name, or in dbt's list form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xform.base import codes
from xform.base.diagnostics import Label, diagnose
from xform.project.assets import ColumnSpec, TestSpec
from xform.project.data_tests import read_tests
from xform.project.reader import (
    Notes,
    read_meta,
    read_text,
    read_word,
    read_words,
    required,
    set_twice,
    unknown_key,
    wrong_type,
)
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value, is_null

_SYNONYMS = {"data_type": "type", "data_tests": "tests"}
_KEYS = ("type", "description", "tests", "tags", "meta", *_SYNONYMS)


def read_columns(value: Value, notes: Notes) -> tuple[ColumnSpec, ...]:
    """Columns in written order; a name (in any case) stands once."""
    columns: dict[str, ColumnSpec] = {}
    for key, body in _described(value, notes):
        column = _column(key, body, notes)
        first = columns.setdefault(column.name.casefold(), column)
        if first is not column:
            notes.append(
                diagnose(
                    codes.COLUMN_TWICE,
                    f"column '{column.name}' is described twice",
                    column.span,
                    "put both descriptions into one; names differ by more than case",
                    labels=[Label(first.span, "first here")],
                )
            )
    return tuple(columns.values())


def _described(value: Value, notes: Notes) -> Iterator[tuple[Scalar, Value | None]]:
    """(name, what is said of it) of each column."""
    match value:
        case Mapping():
            yield from ((entry.key, entry.value) for entry in value)
        case Sequence():
            for item in value.items:
                if isinstance(item, Scalar) and isinstance(item.value, str):
                    yield item, None
                elif isinstance(item, Mapping):
                    name = required(item, "name", "a column", notes)
                    if name is not None and read_word(name, "'name' of a column", notes):
                        assert isinstance(name, Scalar)
                        rest = tuple(entry for entry in item if entry.name != "name")
                        yield name, Mapping(rest, item.span)
                else:
                    wrong_type(item, "a column", "a name or a mapping with 'name'", notes)
        case _:
            if not is_null(value):
                wrong_type(
                    value, "'columns'", "a mapping", notes, "write 'name: type' or 'name: {…}'"
                )


def _column(key: Scalar, body: Value | None, notes: Notes) -> ColumnSpec:
    name = key.text
    if body is None or is_null(body):
        return ColumnSpec(name, key.span)
    if isinstance(body, Scalar):
        type_ = read_word(body, f"the type of column '{name}'", notes)
        return ColumnSpec(name, key.span, type=type_)
    if not isinstance(body, Mapping):
        wrong_type(
            body, f"column '{name}'", "a type or a mapping", notes, "write 'name: {tests: […]}'"
        )
        return ColumnSpec(name, key.span)
    given: dict[str, Entry] = {}
    for entry in _flat(body):
        setting = _SYNONYMS.get(entry.name, entry.name)
        if entry.name not in _KEYS:
            if not _cut_type(body, entry, notes):
                unknown_key(entry, _KEYS, f"column '{name}'", notes)
        elif setting in given:
            set_twice(entry, given[setting], notes)
        else:
            given[setting] = entry
    type_ = None
    description = ""
    tags: tuple[str, ...] = ()
    tests: tuple[TestSpec, ...] = ()
    meta: dict[str, Any] = {}
    for setting, entry in given.items():
        what = f"'{entry.name}' of column '{name}'"
        match setting:
            case "type":
                type_ = read_word(entry.value, what, notes)
            case "description":
                description = read_text(entry.value, what, notes) or ""
            case "tags":
                tags = read_words(entry.value, what, notes) or ()
            case "tests":
                tests = read_tests(entry.value, name, notes)
            case _:
                meta = read_meta(entry.value, what, notes) or {}
    return ColumnSpec(name, key.span, type_, description, tags, tests, meta)


def _flat(body: Mapping) -> Iterator[Entry]:
    """The entries, those of dbt's `config` (tags and meta) lifted up."""
    for entry in body:
        if entry.name == "config" and isinstance(entry.value, Mapping):
            yield from entry.value
        else:
            yield entry


def _cut_type(body: Mapping, entry: Entry, notes: Notes) -> bool:
    """Whether an unknown key is the rest of a type that YAML cut at its comma, noted then.

    `{type: decimal(10, 2)}` reads as the keys `type: decimal(10` and `2)`.
    """
    type_ = body.get("type") or body.get("data_type")
    if not (isinstance(type_, Scalar) and type_.text.count("(") > type_.text.count(")")):
        return False
    if not entry.name.endswith(")"):
        return False
    notes.append(
        diagnose(
            codes.UNKNOWN_KEY,
            f"the comma cuts the type '{type_.text}, {entry.name}' in two",
            type_.span,
            f'put quotes around it: "{type_.text}, {entry.name}"',
        )
    )
    return True

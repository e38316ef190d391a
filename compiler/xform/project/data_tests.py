"""Data tests as written: `not_null`, `{unique: {severity: warn}}`, dbt's nested forms."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly
from typing import Any, assert_never

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.base.names import did_you_mean, nearest
from xform.base.spans import Span
from xform.project.assets import TestKind, TestSpec
from xform.project.reader import (
    Notes,
    read_choice,
    read_list,
    read_mapping,
    read_text,
    read_whole,
    read_word,
    read_words,
    set_twice,
    unknown_key,
    wrong_type,
)
from xform.project.references import REFERENCE_HELP, reference
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value, is_null

SEVERITIES = ("error", "warn")
_COMMON = ("severity", "where", "name")
_NESTED = ("config", "arguments")

_OWN: dict[TestKind, tuple[str, ...]] = {
    TestKind.NOT_NULL: (),
    TestKind.UNIQUE: (),
    # `quote` is dbt's; values have types here, so it says nothing.
    TestKind.ACCEPTED_VALUES: ("values", "quote"),
    TestKind.RANGE: ("min", "max"),
    TestKind.RELATIONSHIPS: ("to", "field"),
    TestKind.ROW_COUNT: ("min", "max"),
}
_OF_ASSET = (TestKind.UNIQUE, TestKind.NOT_NULL, TestKind.ROW_COUNT)
_OF_COLUMN = tuple(kind for kind in TestKind if kind is not TestKind.ROW_COUNT)

_ELSEWHERE = {
    "dbt_utils.unique_combination_of_columns": "write {unique: {columns: [a, b]}} at the model",
    "dbt_utils.accepted_range": "write {range: {min: 0, max: 9}}",
    "unique_combination_of_columns": "write {unique: {columns: [a, b]}} at the model",
    "accepted_range": "write {range: {min: 0, max: 9}}",
}


def read_tests(value: Value, column: str | None, notes: Notes) -> tuple[TestSpec, ...]:
    """The tests in a list, of a column or (None) of a whole asset. Broken ones are left out."""
    what = "'tests'" if column is None else f"'tests' of column '{column}'"
    tests = [_test(item, column, notes) for item in read_list(value, what, notes)]
    return tuple(test for test in tests if test is not None)


def _test(item: Value, column: str | None, notes: Notes) -> TestSpec | None:
    arguments: Value | None = None
    match item:
        case Scalar(value=str()):
            key = item
        case Mapping(entries=(Entry() as entry,)):
            key, arguments = entry.key, entry.value
        case _:
            wrong_type(
                item,
                "a test",
                "a name or one 'name: arguments' pair",
                notes,
                "write not_null, or {range: {min: 0}}; indent arguments below the name",
            )
            return None
    kind = _kind(key, column, notes)
    if kind is None:
        return None
    given: dict[str, Entry] = {}
    before = len(notes)
    if arguments is not None and not is_null(arguments):
        mapping = read_mapping(arguments, f"the arguments of '{kind}'", notes)
        if mapping is None:
            return None
        known = (*_own(kind, column), *_COMMON)
        _collect(mapping, kind, known, given, notes)
    args, columns = _arguments(kind, column, given, key.span, notes)
    if len(notes) > before:
        return None
    severity = _optional(given, "severity")
    where = _optional(given, "where")
    name = _optional(given, "name")
    return TestSpec(
        kind=kind,
        columns=columns,
        span=key.span,
        args=args,
        severity=(severity and read_choice(severity, "'severity'", SEVERITIES, notes)) or "error",
        where=None if where is None else read_word(where, "'where'", notes),
        name=None if name is None else read_word(name, "'name'", notes),
    )


def _kind(key: Scalar, column: str | None, notes: Notes) -> TestKind | None:
    fitting = _OF_ASSET if column is None else _OF_COLUMN
    names = [kind.value for kind in TestKind]
    if key.text not in names:
        advice = _ELSEWHERE.get(key.text) or did_you_mean(key.text, names)
        notes.append(
            diagnose(
                codes.UNKNOWN_TEST,
                f"unknown test '{key.text}'",
                key.span,
                advice or f"known are {', '.join(names)}",
            )
        )
        return None
    kind = TestKind(key.text)
    if kind in fitting:
        return kind
    place = "the whole model" if column is None else "a column"
    other = "a column: move it there" if column is None else "the whole model: move it there"
    notes.append(
        diagnose(
            codes.UNKNOWN_TEST,
            f"test '{kind}' cannot test {place}",
            key.span,
            f"it belongs to {other}",
        )
    )
    return None


def _own(kind: TestKind, column: str | None) -> tuple[str, ...]:
    if column is None and kind is not TestKind.ROW_COUNT:
        return ("columns", *_OWN[kind])
    return _OWN[kind]


def _collect(
    mapping: Mapping, kind: TestKind, known: tuple[str, ...], given: dict[str, Entry], notes: Notes
) -> None:
    """Arguments by name, those nested in `config` and `arguments` lifted up."""
    for entry in mapping:
        if entry.name in _NESTED:
            nested = read_mapping(entry.value, f"'{entry.name}' of '{kind}'", notes)
            if nested is not None:
                _collect(nested, kind, known, given, notes)
        elif entry.name not in known:
            unknown_key(entry, known, f"test '{kind}'", notes)
            for meant in nearest(entry.name, known)[:1]:
                given.setdefault(meant, entry)  # so that it is not missed as well
        elif entry.name in given and given[entry.name].name == entry.name:
            set_twice(entry, given[entry.name], notes)
        else:
            given[entry.name] = entry


def _arguments(
    kind: TestKind,
    column: str | None,
    given: ReadOnly[str, Entry],
    span: Span,
    notes: Notes,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(arguments of the kind, tested columns)."""
    columns: tuple[str, ...] = () if column is None else (column,)
    match kind:
        case TestKind.NOT_NULL | TestKind.UNIQUE:
            if column is None:
                listed = _needed(kind, "columns", given, span, notes)
                columns = (listed and read_words(listed, "'columns'", notes)) or ()
                if listed is not None and not columns:
                    _wrong(kind, "'columns' is empty", listed.span, "name a column", notes)
            return {}, columns
        case TestKind.ACCEPTED_VALUES:
            return {"values": _values(kind, given, span, notes)}, columns
        case TestKind.RANGE:
            bounds = {key: given[key].value for key in ("min", "max") if key in given}
            if not bounds:
                _wrong(kind, "has neither 'min' nor 'max'", span, "add 'min: …' or both", notes)
            return {key: _bound(key, value, notes) for key, value in bounds.items()}, columns
        case TestKind.RELATIONSHIPS:
            to = _needed(kind, "to", given, span, notes)
            field = _needed(kind, "field", given, span, notes)
            return {
                "to": to and _reference(to, notes),
                "field": field and read_word(field, "'field'", notes),
            }, columns
        case TestKind.ROW_COUNT:
            counts = {
                key: read_whole(given[key].value, f"'{key}' of 'row_count'", notes)
                for key in ("min", "max")
                if key in given
            }
            if not counts:
                _wrong(kind, "has neither 'min' nor 'max'", span, "add 'min: …' or both", notes)
            return dict(counts), columns
        case _:
            assert_never(kind)


def _values(
    kind: TestKind, given: ReadOnly[str, Entry], span: Span, notes: Notes
) -> list[str | int | float | bool | None]:
    value = _needed(kind, "values", given, span, notes)
    if value is None:
        return []
    if not isinstance(value, Sequence):
        wrong_type(value, "'values'", "a list", notes, "write values: [a, b]")
        return []
    if not value.items:
        _wrong(kind, "'values' is empty", value.span, "list the accepted values", notes)
    for item in value.items:
        if not isinstance(item, Scalar):
            wrong_type(item, "each of 'values'", "a single value", notes)
        elif item.value is None:
            _wrong(
                kind,
                "accepts NULL anyway",
                item.span,
                "take it out, or put quotes around the text 'null'",
                notes,
            )
    return [item.value for item in value.items if isinstance(item, Scalar)]


def _bound(key: str, value: Value, notes: Notes) -> str | int | float | None:
    if isinstance(value, Scalar) and not isinstance(value.value, bool | None):
        return value.value
    wrong_type(value, f"'{key}' of 'range'", "a number or a date", notes)
    return None


def _reference(value: Value, notes: Notes) -> str | None:
    text = read_text(value, "'to'", notes)
    if text is None:
        return None
    named = reference(text)
    if named is None:
        message = f"'{text}' is not the name of an asset"
        notes.append(diagnose(codes.TEST_ARGUMENT, message, value.span, REFERENCE_HELP))
    return named


def _optional(given: ReadOnly[str, Entry], key: str) -> Value | None:
    entry = given.get(key)
    return None if entry is None else entry.value


def _needed(
    kind: TestKind, key: str, given: ReadOnly[str, Entry], span: Span, notes: Notes
) -> Value | None:
    if key in given:
        return given[key].value
    _wrong(kind, f"has no '{key}'", span, f"add '{key}: …' to its arguments", notes)
    return None


def _wrong(kind: TestKind, finding: str, span: Span, advice: str, notes: Notes) -> None:
    message = (
        f"test '{kind}' {finding}" if not finding.startswith("'") else f"{finding} in '{kind}'"
    )
    notes.append(diagnose(codes.TEST_ARGUMENT, message, span, advice))


def same_test(test: TestSpec) -> tuple[object, ...]:
    """What makes two declared tests one and the same."""
    columns = tuple(column.casefold() for column in test.columns)
    return (test.kind, columns, repr(sorted(test.args.items())), test.where)

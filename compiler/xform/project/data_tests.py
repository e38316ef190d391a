"""Data tests as written: `not_null`, `{unique: {severity: warn}}`, dbt's nested forms."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as ReadOnly
from typing import Any, NamedTuple

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import did_you_mean, nearest
from xform.base.spans import Span
from xform.project.assets import TestKind, TestSpec
from xform.project.reader import (
    Notes,
    read_bool,
    read_choice,
    read_list,
    read_mapping,
    read_text,
    read_whole,
    read_word,
    set_twice,
    unknown_key,
    wrong_type,
)
from xform.project.test_arguments import MAIN, OF_ASSET, OF_COLUMN, OWN, Arguments, Found
from xform.project.thresholds import ANY, read_threshold
from xform.project.values import Entry, Mapping, Scalar, Value, is_null, plain

SEVERITIES = ("error", "warn")
SETTINGS = (
    "severity",
    "blocking",
    "where",
    "limit",
    "error_if",
    "warn_if",
    "store_failures",
    "name",
)
_SAID = ("description", "tags", "meta")
"""What dbt knows of a test besides, and nothing depends on."""
_NESTED = ("config", "arguments")


class _Alias(NamedTuple):
    """Another name of a kind, with what its arguments are called here. At a column, `condition`
    is to be read behind that column."""

    kind: TestKind
    keys: ReadOnly[str, str] = {}
    condition: bool = False


_ALIASES = {
    "unique_combination_of_columns": _Alias(TestKind.UNIQUE, {"combination_of_columns": "columns"}),
    "accepted_range": _Alias(TestKind.RANGE, {"min_value": "min", "max_value": "max"}),
    "expression_is_true": _Alias(TestKind.EXPRESSION, condition=True),
    "recency": _Alias(TestKind.RECENCY, {"group_by_columns": "group_by"}),
}
"""Tests of dbt_utils that say the same."""


def read_tests(value: Value, column: str | None, notes: Notes) -> tuple[TestSpec, ...]:
    """The tests in a list, of a column or (None) of a whole asset. Broken ones are left out."""
    what = "'tests'" if column is None else f"'tests' of column '{column}'"
    tests = [_test(item, column, notes) for item in read_list(value, what, notes)]
    return tuple(test for test in tests if test is not None)


def _test(item: Value, column: str | None, notes: Notes) -> TestSpec | None:
    named = _named(item, notes)
    if named is None:
        return None
    key, arguments = named
    alias = _kind(key, column, notes)
    if alias is None:
        return None
    kind = alias.kind
    called = key.text if kind is TestKind.CUSTOM else kind.value
    given: dict[str, Entry] = {}
    before = len(notes)
    if isinstance(arguments, Mapping):
        _collect(arguments, called, _known(alias, column), alias.keys, given, notes)
    elif arguments is not None and not is_null(arguments):
        if kind not in MAIN:
            read_mapping(arguments, f"the arguments of '{called}'", notes)
            return None
        main = Scalar(MAIN[kind], MAIN[kind], key.span)
        given[MAIN[kind]] = Entry(main, arguments)
    if kind is TestKind.CUSTOM:
        found = Found(_passed(given), () if column is None else (column,))
    else:
        found = Arguments(kind, column, given, key.span, notes).read()
    if alias.condition and column is not None and "expression" in found.args:
        quoted = column.replace('"', '""')
        found.args["expression"] = f'"{quoted}" {found.args["expression"]}'
    settings = read_test_settings(given, notes)
    if len(notes) > before:
        return None
    macro = key.text if kind is TestKind.CUSTOM else ""
    return TestSpec(kind, found.columns, key.span, found.args, macro=macro, **settings)


def _named(item: Value, notes: Notes) -> tuple[Scalar, Value | None] | None:
    """The name of a test, and its arguments. dbt also writes `{name: …, test_name: …}`."""
    match item:
        case Scalar(value=str()):
            return item, None
        case Mapping(entries=(Entry() as entry,)):
            return entry.key, entry.value
        case Mapping() if isinstance(item.get("test_name"), Scalar):
            key = item.get("test_name")
            assert isinstance(key, Scalar)
            rest = tuple(entry for entry in item if entry.name != "test_name")
            return key, Mapping(rest, item.span)
    wrong_type(
        item,
        "a test",
        "a name or one 'name: arguments' pair",
        notes,
        "write not_null, or {range: {min: 0}}; indent arguments below the name",
    )
    return None


def _kind(key: Scalar, column: str | None, notes: Notes) -> _Alias | None:
    name = key.text.removeprefix("dbt_utils.")
    alias = _ALIASES.get(name)
    if alias is None or (name == "recency" and name == key.text):
        known = {kind.value: kind for kind in OWN}
        if name != key.text or (name not in known and not name.isidentifier()):
            notes.append(unknown_test(key.text, key.span, (*known, *_ALIASES)))
            return None
        if name not in known:
            return _Alias(TestKind.CUSTOM)  # a macro, if there is one of that name
        alias = _Alias(known[name])
    if alias.kind in (OF_ASSET if column is None else OF_COLUMN):
        return alias
    place = "the whole model" if column is None else "a column"
    other = "a column: move it there" if column is None else "the whole model: move it there"
    notes.append(
        diagnose(
            codes.UNKNOWN_TEST,
            f"test '{alias.kind}' cannot test {place}",
            key.span,
            f"it belongs to {other}",
        )
    )
    return None


def unknown_test(name: str, span: Span, known: Iterable[str]) -> Diagnostic:
    """The finding that there is no such test."""
    names = tuple(known)
    advice = did_you_mean(name, names) or f"known are {', '.join(dict.fromkeys(names))}"
    return diagnose(codes.UNKNOWN_TEST, f"unknown test '{name}'", span, advice)


def _known(alias: _Alias, column: str | None) -> tuple[str, ...] | None:
    """What may be said of a test; None where that is not known here."""
    if alias.kind is TestKind.CUSTOM:
        return None
    own = OWN[alias.kind]
    if column is None and alias.kind in (TestKind.NOT_NULL, TestKind.UNIQUE):
        own = ("columns", *own)
    elif column is None and alias.kind is TestKind.FRESHNESS:
        own = ("field", *own)
    return (*own, *SETTINGS, *_SAID)


def _collect(
    mapping: Mapping,
    called: str,
    known: tuple[str, ...] | None,
    renamed: ReadOnly[str, str],
    given: dict[str, Entry],
    notes: Notes,
) -> None:
    """Arguments by name, those nested in `config` and `arguments` lifted up."""
    for entry in mapping:
        name = renamed.get(entry.name, entry.name)
        if entry.name in _NESTED:
            nested = read_mapping(entry.value, f"'{entry.name}' of '{called}'", notes)
            if nested is not None:
                _collect(nested, called, known, renamed, given, notes)
        elif known is not None and name not in known:
            unknown_key(entry, known, f"test '{called}'", notes)
            for meant in nearest(entry.name, known)[:1]:
                given.setdefault(meant, entry)  # so that it is not missed as well
        elif name in given and given[name].name == entry.name:
            set_twice(entry, given[name], notes)
        else:
            given[name] = entry


def _passed(given: ReadOnly[str, Entry]) -> dict[str, Any]:
    """What goes to a macro."""
    own = {key: entry for key, entry in given.items() if key not in (*SETTINGS, *_SAID)}
    return {key: plain(entry.value) for key, entry in own.items()}


def read_test_settings(given: ReadOnly[str, Entry], notes: Notes) -> dict[str, Any]:
    """What may be set of a test of any kind, as fields of TestSpec."""
    found: dict[str, Any] = {}
    for key, entry in given.items():
        value, what = entry.value, f"'{entry.name}'"
        match key:
            case "severity":
                lower = value
                if isinstance(value, Scalar) and isinstance(value.value, str):
                    lower = Scalar(value.value.lower(), value.text, value.span)
                found["severity"] = read_choice(lower, what, SEVERITIES, notes) or "error"
            case "blocking":
                found["blocking"] = read_bool(value, what, notes) is not False
            case "where":
                found["where"] = read_word(value, what, notes)
            case "name":
                found["name"] = read_word(value, what, notes)
            case "limit":
                found["limit"] = read_whole(value, what, notes, 1)
            case "error_if" | "warn_if":
                found[key] = read_threshold(value, what, notes) or ANY
            case "store_failures":
                found["keep"] = bool(read_bool(value, what, notes))
            case "description":
                read_text(value, what, notes)
            case _:
                pass
    blocks = given.get("blocking")
    if blocks is not None and found["blocking"] and found.get("severity") == "warn":
        message = "a test that only warns cannot block"
        advice = "take 'blocking' out, or make it 'severity: error'"
        notes.append(diagnose(codes.TEST_ARGUMENT, message, blocks.key.span, advice))
    return found


def same_test(test: TestSpec) -> tuple[object, ...]:
    """What makes two declared tests one and the same."""
    columns = tuple(column.casefold() for column in test.columns)
    return (test.kind, test.macro, columns, repr(sorted(test.args.items())), test.where)

"""What is declared of an asset beside its query, before and after: settings, tests, texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from xform.base.spans import Span, file_span
from xform.plan.changes import How, SettingChange, TestChange
from xform.project.assets import Asset, ColumnSpec, TestKind, TestSpec

_PLAIN = (
    "description",
    "owner",
    "tags",
    "group",
    "access",
    "contract",
    "deprecation_date",
    "shows",
    "domain",
    "grain",
    "meta",
    "dialect",
    "volatile",
    "versioning",
    "relation",
    "files",
    "format",
    "depends_on",
    "path",
)
_OF_COLUMNS = ("type", "description", "tags", "meta")


def changed_settings(before: Asset, after: Asset) -> tuple[SettingChange, ...]:
    """All that is another, in one order."""
    return tuple(_settings(before, after))


def _settings(before: Asset, after: Asset) -> Iterator[SettingChange]:
    if before.kind != after.kind:
        yield SettingChange("kind", str(before.kind), str(after.kind))
    for name in (*_PLAIN, "time_range", "keyed", "running"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield from _setting(name, old, new)
    known = {*_PLAIN, *_OF_FIELDS, "columns", "tests", "materialized", "kind"}
    for key in sorted({*before.config, *after.config} - known):
        old, new = before.config.get(key), after.config.get(key)
        if old != new:
            yield SettingChange(key, _text(old), _text(new))
    old_columns = {column.name.lower(): column for column in before.columns}
    new_columns = {column.name.lower(): column for column in after.columns}
    for fold in sorted({*old_columns, *new_columns}):
        yield from _of_column(old_columns.get(fold), new_columns.get(fold))


_OF_FIELDS = frozenset(
    # What these say is told by `time_range`, `keyed`, `running` and `versioning`.
    [
        *("time_column", "time_grain", "start", "end", "lookback", "batch", "time_zone"),
        *("restate", "unique_key", "strategy", "updated_at", "check_cols", "hard_deletes"),
        *("on_code_change", "on_schema_change", "timeout", "retries", "checksum"),
        *("persist_docs", "grants", "before", "after", "pre-hook", "post-hook", "version"),
        *("loaded_at_field", "docs"),
    ]
)


def _setting(name: str, old: Any, new: Any) -> Iterator[SettingChange]:
    """A setting; a group of them, one by one."""
    if not isinstance(old, msgspec.Struct) and not isinstance(new, msgspec.Struct):
        yield SettingChange(name, _text(old), _text(new))
        return
    ours, theirs = _fields(old), _fields(new)
    for key in sorted({*ours, *theirs}):
        if ours.get(key) != theirs.get(key):
            yield SettingChange(key, _text(ours.get(key)), _text(theirs.get(key)))


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a struct without the places where they were written."""
    if not isinstance(value, msgspec.Struct):
        return {}
    return {key: _bare(item) for key, item in msgspec.structs.asdict(value).items()}


def _bare(value: Any) -> Any:
    if isinstance(value, Span):
        return None
    if isinstance(value, msgspec.Struct):
        return _fields(value)
    if isinstance(value, list | tuple):
        return [_bare(item) for item in value]
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    return value


def _of_column(old: ColumnSpec | None, new: ColumnSpec | None) -> Iterator[SettingChange]:
    column = new or old
    assert column is not None
    for name in _OF_COLUMNS:
        ours, theirs = getattr(old, name, None), getattr(new, name, None)
        if (ours or None) != (theirs or None):
            yield SettingChange(f"{column.name}.{name}", _text(ours), _text(theirs))


def _text(value: Any) -> str:
    if value is None or value in ("", (), {}, []):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(msgspec.to_builtins(value, enc_hook=str), ensure_ascii=False)


# Tests -------------------------------------------------------------------------------------------


def changed_tests(before: Asset | None, after: Asset) -> tuple[TestChange, ...]:
    """Tests that are added, removed, or claim something else of the same columns. Of a new asset
    there is none before."""
    old, new = _tests(before) if before is not None else {}, _tests(after)
    found: list[TestChange] = []
    for what in sorted({*old, *new}):
        ours, theirs = list(old.get(what, ())), list(new.get(what, ()))
        for item in list(ours):
            if item in theirs:
                ours.remove(item)
                theirs.remove(item)
        for was, now in zip(ours, theirs, strict=False):
            found.append(TestChange(what, How.CHANGED, f"{_detail(was)} → {_detail(now)}"))
        found += [TestChange(what, How.REMOVED, _detail(item)) for item in ours[len(theirs) :]]
        found += [TestChange(what, How.ADDED, _detail(item)) for item in theirs[len(ours) :]]
    return tuple(found)


def specs_of(asset: Asset) -> Iterator[TestSpec]:
    for column in asset.columns:
        yield from column.tests
    yield from asset.tests


def _tests(asset: Asset) -> dict[str, list[dict[str, Any]]]:
    """By what they are in short, what they claim."""
    found: dict[str, list[dict[str, Any]]] = {}
    for spec in specs_of(asset):
        found.setdefault(_what(spec), []).append(_fields(spec))
    return found


def _what(spec: TestSpec) -> str:
    return f"{spec.called} ({', '.join(spec.columns)})" if spec.columns else spec.called


def detail_of(spec: TestSpec) -> str:
    """What a test claims and how strictly, beyond its kind and columns."""
    return _detail(_fields(spec))


def _detail(fields: dict[str, Any]) -> str:
    """What a test says beyond what it is in short."""
    said = dict(fields.get("args") or {})
    for key, usual in _USUAL.items():
        if fields.get(key) != usual:
            said[key] = fields[key]
    return ", ".join(f"{key}: {_text(value)}" for key, value in said.items()) or "as usual"


_SAID = ("severity", "where", "name", "blocking", "limit", "error_if", "warn_if", "keep")
_BARE = _fields(TestSpec(TestKind.NOT_NULL, (), file_span("")))
_USUAL = {key: _BARE[key] for key in _SAID}
"""Settings of a test that nobody made."""


def untested(asset: Asset, columns: list[str]) -> tuple[str, ...]:
    """Those of `columns` that no test names."""
    tested = {column.lower() for spec in specs_of(asset) for column in spec.columns}
    return tuple(column for column in columns if column.lower() not in tested)


def undescribed(asset: Asset, columns: list[str]) -> tuple[str, ...]:
    described = {column.name.lower() for column in asset.columns if column.description}
    return tuple(column for column in columns if column.lower() not in described)

"""Settings from several places put together: tags add up, meta merges, the rest: nearest wins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from xform.project import running
from xform.project.assets import ColumnSpec, TestSpec
from xform.project.data_tests import same_test
from xform.project.fields import AssetSettings

_SINGLE = (
    "kind",
    "description",
    "owner",
    "group",
    "access",
    "contract",
    "deprecation_date",
    "domain",
    "grain",
    "dialect",
    "volatile",
    "inputs",
)


def merge(layers: Sequence[AssetSettings]) -> AssetSettings:
    """One set of settings from several, the farthest first and the nearest last. Not empty."""
    if len(layers) == 1:
        return layers[0]
    single: dict[str, Any] = {}
    meta: dict[str, Any] = {}
    given: dict[str, Any] = {}
    grows: dict[str, Any] = {}
    for layer in layers:
        for name in _SINGLE:
            value = getattr(layer, name)
            if value is not None and value not in ((), {}):
                single[name] = value
        meta.update(layer.meta)
        given.update(layer.given)
        grows.update(layer.incremental)
    tags = _unique(tag for layer in layers for tag in layer.tags)
    if tags:
        given["tags"] = list(tags)
    if meta:
        given["meta"] = meta
    return AssetSettings(
        span=layers[-1].span,
        columns=_columns(layers),
        tests=_tests(test for layer in reversed(layers) for test in layer.tests),
        tags=tags,
        meta=meta,
        running=running.merged(layer.running for layer in layers),
        incremental=grows,
        given=given,
        places={name: span for layer in layers for name, span in layer.places.items()},
        **single,
    )


def _columns(layers: Sequence[AssetSettings]) -> tuple[ColumnSpec, ...]:
    """Columns by name in any case; the nearest place gives order, spelling and type."""
    merged: dict[str, ColumnSpec] = {}
    for layer in reversed(layers):
        for column in layer.columns:
            fold = column.name.casefold()
            nearer = merged.get(fold)
            merged[fold] = column if nearer is None else _column(nearer, column)
    return tuple(merged.values())


def _column(nearer: ColumnSpec, farther: ColumnSpec) -> ColumnSpec:
    respelt = [msgspec.structs.replace(test, columns=(nearer.name,)) for test in farther.tests]
    return msgspec.structs.replace(
        nearer,
        type=nearer.type or farther.type,
        description=nearer.description or farther.description,
        tags=_unique((*farther.tags, *nearer.tags)),
        tests=_tests((*nearer.tests, *respelt)),
        meta={**farther.meta, **nearer.meta},
    )


def _tests(tests: Iterable[TestSpec]) -> tuple[TestSpec, ...]:
    """Each test once; of equal ones the nearest, whose severity counts."""
    kept: dict[tuple[object, ...], TestSpec] = {}
    for test in tests:
        kept.setdefault(same_test(test), test)
    return tuple(kept.values())


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))

"""Settings that a template gives with `config(…)`: nearer than everything else said of a model."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.spans import LineIndex, Span, file_span
from xform.project.assets import Asset, Kind
from xform.project.contracts import told_places
from xform.project.fields import AssetSettings, Subject, read_settings
from xform.project.incremental import KEYS, column_grain, incremental_of, keyed_of
from xform.project.merge import merge
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value

_CALL = re.compile(r"\bconfig\s*\(")


def place_of_config(path: str, text: str) -> Span:
    """Where the first `config(` stands in a template."""
    found = _CALL.search(text)
    return LineIndex(text).span(path, *found.span()) if found else file_span(path)


def with_config(asset: Asset, config: dict[str, Any], at: Span) -> tuple[Asset, list[Diagnostic]]:
    """The asset with the settings of its template's `config(…)`; every complaint points there."""
    found: list[Diagnostic] = []
    mapping = _value(config, at)
    assert isinstance(mapping, Mapping)
    nearest = read_settings(mapping, Subject.SQL_MODEL, found)
    declared = AssetSettings(
        asset.span,
        kind=asset.kind,
        columns=asset.columns,
        tests=asset.tests,
        description=asset.description or None,
        owner=asset.owner,
        tags=asset.tags,
        group=asset.group,
        access=asset.access,
        contract=asset.contract,
        deprecation_date=asset.deprecation_date,
        domain=asset.domain,
        grain=asset.grain,
        meta=asset.meta,
        dialect=asset.dialect,
        volatile=asset.volatile,
        running=asset.running,
        incremental={key: asset.config[key] for key in KEYS if key in asset.config},
        given=asset.config,
        places=asset.places,
    )
    merged = merge([declared, nearest])
    kind = merged.kind or asset.kind
    time_range = None
    if kind is Kind.INCREMENTAL:
        grain = merged.grain or tuple(asset.config.get("grain", ()))
        time_range, more = incremental_of(merged.incremental, grain, at, merged.places)
        found += more
    keyed, more = keyed_of(kind, merged.incremental, at, merged.places)
    found += more
    return msgspec.structs.replace(
        asset,
        kind=kind,
        columns=merged.columns,
        tests=merged.tests,
        description=merged.description or "",
        owner=merged.owner,
        tags=merged.tags,
        group=merged.group,
        access=merged.access,
        contract=bool(merged.contract),
        deprecation_date=merged.deprecation_date,
        domain=merged.domain,
        grain=column_grain(kind, merged.grain),
        meta=merged.meta,
        dialect=merged.dialect,
        volatile=merged.volatile or asset.volatile,
        running=merged.running,
        time_range=time_range,
        keyed=keyed,
        places=told_places(merged.places),
        config={**merged.given, "kind": kind.value, "materialized": kind.value},
    ), found


def _value(plain: Any, at: Span) -> Value:
    match plain:
        case dict():
            return Mapping(
                tuple(
                    Entry(Scalar(str(key), str(key), at), _value(item, at))
                    for key, item in plain.items()
                ),
                at,
            )
        case list() | tuple():
            return Sequence(tuple(_value(item, at) for item in plain), at)
        case bool():
            return Scalar(plain, str(plain).lower(), at)
        case None | int() | float() | str():
            return Scalar(plain, "" if plain is None else str(plain), at)
        case _:
            return Scalar(str(plain), str(plain), at)

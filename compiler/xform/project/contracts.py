"""What a model promises to its readers, beside its columns: whether that is enforced, who may read
it, and until when it is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from xform.base.spans import Span
from xform.project import values
from xform.project.assets import Asset
from xform.project.groups import Group
from xform.project.reader import (
    Notes,
    check_keys,
    read_bool,
    read_mapping,
    read_text,
    wrong_type,
)

PLACED = ("group", "access", "contract", "deprecation_date")
"""Settings whose places are kept: findings at other assets point there."""


def read_contract(value: values.Value, what: str, notes: Notes) -> bool | None:
    """`contract: true`, or dbt's `{enforced: true}`."""
    if isinstance(value, values.Scalar):
        return read_bool(value, what, notes)
    mapping = read_mapping(value, what, notes)
    if mapping is None:
        return None
    check_keys(mapping, ("enforced", "alias_types"), what, notes)
    enforced = mapping.get("enforced")
    return False if enforced is None else read_bool(enforced, f"'enforced' of {what}", notes)


def read_date(value: values.Value, what: str, notes: Notes) -> str | None:
    """A day, as `YYYY-MM-DD`; of a point in time the day that it is written with."""
    text = read_text(value, what, notes)
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip()[:10]).isoformat()
    except ValueError:
        wrong_type(value, what, "a date", notes, "write it as 2026-01-31")
        return None


def owned(asset: Asset, groups: Mapping[str, Group]) -> Asset:
    """The asset with an owner: that of its group, where it names none."""
    group = groups.get(asset.group or "")
    if asset.owner is not None or group is None:
        return asset
    return msgspec.structs.replace(asset, owner=group.owner or None)


def told_places(places: Mapping[str, Span]) -> dict[str, Span]:
    """Those of `PLACED`."""
    return {name: places[name] for name in PLACED if name in places}

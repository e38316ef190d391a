"""Columns that are missing but were there when the asset was built: somebody dropped them since."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.run.records import BuildRecord
from xform.run.snapshots import StateSnapshot


def tell_dropped(diagnostics: Iterable[Diagnostic], past: StateSnapshot) -> list[Diagnostic]:
    """The diagnostics; where a column is missing, its help says which build had it."""
    return [_told(item, past) if item.missing else item for item in diagnostics]


def _told(item: Diagnostic, past: StateSnapshot) -> Diagnostic:
    for asset, column in item.missing:
        record = next((r for r in past.builds_of(asset) if _has(r, column)), None)
        if record is not None:
            had = f"'{asset}' had it in its build of {record.built_at[:10]}"
            if not item.help.startswith("did you mean"):
                advice = f"{had}: put it back there, or take it out here"
            else:
                advice = f"{had}; {item.help}"
            return msgspec.structs.replace(item, help=advice)
    return item


def _has(record: BuildRecord, column: str) -> bool:
    name = f"column {column}".lower()
    return any(component.name.lower() == name for component in record.components)

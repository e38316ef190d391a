"""Why something is stale, in words: the recorded build and the current meaning, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xform.base.names import AssetName
from xform.fingerprint.component import Component
from xform.plan.explanation import differences
from xform.plan.freshness import (
    BEHIND,
    CLOCK_RUN,
    INTERVALS,
    Build,
    PlannedAsset,
    Recorded,
    changed_leaves,
)
from xform.plan.plan import Reason, ReasonKind

_LISTED = 4


ANOTHER_FORM = "this version of xform reads it in another way"
"""Nothing that is told apart differs, and yet the fingerprint does: its form has changed."""


def column_of(component: str) -> str | None:
    """The column that a component is of."""
    return component.removeprefix("column ") if component.startswith("column ") else None


def code_reasons(old: Sequence[Component], new: Sequence[Component]) -> list[Reason]:
    """What of a build fingerprint changed: storage, own code, or only what it reads."""
    own: list[tuple[str, str]] = []
    columns: list[str] = []
    upstream: dict[str, None] = {}
    storage: list[str] = []
    for difference in differences(old, new):
        name = difference.component
        if name == "storage":
            storage.append(f"{difference.old or '?'} → {difference.new or '?'}")
        elif difference.text_changed or name == "code":  # whose text only says where it stands
            how = (
                "added"
                if difference.old is None
                else "removed"
                if difference.new is None
                else "changed"
            )
            own.append((how, name))
            if (column := column_of(name)) is not None:
                columns.append(column)
        elif difference.inputs:
            upstream.update(dict.fromkeys(change.name for change in difference.inputs))
    reasons: list[Reason] = []
    if storage:
        reasons.append(Reason(ReasonKind.CONFIG, "; ".join(storage)))
    if own:
        told = [(how, name) for how, name in own if name != "order of columns"] or own
        reasons.append(Reason(ReasonKind.CODE, _grouped(told), tuple(columns)))
    if upstream and not own:
        read = list(upstream)
        reasons.append(
            Reason(ReasonKind.DEPENDENCY, f"reads {_listing(read)}, changed", tuple(read))
        )
    return reasons


def stale_reasons(
    asset: PlannedAsset,
    recorded: Recorded,
    previous: Build | None,
    versions: Mapping[str, str],
    forced: bool,
) -> tuple[Reason, ...]:
    """Why an asset is built."""
    reasons: list[Reason] = []
    if forced:
        reasons.append(Reason(ReasonKind.FORCED, "full refresh"))
    if recorded.statuses.get(asset.name) in ("error", "fail"):
        reasons.append(Reason(ReasonKind.FAILED, "the last run of it failed"))
    if previous is None:
        if asset.name in recorded.published:
            reasons.append(Reason(ReasonKind.MISSING, "its build is gone from the warehouse"))
        elif not reasons:
            reasons.append(Reason(ReasonKind.NEW, "not built yet"))
        return tuple(reasons)
    if previous.fingerprint != asset.fingerprint:
        found = code_reasons(recorded.components(previous), asset.components())
        reasons.extend(found or [Reason(ReasonKind.CODE, ANOTHER_FORM)])
    data = [] if asset.is_view else changed_leaves(asset, previous, versions)
    if data:
        reasons.append(Reason(ReasonKind.DATA, _data(data)))
    if not reasons:
        reasons.append(Reason(ReasonKind.MISSING, "its build is gone from the warehouse"))
    return tuple(reasons)


def _data(leaves: Sequence[str]) -> str:
    told: list[str] = []
    fresh = [leaf for leaf in leaves if not leaf.startswith((BEHIND, INTERVALS, "clock:"))]
    if fresh:
        told.append(f"new data in {_listing(fresh)}")
    grown = [leaf.removeprefix(INTERVALS) for leaf in leaves if leaf.startswith(INTERVALS)]
    if grown:
        told.append(f"new intervals of {_listing(grown)}")
    if CLOCK_RUN in leaves:
        told.append("calls a function that gives another value each time")
    elif "clock:day" in leaves:
        told.append("asks for today's date, and the day changed")
    behind = [leaf.removeprefix(BEHIND) for leaf in leaves if leaf.startswith(BEHIND)]
    if behind:
        told.append(f"was built on older builds of {_listing(behind)}")
    return "; ".join(told)


def _listing(names: Sequence[str | AssetName]) -> str:
    shown = ", ".join(names[:_LISTED])
    more = len(names) - _LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _grouped(changes: Sequence[tuple[str, str]]) -> str:
    by_how: dict[str, list[str]] = {}
    for how, name in changes:
        by_how.setdefault(how, []).append(name)
    return "; ".join(f"{_listing(names)} {how}" for how, names in by_how.items())

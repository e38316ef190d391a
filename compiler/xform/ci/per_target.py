"""A change as the other targets of the profile see it, where templates ask for the target.

Only assets whose template looks at the target's name or type, and what reads them, can change in
one way here and in another there. The project is compiled for each other target where one of them
may have changed, and not otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

import msgspec

from xform.app.compiling.compiled import Parsed
from xform.app.other_targets import OtherTarget, targets_of
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.ci.comparing import compare
from xform.ci.side import Side
from xform.plan.changes import (
    WEIGHTS,
    AssetChange,
    Category,
    Impact,
    OnTarget,
    ProjectChange,
    Weight,
)
from xform.project.layout import PYPROJECT, XFORM_TOML
from xform.template.reads import WHOLE

_KEYS = ("type", "name")
"""What of a target decides which SQL is written."""


class _Other(NamedTuple):
    """A target beside the one at hand: as it is called in what is said."""

    name: str
    engine: str
    label: str


def per_target(base: Side, head: Side, change: ProjectChange) -> ProjectChange:
    """The change, with what differs on other targets told at the assets where it does."""
    keys = _keys_read(base) | _keys_read(head)
    if not keys:
        return change
    others, label = _others(head, keys)
    if not others:
        return change
    suspects = _suspects(base, head, change)
    readers = _readers(base, suspects) | _readers(head, suspects)
    if not readers:
        return change
    region = _below(readers, base) | _below(readers, head)
    found = {
        other.label: compare(
            Side(OtherTarget(base.workspace, other.name, other.engine)),
            Side(OtherTarget(head.workspace, other.name, other.engine)),
        )
        for other in others
    }
    return _merged(change, label, found, region)


def _keys_read(side: Side) -> set[str]:
    read = {item.name for item in side.compilation.slim.traces if item.kind == "target"}
    return set(_KEYS) if WHOLE in read else read.intersection(_KEYS)


def _others(head: Side, keys: Set[str]) -> tuple[list[_Other], str]:
    """The targets that templates can tell from the one at hand and from each other; and what that
    one is called."""
    own = head.workspace.target
    seen = {_seen(own.name, own.type, keys)}
    kept: list[tuple[str, str]] = []
    for name, engine in targets_of(head.workspace).items():
        view = _seen(name, engine, keys)
        if view not in seen:
            seen.add(view)
            kept.append((name, engine))
    engines = Counter([own.type, *(engine for _, engine in kept)])
    labels = {
        name: engine if engines[engine] == 1 else f"{engine} ({name})"
        for name, engine in (*kept, (own.name, own.type))
    }
    return [_Other(name, engine, labels[name]) for name, engine in kept], labels[own.name]


def _seen(name: str, engine: str, keys: Set[str]) -> tuple[str, str]:
    return (name if "name" in keys else "", engine if "type" in keys else "")


def _suspects(base: Side, head: Side, change: ProjectChange) -> Set[AssetName]:
    """What may have changed anywhere: it has here, it stands behind what has, or macros or settings
    are others, which may be used there alone."""
    if _shared(base) != _shared(head):
        return {*base.declared, *head.declared}
    found = {item.asset for item in change.changes}
    found |= {item.was for item in change.changes if item.was is not None}
    return found.union(*(item.radius.downstream for item in change.changes))


def _readers(side: Side, suspects: Set[AssetName]) -> set[AssetName]:
    """Those whose templates look at the target."""
    names = [
        name
        for name, asset in side.declared.items()
        if name in suspects and asset.path.endswith(".sql")
    ]
    side.compilation.load(names)
    found: set[AssetName] = set()
    for name in names:
        parsed = side.body(name).parsed
        if isinstance(parsed, Parsed) and parsed.rendered is not None:
            reads = parsed.rendered.reads
            if any(item.kind == "target" and item.name in (*_KEYS, WHOLE) for item in reads):
                found.add(name)
    return found


def _shared(side: Side) -> Mapping[str, str]:
    return {
        path: entry.digest
        for path, entry in side.workspace.files.entries.items()
        if path.startswith("macros/") or path in (PYPROJECT, XFORM_TOML)
    }


def _below(readers: Iterable[AssetName], side: Side) -> set[AssetName]:
    """The readers, and all that reads them, directly or not."""
    found = set(readers)
    for name, compiled in side.compiled.items():  # in topological order
        if not found.isdisjoint(compiled.depends_on):
            found.add(name)
    return found


# What is told ------------------------------------------------------------------------------------


def _merged(
    change: ProjectChange,
    label: str,
    found: Mapping[str, ProjectChange],
    region: Set[AssetName],
) -> ProjectChange:
    ours = {item.asset: item for item in change.changes}
    theirs = {
        other: {item.asset: item for item in project.changes if item.asset in region}
        for other, project in found.items()
    }
    names = {*ours, *(name for items in theirs.values() for name in items)}
    changes = [
        _asset(ours.get(name), label, {other: items.get(name) for other, items in theirs.items()})
        if name in region
        else ours[name]
        for name in sorted(names)
    ]
    changes.sort(key=lambda item: item.order)
    weights = Counter(item.weight for item in changes)
    felt = {item.asset for item in changes if item.weight is not Weight.NONE}
    behind = {name for item in changes for name in item.radius.downstream}
    verdict = msgspec.structs.replace(
        change.verdict,
        unaffected=len(behind - felt),
        breaking=weights[Weight.BREAKING],
        values=weights[Weight.VALUES],
        additive=weights[Weight.ADDITIVE],
    )
    passes = {*change.passes}
    only_there = {item.asset for item in changes if item.on} - {
        item.asset for item in change.changes if item.weight is not Weight.NONE
    }
    for project in found.values():
        passes |= {edge for edge in project.passes if not only_there.isdisjoint(edge)}
    return msgspec.structs.replace(
        change,
        verdict=verdict,
        changes=tuple(changes),
        diagnostics=(*change.diagnostics, *_more(change, found, region)),
        passes=tuple(sorted(passes)),
    )


def _asset(
    ours: AssetChange | None, label: str, theirs: Mapping[str, AssetChange | None]
) -> AssetChange:
    """One asset on all targets; where it changes alike on all, as it is here."""
    differing = {other: item for other, item in theirs.items() if _facts(item) != _facts(ours)}
    if not differing and ours is not None:
        return ours
    known = [item for item in (ours, *theirs.values()) if item is not None]
    worst = min(known, key=lambda item: WEIGHTS.index(item.weight))
    on = (
        _on(label, ours),
        *(_on(other, item) for other, item in theirs.items()),
    )
    if ours is None:  # here it means what it meant
        ours = msgspec.structs.replace(
            worst, category=Category.NO_OP, columns=(), rows=(), breaks=(), impact=Impact(None)
        )
    return msgspec.structs.replace(
        ours,
        weight=worst.weight,
        own=ours.own or worst.own,
        radius=worst.radius,
        breaks=worst.breaks,
        on=on,
    )


def _on(label: str, change: AssetChange | None) -> OnTarget:
    if change is None:
        return OnTarget(label, Category.NO_OP, Weight.NONE)
    return OnTarget(label, change.category, change.weight, change.columns, change.rows)


def _facts(change: AssetChange | None) -> object:
    """By what two targets are told apart."""
    if change is None:
        return None
    parts = tuple((part.name, part.how) for part in (*change.rows, *change.columns))
    quiet = change.weight is Weight.NONE and not parts
    return None if quiet else (change.category, change.weight, parts)


def _more(
    change: ProjectChange, found: Mapping[str, ProjectChange], region: Set[AssetName]
) -> Iterator[Diagnostic]:
    """Errors that the change makes on other targets alone, in what looks at the target."""
    told = {(item.code, item.span) for item in change.diagnostics}
    for label, project in found.items():
        for item in project.diagnostics:
            if item.severity != "error" or item.asset not in region:
                continue
            if (item.code, item.span) not in told:
                told.add((item.code, item.span))
                yield msgspec.structs.replace(item, message=f"on {label}: {item.message}")

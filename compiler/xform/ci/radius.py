"""Who is reached by a change: along what is really read, apart from what merely stands behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from xform.base.names import AssetName
from xform.ci.side import Side
from xform.plan.changes import AssetChange, Category, Radius, Weight
from xform.project.assets import Kind


class Reach:
    """The graph of both versions, and along which of its edges the change passes."""

    def __init__(self, base: Side, head: Side, changes: Sequence[AssetChange]) -> None:
        self._head = head
        self._readers = _readers(base, head)
        self._felt = {change.asset for change in changes if change.weight is not Weight.NONE}
        self._affected = {
            change.asset
            for change in changes
            if not change.own and change.weight is not Weight.NONE
        }
        self._passes = _passes(base, head, changes)

    def radius(self, change: AssetChange) -> Radius:
        """Of an edited asset."""
        affected = _closure(self._passes, [change.asset]) - {change.asset}
        if change.weight is Weight.NONE and not affected:
            return Radius()
        behind = _closure(self._readers, [change.asset]) - {change.asset}
        kinds = {name: asset.kind for name, asset in self._head.declared.items()}
        exposures = {
            reader
            for name in (change.asset, *affected)
            for reader in self._readers.get(name, ())
            if kinds.get(reader) is Kind.EXPOSURE
        }
        if change.weight is Weight.ADDITIVE or (change.weight is Weight.NONE and not affected):
            exposures = set()
        downstream = {
            name
            for name in behind - self._felt
            if kinds.get(name) not in (None, Kind.EXPOSURE, Kind.EPHEMERAL)
        }
        reached = [
            asset
            for name in sorted(affected | exposures)
            if (asset := self._head.declared.get(name)) is not None
        ]
        return Radius(
            tuple(sorted(affected)),
            tuple(sorted(downstream)),
            tuple(sorted(exposures)),
            tuple(sorted({asset.owner for asset in reached if asset.owner})),
            tuple(sorted({asset.domain for asset in reached if asset.domain})),
        )

    def passes(self, changes: Sequence[AssetChange]) -> tuple[tuple[AssetName, AssetName], ...]:
        """All edges along which changes go, to exposures too, in one order."""
        edges = {(one, other) for one, found in self._passes.items() for other in found}
        shown = {name for change in changes for name in change.radius.exposures}
        for name in shown:
            reads = self._head.compiled[name].depends_on
            edges.update((read, name) for read in reads if read in self._felt)
        return tuple(sorted(edges))


def _passes(
    base: Side, head: Side, changes: Sequence[AssetChange]
) -> Mapping[AssetName, list[AssetName]]:
    """Along which edges a change passes: by the columns and rows that a reader takes in, and by
    data along all that carries them."""
    found: dict[AssetName, list[AssetName]] = {}
    names = {change.was: change.asset for change in changes if change.was is not None}
    felt = {change.asset for change in changes}
    for change in changes:
        if change.category in (Category.NEW, Category.REMOVED):
            continue
        was = base.compiled.get(change.was or change.asset)
        reads = {
            *head.compiled[change.asset].depends_on,
            *(was.depends_on if was is not None else ()),
        }
        sources: set[AssetName] = set()
        for part in (*change.columns, *change.rows):
            read = {asset for name in part.through if (asset := _asset_of(name)) is not None}
            sources |= {names.get(asset, asset) for asset in read} & felt if change.own else read
            if part.data:
                sources.update(felt & reads)
        if not sources and not change.own:  # stored in another way, or it no longer compiles
            sources.update(felt & reads)
        for source in sources - {change.asset}:
            found.setdefault(names.get(source, source), []).append(change.asset)
    return found


def _asset_of(read: str) -> AssetName | None:
    """The asset of `schema.name.column` or `schema.name`; None for clocks."""
    parts = read.split(".")
    return AssetName(".".join(parts[:2])) if len(parts) > 1 else None


def _readers(base: Side, head: Side) -> Mapping[AssetName, list[AssetName]]:
    """All readers by name, as the head has them, and as the base had those of what is gone."""
    found: dict[AssetName, list[AssetName]] = {}
    for compiled in head.compiled.values():
        for read in compiled.depends_on:
            found.setdefault(read, []).append(compiled.name)
    for compiled in base.compiled.values():
        for read in compiled.depends_on:
            if read not in head.compiled and compiled.name in head.compiled:
                found.setdefault(read, []).append(compiled.name)
    return found


def _closure(
    edges: Mapping[AssetName, Iterable[AssetName]], start: Iterable[AssetName]
) -> Set[AssetName]:
    found: set[AssetName] = set()
    pending = list(start)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(edges.get(name, ()))
    return found

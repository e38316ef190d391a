"""Which assets stand because something came out as before by a checksum that does not see all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xform.base.names import AssetName
from xform.plan.deciding import Decision
from xform.plan.freshness import PlannedAsset, Recorded
from xform.plan.plan import ActionKind, Compared, ReasonKind
from xform.project.assets import Kind
from xform.project.checksum import OFF

_PASSING = (ReasonKind.DATA, ReasonKind.DEPENDENCY)
"""Reasons to build that may turn out to be none."""


def compared(
    assets: Sequence[PlannedAsset], decisions: Mapping[AssetName, Decision], recorded: Recorded
) -> Iterator[Compared]:
    """Of what stands: what that rests on. Of what is built for what it reads, and stands if that
    comes out as before: what that will be told by."""
    by_name = {asset.name: asset for asset in assets}
    for asset in assets:
        decision = decisions.get(asset.name)
        if decision is None:
            continue
        if decision.build is not None:
            for upstream, how in sorted(decision.build.compared.items()):
                yield Compared(asset.name, upstream, how)
        elif _may_stand(asset, decision):
            for table in _tables(asset, by_name, decisions):
                if _compares(table, recorded):
                    yield Compared(asset.name, table.name, table.conduct.checksum, ahead=True)


def rests_on(
    name: AssetName, assets: Sequence[PlannedAsset], found: Sequence[Compared]
) -> tuple[Compared, ...]:
    """Of what a plan has `compared`, that on which an asset rests: its own, and that of all that
    it reads at any distance."""
    if not found:
        return ()
    by_name = {asset.name: asset for asset in assets}
    pending, seen = [name], {name}
    while pending:
        asset = by_name.get(pending.pop())
        reads = asset.reads if asset is not None else ()
        pending += [read for read in reads if read not in seen]
        seen.update(reads)
    near = sorted(found, key=lambda item: item.asset != name)
    return tuple(item for item in near if item.asset in seen and not item.ahead)


def _may_stand(asset: PlannedAsset, decision: Decision) -> bool:
    """Whether it is built unless what it reads comes out as before."""
    return (
        decision.kind is ActionKind.BUILD
        and asset.kind is Kind.TABLE
        and all(reason.kind in _PASSING for reason in decision.reasons)
    )


def _tables(
    asset: PlannedAsset,
    by_name: Mapping[AssetName, PlannedAsset],
    decisions: Mapping[AssetName, Decision],
) -> Iterator[PlannedAsset]:
    """The tables that are built before an asset and that it reads, views looked through."""
    pending, seen = list(asset.reads), set(asset.reads)
    while pending:
        read = by_name.get(pending.pop())
        if read is None:
            continue
        if read.is_view:
            pending += [further for further in read.reads if further not in seen]
            seen.update(read.reads)
        elif read.name in decisions and decisions[read.name].kind is ActionKind.BUILD:
            yield read


def _compares(table: PlannedAsset, recorded: Recorded) -> bool:
    """Whether what is made will be compared with what was, and not by all of it."""
    how = table.conduct.checksum
    if table.kind not in (Kind.TABLE, Kind.SEED) or how.exact or how == OFF:
        return False
    earlier = (build for build in recorded.builds.values() if build.asset == table.name)
    return any(build.method == how for build in earlier)

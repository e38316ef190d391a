"""Intervals computed again, and plans that would read intervals which are not there."""

from __future__ import annotations

from xform.app.building.again import Again
from xform.app.compiling.compiled import Compilation
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.workspace import UserError
from xform.base.codes import INTERVALS_MISSING, NOTHING_BY_TIME
from xform.base.diagnostics import diagnose
from xform.base.names import AssetName
from xform.plan.intervals import Grain, listed
from xform.plan.plan import Plan
from xform.plan.slicing import target_of


def restated(
    planner: EnvironmentPlanner, chosen: frozenset[AssetName] | None, again: Again
) -> frozenset[AssetName] | None:
    """Tell the planner what is to be computed again of the chosen models; which assets that
    takes. Raises UserError where none of them grows by time."""
    assert again.span is not None
    by_time = {
        asset.name: asset.time
        for asset in planner.assets
        if asset.time is not None and (chosen is None or asset.name in chosen)
    }
    if not by_time:
        raise UserError(
            [
                diagnose(
                    NOTHING_BY_TIME,
                    "none of the selected models is incremental by time",
                    "<command line>",
                    "select one: xform ls --select config.kind:incremental",
                )
            ]
        )
    start, end = again.span
    now = planner.workspace.host.now()
    for name, time in by_time.items():
        for low, high in target_of(time, now):
            planner.restate[name] = ((start or low, end or high),)
    if not again.downstream or chosen is None:
        return chosen
    planner.downstream = True
    found = set(chosen)
    for asset in planner.assets:
        if found.intersection(asset.reads):
            found.add(asset.name)
    return frozenset(found)


def refuse_gaps(plan: Plan, compilation: Compilation) -> None:
    """Raises UserError where a model would be computed from intervals that are not there."""
    found = [
        diagnose(
            INTERVALS_MISSING,
            f"{gap.asset} reads intervals of {gap.upstream} that it does not hold: "
            f"{listed(gap.ranges, Grain(gap.grain))}",
            compilation.declared[gap.asset].span,
            f"build {gap.upstream} as well: --select +{gap.asset}; or go without: --allow-missing",
            asset=gap.asset,
        )
        for gap in plan.gaps
    ]
    if found:
        raise UserError(found)

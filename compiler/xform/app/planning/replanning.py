"""A plan brought up to date after an edit, from the last one that had nothing to do.

Where the record, the warehouse and the day are what that plan was made from, every asset that the
edit does not touch is as it was there: unchanged. Decided anew is what is touched, and for that
what it reads. The result is that of planning anew, which is left to the whole planner wherever
that cannot be told.
"""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

import msgspec

from xform.app.compiling.compiled import Compilation, Slim
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.planning.planning import planned_names
from xform.app.remembering.standing import Basis, StandingPlan
from xform.app.workspace import Workspace
from xform.base.names import AssetName
from xform.plan.deciding import Wish
from xform.plan.freshness import Build, Recorded
from xform.plan.plan import ActionKind, Compared, Component, Plan
from xform.plan.planner import make_plan

LARGEST = 0.5
"""The part of all assets up to which this is quicker than planning anew."""


class Replanned(NamedTuple):
    """A plan of a whole environment, and what it was made from."""

    plan: Plan
    basis: Basis


def replanned(workspace: Workspace, compilation: Compilation) -> Replanned | None:
    """The plan of the whole environment, for a compilation just made; None where it has to be made
    anew. Raises StateError."""
    last = workspace.last_plan()
    if last is None:
        return None
    part = _with_what_is_read(compilation.slim, last.touched)
    if len(part) > LARGEST * len(compilation.slim.assets):
        return None
    return _planned(workspace, compilation, last.plan, part)


def _planned(
    workspace: Workspace, compilation: Compilation, standing: StandingPlan, part: Set[AssetName]
) -> Replanned | None:
    basis, state = standing.basis, workspace.state
    planner = EnvironmentPlanner(workspace, compilation, part)
    versions, tables = planner.versions()
    beside = planned_names(compilation) - part
    prints = {asset.fingerprint for asset in planner.assets}
    found = state.excerpt(basis.environment, part, beside, prints)
    if (
        tables
        or state.notices
        or (found.revision, found.identity) != (basis.revision, basis.warehouse)
        # To the planner it would be of an asset that is no more, and free to be taken.
        or any(build.asset in beside for build in found.builds.values())
    ):
        return None

    def components(build: Build) -> tuple[Component, ...]:
        return state.components(build.physical)

    recorded = Recorded(
        found.builds,
        found.published,
        found.statuses,
        components,
        found.shown_elsewhere,
        found.taken,
    )
    wish = Wish(basis.environment, now=workspace.host.now())
    plan = planner.with_hooks(make_plan(planner.assets, recorded, versions, wish))
    if any(action.action is ActionKind.DROP for action in plan.actions):
        return None
    acted = {action.asset for action in plan.actions}
    unchanged = tuple(name for name in standing.unchanged if name not in acted)
    day = basis.day or versions.get("clock:day", "")
    return Replanned(
        msgspec.structs.replace(
            plan, unchanged=unchanged, compared=_compared(compilation.slim, standing, plan, part)
        ),
        msgspec.structs.replace(basis, day=day),
    )


def _compared(
    slim: Slim, standing: StandingPlan, plan: Plan, part: Set[AssetName]
) -> tuple[Compared, ...]:
    """What assets rest on, in their order: as it was, but for the part that was planned."""
    kept = [item for item in standing.plan.compared if item.asset not in part]
    if not kept:
        return plan.compared
    order = {asset.name: number for number, asset in enumerate(slim.assets)}
    return tuple(sorted((*kept, *plan.compared), key=lambda item: order[item.asset]))


def _with_what_is_read(slim: Slim, names: Set[AssetName]) -> frozenset[AssetName]:
    """These, and all that they read, also in their tests."""
    found = set(names)
    for asset in reversed(slim.assets):
        if asset.name in found:
            found.update((*asset.depends_on, *asset.checks_read))
    return frozenset(found)

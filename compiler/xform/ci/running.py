"""What would run because of a change: the head planned against all that the base had built."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from xform.base.names import AssetName
from xform.ci.side import Side
from xform.plan.changes import Impact
from xform.plan.deciding import Wish
from xform.plan.plan import COMPUTING, Action, BuildStep
from xform.plan.planner import as_built, make_plan
from xform.project.assets import Language


class Running(msgspec.Struct, frozen=True):
    """The plan of the head, by asset; without what runs each time whatever changed (`always`)."""

    actions: Mapping[AssetName, Action]
    models: tuple[AssetName, ...]
    """The models that would run."""
    steps: tuple[BuildStep, ...] = ()
    """Those that compute, in topological order."""
    always: frozenset[AssetName] = frozenset()

    def impact(self, name: AssetName) -> Impact:
        action = self.actions.get(name)
        return Impact(action.action, action.reasons) if action is not None else Impact(None)


def planned(base: Side, head: Side) -> Running:
    """Plan the head as if all of the base had been built and published, of the same data of
    sources."""
    environment, now = head.workspace.environment, head.workspace.host.now()
    record = as_built(base.planned, base.versions, environment, now)
    again = make_plan(base.planned, record, dict(base.versions), Wish(environment, now=now))
    always = {action.asset for action in again.actions if action.action in COMPUTING}
    found = make_plan(head.planned, record, dict(head.versions), Wish(environment, now=now))
    actions = {
        action.asset: action
        for action in found.actions
        if action.asset not in always or _differs(base, head, action.asset)
    }
    models = tuple(
        name
        for name, action in actions.items()
        if action.action in COMPUTING and head.declared[name].language is not Language.NONE
    )
    steps = tuple(
        step for step in found.steps if isinstance(step, BuildStep) and step.asset in actions
    )
    return Running(actions, models, steps, frozenset(always))


def _differs(base: Side, head: Side, name: AssetName) -> bool:
    one, other = base.compiled.get(name), head.compiled.get(name)
    return one is None or other is None or one.fingerprint != other.fingerprint

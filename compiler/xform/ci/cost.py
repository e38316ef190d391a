"""How long a build of a change takes, by what the history of runs says of each asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from statistics import median

from xform.app.workspace import UserError, Workspace
from xform.base.names import AssetName
from xform.ci.running import Running
from xform.plan.changes import Cost
from xform.plan.plan import ActionKind, BuildStep
from xform.run.failures import StateError
from xform.run.history import Took
from xform.run.scheduler import Schedule
from xform.state.store import StateStore

LAST = 5
"""So many of an asset's last builds count."""


def cost_of(running: Running, workspace: Workspace) -> Cost | None:
    """What a build of the planned steps takes; None where there is no state to be read."""
    if workspace.confined:
        return None
    strict = workspace.reopened()
    try:
        state = _state_of(strict)
        if state is None:
            return None
        took = state.took({step.asset for step in running.steps})
        return estimate(running, took, strict.threads)
    except (UserError, StateError):
        return None
    finally:
        strict.close()


def estimate(running: Running, took: Mapping[AssetName, Took], threads: int) -> Cost:
    """The same from how long each asset took."""
    known = {
        step.asset: time
        for step in running.steps
        if (time := _usual(took.get(step.asset), running.actions[step.asset].action)) is not None
    }
    unknown = tuple(sorted(step.asset for step in running.steps if step.asset not in known))
    usual = median(known.values()) if known else 0.0
    seconds = {step.asset: known.get(step.asset, usual) for step in running.steps}
    return Cost(
        round(sum(seconds.values()), 3),
        round(_elapsed(running.steps, seconds, threads), 3),
        threads,
        len(known),
        unknown,
    )


def _usual(took: Took | None, action: ActionKind) -> float | None:
    """The median of the last times. To make a table that grows anew is not to carry it on."""
    if took is None:
        return None
    grows = action is ActionKind.INTERVAL
    first, other = (took.carried, took.made) if grows else (took.made, took.carried)
    times = (first or other)[:LAST]
    return median(times) if times else None


def _elapsed(steps: Sequence[BuildStep], seconds: Mapping[AssetName, float], threads: int) -> float:
    """From beginning to end, with the steps started as a run starts them."""
    schedule = Schedule.of(steps, seconds)
    running: list[tuple[float, AssetName]] = []
    now = 0.0
    while True:
        while len(running) < max(threads, 1) and (step := schedule.take()) is not None:
            heappush(running, (now + seconds[step.asset], step.asset))
        if not running:
            return now
        now, asset = heappop(running)
        schedule.succeeded(asset)


def _state_of(workspace: Workspace) -> StateStore | None:
    """The state, where there is one: asking it makes none."""
    target = workspace.target.state
    if target.type == "sqlite" and not (workspace.root / target.path).exists():
        return None
    return workspace.state

"""What may be published after a run: a consistent set, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xform.base.names import AssetName
from xform.plan.plan import BuildStep, DropStep, Plan, PublishStep
from xform.run.records import BuildRecord
from xform.run.scheduler import tainted


@dataclass(frozen=True, slots=True)
class Chosen:
    publish: tuple[PublishStep, ...]
    drop: tuple[DropStep, ...]
    withheld: tuple[tuple[AssetName, str], ...]
    """Each with the reason."""


def choose(
    plan: Plan,
    bad: frozenset[AssetName],
    records: Mapping[str, BuildRecord],
    *,
    atomic: bool,
) -> Chosen:
    """An asset's view moves only if nothing went wrong at it or upstream of the build it shows.

    Else a reader could show data that its input, still on an older build, does not have.
    `records` are builds by physical name, of this run and of earlier ones.
    """
    publish = tuple(step for step in plan.steps if isinstance(step, PublishStep))
    drop = tuple(step for step in plan.steps if isinstance(step, DropStep))
    if atomic and bad:
        reason = f"{min(bad)} failed, and the run is atomic"
        return Chosen((), (), tuple((step.asset, reason) for step in publish))
    inputs = _inputs(plan, publish, records)
    chosen: list[PublishStep] = []
    withheld: list[tuple[AssetName, str]] = []
    for step in publish:
        cause = tainted(step.asset, bad, inputs)
        if cause is None:
            chosen.append(step)
        else:
            verb = "did not succeed" if cause == step.asset else f"reads {cause}, which failed"
            withheld.append((step.asset, verb))
    return Chosen(tuple(chosen), drop, tuple(withheld))


def _inputs(
    plan: Plan, publish: tuple[PublishStep, ...], records: Mapping[str, BuildRecord]
) -> dict[AssetName, dict[AssetName, str]]:
    """What each asset's build was made from, as far up as builds are recorded."""
    inputs = {step.asset: step.inputs for step in plan.steps if isinstance(step, BuildStep)}
    reach = [(step.asset, step.physical) for step in publish if step.asset not in inputs]
    reach += [item for read in inputs.values() for item in read.items()]
    while reach:
        asset, physical = reach.pop()
        record = records.get(physical)
        if asset not in inputs and record is not None:
            inputs[asset] = record.inputs
            reach.extend(record.inputs.items())
    return inputs

"""What may start next. Pure: no threads, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xform.base.names import AssetName
from xform.plan.plan import AuditStep, BuildStep

Work = BuildStep | AuditStep


@dataclass(frozen=True, slots=True)
class Skip:
    """A step that will not run, and the step that is to blame."""

    asset: AssetName
    because: AssetName


@dataclass(slots=True)
class Schedule:
    """The steps of a run: which are ready, running, done or out of reach.

    Ready steps come in the order of the longest chain of recorded seconds that hangs on them,
    so that long work begins early; then in the order of the plan.
    """

    waiting: dict[AssetName, Work]
    _missing: dict[AssetName, set[AssetName]]
    _readers: dict[AssetName, list[AssetName]]
    _weight: dict[AssetName, float]
    _ready: list[AssetName] = field(default_factory=list)

    @classmethod
    def of(cls, steps: Sequence[Work], seconds: Mapping[AssetName, float]) -> Schedule:
        """Assets waited for that have no step here count as done."""
        waiting = {step.asset: step for step in steps}
        missing: dict[AssetName, set[AssetName]] = {}
        readers: dict[AssetName, list[AssetName]] = {asset: [] for asset in waiting}
        for step in steps:
            missing[step.asset] = {asset for asset in step.waits_for if asset in waiting}
            for asset in missing[step.asset]:
                readers[asset].append(step.asset)
        weight: dict[AssetName, float] = {}
        # The plan is in topological order, so readers come behind what they read.
        for step in reversed(steps):
            longest = max((weight.get(reader, 0.0) for reader in readers[step.asset]), default=0.0)
            weight[step.asset] = seconds.get(step.asset, 0.0) + longest
        schedule = cls(waiting, missing, readers, weight)
        schedule._ready = [asset for asset in waiting if not missing[asset]]
        return schedule

    def take(self) -> Work | None:
        """The step to start now; None where none is ready."""
        if not self._ready:
            return None
        # max() keeps the first of equals: the order of the plan.
        asset = max(self._ready, key=lambda ready: self._weight[ready])
        self._ready.remove(asset)
        return self.waiting.pop(asset)

    def succeeded(self, asset: AssetName) -> None:
        for reader in self._readers[asset]:
            left = self._missing[reader]
            left.discard(asset)
            if not left and reader in self.waiting and reader not in self._ready:
                self._ready.append(reader)

    def failed(self, asset: AssetName) -> list[Skip]:
        """Everything that waits for the asset, directly or through others, is out of reach."""
        skips: list[Skip] = []
        reach = list(self._readers[asset])
        while reach:
            reader = reach.pop(0)
            if reader in self.waiting:
                del self.waiting[reader]
                skips.append(Skip(reader, asset))
                reach.extend(self._readers[reader])
        return skips

    def drain(self) -> list[AssetName]:
        """Give up all that has not started."""
        left = list(self.waiting)
        self.waiting.clear()
        self._ready.clear()
        return left


def tainted(
    asset: AssetName,
    bad: frozenset[AssetName],
    inputs: Mapping[AssetName, Iterable[AssetName]],
) -> AssetName | None:
    """The asset at or upstream of this one that went wrong; None where all is well.

    `inputs` are what the builds to be published were made from.
    """
    seen = {asset}
    reach = [asset]
    while reach:
        here = reach.pop()
        if here in bad:
            return here
        for upstream in inputs.get(here, ()):
            if upstream not in seen:
                seen.add(upstream)
                reach.append(upstream)
    return None

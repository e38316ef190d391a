"""What may start next. Pure: no threads, no clock."""

from __future__ import annotations

import heapq
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

    Ready steps come in the order of the seconds of the longest path that begins with them, so
    that what takes longest to its end begins first; equals in the order of their names.
    """

    waiting: dict[AssetName, Work]
    _missing: dict[AssetName, set[AssetName]]
    _readers: dict[AssetName, list[AssetName]]
    _length: dict[AssetName, float]
    _ready: list[tuple[float, AssetName]] = field(default_factory=list)
    """A heap: the longest path on top."""

    @classmethod
    def of(cls, steps: Sequence[Work], seconds: Mapping[AssetName, float]) -> Schedule:
        """`seconds` are those of earlier runs. Assets waited for that have no step here count as
        done."""
        waiting = {step.asset: step for step in steps}
        missing: dict[AssetName, set[AssetName]] = {}
        readers: dict[AssetName, list[AssetName]] = {asset: [] for asset in waiting}
        for step in steps:
            missing[step.asset] = {asset for asset in step.waits_for if asset in waiting}
            for asset in missing[step.asset]:
                readers[asset].append(step.asset)
        schedule = cls(waiting, missing, readers, path_lengths(steps, readers, seconds))
        for asset in waiting:
            if not missing[asset]:
                schedule._make_ready(asset)
        return schedule

    def take(self) -> Work | None:
        """The step to start now; None where none is ready."""
        if not self._ready:
            return None
        _, asset = heapq.heappop(self._ready)
        return self.waiting.pop(asset)

    def _make_ready(self, asset: AssetName) -> None:
        heapq.heappush(self._ready, (-self._length[asset], asset))

    def succeeded(self, asset: AssetName) -> None:
        for reader in self._readers[asset]:
            left = self._missing[reader]
            left.remove(asset)
            if not left and reader in self.waiting:
                self._make_ready(reader)

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


def path_lengths(
    steps: Sequence[Work],
    readers: Mapping[AssetName, Sequence[AssetName]],
    seconds: Mapping[AssetName, float],
) -> dict[AssetName, float]:
    """The seconds from the start of each step to the end of the longest path behind it. A step
    that never ran counts as the median of those that did.

    `steps` stand in topological order.
    """
    known = sorted(seconds[step.asset] for step in steps if step.asset in seconds)
    usual = (known[len(known) // 2] + known[(len(known) - 1) // 2]) / 2 if known else 1.0
    lengths: dict[AssetName, float] = {}
    for step in reversed(steps):
        behind = max((lengths[reader] for reader in readers[step.asset]), default=0.0)
        lengths[step.asset] = seconds.get(step.asset, usual) + behind
    return lengths


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

"""Tables that grow: which build is carried on, and by time, which intervals are computed.

An interval is computed where the table does not hold it yet, where it is asked for, or where what
it was made of has changed. Whether data of the past has changed is only seen where the inputs are
read: the step compares them with what they were, interval by interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xform.plan.freshness import BEHIND, Build, PlannedAsset, growth_leaf
from xform.plan.intervals import (
    Grain,
    Ranges,
    ceiling,
    common,
    floor,
    listed,
    merged,
    moment_of,
    shifted,
    whole,
    widened,
    without,
)
from xform.plan.plan import Reason, ReasonKind
from xform.project.incremental import TimeRange


@dataclass(frozen=True, slots=True)
class Growth:
    """What is to be done with a table that grows.

    `base` is the build that is carried on, None where there is to be a new one; `changed` are the
    leaves that hold other data than when it was last looked at. `target` and `ranges` are empty
    where it grows by key.
    """

    base: Build | None
    target: Ranges
    ranges: Ranges
    changed: tuple[str, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def recheck(self) -> bool:
        return bool(self.changed)

    @property
    def nothing(self) -> bool:
        """Whether the table is as it shall be."""
        if self.base is None or self.ranges or self.changed:
            return False
        return not any(reason.kind is ReasonKind.CODE for reason in self.reasons)


def target_of(time: TimeRange, now: str) -> Ranges:
    """The intervals that a table is to hold: whole ones, and those that are over. `now` is as
    `Host.now` gives it."""
    grain = Grain(time.grain)
    end = floor(moment_of(now, time.zone), grain)
    if time.end is not None:
        end = min(end, ceiling(time.end, grain))
    return merged([(floor(time.start, grain), end)])


def growth(
    asset: PlannedAsset,
    builds: Sequence[Build],
    versions: Mapping[str, str],
    now: str,
    restated: Ranges,
    *,
    anew: bool,
) -> Growth:
    """`builds` are those of its meaning, the one to be preferred first; `restated` are intervals
    that are asked for; `anew`: the whole table is."""
    time = asset.time
    if time is None:
        return _by_key(asset, builds, versions, anew=anew)
    grain = Grain(time.grain)
    target = target_of(time, now)
    asked = common(merged(whole(item, grain) for item in restated), target)
    base = next((build for build in builds if build.relation == "table"), None)
    if base is None or anew:
        return Growth(None, target, target, ())
    missing = without(target, base.ranges)
    changed = _changed(asset, base, versions)
    reasons = _forward(asset, base)
    if missing:
        reasons.append(Reason(ReasonKind.NEW, f"new: {listed(missing, grain)}"))
    if asked:
        reasons.append(Reason(ReasonKind.FORCED, f"asked for: {listed(asked, grain)}"))
    again: Ranges = ()
    if changed and time.restate == "never":
        if time.lookback:
            again = common(_last(base.ranges, grain, time.lookback), target)
        if again:
            reasons.append(Reason(ReasonKind.DATA, f"looked at again: {listed(again, grain)}"))
        changed = ()
    elif changed:
        detail = f"new data in {_told(changed)}; the {grain}s that it touches"
        reasons.append(Reason(ReasonKind.DATA, detail))
    ranges = merged((*missing, *asked, *again))
    return Growth(base, target, ranges, changed, tuple(reasons))


def _by_key(
    asset: PlannedAsset, builds: Sequence[Build], versions: Mapping[str, str], *, anew: bool
) -> Growth:
    """A table that grows by key is carried on where what it reads may hold something new."""
    base = next((build for build in builds if build.relation == "table"), None)
    if base is None or anew:
        return Growth(None, (), (), ())
    changed = _changed(asset, base, versions)
    reasons = _forward(asset, base)
    if changed:
        reasons.append(Reason(ReasonKind.DATA, f"new data in {_told(changed)}"))
    return Growth(base, (), (), changed, tuple(reasons))


def _forward(asset: PlannedAsset, base: Build) -> list[Reason]:
    """New code that carries on a build is noted at once, and columns are made to fit."""
    if base.fingerprint == asset.fingerprint:
        return []
    return [Reason(ReasonKind.CODE, "new code, for what is computed from now on")]


def carries_forward(asset: PlannedAsset) -> bool:
    """Whether new code of it is for what is computed from then on."""
    how = asset.time or asset.keyed
    return how is not None and how.forward


def _told(changed: Sequence[str]) -> str:
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return ", ".join(leaf.removeprefix(BEHIND) for leaf in changed[:3]) + more


def _changed(asset: PlannedAsset, build: Build, versions: Mapping[str, str]) -> tuple[str, ...]:
    recorded = {leaf: at for leaf, at in build.versions.items() if leaf != growth_leaf(asset.name)}
    changed = [leaf for leaf in asset.leaves if recorded.get(leaf) != versions.get(leaf)]
    changed += [leaf for leaf in recorded if leaf not in asset.leaves]
    return tuple(sorted(changed))


def _last(ranges: Ranges, grain: Grain, count: int) -> Ranges:
    """The last intervals that a table holds."""
    if not ranges:
        return ()
    end = ranges[-1][1]
    return common(ranges, ((shifted(end, grain, -count), end),))


def version_of(time: TimeRange | None, ranges: Ranges, physical: str, revision: int) -> str:
    """The version of the leaf that such a table is to its readers: the intervals that it holds.
    Where the past is final, or it grows by key, its data do not follow from what it reads, so each
    change counts."""
    if time is None or time.restate == "never":
        return f"{physical}@{revision}"
    return " ".join(f"{start}/{end}" for start, end in ranges) or "none"


def batch_size(time: TimeRange, at_once: bool) -> int | None:
    """How many intervals go into one statement."""
    if time.batch is not None:
        return time.batch
    return None if at_once or time.single else 1


def needed(ranges: Ranges, time: TimeRange, upstream: TimeRange) -> Ranges:
    """What of an input by intervals is read for these ranges, in whole intervals of the input."""
    grain = Grain(upstream.grain)
    back = merged((shifted(start, Grain(time.grain), -time.lookback), end) for start, end in ranges)
    return merged(whole(item, grain) for item in back)


def follows(ranges: Ranges, upstream: TimeRange, time: TimeRange) -> Ranges:
    """The intervals of a reader that intervals of an input touch."""
    grain = Grain(time.grain)
    return widened(merged(whole(item, grain) for item in ranges), grain, time.lookback)

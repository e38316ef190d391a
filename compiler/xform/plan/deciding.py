"""Which build each asset shall have, and why.

A build that exists already and holds the same is taken; otherwise there will be a new one, under a
name known now, so that its readers can be decided too. Views cost nothing and follow what they
read; tables that grow are carried on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from xform.base.names import AssetName
from xform.plan.freshness import (
    Build,
    PlannedAsset,
    Recorded,
    as_it_stands,
    fresh_table,
    fresh_view,
    growth_leaf,
    remade_table,
)
from xform.plan.intervals import Grain, Ranges, common, merged, without
from xform.plan.names import physical_name
from xform.plan.plan import (
    ActionKind,
    Behind,
    Gap,
    Reason,
    ReasonKind,
)
from xform.plan.reasons import stale_reasons
from xform.plan.slicing import (
    Growth,
    carries_forward,
    follows,
    growth,
    needed,
    target_of,
    version_of,
)
from xform.project.assets import Kind
from xform.project.incremental import TimeRange


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks for. `selected` is None for everything."""

    environment: str
    selected: frozenset[AssetName] | None = None
    full_refresh: bool = False
    upstream: bool = False
    """Whether what is selected is to be built on fresh inputs, selected or not."""
    now: str = ""
    """The time, as `Host.now` gives it: tables that grow by time grow up to it."""
    restate: Mapping[AssetName, Ranges] = field(default_factory=dict)
    """Intervals of tables that grow by time, to be computed again."""
    downstream: bool = False
    """Restate what these intervals touch in readers, too."""


@dataclass(slots=True)
class Decision:
    """The build an asset shall have: `build` where it exists, else made by this plan.

    `physical` is its name in the store; of an external, the SQL that reads it. Empty: none.
    """

    physical: str
    build: Build | None
    kind: ActionKind | None = None
    reasons: tuple[Reason, ...] = ()
    behind: bool = False
    """An older build than the project asks for (it was not selected)."""
    live: frozenset[str] = frozenset()
    """Leaves read as they are at the moment: not through a stored table."""
    tainted: tuple[str, ...] = ()
    """Assets behind the project that it is built on, directly or through others."""
    untested: bool = False
    """The build stands, but has not passed the tests as they are now."""
    growth: Growth | None = None
    """Of tables that grow by time: what is to be done."""
    revision: int = 0
    """And how often it will have been carried on."""

    @property
    def new(self) -> bool:
        """Whether this plan makes the build."""
        return self.build is None and self.kind is not None


@dataclass
class Decider:
    """One pass down the graph: what shall become of each asset, and why."""

    assets: Sequence[PlannedAsset]
    recorded: Recorded
    versions: dict[str, str]
    """Of every leaf; tables that grow by time add theirs as they are decided."""
    wish: Wish
    index: Mapping[AssetName, PlannedAsset]
    decisions: dict[AssetName, Decision] = field(default_factory=dict)
    touched: set[AssetName] = field(default_factory=set)
    """What may be published: what is wanted, and views that follow."""
    moving: set[AssetName] = field(default_factory=set)
    """Names that are to show another build."""
    gaps: list[Gap] = field(default_factory=list)
    restated: dict[AssetName, Ranges] = field(default_factory=dict)

    def decide(self) -> None:
        """Fill `decisions`, in topological order."""
        self.touched |= self._wanted()
        by_fingerprint = self.recorded.by_fingerprint()
        renamed = {
            fingerprint: builds
            for (name, fingerprint), builds in by_fingerprint.items()
            if name not in self.index
        }
        for asset in self.assets:
            if asset.stored:
                builds = by_fingerprint.get((asset.name, asset.fingerprint))
                if builds is None and carries_forward(asset):
                    builds = self._to_carry_forward(asset)
                if builds is None and not asset.grows:
                    builds = renamed.get(asset.fingerprint)
                self._decide(asset, builds or [])
            else:
                self._transparent(asset)

    def _to_carry_forward(self, asset: PlannedAsset) -> list[Build] | None:
        """The build of earlier code that new code carries on: the one that is shown, if it is
        stored as the asset would be now."""
        shown = self._shown(asset)
        build = self.recorded.builds.get(shown) if shown is not None else None
        if build is None or build.relation != "table":
            return None
        before = {part.name: part.digest for part in self.recorded.components(build)}
        now = {part.name: part.digest for part in asset.components()}
        return [build] if before.get("storage") == now.get("storage") else None

    # Which assets may be touched -----------------------------------------------------------------

    def _wanted(self) -> set[AssetName]:
        """The selected assets, and what they read that cannot be read as it is published."""
        selected = self.wish.selected
        if selected is None:
            return {asset.name for asset in self.assets}
        wanted = set(selected)
        for asset in reversed(self.assets):
            if asset.name not in wanted:
                continue
            for name in (*asset.reads, *asset.checks_read):
                if name not in wanted and (self.wish.upstream or not self._usable(name)):
                    wanted.add(name)
        return wanted

    def _usable(self, name: AssetName) -> bool:
        """Whether the published build stands; of a view, also the builds that it reads."""
        published = self.recorded.published.get(name)
        pending = [published.physical] if published is not None else []
        while pending:
            build = self.recorded.builds.get(pending.pop())
            if build is None:
                return False
            if build.relation == "view":
                pending += [
                    physical
                    for read, physical in build.inputs.items()
                    if read not in self.index or self.index[read].stored
                ]
        return published is not None

    # Decisions -----------------------------------------------------------------------------------

    def _transparent(self, asset: PlannedAsset) -> None:
        if asset.kind is Kind.EXTERNAL:
            assert asset.relation is not None
            self.decisions[asset.name] = Decision(
                asset.relation, None, live=frozenset(asset.leaves)
            )

    def _shown(self, asset: PlannedAsset) -> str | None:
        published = self.recorded.published.get(asset.name)
        return published.physical if published is not None else None

    def _decide(self, asset: PlannedAsset, builds: Sequence[Build]) -> None:
        """Which build the asset shall have. `builds` are those of its meaning."""
        builds = sorted(builds, key=lambda build: build.physical != self._shown(asset))
        if self._follows(asset):
            self.touched.add(asset.name)
        touched = asset.name in self.touched
        live = self._live(asset)
        if asset.grows:
            self._grow(asset, builds, live)
            return
        found, tainted = self._standing(asset, builds, live)
        if found is not None and (touched or self._is_safe(asset, found)):
            decision = Decision(found.physical, found, live=live, tainted=tainted)
        elif touched:
            decision = self._new(asset, builds, live)
        else:
            decision = self._as_published(asset, live)
        self.decisions[asset.name] = decision
        if touched and decision.physical != self._shown(asset):
            self.moving.add(asset.name)

    def _grow(self, asset: PlannedAsset, builds: Sequence[Build], live: frozenset[str]) -> None:
        """The same for a table that is carried on. It is a leaf to its readers: what it holds may
        change while nothing that it reads does."""
        touched = asset.name in self.touched
        asked = self._restated(asset) if touched else ()
        found = growth(asset, builds, self.versions, self.wish.now, asked, anew=self._forced(asset))
        base = found.base
        if not touched and (base is None or not found.nothing):
            decision = self._as_published(asset, live)
        elif found.nothing:
            assert base is not None
            decision = Decision(base.physical, base, live=live, tainted=self._tainted(asset))
        elif base is None:
            decision = replace(self._new(asset, builds, live), growth=found, revision=1)
        elif base.physical in self.recorded.shown_elsewhere:
            decision = replace(self._new(asset, builds, live), growth=found, revision=1)
            decision.kind, decision.reasons = ActionKind.INTERVAL, found.reasons
        else:
            decision = Decision(
                base.physical, None, ActionKind.INTERVAL, found.reasons, live=live,
                tainted=self._tainted(asset), growth=found, revision=base.revision + 1,
            )  # fmt: skip
        build = decision.build
        holds = found.target if decision.growth is not None else build.ranges if build else ()
        revision = decision.revision if build is None else build.revision
        version = version_of(asset.time, holds, decision.physical, revision)
        self.versions[growth_leaf(asset.name)] = version
        self.decisions[asset.name] = decision
        if decision.growth is not None and asset.time is not None:
            self.restated[asset.name] = common(decision.growth.ranges, found.target)
            self._look_for_gaps(asset, decision.growth)
        if touched and decision.physical != self._shown(asset):
            self.moving.add(asset.name)

    def _restated(self, asset: PlannedAsset) -> Ranges:
        """The intervals that are asked for, of it or of what it reads."""
        found = list(self.wish.restate.get(asset.name, ()))
        if self.wish.downstream:
            for read, upstream in self._by_time(asset):
                found += follows(self.restated.get(read, ()), upstream, asset.time or upstream)
        return merged(found)

    def _by_time(self, asset: PlannedAsset) -> Iterator[tuple[AssetName, TimeRange]]:
        """What it reads interval by interval that itself grows so."""
        for item in asset.sliced.inputs if asset.sliced is not None else ():
            upstream = self.index[item.asset].time if item.asset in self.index else None
            if upstream is not None and item.column == upstream.column.lower():
                yield item.asset, upstream

    def _look_for_gaps(self, asset: PlannedAsset, found: Growth) -> None:
        """Note the intervals that what it reads would have to hold, and does not."""
        assert asset.time is not None
        for read, upstream in self._by_time(asset):
            decision = self.decisions[read]
            holds = decision.build.ranges if decision.build is not None else ()
            if decision.growth is not None:
                holds = decision.growth.target
            wanted = needed(found.ranges, asset.time, upstream)
            # What lies before its start or after its end, it never holds.
            lacking = without(common(wanted, target_of(upstream, self.wish.now)), holds)
            if lacking:
                self.gaps.append(Gap(asset.name, read, lacking, Grain(upstream.grain)))

    def _standing(
        self, asset: PlannedAsset, builds: Sequence[Build], live: frozenset[str]
    ) -> tuple[Build | None, tuple[str, ...]]:
        """A build that need not be made, and what is behind the project in it."""
        if self._forced(asset):
            return None, ()
        inputs = {name: self.decisions[name].physical for name in asset.reads}
        tainted = self._tainted(asset)
        if asset.is_view:
            return fresh_view(builds, inputs), tainted
        # What holds just what it should is fresh, whatever state its inputs are in now.
        found = fresh_table(asset, builds, self.versions)
        if found is not None or not tainted:
            return found, ()
        return remade_table(asset, builds, inputs, live, self.versions), tainted

    def _forced(self, asset: PlannedAsset) -> bool:
        selected = self.wish.selected
        asked = selected is None or asset.name in selected
        return asked and self.wish.full_refresh and not asset.is_view

    def _is_safe(self, asset: PlannedAsset, build: Build) -> bool:
        """Whether readers may read a build that this plan does not publish: no untested one."""
        return not asset.checks or bool(build.audits_digest) or build.physical == self._shown(asset)

    def _live(self, asset: PlannedAsset) -> frozenset[str]:
        """Leaves whose version is what they hold when the step runs."""
        live = {leaf for leaf in asset.leaves if leaf.startswith("clock:")}
        if asset.kind is Kind.SEED:
            live.add(asset.name)
        for name in asset.reads:
            read = self.index[name]
            if read.kind is Kind.EXTERNAL or read.is_view:
                live |= self.decisions[name].live
            if asset.is_view and read.grows:
                # It may change under the view, which then stays as it is.
                live.update((growth_leaf(name), *read.leaves))
        return frozenset(live & set(asset.leaves))

    def _tainted(self, asset: PlannedAsset) -> tuple[str, ...]:
        """What is behind the project in the builds that it reads. A build made on such a one is
        itself such a one, so this passes on from reader to reader."""
        names: set[str] = set()
        for name in asset.reads:
            decision = self.decisions[name]
            names.update((name,) if decision.behind else decision.tainted)
        return tuple(sorted(names))

    def _follows(self, asset: PlannedAsset) -> bool:
        """A view that is not wanted, but whose meaning stands and whose inputs move: it goes
        along, for it shows what they show."""
        published = self.recorded.published.get(asset.name)
        return (
            asset.is_view
            and published is not None
            and published.fingerprint == asset.fingerprint
            and any(name in self.moving for name in asset.reads)
            and all(self.decisions[name].physical for name in asset.reads)
        )

    def _as_published(self, asset: PlannedAsset, live: frozenset[str]) -> Decision:
        published = self.recorded.published.get(asset.name)
        build = self.recorded.builds.get(published.physical) if published else None
        physical = build.physical if build is not None else ""
        return Decision(physical, build, behind=True, live=live)

    def _new(self, asset: PlannedAsset, builds: Sequence[Build], live: frozenset[str]) -> Decision:
        forced = self._forced(asset)
        previous = self._previous(asset, self._shown(asset))
        if asset.is_view and previous is not None and previous.fingerprint == asset.fingerprint:
            kind = ActionKind.PUBLISH
            reasons: tuple[Reason, ...] = (self._followed(asset, previous),)
        else:
            kind = ActionKind.BUILD
            reasons = stale_reasons(asset, self.recorded, previous, self.versions, forced)
        generation = 1 + max((build.generation for build in builds), default=0)
        while (physical := physical_name(asset.name, asset.fingerprint, generation)) in self._taken:
            generation += 1
        return Decision(physical, None, kind, reasons, live=live, tainted=self._tainted(asset))

    @cached_property
    def _taken(self) -> frozenset[str]:
        """Names of builds that something shows or reads, also of builds that are gone: a new
        build under such a name would be seen before it is tested."""
        shown = (published.physical for published in self.recorded.published.values())
        read = (name for build in self.recorded.builds.values() for name in build.inputs.values())
        return self.recorded.shown_elsewhere.union(self.recorded.taken, shown, read)

    def _followed(self, asset: PlannedAsset, previous: Build) -> Reason:
        moved = sorted(
            name
            for name in asset.reads
            if previous.inputs.get(name) != self.decisions[name].physical
        )
        return Reason(ReasonKind.DEPENDENCY, f"follows {', '.join(moved)}", tuple(moved))

    def _previous(self, asset: PlannedAsset, physical: str | None) -> Build | None:
        """The build to compare with: the published one, else the newest of the asset."""
        if physical is not None:
            found = self.recorded.builds.get(physical)
        else:
            own = [build for build in self.recorded.builds.values() if build.asset == asset.name]
            found = max(own, key=lambda build: build.built_at, default=None)
        return as_it_stands(found, asset.fingerprint) if found is not None else None

    def _behind(self) -> tuple[Behind, ...]:
        """What is read as it is published, though it is stale."""
        readers: dict[AssetName, list[AssetName]] = {}
        for asset in self.assets:
            if asset.stored and asset.name in self.touched:
                for name in self.decisions[asset.name].tainted:
                    readers.setdefault(AssetName(name), []).append(asset.name)
        return tuple(
            Behind(asset.name, self._why_behind(asset), tuple(readers[asset.name]))
            for asset in self.assets
            if asset.name in readers
        )

    def _why_behind(self, asset: PlannedAsset) -> tuple[Reason, ...]:
        previous = self._previous(asset, self._shown(asset))
        return stale_reasons(asset, self.recorded, previous, self.versions, False)

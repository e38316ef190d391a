"""From the project and the record to a plan: which assets to build, reuse, publish, test, drop.

What becomes of each asset is decided first (`deciding.py`); from that come the steps that carry it
out, and the actions that people read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.plan.comparing import compared
from xform.plan.deciding import Decider, Decision, Wish
from xform.plan.freshness import (
    BEHIND,
    PlannedAsset,
    Recorded,
    Standing,
    growth_leaf,
)
from xform.plan.intervals import Grain, Ranges, moment_of
from xform.plan.names import sql_name
from xform.plan.plan import (
    Action,
    ActionKind,
    AuditStep,
    BuildStep,
    Component,
    DropStep,
    Merging,
    Plan,
    PublishStep,
    Reason,
    ReasonKind,
    SliceSource,
    Slicing,
    Step,
)
from xform.plan.slicing import (
    batch_size,
)
from xform.project.checksum import Checksum


@dataclass
class _Planner(Decider):
    """From decisions to steps."""

    steps: list[Step] = field(default_factory=list)

    def plan(self) -> Plan:
        self.decide()
        stored = [asset for asset in self.assets if asset.stored]
        for asset in stored:
            self._act(asset, self.decisions[asset.name])
        for asset in stored:
            self._steps_of(asset, self.decisions[asset.name])
        publishes = [step for asset in stored if (step := self._publish(asset)) is not None]
        drops = self._drops()
        actions = [
            Action(asset.name, decision.kind, decision.reasons, _intervals(decision))
            for asset in self.assets
            if (decision := self.decisions.get(asset.name)) is not None
            and decision.kind is not None
        ]
        gone = Reason(ReasonKind.CONFIG, "no longer in the project")
        actions += [Action(step.asset, ActionKind.DROP, (gone,)) for step in drops]
        acted = {action.asset for action in actions}
        unchanged = tuple(
            asset.name for asset in self.assets if asset.stored and asset.name not in acted
        )
        steps = (*self.steps, *publishes, *drops)
        return Plan(
            self.wish.environment,
            tuple(actions),
            unchanged,
            steps,
            self._behind(),
            tuple(self.gaps),
            compared=tuple(compared(stored, self.decisions, self.recorded)),
        )

    def as_built(self, asset: PlannedAsset) -> _AsBuilt:
        """The build of an asset once its step has run."""
        decision = self.decisions[asset.name]
        versions = {leaf: self.versions.get(leaf, "") for leaf in asset.leaves}
        grown = growth_leaf(asset.name)
        if asset.grows:
            versions[grown] = self.versions[grown]
        return _AsBuilt(
            decision.physical,
            asset.name,
            "view" if asset.is_view else "table",
            asset.fingerprint,
            1,
            versions,
            {name: self.decisions[name].physical for name in asset.reads},
            self._checks(asset),
            decision.growth.target if decision.growth is not None else (),
            decision.revision,
        )

    # Steps ---------------------------------------------------------------------------------------

    def _act(self, asset: PlannedAsset, decision: Decision) -> None:
        """What is to be done with a build that exists: publish it, test it, or nothing."""
        build = decision.build
        if build is None or decision.behind or asset.name not in self.touched:
            return
        if build.physical != self._shown(asset):
            decision.kind = ActionKind.REUSE
            decision.reasons = (self._reuse_reason(asset),)
        if asset.checks and build.audits_digest != self._checks(asset):
            decision.untested = True
            if decision.kind is None:
                passed = bool(build.audits_digest)
                why = (
                    "its tests, or what they compare with, changed" if passed else "not tested yet"
                )
                decision.kind = ActionKind.TEST
                decision.reasons = (Reason(ReasonKind.CONFIG, why),)

    def _checks(self, asset: PlannedAsset) -> Digest:
        """What the tests of an asset are, and on which data of others they look.

        A build stands for its data. What is read where it lies counts by its version: the leaves
        of a view, and those of what the tests compare with.
        """
        if not asset.checks:
            return asset.checks
        looked = [name for name in asset.checks_read if name in self.decisions]
        live = set(self.decisions[asset.name].live) if asset.is_view else set()
        for name in looked:
            if self.index[name].is_view or not self.index[name].stored:
                live |= self.decisions[name].live
        if not looked and not live:
            return asset.checks
        versions = [part for leaf in sorted(live) for part in (leaf, self.versions.get(leaf, ""))]
        others = [self.decisions[name].physical for name in looked]
        return digest_parts((asset.checks, *others, *versions))

    def _steps_of(self, asset: PlannedAsset, decision: Decision) -> None:
        if decision.new:
            self.steps.append(self._build_step(asset, decision))
        elif decision.untested:
            self.steps.append(
                AuditStep(
                    asset.name,
                    decision.physical,
                    asset.audits(self._sql_names((asset.name, *asset.checks_read))),
                    self._checks(asset),
                    self._waits(asset.checks_read),
                    asset.conduct,
                    asset.contract(),
                )
            )

    def _reuse_reason(self, asset: PlannedAsset) -> Reason:
        published = self.recorded.published.get(asset.name)
        if published is None:
            build = self.decisions[asset.name].build
            if build is not None and build.asset != asset.name:
                return Reason(ReasonKind.CONFIG, f"was {build.asset}: what it holds is the same")
            return Reason(ReasonKind.NEW, "not published here yet; the build exists")
        previous = self.recorded.builds.get(published.physical)
        if previous is None:
            why = "its build is gone from the warehouse; another one holds the same"
            return Reason(ReasonKind.MISSING, why)
        if previous.fingerprint != asset.fingerprint:
            return Reason(ReasonKind.CODE, "its meaning is back at an earlier one; built before")
        if asset.is_view:
            return self._followed(asset, previous)
        return Reason(ReasonKind.DATA, "its data are back at an earlier version; built before")

    def _build_step(self, asset: PlannedAsset, decision: Decision) -> BuildStep:
        inputs = {name: self.decisions[name].physical for name in asset.reads}
        sql_names = self._sql_names((asset.name, *asset.reads, *asset.checks_read))
        pins = {leaf: self.versions.get(leaf, "") for leaf in sorted(decision.live)}
        pins.update({BEHIND + name: "behind" for name in decision.tainted})
        physical = decision.physical
        generation = int(physical.rpartition("_")[2])
        return BuildStep(
            asset.name,
            "view" if asset.is_view else "table",
            physical,
            asset.body({name: sql_names[name] for name in asset.reads}),
            asset.fingerprint,
            generation,
            tuple(sorted({*asset.leaves, *pins})),
            pins,
            inputs,
            self._waits((*asset.reads, *asset.checks_read)),
            asset.columns(),
            asset.audits(sql_names) if asset.checks else (),
            self._checks(asset),
            asset.components(),
            self._file_pins(decision.live),
            asset.conduct,
            self._slicing(asset, decision, sql_names),
            self._merging(asset, decision, sql_names),
            asset.ordered,
            self._forced(asset),
            asset.contract(),
            {
                found.build.physical: found.build.versions
                for name in asset.reads
                if (found := self.decisions[name]).build is not None and found.build.also
            },
            asset.hooks(sql_names),
        )

    def _merging(
        self, asset: PlannedAsset, decision: Decision, sql_names: Mapping[AssetName, str]
    ) -> Merging | None:
        found = decision.growth
        if found is None or asset.keyed is None:
            return None
        base = found.base
        return Merging(
            asset.keyed,
            base.physical if base is not None else None,
            asset.carried(sql_names) if base is not None else None,
            moment_of(self.wish.now, None),
            decision.revision,
            growth_leaf(asset.name),
            self.versions[growth_leaf(asset.name)],
        )

    def _slicing(
        self, asset: PlannedAsset, decision: Decision, sql_names: Mapping[AssetName, str]
    ) -> Slicing | None:
        found, time, sliced = decision.growth, asset.time, asset.sliced
        if found is None or time is None or sliced is None:
            return None
        base = found.base
        return Slicing(
            time.column,
            Grain(time.grain),
            time.zone,
            time.lookback,
            base.physical if base is not None else None,
            base.ranges if base is not None else (),
            found.ranges,
            found.target,
            decision.revision,
            growth_leaf(asset.name),
            self.versions[growth_leaf(asset.name)],
            batch_size(time, sliced.at_once),
            found.recheck,
            time.restate == "changed",
            time.on_schema,
            tuple(
                SliceSource(item.asset, sql_names[item.asset], item.column, item.columns)
                for item in sliced.inputs
                if item.asset in sql_names
            ),
        )

    def _file_pins(self, live: frozenset[str]) -> dict[str, str]:
        pins: dict[str, str] = {}
        for leaf in sorted(live):
            asset = self.index.get(AssetName(leaf))
            if asset is not None and asset.files is not None:
                pins[leaf] = asset.files
        return pins

    def _sql_names(self, names: Sequence[AssetName]) -> dict[AssetName, str]:
        """How the builds of these assets are named in SQL."""
        return {
            name: sql_name(decision.physical) if self.index[name].stored else decision.physical
            for name in names
            if (decision := self.decisions.get(name)) is not None
        }

    def _waits(self, reads: Sequence[AssetName]) -> tuple[AssetName, ...]:
        """Those of `reads` that have a step of their own in this plan; of views that stand, those
        that they look at: a table below may be carried on."""
        found: set[AssetName] = set()
        pending = list(reads)
        while pending:
            name = pending.pop()
            decision = self.decisions.get(name)
            if decision is None:
                continue
            if decision.new or decision.untested:
                found.add(name)
            elif self.index[name].is_view:
                pending += self.index[name].reads
        return tuple(sorted(found))

    def _publish(self, asset: PlannedAsset) -> PublishStep | None:
        decision = self.decisions[asset.name]
        if decision.behind or not decision.physical:
            return None
        physical = decision.physical
        published = self.recorded.published.get(asset.name)
        if (
            published is not None
            and published.physical == physical
            and (published.schema, published.name) == (asset.schema, asset.table)
        ):
            return None
        if decision.kind is None:
            return None
        return PublishStep(
            asset.name,
            asset.schema,
            asset.table,
            physical,
            asset.fingerprint,
            asset.comments(),
        )

    def _drops(self) -> list[DropStep]:
        """Published names that the project no longer has; only when everything is selected."""
        if self.wish.selected is not None:
            return []
        stored = {asset.name for asset in self.assets if asset.stored}
        return [
            DropStep(name, published.schema, published.name)
            for name, published in sorted(self.recorded.published.items())
            if name not in stored
        ]


def make_plan(
    assets: Sequence[PlannedAsset],
    recorded: Recorded,
    versions: dict[str, str],
    wish: Wish,
) -> Plan:
    """Plan an environment.

    `assets` in topological order; `versions` holds the current data version of every leaf;
    those of tables that grow by time are added.
    """
    index = {asset.name: asset for asset in assets}
    return _Planner(assets, recorded, versions, wish, index).plan()


class _AsBuilt(msgspec.Struct, frozen=True):
    """A build as a plan would leave it."""

    physical: str
    asset: AssetName
    relation: str
    fingerprint: Digest
    generation: int
    versions: dict[str, str]
    inputs: dict[AssetName, str]
    audits_digest: Digest
    ranges: Ranges = ()
    revision: int = 0
    built_at: str = ""
    components: tuple[Component, ...] = ()
    also: tuple[Standing, ...] = ()
    method: Checksum = Checksum()
    compared: dict[AssetName, Checksum] = {}


class _AsPublished(msgspec.Struct, frozen=True):
    """A name as a plan would leave it."""

    asset: AssetName
    schema: str
    name: str
    physical: str
    fingerprint: Digest


def as_built(
    assets: Sequence[PlannedAsset], versions: Mapping[str, str], environment: str, now: str
) -> Recorded:
    """The record as it would be, had all of a project been built at once over these data: what
    another version of the project can be planned against. Nothing of it exists."""
    index = {asset.name: asset for asset in assets}
    found = dict(versions)
    wish = Wish(environment, now=now)
    planner = _Planner(assets, Recorded({}, {}), found, wish, index)
    planner.decide()
    builds = {}
    for asset in assets:
        if asset.stored:
            build = planner.as_built(asset)
            builds[build.physical] = build
    published = {
        build.asset: _AsPublished(
            build.asset,
            index[build.asset].schema,
            index[build.asset].table,
            build.physical,
            build.fingerprint,
        )
        for build in builds.values()
    }
    return Recorded(
        builds, published, components=lambda build: tuple(index[build.asset].components())
    )


def _intervals(decision: Decision) -> Ranges:
    return decision.growth.ranges if decision.growth is not None else ()

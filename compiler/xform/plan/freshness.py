"""What the planner knows of an asset and of what is built; whether the two match.

Level-triggered: what is recorded is compared with what is, each time; nothing is remembered of
how it came about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.fingerprint.component import Component
from xform.plan.audits import Audit
from xform.plan.contract import Contract
from xform.plan.intervals import Ranges
from xform.plan.plan import (
    AS_USUAL,
    NO_HOOKS,
    Body,
    Comments,
    Conduct,
    Hooks,
    SqlBody,
)
from xform.project.assets import Kind
from xform.project.checksum import Checksum
from xform.project.incremental import Keyed, TimeRange
from xform.sema.slices.parts import Sliced

CLOCK_RUN = "clock:run"
"""The leaf whose version never matches: its readers ask for the time or for chance."""

INTERVALS = "intervals:"
"""Prefix of the leaf that a table growing by time is to its readers."""

BEHIND = "behind:"
"""Prefix of a version key that says: built on an upstream build that is behind the project."""


def growth_leaf(name: AssetName) -> str:
    """The leaf whose version says which intervals a table holds."""
    return INTERVALS + name


class Token(msgspec.Struct, frozen=True, array_like=True):
    """An input as it was read: a build, with the marks of tables that are carried on; or no build,
    and the version of what was read where it lies."""

    physical: str
    marks: tuple[str, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """What a build holds by another way: it would have come out the same from these."""

    fingerprint: Digest
    versions: dict[str, str]
    inputs: dict[AssetName, str]
    tokens: dict[AssetName, Token] = {}
    compared: dict[AssetName, Checksum] = {}
    """The tables of which that is known by less than all that they hold, and by what."""


class Build(Protocol):
    """A recorded build, as far as planning reads it (`run.records.BuildRecord`)."""

    @property
    def physical(self) -> str: ...
    @property
    def asset(self) -> AssetName: ...
    @property
    def relation(self) -> str: ...
    @property
    def fingerprint(self) -> Digest: ...
    @property
    def generation(self) -> int: ...
    @property
    def built_at(self) -> str: ...
    @property
    def versions(self) -> dict[str, str]: ...
    @property
    def inputs(self) -> dict[AssetName, str]: ...
    @property
    def components(self) -> tuple[Component, ...]: ...
    @property
    def audits_digest(self) -> Digest: ...
    @property
    def ranges(self) -> Ranges: ...
    @property
    def revision(self) -> int: ...
    @property
    def also(self) -> Sequence[Standing]: ...
    @property
    def method(self) -> Checksum: ...
    @property
    def compared(self) -> Mapping[AssetName, Checksum]: ...


class Published(Protocol):
    """A published name (`run.records.Publication`)."""

    @property
    def asset(self) -> AssetName: ...
    @property
    def schema(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def physical(self) -> str: ...
    @property
    def fingerprint(self) -> Digest: ...


@dataclass(frozen=True, slots=True)
class PlannedAsset:
    """An asset as the planner sees it. Assets come in topological order.

    `reads` are the assets whose builds its body names: ephemeral models are looked through.
    `body` makes the body, given the SQL text of each input; `components` and `audits` likewise
    are asked for only where a step needs them.
    """

    name: AssetName
    kind: Kind
    reads: tuple[AssetName, ...]
    fingerprint: Digest
    leaves: tuple[str, ...]
    schema: str
    table: str
    checks: Digest
    """Digest of the declared tests; empty where there are none."""
    checks_read: tuple[AssetName, ...] = ()
    """Other assets that its tests read."""
    body: Callable[[Mapping[AssetName, str]], Body] = field(kw_only=True)
    components: Callable[[], tuple[Component, ...]] = field(kw_only=True)
    audits: Callable[[Mapping[AssetName, str]], tuple[Audit, ...]] = field(kw_only=True)
    columns: Callable[[], tuple[str, ...]] = field(kw_only=True)
    files: str | None = None
    """Of seeds and file sources: the path whose digest is the version of its leaf."""
    conduct: Conduct = AS_USUAL
    hooks: Callable[[Mapping[AssetName, str]], Hooks] = lambda names: NO_HOOKS
    """Given the SQL text of each input, and of the asset's own build."""
    contract: Callable[[], Contract | None] = lambda: None
    """What the columns of its builds have to be."""
    comments: Callable[[], Comments | None] = lambda: None
    """What its published name is to say, where descriptions go into the warehouse."""
    relation: str | None = None
    """Of externals: the SQL text that reads it."""
    time: TimeRange | None = None
    """Of those that grow by time: how."""
    keyed: Keyed | None = None
    """Of those that grow by key, and snapshots: how they do."""
    carried: Callable[[Mapping[AssetName, str]], SqlBody | None] = lambda inputs: None
    """Makes what carries on a build, where that is not what makes a new one."""
    sliced: Sliced | None = None
    """And how their inputs count."""
    ordered: bool = False
    """Whether the order of the rows that it reads counts, for itself or for its readers."""

    @property
    def stored(self) -> bool:
        """Whether it has builds (externals, ephemerals and exposures have none)."""
        return self.kind in (Kind.TABLE, Kind.INCREMENTAL, Kind.SNAPSHOT, Kind.VIEW, Kind.SEED)

    @property
    def is_view(self) -> bool:
        return self.kind is Kind.VIEW

    @property
    def grows(self) -> bool:
        """Whether a build of it is carried on."""
        return self.time is not None or self.keyed is not None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is built and published, from the state."""

    builds: Mapping[str, Build]
    """By physical name."""
    published: Mapping[AssetName, Published]
    """Of the environment at hand."""
    statuses: Mapping[AssetName, str] = field(default_factory=dict)
    """How the last step of an asset ended."""
    components: Callable[[Build], tuple[Component, ...]] = lambda build: build.components
    """The parts of a build's fingerprint: asked for only where reasons are to be given."""
    shown_elsewhere: frozenset[str] = frozenset()
    """Physical names of the builds that other environments show."""
    taken: frozenset[str] = frozenset()
    """Physical names that something else shows or reads, where this is a part of the record."""

    def by_fingerprint(self) -> dict[tuple[AssetName, Digest], list[Build]]:
        """The builds of each asset and fingerprint, the newest first. Two assets that mean the
        same have one fingerprint, but each its own builds: their tests differ."""
        found: dict[tuple[AssetName, Digest], list[Build]] = {}
        for build in self.builds.values():
            found.setdefault((build.asset, build.fingerprint), []).append(build)
            for other in build.also:
                found.setdefault((build.asset, other.fingerprint), []).append(_as(build, other))
        for builds in found.values():
            builds.sort(key=lambda build: build.generation, reverse=True)
        return found


@dataclass(frozen=True, slots=True)
class _Stands:
    """A build, as what it also holds."""

    build: Build
    fingerprint: Digest
    versions: dict[str, str]
    inputs: dict[AssetName, str]
    compared: dict[AssetName, Checksum]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.build, name)


def _as(build: Build, other: Standing) -> Build:
    stands: Any = _Stands(build, other.fingerprint, other.versions, other.inputs, other.compared)
    found: Build = stands
    return found


def as_it_stands(build: Build, fingerprint: Digest) -> Build:
    """A build as what it was last found to hold; of this meaning, where it was found so."""
    ways = [_as(build, other) for other in build.also]
    own = [build] if build.fingerprint == fingerprint else []
    fitting = [way for way in ways if way.fingerprint == fingerprint]
    return (fitting or own or ways or [build])[-1]


def fresh_table(
    asset: PlannedAsset, builds: Sequence[Build], versions: Mapping[str, str]
) -> Build | None:
    """The newest build that holds just what the asset would hold if it were built now."""
    if CLOCK_RUN in asset.leaves:
        return None
    for build in builds:
        if build.relation == "table" and _same_versions(asset, build, versions):
            return build
    return None


def _same_versions(asset: PlannedAsset, build: Build, versions: Mapping[str, str]) -> bool:
    """All leaves as recorded, and nothing recorded beyond them (see BEHIND)."""
    recorded = build.versions
    if len(recorded) != len(asset.leaves):
        return False
    return all(leaf in recorded and recorded[leaf] == versions.get(leaf) for leaf in asset.leaves)


def remade_table(
    asset: PlannedAsset,
    builds: Sequence[Build],
    inputs: Mapping[AssetName, str],
    live: frozenset[str],
    versions: Mapping[str, str],
) -> Build | None:
    """A build that would come out the same if it were made now, of inputs that are not fresh."""
    if CLOCK_RUN in asset.leaves:
        return None
    for build in builds:
        if (
            build.relation == "table"
            and build.inputs == inputs
            and all(build.versions.get(leaf) == versions.get(leaf) for leaf in live)
        ):
            return build
    return None


def fresh_view(builds: Sequence[Build], inputs: Mapping[AssetName, str]) -> Build | None:
    """The view that reads just these builds."""
    for build in builds:
        if build.relation == "view" and build.inputs == inputs:
            return build
    return None


def changed_leaves(
    asset: PlannedAsset, build: Build, versions: Mapping[str, str]
) -> tuple[str, ...]:
    """The leaves whose recorded version is not the current one."""
    changed = [
        leaf
        for leaf in asset.leaves
        if leaf == CLOCK_RUN or build.versions.get(leaf) != versions.get(leaf)
    ]
    changed += [
        leaf
        for leaf in build.versions
        if leaf not in asset.leaves and leaf != growth_leaf(asset.name)
    ]
    return tuple(sorted(changed))

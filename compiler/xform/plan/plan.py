"""A plan: what would make an environment match the project, as pure data, with reasons.

`Plan` is what people and programs read (`plan --format json`, DESIGN §5). Its `steps` are what
the runner carries out; both come from the same decisions, so they cannot drift.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.base.spans import SourceMap, Span
from xform.fingerprint.component import Component as Component
from xform.plan.audits import Audit
from xform.plan.contract import Contract
from xform.plan.intervals import Grain, Ranges
from xform.project.checksum import EXACT, Checksum
from xform.project.incremental import Keyed


class ReasonKind(enum.StrEnum):
    NEW = "new"
    CODE = "code"
    DATA = "data"
    CONFIG = "config"
    DEPENDENCY = "dependency"
    MISSING = "missing"
    FAILED = "failed"
    FORCED = "forced"


class Reason(msgspec.Struct, frozen=True):
    kind: ReasonKind
    detail: str
    columns: tuple[str, ...] = ()


class ActionKind(enum.StrEnum):
    BUILD = "build"
    INTERVAL = "interval"
    REUSE = "reuse"
    PUBLISH = "publish"
    DROP = "drop"
    TEST = "test"


COMPUTING = (ActionKind.BUILD, ActionKind.INTERVAL)


class Action(msgspec.Struct, frozen=True):
    """Only `build` and `interval` compute; `interval` carries on a table that grows by time,
    `intervals` of it for certain. `reuse` publishes a build that exists already; `publish` points a
    name at it anew (or re-creates a view on builds that moved); `drop` takes a published name
    away; `test` runs the tests of a build that stands."""

    asset: AssetName
    action: ActionKind
    reasons: tuple[Reason, ...]
    intervals: Ranges = ()


class SqlBody(msgspec.Struct, frozen=True, tag="sql"):
    """A query to store as a table or to wrap as a view. All names in it are physical.

    `path`, `source_map` and `edits` lead from a place in `sql` back to the written file, for
    engine errors; `edits` lists (start in sql, length in sql, start in rendered, length there).
    `bounds` lists the places of `@start` and `@end`: (start, end, which); each is an edit too.
    """

    sql: str
    path: str
    source_map: SourceMap = SourceMap()
    edits: tuple[tuple[int, int, int, int], ...] = ()
    bounds: tuple[tuple[int, int, str], ...] = ()


class SeedBody(msgspec.Struct, frozen=True, tag="seed"):
    """A data file to load. `types` are the declared column types."""

    file: str
    format: str
    types: dict[str, str] = {}
    options: dict[str, Any] = {}


class PythonBody(msgspec.Struct, frozen=True, tag="python"):
    """A Python function to call: parameter → (physical relation, annotated type)."""

    path: str
    function: str
    inputs: dict[str, tuple[str, str | None]]


Body = SqlBody | SeedBody | PythonBody


class Conduct(msgspec.Struct, frozen=True):
    """How a step is carried out. It says nothing of what the step makes.

    `timeout` is in seconds, from the start of the step to its end. After an error that may pass
    by itself the engine is asked again, `retries` times: first after `wait` seconds, then after
    twice as many each time.
    """

    timeout: float | None = None
    retries: int = 2
    wait: float = 1.0
    checksum: Checksum = EXACT
    """How what it makes is compared with what it made before: where that is the same, readers do
    not run."""


AS_USUAL = Conduct()


class SliceSource(msgspec.Struct, frozen=True):
    """An input of a table that grows by time. `relation` is SQL to read it; the rest is as in
    `sema.slices.parts.SlicedInput`."""

    asset: AssetName
    relation: str
    column: str | None
    columns: tuple[str, ...]


class Slicing(msgspec.Struct, frozen=True):
    """Which intervals of a table that grows by time are computed.

    The table is `base` carried on: itself, or another build that is copied first, or None for a
    new one. `kept` is what the base holds; `ranges` are computed for certain. Where `recheck`, the
    inputs are compared with what they were, and the intervals that this touches are computed, too.
    Afterwards the table holds `target`. `batch` intervals go into one statement (None: all).
    """

    column: str
    grain: Grain
    zone: str | None
    lookback: int
    base: str | None
    kept: Ranges
    ranges: Ranges
    target: Ranges
    revision: int
    leaf: str
    version: str
    """Of the table as a leaf to its readers, afterwards."""
    batch: int | None
    recheck: bool
    watched: bool
    """Whether it is kept how the inputs were."""
    on_schema: str
    """What becomes of columns that the table does not have, or that no longer come."""
    inputs: tuple[SliceSource, ...]


class HookSql(msgspec.Struct, frozen=True):
    """A statement of the user's, ready to run, and as it was `written`: without what was rendered,
    which may be a secret."""

    sql: str
    written: str
    span: Span


class Hooks(msgspec.Struct, frozen=True):
    """What runs in the session before a build, and in its transaction after it."""

    before: tuple[HookSql, ...] = ()
    after: tuple[HookSql, ...] = ()


NO_HOOKS = Hooks()


class Merging(msgspec.Struct, frozen=True):
    """How new rows come into a table that grows by key, or into a snapshot (`Keyed`).

    The table is `base` carried on, as in `Slicing`; None: a new one. `carried` yields the rows,
    where it is not the step's body. `now` is the time for a snapshot, in UTC.
    """

    how: Keyed
    base: str | None
    carried: SqlBody | None
    now: str
    revision: int
    leaf: str
    version: str


class BuildStep(msgspec.Struct, frozen=True):
    """Make one build, or carry on one that grows by time (`slicing`).

    `physical` is the name in `_xform` that the build gets; `relation` is `table` or `view`.
    `leaves` are the seeds, sources and clocks that can change its content: the versions recorded
    with the build are, for a leaf in `pins`, the version found when the step starts, for others
    what the builds of `inputs` recorded. `inputs` maps every asset that the body reads to its
    physical name. `waits_for` are the steps that must have succeeded before.
    """

    asset: AssetName
    relation: str
    physical: str
    body: Body
    fingerprint: Digest
    generation: int
    leaves: tuple[str, ...]
    pins: dict[str, str]
    inputs: dict[AssetName, str]
    waits_for: tuple[AssetName, ...]
    columns: tuple[str, ...] = ()
    """The output columns in order, where the compiler knows them: the build must have these."""
    audits: tuple[Audit, ...] = ()
    audits_digest: Digest = Digest("")
    components: tuple[Component, ...] = ()
    file_pins: dict[str, str] = {}
    """File leaves among `pins`: leaf → path. Their digests are taken anew around the step."""
    conduct: Conduct = Conduct()
    slicing: Slicing | None = None
    merging: Merging | None = None
    ordered: bool = False
    """Whether the order of the rows that it reads counts, for itself or for its readers."""
    anew: bool = False
    """Whether it is to run even where an earlier build holds the same."""
    contract: Contract | None = None
    """What its columns have to be."""
    stands: dict[str, dict[str, str]] = {}
    """Of inputs that hold what they hold by another way (`freshness.Standing`): the versions of
    that, by physical name."""

    @property
    def in_place(self) -> bool:
        """Whether it changes a build that stands."""
        grows = self.slicing or self.merging
        return grows is not None and grows.base == self.physical

    hooks: Hooks = Hooks()


class AuditStep(msgspec.Struct, frozen=True):
    """Run the tests of a build that stands."""

    asset: AssetName
    physical: str
    audits: tuple[Audit, ...]
    audits_digest: Digest
    waits_for: tuple[AssetName, ...] = ()
    conduct: Conduct = Conduct()
    contract: Contract | None = None


class Comments(msgspec.Struct, frozen=True):
    """What the warehouse is to say of a published name, and of its columns. Empty: nothing."""

    relation: str = ""
    columns: dict[str, str] = {}


class PublishStep(msgspec.Struct, frozen=True):
    """Let a published name show a build. Done for all assets at once, at the end."""

    asset: AssetName
    schema: str
    name: str
    physical: str
    fingerprint: Digest
    comments: Comments | None = None


class DropStep(msgspec.Struct, frozen=True):
    """Take away a published view that the project no longer has."""

    asset: AssetName
    schema: str
    name: str


Step = BuildStep | AuditStep | PublishStep | DropStep


class Behind(msgspec.Struct, frozen=True):
    """A stale asset that was not selected, and that selected ones read as it is published."""

    asset: AssetName
    reasons: tuple[Reason, ...]
    read_by: tuple[AssetName, ...]


class Spared(msgspec.Struct, frozen=True):
    """An asset that is left as it is, though something that it reads has changed: the columns that
    it reads of that, and those that changed."""

    asset: AssetName
    upstream: AssetName
    reads: tuple[str, ...]
    changed: tuple[str, ...]


class Compared(msgspec.Struct, frozen=True):
    """An asset that stands though `upstream` was built again, which holds the same by a checksum
    that does not see everything. `ahead`: it is to be built, unless it turns out so."""

    asset: AssetName
    upstream: AssetName
    how: Checksum
    ahead: bool = False


class Gap(msgspec.Struct, frozen=True):
    """Intervals that an asset is to be computed for, and that what it reads does not hold."""

    asset: AssetName
    upstream: AssetName
    ranges: Ranges
    grain: Grain


class Plan(msgspec.Struct, frozen=True):
    environment: str
    actions: tuple[Action, ...]
    unchanged: tuple[AssetName, ...]
    steps: tuple[Step, ...] = ()
    """In topological order, builds and audits first, then publishes and drops."""
    behind: tuple[Behind, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Where there are any, the plan is not to be carried out as it is."""
    spared: tuple[Spared, ...] = ()
    """Only where the plan is to be explained."""
    compared: tuple[Compared, ...] = ()
    on_start: tuple[HookSql, ...] = ()
    on_end: tuple[HookSql, ...] = ()
    """What runs before the first step, and after publishing."""

"""What a change of a project means: two versions of it, asset by asset, as pure data.

Made by `ci/`, which compares what two versions mean; shown by `console/` and written by `ci/` in
the forms that reviewers and machines read.
"""

from __future__ import annotations

import enum

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.plan.plan import COMPUTING, ActionKind, Reason
from xform.plan.unit_outcome import UnitOutcome


class Weight(enum.StrEnum):
    """What a change is to those who read the asset, the gravest first."""

    BREAKING = "breaking"
    """What they read is gone, or is of another type; or it no longer compiles."""
    VALUES = "values"
    """They will see other values or other rows."""
    ADDITIVE = "additive"
    """There is more to read; what was there is the same."""
    NONE = "none"


WEIGHTS = tuple(Weight)


class Category(enum.StrEnum):
    """The kind of change, of several the gravest."""

    BROKEN = "broken"
    """It has errors that the base did not have."""
    REMOVED = "removed"
    COLUMNS = "columns"
    """Columns are removed, renamed or of another type."""
    VALUES = "values"
    """Columns mean something else, or the rows do."""
    DATA = "data"
    """A seed holds other data."""
    INCREMENTAL = "incremental"
    """Only how a table that grows is carried on."""
    STORAGE = "storage"
    """How it is stored: materialization, order of rows or columns, what runs before it."""
    RENAMED = "renamed"
    NEW = "new"
    ADDITIVE = "additive"
    """Columns are added."""
    TESTS = "tests"
    METADATA = "metadata"
    NO_OP = "no-op"
    """Its file is another, and means the same."""


CATEGORIES = tuple(Category)


class How(enum.StrEnum):
    """What became of a column or clause."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    MOVED = "moved"
    """It is the same in another place: a test in another file, rows in another order."""
    RETYPED = "retyped"
    CHANGED = "changed"
    """Its own definition."""
    AFFECTED = "affected"
    """Its definition is as it was; what it reads is not."""


class PartChange(msgspec.Struct, frozen=True):
    """A column or a clause that decides rows. `before` and `after` are its definition as the
    compiler writes it, `types` the column's type on both sides. `through` are the columns (and
    relations) read whose meaning changed, `data` the leaves with other data. `was` is the name
    that a renamed column had. Of a seed that holds other data `cells` are the rows that came or
    went, or that have another value in a column."""

    name: str
    how: How
    before: str | None = None
    after: str | None = None
    types: tuple[str, str] | None = None
    through: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    was: str | None = None
    cells: int = 0


class SettingChange(msgspec.Struct, frozen=True):
    """A setting, on both sides as text; empty where it is not given."""

    name: str
    before: str
    after: str


class Sort(enum.StrEnum):
    """The kind of a test."""

    DATA = "test"
    """Declared with an asset."""
    FILE = "SQL test"
    """A query of bad rows in a file of its own."""
    UNIT = "unit test"


class TestChange(msgspec.Struct, frozen=True):
    """A test: added, removed, renamed, moved or changed. `what` says it in short:
    `unique (order_id)`, or is its name; `path` and `line` are where one with a name stands, or
    stood."""

    __test__ = False

    what: str
    how: How
    detail: str = ""
    sort: Sort = Sort.DATA
    path: str = ""
    line: int = 0


class Radius(msgspec.Struct, frozen=True):
    """Who is reached by a change. `affected` read, directly or through others, what changed;
    `downstream` merely stand behind it and read nothing of that. `exposures` read the asset or
    what is affected; `owners` and `domains` are those of all that is affected."""

    affected: tuple[AssetName, ...] = ()
    downstream: tuple[AssetName, ...] = ()
    exposures: tuple[AssetName, ...] = ()
    owners: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


class Impact(msgspec.Struct, frozen=True):
    """What a build would do with the asset, and why."""

    action: ActionKind | None
    reasons: tuple[Reason, ...] = ()


class OnTarget(msgspec.Struct, frozen=True):
    """What an asset's change is on one target. `label` is its engine, with the target's name where
    several have that engine."""

    label: str
    category: Category
    weight: Weight
    columns: tuple[PartChange, ...] = ()
    rows: tuple[PartChange, ...] = ()


class AssetChange(msgspec.Struct, frozen=True):
    """One asset that is not what it was. `own`: something was edited in it; otherwise only what
    it reads has changed. `was` is the name that it had. `untested` and `undescribed` are added
    columns without a test, without a description. `breaks` says why it is breaking, in words. Where
    the change is another one on other targets, `on` has all of them, the one at hand first, and
    `weight` and `radius` are the gravest; all else is of the target at hand."""

    asset: AssetName
    kind: str
    path: str
    category: Category
    weight: Weight
    own: bool
    was: AssetName | None = None
    columns: tuple[PartChange, ...] = ()
    rows: tuple[PartChange, ...] = ()
    settings: tuple[SettingChange, ...] = ()
    tests: tuple[TestChange, ...] = ()
    breaks: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    undescribed: tuple[str, ...] = ()
    impact: Impact = Impact(None)
    radius: Radius = Radius()
    on: tuple[OnTarget, ...] = ()

    @property
    def order(self) -> tuple[int, bool, int, str]:
        """The worst first; what was edited before what is merely affected."""
        return (
            WEIGHTS.index(self.weight),
            not self.own,
            CATEGORIES.index(self.category),
            self.asset,
        )


class Verdict(msgspec.Struct, frozen=True):
    """The change in numbers. `unaffected` are the assets behind a changed one that read nothing of
    what changed; `runs` of all `models` would run because of the change; `failing` unit tests fail
    that did not, or are new."""

    breaking: int
    values: int
    additive: int
    unaffected: int
    runs: int
    models: int
    failing: int = 0


class Cost(msgspec.Struct, frozen=True):
    """How long a build of what would run takes by the history of runs, in seconds: all of its work
    together, and from its beginning to its end with so many `threads`.

    `recorded` of the assets have run before; each of the `unrecorded` counts as their median.
    """

    work: float
    elapsed: float
    threads: int
    recorded: int
    unrecorded: tuple[AssetName, ...] = ()


class ProjectChange(msgspec.Struct, frozen=True):
    """Everything that a change means. `base` and `head` name the revisions; `diagnostics` are
    those that the base did not have. `changes` come with the worst first; `passes` are the edges
    of the graph along which the change goes from asset to reader."""

    base: str
    head: str
    verdict: Verdict
    changes: tuple[AssetChange, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    passes: tuple[tuple[AssetName, AssetName], ...] = ()
    units: UnitOutcome | None = None
    """None where the change touches no unit test."""
    cost: Cost | None = None
    """None where there is no history of runs to be read."""

    @property
    def edited(self) -> tuple[AssetChange, ...]:
        return tuple(change for change in self.changes if change.own)

    @property
    def affected(self) -> tuple[AssetChange, ...]:
        return tuple(change for change in self.changes if not change.own)

    @property
    def computes(self) -> bool:
        """Whether a build would compute anything because of it."""
        return any(change.impact.action in COMPUTING for change in self.changes)

    @property
    def errors(self) -> bool:
        return any(found.severity == "error" for found in self.diagnostics)

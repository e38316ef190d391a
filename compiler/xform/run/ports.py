"""What a run needs from the outside: an engine, a state store, a host. Real implementations
stand in `engines`, `state` and `host`; nothing here does IO.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import msgspec

from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.plan.freshness import Standing, Token
from xform.plan.intervals import Ranges
from xform.plan.plan import (
    BuildStep,
    Component,
    DropStep,
    HookSql,
    PublishStep,
    PythonBody,
    SeedBody,
)
from xform.project.checksum import EXACT, Checksum
from xform.project.versioning import Versioning
from xform.run.events import Event
from xform.run.history import Asked, Statement


class EngineError(Exception):
    """An engine refused or failed. `offset` is into the statement, where the engine says.

    `kind` is one of: syntax, binder, catalog, constraint, conversion, interrupted, busy, io,
    memory, settings, other. `offset` and `length` count characters. `transient`: the same
    statement may well succeed a little later.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "other",
        offset: int | None = None,
        length: int = 0,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.offset = offset
        self.length = length
        self.transient = transient


class EngineBusy(EngineError):  # noqa: N818 - says what is the case
    """Another process holds the warehouse. `holder` says who, as far as is known; `pid` is that of
    a process of this machine."""

    def __init__(self, message: str, holder: str, pid: int | None = None) -> None:
        super().__init__(message, kind="busy")
        self.holder = holder
        self.pid = pid


class LeaseLost(EngineError):  # noqa: N818 - says what is the case
    """Another one has had the lease of an environment since. `token` is the greater one that the
    warehouse has seen, where that is how it is known."""

    def __init__(self, environment: str, token: int = 0) -> None:
        super().__init__(f"another process has taken over '{environment}' meanwhile", kind="busy")
        self.token = token


class ColumnsDiffer(EngineError):  # noqa: N818 - says what is the case
    """A build came out with other columns than the compiler said."""

    def __init__(self, message: str, expected: Sequence[str], found: Sequence[str]) -> None:
        super().__init__(message, kind="binder")
        self.expected = tuple(expected)
        self.found = tuple(found)


class NameTaken(EngineError):  # noqa: N818 - says what is the case
    """A name to publish holds something that xform did not make."""

    def __init__(self, message: str, asset: AssetName) -> None:
        super().__init__(message, kind="catalog")
        self.asset = asset


class HookFailed(EngineError):  # noqa: N818 - says what is the case
    """A statement of a hook failed."""

    def __init__(self, error: EngineError, hook: HookSql) -> None:
        super().__init__(error.message, kind=error.kind, transient=error.transient)
        self.hook = hook


class CodeError(EngineError):
    """A Python model could not be loaded, raised, or returned what cannot be stored.

    `stage` is load, call or result; `span` is the place in the user's file, where known.
    """

    def __init__(self, message: str, *, stage: str, span: Span | None = None) -> None:
        super().__init__(message, kind="other")
        self.stage = stage
        self.span = span


class StateError(Exception):
    """The state store refused.

    `kind` is busy, newer, io, unreachable (a server), denied (a right that is missing) or driver
    (one that is not installed); `at` is where the user says, or sees, which state it is. No secret
    is in it.
    """

    def __init__(self, message: str, *, kind: str, at: Span, help: str) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.at = at
        self.help = help


class Origin(msgspec.Struct, frozen=True):
    """What a build is made of: its own text and settings, what it read, and whether the order of
    rows counts."""

    own: Digest
    inputs: dict[AssetName, Token]
    ordered: bool = False


class Sums(msgspec.Struct, frozen=True):
    """Checksums of the rows of a table: in any order (`content`), and in the order stored.

    `how` is the method that they were taken by: the one that was asked for, or an exact one where
    that takes no more. Those of different methods say nothing of each other.
    """

    content: str
    in_order: str
    how: Checksum = EXACT


class Result(msgspec.Struct, frozen=True, array_like=True):
    """What a test measured of a build, and what else it read then (`run/testing.py`)."""

    numbers: tuple[int | float | None, ...]
    read: str = ""


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """What a test measured of one of the builds of an asset, and when."""

    build: str
    at: str
    numbers: tuple[int | float | None, ...]


class BuildRecord(msgspec.Struct, frozen=True):
    """What a build contains. Written in the transaction that makes it; also kept in the state."""

    physical: str
    asset: AssetName
    relation: str
    fingerprint: Digest
    generation: int
    versions: dict[str, str]
    inputs: dict[AssetName, str]
    columns: tuple[tuple[str, str], ...]
    rows: int | None
    seconds: float
    built_at: str
    run_id: str
    components: tuple[Component, ...] = ()
    audits_digest: Digest = Digest("")
    """Of the tests it has passed; empty while it has passed none."""
    ranges: Ranges = ()
    """Of a table that grows by time: the intervals that it holds."""
    revision: int = 0
    """How often it has been carried on."""
    codes: tuple[tuple[Digest, str], ...] = ()
    """Of a table that new code carried on: earlier fingerprints, and until when they were."""
    mark: str = ""
    """Of a table that is carried on: another one after each time that its rows changed."""
    method: Checksum = EXACT
    """How its rows may be compared with those of another build."""
    made_of: Origin | None = None
    """What it was made of."""
    also: tuple[Standing, ...] = ()
    """What else it holds, the last ones: see run/cutoff.py."""
    computed: Ranges = ()
    """Of a table that grows by time: the intervals that were computed last."""
    results: dict[str, Result] = {}
    """Of tests, by `Audit.key`."""
    series: dict[str, tuple[Sample, ...]] = {}
    """What tests that compare with the past measured, of this build and of those before it."""
    tested_at: str = ""
    """When the last of it was measured."""

    @property
    def compared(self) -> Mapping[AssetName, Checksum]:
        """Nothing: it was made of what it reads. See `Standing`."""
        return {}

    @property
    def standing(self) -> str:
        """Another one after each change of the record: what else it says never changes."""
        if not self.revision and not self.also:
            return (
                f"{self.audits_digest} {self.tested_at}" if self.tested_at else self.audits_digest
            )
        last = self.also[-1].fingerprint if self.also else ""
        versions = digest_parts(sorted(self.also[-1].versions.values())) if self.also else ""
        return f"{self.audits_digest}@{self.revision} {last} {versions} {self.tested_at}"


class Publication(msgspec.Struct, frozen=True):
    """A name of an environment and the build that it shows."""

    environment: str
    asset: AssetName
    schema: str
    name: str
    physical: str
    fingerprint: Digest


class Occasion(msgspec.Struct, frozen=True):
    """For what names are moved: `kind` is build, promote, rollback or drop; of a build with the id
    of its run."""

    kind: str
    at: str
    run_id: str = ""


UNSAID = Occasion("build", "")


class Move(msgspec.Struct, frozen=True):
    """A name before and after: None where it showed nothing, or shows nothing now."""

    asset: AssetName
    before: Publication | None
    after: Publication | None


class Publishing(msgspec.Struct, frozen=True):
    """Names that moved in one transaction. `number` counts them in the warehouse, from 1."""

    number: int
    environment: str
    occasion: Occasion
    moves: tuple[Move, ...]


class BadRows(msgspec.Struct, frozen=True):
    """Rows that failed a test when it last ran in an environment, as far as they are kept: each by
    column. Values are those of JSON; what it has no form for is text."""

    environment: str
    asset: AssetName
    test: str
    run_id: str
    at: str
    rows: tuple[dict[str, Any], ...] = ()


class Ledger(msgspec.Struct, frozen=True):
    """All that the warehouse itself knows of builds and publications."""

    builds: tuple[BuildRecord, ...]
    publications: tuple[Publication, ...]


class QueryResult(msgspec.Struct, frozen=True):
    columns: tuple[tuple[str, str], ...]
    """(name, type)"""
    rows: list[tuple[Any, ...]]


Kept: TypeAlias = Event | Statement
"""What may be kept of a run."""

NOTHING_SAID = Asked()

Note: TypeAlias = Callable[[str], AbstractContextManager[None]]
"""Wraps the running of a statement of the user's, given as text."""

NoteOf: TypeAlias = Callable[[AssetName], Note]
"""The same, for the statements of an asset."""


def note_nothing(sql: str) -> AbstractContextManager[None]:
    return nullcontext()


def unnoted(asset: AssetName) -> Note:
    return note_nothing


Settle: TypeAlias = Callable[[BuildRecord], BuildRecord]
"""The last word on a record, when its data has been read."""


class Session(Protocol):
    """A connection for one thread."""

    def build(
        self,
        step: BuildStep,
        record: BuildRecord,
        python: Any = None,
        settle: Settle | None = None,
    ) -> BuildRecord:
        """Make the build and its ledger row in one transaction, in which the step's hooks run that
        come after it.

        `python` is the loaded function of a Python step. The record gets `columns` and `rows` as
        found (and `ranges`, where the step carries on a table that grows by time); then `settle`,
        called when the data is there and before anything is committed, says what is to be
        written. What `query` answers meanwhile is the state to be committed. Returns what was
        written. On any error nothing of it stays.
        """
        ...

    def hook(self, hook: HookSql) -> None:
        """Run a statement of the user's, of which nothing is to come. Raises HookFailed."""
        ...

    def discard(self, physical: str) -> None:
        """Drop a build and its ledger row, in one transaction."""
        ...

    def sums(self, physical: str, how: Checksum) -> Sums | None:
        """Checksums of a table's rows, by a method that sees some of them (`sample` > 0). None
        where there is no such table."""
        ...

    def stand(self, record: BuildRecord) -> None:
        """Put a record in the place of that of its build, which must be there."""
        ...

    def amend(self, physical: str, change: Settle) -> None:
        """Put what `change` makes of the record of a build in its place, in one transaction;
        nothing where there is no such build."""
        ...

    def keep_bad_rows(self, found: Sequence[BadRows]) -> None:
        """Put rows in the place of those that were kept of their tests, in one transaction."""
        ...

    def query(self, sql: str, limit: int | None = None) -> QueryResult: ...

    def computed(self, body: PythonBody, function: Any, columns: Sequence[str]) -> QueryResult:
        """What a Python model returns, and is not stored: these columns of it, in the types that
        they have, as text. All where none are named. Raises CodeError."""
        ...

    def interrupt(self) -> None:
        """Stop what runs in this session; callable from another thread."""
        ...

    def close(self) -> None: ...


class Engine(Protocol):
    """A warehouse. Opening is lazy: constructing one touches nothing."""

    @property
    def dialect(self) -> str:
        """sqlglot's name of its SQL."""
        ...

    @property
    def has_grants(self) -> bool:
        """Whether it knows privileges that `grants` can give."""
        ...

    def identity(self) -> str:
        """A cheap token that changes whenever the warehouse may have been written to
        (for DuckDB: stat of the file). Empty where there is none."""
        ...

    def open(self, *, read_only: bool = False) -> None:
        """Connect. Raises EngineBusy, EngineError."""
        ...

    def prepare(self, schemas: Iterable[str]) -> None:
        """Create `_xform`, its ledger tables, and published schemas, where missing."""
        ...

    def session(self, note: Note | None = None) -> AbstractContextManager[Session]:
        """A session that runs the user's statements under `note`."""
        ...

    def ledger(self) -> Ledger:
        """Everything in `_xform`; empty where there is none yet. Builds whose relation is gone
        are left out."""
        ...

    def describe(self, queries: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
        """Columns (name, type) of each query, in one round trip; unknown relations are left out."""
        ...

    def scan(self, body: SeedBody) -> str:
        """The query that reads a data file just as a build of it does; for `describe`."""
        ...

    def versions(
        self,
        relations: Mapping[str, tuple[str, str]],
        how: Mapping[str, Versioning] = MappingProxyType({}),
    ) -> dict[str, str]:
        """Data version of each warehouse table (key → (schema, name)): from its content, unless
        `how` says otherwise."""
        ...

    def fence(self, environment: str, token: int) -> None:
        """Write the environment as the holder of this token, until closed: `publish` and what
        carries on a table look in their transaction whether it still is the last one, and shut out
        those with a smaller one. Raises LeaseLost, as these do then."""
        ...

    def publish(
        self,
        environment: str,
        publish: Sequence[PublishStep],
        drop: Sequence[DropStep],
        note: NoteOf = unnoted,
        occasion: Occasion = UNSAID,
    ) -> None:
        """Move the views and the ledger's publications, all in one transaction; what moved is
        kept in the ledger's history."""
        ...

    def history(self) -> tuple[Publishing, ...]:
        """All that was ever published, the first first."""
        ...

    def bad_rows(self) -> tuple[BadRows, ...]:
        """What is kept of rows that failed tests, by environment, asset and test."""
        ...

    def leftovers(self) -> tuple[str, ...]:
        """What lies in the store of builds and is in no ledger, or in the ledger and not there."""
        ...

    def strays(self) -> tuple[Publication, ...]:
        """Publications of the ledger whose name does not show their build: it is gone, or something
        else stands there."""
        ...

    def close(self) -> None:
        """Checkpoint and disconnect."""
        ...


class Process(msgspec.Struct, frozen=True):
    """A process on a machine. `mark` tells it from all that have its number at other times or
    elsewhere; empty where the machine does not say."""

    host: str
    pid: int
    mark: str


class Lease(msgspec.Struct, frozen=True):
    """The right to write an environment, of one run or command at a time.

    `token` grows with every lease of the environment. `since` and `until` go by the clock of the
    store (UTC, ISO 8601).
    """

    environment: str
    token: int
    owner: str
    """The id of a run."""
    process: Process
    since: str
    until: str


class Leases(Protocol):
    """Who writes which environment. Raises StateError."""

    def take(
        self,
        environment: str,
        owner: str,
        process: Process,
        seconds: float,
        is_gone: Callable[[Process], bool],
    ) -> Lease:
        """The lease, where nobody has it, it is over, or the process that had it is gone; else
        that of the one who has it."""
        ...

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Have it for so much longer; False where somebody else has had it since."""
        ...

    def outgrow(self, lease: Lease, token: int) -> Lease | None:
        """The lease with a token greater than this one; None where it is not held any more."""
        ...

    def release(self, lease: Lease) -> None:
        """Give it back, if it is still held."""
        ...

    def held(self) -> tuple[Lease, ...]:
        """Those that were not given back, by environment."""
        ...


class Hold(Protocol):
    """A lease while it is held."""

    @property
    def owner(self) -> str: ...

    def enter(self, engine: Engine) -> None:
        """Fence the open engine. Raises LeaseLost."""
        ...

    def check(self) -> None:
        """Raises LeaseLost where it is known to be held no more."""
        ...


class StateSnapshot(msgspec.Struct, frozen=True):
    """All that a plan needs of the past, in one read.

    `identity` is the warehouse's at the time when builds and publications were copied from its
    ledger: where it differs from `Engine.identity()`, they may be out of date (`sync`).
    """

    identity: str
    builds: dict[str, BuildRecord]
    """By physical name."""
    publications: tuple[Publication, ...]
    """Of every environment."""
    statuses: dict[AssetName, str]
    """What became of each asset when it last ran in the environment (`NodeDone.status`)."""
    seconds: dict[AssetName, float]
    """How long its last successful build took."""
    revision: str = ""
    """Another one after each change of builds, publications or statuses."""

    def published(self, environment: str) -> dict[AssetName, Publication]:
        return {item.asset: item for item in self.publications if item.environment == environment}

    def builds_of(self, asset: AssetName) -> tuple[BuildRecord, ...]:
        """Newest generation first."""
        mine = [record for record in self.builds.values() if record.asset == asset]
        return tuple(
            sorted(mine, key=lambda record: (record.generation, record.built_at), reverse=True)
        )

    def by_fingerprint(self) -> dict[tuple[AssetName, Digest], BuildRecord]:
        """The newest build of each asset and fingerprint. Two assets may have one fingerprint."""
        newest: dict[tuple[AssetName, Digest], BuildRecord] = {}
        for record in self.builds.values():
            key = (record.asset, record.fingerprint)
            if key not in newest or newest[key].generation < record.generation:
                newest[key] = record
        return newest


class Excerpt(msgspec.Struct, frozen=True):
    """The part of a snapshot that a plan of some assets needs."""

    identity: str
    revision: str
    builds: dict[str, BuildRecord]
    """Of these assets, what they show, and what may stand for them: builds of the same meaning of
    assets that are no more."""
    published: dict[AssetName, Publication]
    """Those of these assets, in the environment."""
    statuses: dict[AssetName, str]
    shown_elsewhere: frozenset[str]
    """Physical names of the builds that other environments show."""
    taken: frozenset[str]
    """Physical names that anything shows or reads."""


class State(Protocol):
    """The store of run history, and an index of the warehouse's ledger. Raises StateError."""

    def snapshot(self, environment: str, *, components: bool = True) -> StateSnapshot: ...

    def sync(self, ledger: Ledger, identity: str) -> None:
        """Make the index equal to the ledger of a warehouse, and note the warehouse's identity."""
        ...

    def start_run(
        self, run_id: str, environment: str, at: str, asked: Asked = NOTHING_SAID
    ) -> None: ...

    def record(self, run_id: str, events: Sequence[Kept]) -> None:
        """Keep what matters of a run's events, in one transaction."""
        ...

    def end_run(self, run_id: str, events: Sequence[Kept]) -> None:
        """Like `record`; the RunEnd among the events closes the run."""
        ...


class Signals(Protocol):
    """Requests to stop (Ctrl-C, SIGTERM) since the start of a run."""

    @property
    def count(self) -> int: ...


class Host(Protocol):
    """The machine: time, files, Python code."""

    def now(self) -> str:
        """The time in UTC, ISO 8601 with `Z`."""
        ...

    def monotonic(self) -> float:
        """Seconds, for durations."""
        ...

    def random(self) -> float:
        """A number from 0 to 1 that others do not have, to spread what would come at once."""
        ...

    def new_run_id(self) -> str: ...

    def digest(self, path: str) -> str | None:
        """The version of a data file, in the form that plans pin; None where it is gone."""
        ...

    def read(self, path: str) -> str | None:
        """The text of a project file, for places in diagnostics."""
        ...

    def load_function(self, path: str, function: str) -> Callable[..., Any]:
        """The function of a Python model. Raises CodeError."""
        ...

    def captured(self, sink: Callable[[str], None]) -> AbstractContextManager[None]:
        """What this thread prints meanwhile goes, line by line, to the sink, not to stdout."""
        ...

    def signals(self) -> AbstractContextManager[Signals]:
        """Count requests to stop meanwhile, instead of letting them interrupt at any point."""
        ...

"""What a run needs from the outside: an engine, a state store, a host. Real implementations
stand in `engines`, `state` and `host`; nothing here does IO.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import msgspec

from xform.base.names import AssetName
from xform.plan.plan import BuildStep, DropStep, HookSql, PublishStep, PythonBody, SeedBody
from xform.project.checksum import Checksum
from xform.project.versioning import Versioning
from xform.run.history import NOTHING_SAID, Asked, Kept
from xform.run.records import (
    UNSAID,
    BadRows,
    BuildRecord,
    Ledger,
    Occasion,
    Publication,
    Publishing,
    Settle,
    Sums,
)
from xform.run.snapshots import StateSnapshot


class QueryResult(msgspec.Struct, frozen=True):
    columns: tuple[tuple[str, str], ...]
    """(name, type)"""
    rows: list[tuple[Any, ...]]


Note: TypeAlias = Callable[[str], AbstractContextManager[None]]
"""Wraps the running of a statement of the user's, given as text."""

NoteOf: TypeAlias = Callable[[AssetName], Note]
"""The same, for the statements of an asset."""


def note_nothing(sql: str) -> AbstractContextManager[None]:
    return nullcontext()


def unnoted(asset: AssetName) -> Note:
    return note_nothing


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

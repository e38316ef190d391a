"""What a run needs from the outside: an engine, a state store, a host. Real implementations
stand in `engines`, `state` and `host`; nothing here does IO.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.plan.plan import BuildStep, Component, DropStep, PublishStep


class EngineError(Exception):
    """An engine refused or failed. `offset` is into the statement, where the engine says.

    `kind` is one of: syntax, binder, catalog, constraint, conversion, interrupted, busy, io,
    memory, other.
    """

    def __init__(
        self, message: str, *, kind: str = "other", offset: int | None = None, length: int = 0
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.offset = offset
        self.length = length


class EngineBusy(EngineError):
    """Another process holds the warehouse. `holder` says who, as far as is known."""

    def __init__(self, message: str, holder: str) -> None:
        super().__init__(message, kind="busy")
        self.holder = holder


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


class Publication(msgspec.Struct, frozen=True):
    """A name of an environment and the build that it shows."""

    environment: str
    asset: AssetName
    schema: str
    name: str
    physical: str
    fingerprint: Digest


class Ledger(msgspec.Struct, frozen=True):
    """All that the warehouse itself knows of builds and publications."""

    builds: tuple[BuildRecord, ...]
    publications: tuple[Publication, ...]


class QueryResult(msgspec.Struct, frozen=True):
    columns: tuple[tuple[str, str], ...]
    """(name, type)"""
    rows: list[tuple[Any, ...]]


class Session(Protocol):
    """A connection for one thread."""

    def build(self, step: BuildStep, record: BuildRecord, python: Any = None) -> BuildRecord:
        """Make the build and its ledger row in one transaction.

        `python` is the loaded function of a Python step. Returns the record with `columns` and
        `rows` as found. On any error nothing of it stays.
        """
        ...

    def discard(self, physical: str) -> None:
        """Drop a build and its ledger row, in one transaction."""
        ...

    def passed(self, physical: str, audits_digest: Digest) -> None:
        """Note in the ledger that a build has passed its tests."""
        ...

    def query(self, sql: str, limit: int | None = None) -> QueryResult: ...

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

    def session(self) -> AbstractContextManager[Session]: ...

    def ledger(self) -> Ledger:
        """Everything in `_xform`; empty where there is none yet. Builds whose relation is gone
        are left out."""
        ...

    def describe(self, queries: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
        """Columns (name, type) of each query, in one round trip; unknown relations are left out."""
        ...

    def versions(self, relations: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        """Data version of each warehouse table (key → (schema, name)), from its content."""
        ...

    def publish(
        self, environment: str, publish: Sequence[PublishStep], drop: Sequence[DropStep]
    ) -> None:
        """Move the views and the ledger's publications, all in one transaction."""
        ...

    def close(self) -> None:
        """Checkpoint and disconnect."""
        ...

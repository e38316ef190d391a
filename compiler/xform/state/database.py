"""The seam between the statements of the state and the database that keeps it.

The statements are written once, in what SQLite and PostgreSQL have in common: `?` for a parameter,
`on conflict` for what may be there already (`upsert`). What has to be said in another way is a word
(`Words`). How to connect, begin, commit, wait and be told of trouble is the database's own
(`sqlite.py`, `postgres.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from xform.base.diagnostics import Diagnostic
from xform.base.spans import Span

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Words:
    """What databases say in ways of their own: types, and expressions.

    Texts are compared byte by byte, whatever the database's own collation is. Times are text, UTC,
    ISO 8601 with milliseconds and `Z`, by the clock of the database.
    """

    text: str
    integer: str
    real: str
    blob: str
    rows: str
    """Declares `rowid`, which counts rows as they come, where a table has none by itself."""
    random: str
    """32 digits that nobody had before."""
    now: str
    later: str
    """The time so many seconds from now: a parameter."""


class Result(Protocol):
    """What a statement gives: rows, each a tuple; `description` has the names of columns first."""

    @property
    def rowcount(self) -> int: ...

    @property
    def description(self) -> Any: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A transaction at work."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Result: ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object: ...


class Database(ABC):
    """Opening is lazy: nothing is made or asked before something is read or written."""

    words: Words

    def __init__(self, place: Span) -> None:
        self.place = place
        """Where the user says, or sees, which database it is."""
        self.notices: list[Diagnostic] = []
        """What went wrong and was mended."""

    def read(self, work: Callable[[Connection], Value]) -> Value:
        """Run the work in one snapshot, which no writer holds up. Raises StateError."""
        return self._run(work, writes=False)

    def write(self, work: Callable[[Connection], Value]) -> Value:
        """Run the work in one transaction, alone. Raises StateError; then nothing was written, or,
        where the connection is lost just while it ends, perhaps all of it."""
        return self._run(work, writes=True)

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _run(self, work: Callable[[Connection], Value], *, writes: bool) -> Value: ...


def upsert(table: str, columns: Sequence[str], key: Sequence[str], source: str = "") -> str:
    """The statement that writes a row, in the place of the one that has its key. The row comes
    from a query with a WHERE, or is given as parameters."""
    values = source or f"values ({', '.join('?' for _ in columns)})"
    rest = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return (
        f"insert into {table} ({', '.join(columns)}) {values} "
        f"on conflict ({', '.join(key)}) do update set {rest}"
    )

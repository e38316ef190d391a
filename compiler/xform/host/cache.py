"""The compiler's cache on disk: one SQLite file of results by key, safe to delete at any time.

Its name carries the format; another format is another file. A file that cannot be used is thrown
away and begun anew without a word: it holds nothing that cannot be computed.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

NAME = "compile-v1.db"
_BATCH = 500

WAIT = 5.0
"""Seconds to wait for another process that writes."""


class CacheFile:
    """A `query.memo.Store` in `<directory>/compile-v1.db`."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._connection: sqlite3.Connection | None = None
        self._given_up = False

    def load(self, keys: Iterable[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        if self._connection is None and not self._path.exists():
            return found
        wanted = list(keys)
        for start in range(0, len(wanted), _BATCH):
            if self._given_up:
                break
            batch = wanted[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            with self._recovering():
                rows = self._open().execute(
                    f"select key, value from results where key in ({marks})", batch
                )
                found.update(rows)
        return found

    def save(self, values: Mapping[str, bytes]) -> bool:
        if self._given_up:
            return False
        with self._recovering():
            connection = self._open()
            with connection:
                connection.executemany(
                    "insert or replace into results (key, value) values (?, ?)", values.items()
                )
        return self._connection is not None  # it is closed where something went wrong

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=WAIT, check_same_thread=False)
            self._connection = connection
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = off")  # a lost cache is only slow
            connection.execute(
                "create table if not exists results (key text primary key, value blob not null)"
                " without rowid"
            )
        return self._connection

    @contextlib.contextmanager
    def _recovering(self) -> Iterator[None]:
        """A broken cache file is removed; one that is locked or read-only is done without, for
        good: each attempt may wait for seconds."""
        try:
            yield
        except sqlite3.OperationalError:
            self._given_up = True
            self.close()
        except sqlite3.DatabaseError:
            self.close()
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    self._path.with_name(NAME + suffix).unlink()
        except OSError:
            self._given_up = True
            self.close()

"""Places for a state: a file of SQLite, or a schema of its own on a PostgreSQL server."""

from __future__ import annotations

import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from postgres_server import Server
from xform.project.profile import StateTarget
from xform.state.opening import open_state
from xform.state.store import StateStore

KINDS = ("sqlite", "postgres")


class StateHome(ABC):
    """A state, seen from beside xform."""

    kind: str
    target: StateTarget
    root: Path

    def store(self) -> StateStore:
        return open_state(self.target, self.root)

    def make(self) -> None:
        store = self.store()
        store.snapshot("prod")
        store.close()

    @property
    @abstractmethod
    def profile(self) -> str:
        """What stands under `state:`, as YAML in one line."""

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, with `?` for parameters."""

    @abstractmethod
    def is_there(self) -> bool: ...

    @property
    @abstractmethod
    def version(self) -> int: ...

    @abstractmethod
    def set_version(self, number: int) -> None: ...

    @abstractmethod
    def tables(self) -> list[str]: ...

    def let_leases_end(self) -> None:
        """As if a minute had gone by."""
        self.execute("update leases set until = '2020-01-01T00:00:00.000Z'")


class SqliteHome(StateHome):
    kind = "sqlite"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.target = StateTarget()
        self.path = root / self.target.path

    @property
    def profile(self) -> str:
        return "{type: sqlite}"

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.path.parent.mkdir(exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=30)
        try:
            with connection:
                return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def is_there(self) -> bool:
        return self.path.exists() and bool(self.tables())

    @property
    def version(self) -> int:
        return int(self.execute("pragma user_version")[0][0])

    def set_version(self, number: int) -> None:
        self.execute(f"pragma user_version = {number}")

    def tables(self) -> list[str]:
        found = self.execute("select name from sqlite_schema where type = 'table'")
        return sorted(name for (name,) in found if not name.startswith("sqlite_"))


class PostgresHome(StateHome):
    kind = "postgres"

    def __init__(self, root: Path, server: Server) -> None:
        self.root = root
        self.server = server
        self.name = f"state-{os.urandom(6).hex()}"
        self.schema = self.name.replace("state-", "State ")
        self.url = f"{server.url}?application_name={self.name}"
        self.target = StateTarget("postgres", {"url": self.url}, self.schema)

    @property
    def profile(self) -> str:
        return f"{{type: postgres, url: '{self.url}', schema: {self.schema}}}"

    def connect(self) -> psycopg.Connection:
        found = self.server.connect()
        found.execute("select set_config('search_path', %s, false)", [f'"{self.schema}"'])
        return found

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            found = connection.execute(sql.replace("?", "%s").encode(), parameters or None)
            return found.fetchall() if found.description else []

    def is_there(self) -> bool:
        return bool(self.tables())

    @property
    def version(self) -> int:
        return int(self.execute("select version from xform_state")[0][0])

    def set_version(self, number: int) -> None:
        self.execute("update xform_state set version = ?", [number])

    def tables(self) -> list[str]:
        sql = "select tablename from pg_tables where schemaname = ?"
        return sorted(name for (name,) in self.execute(sql, [self.schema]) if name != "xform_state")

    def backends(self) -> list[int]:
        """Processes of the server that serve this state."""
        sql = "select pid from pg_stat_activity where application_name = ?"
        return [pid for (pid,) in self.execute(sql, [self.name])]


def home_of(kind: str, root: Path, request: Any) -> StateHome:
    """A home of a kind for a project at `root`; `request` is pytest's."""
    if kind == "sqlite":
        return SqliteHome(root)
    return PostgresHome(root, request.getfixturevalue("postgres"))

"""xform as a user has it: a project in a folder, the command line, and what it publishes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch

import duckdb

import xform
from xform.cli.entrance import answer

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = ("models", "macros", "seeds", "profiles.yml", "pyproject.toml")

PROFILES = """\
demo:
  target: dev
  outputs:
    dev: {type: duckdb, path: warehouse.duckdb, threads: 2}
"""


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Project:
    """A project in a folder of its own."""

    root: Path

    def call(self, *args: str, stdin: str | None = None) -> Answer:
        """Run a command in this process. An error that nobody handled is raised."""
        command, *rest = args
        return answered(command, "--project-dir", str(self.root), *rest, stdin=stdin)

    def ok(self, *args: str, stdin: str | None = None) -> Answer:
        """Like `call`, for a command that must succeed."""
        answer = self.call(*args, stdin=stdin)
        assert answer.code == 0, f"{args}: {answer.code}\n{answer.out}\n{answer.err}"
        return answer

    def json(self, *args: str) -> Any:
        return self.ok(*args, "--format", "json").data

    def run(self, *args: str, cwd: Path | None = None, **environ: str) -> Answer:
        """Run a command in a process of its own, in the project's folder unless told."""
        done = subprocess.run(
            [sys.executable, "-m", "xform", *args],
            cwd=cwd or self.root,
            env=plain_environment(**environ),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "xform", *args],
            cwd=self.root,
            env=plain_environment(**environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    # Plans ---------------------------------------------------------------------------------------

    def actions(self, *args: str) -> dict[str, str]:
        """What `plan` would do: asset → action."""
        return {item["asset"]: item["action"] for item in self.json("plan", *args)["actions"]}

    def stale(self, *args: str) -> set[str]:
        """The assets that `plan` would build."""
        return {asset for asset, action in self.actions(*args).items() if action == "build"}

    # Files ---------------------------------------------------------------------------------------

    def path(self, path: str) -> Path:
        return self.root / path

    def read(self, path: str) -> str:
        return self.path(path).read_text("utf-8")

    def write(self, path: str, text: str) -> None:
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text, "utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text, f"{path} does not hold {old!r}"
        self.write(path, text.replace(old, new))

    # What is published ---------------------------------------------------------------------------

    def rows(self, sql: str, file: str = "warehouse.duckdb") -> list[tuple[Any, ...]]:
        with warehouse(self.root / file) as connection:
            return connection.execute(sql).fetchall()

    def value(self, sql: str, file: str = "warehouse.duckdb") -> Any:
        ((value,),) = self.rows(sql, file)
        return value

    def published(self, file: str = "warehouse.duckdb") -> set[str]:
        """The views outside of the store, as `schema.name`."""
        sql = (
            "select schema_name || '.' || view_name from duckdb_views()"
            " where not internal and schema_name <> '_xform'"
        )
        return {name for (name,) in self.rows(sql, file)}

    def contents(self, names: Iterable[str] | None = None) -> dict[str, tuple[int, Any]]:
        """Every published name with its number of rows and a hash that no order changes."""
        wanted = sorted(self.published() if names is None else names)
        found: dict[str, tuple[int, Any]] = {}
        with warehouse(self.root / "warehouse.duckdb") as connection:
            for name in wanted:
                sql = f"select count(*), bit_xor(hash(t)), sum(hash(t)) from {name} as t"
                row = connection.execute(sql).fetchone()
                assert row is not None
                found[name] = (row[0], row[1:])
        return found


def answered(*words: str, stdin: str | None = None) -> Answer:
    """A command line, done in this process from its entrance on."""
    out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    given = TextIOWrapper(BytesIO((stdin or "").encode()), encoding="utf-8")
    with redirect_stdout(out), redirect_stderr(err), patch("sys.stdin", given):
        try:
            answer(words)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Answer(code, *texts)


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection


_READING = Lock()


@contextmanager
def warehouse(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database file, to be read. It is attached to one database in memory that all of a test
    process uses: opening another one costs far more than most queries."""
    with _READING:
        connection = _reader()
        connection.execute(f"attach '{file}' as \"{file.stem}\" (read_only)")
        try:
            connection.execute(f'use "{file.stem}"')
            yield connection
        finally:
            connection.execute("use memory")
            connection.execute(f'detach "{file.stem}"')


def plain_environment(**more: str) -> dict[str, str]:
    """The environment without what would change output, in which Python finds the package that is
    tested here and nothing else besides what is installed."""
    dropped = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "CI", "TERM")
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    package = str(Path(xform.__file__).parents[1])
    return {**kept, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": package, **more}


def example(to: Path) -> Project:
    """A copy of the example at the root of the repository, not built."""
    to.mkdir(parents=True, exist_ok=True)
    for name in EXAMPLE:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, to / name)
    return Project(to)


def project(to: Path, files: dict[str, str]) -> Project:
    """A small project of these files, with a profile for DuckDB."""
    made = Project(to)
    made.write("pyproject.toml", '[tool.xform]\nname = "demo"\nprofile = "demo"\n')
    made.write("profiles.yml", PROFILES)
    for path, text in files.items():
        made.write(path, text)
    return made


def with_state(made: Project, state: str) -> Project:
    """The project with this under `state:` of its target (YAML in one line)."""
    output = "{type: duckdb, path: warehouse.duckdb, threads: 2"
    made.replace("profiles.yml", output, f"{output}, state: {state}")
    return made


def copied(built: Project, to: Path) -> Project:
    """A project with its warehouse, state and caches, in another folder."""
    shutil.copytree(built.root, to, dirs_exist_ok=True)
    return Project(to)

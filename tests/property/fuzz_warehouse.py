"""Runs generated projects: through xform as the command line does, and as plain SQL in DuckDB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol

import duckdb
from msgspec.json import encode

from xform.app.building.building import Wanted, build
from xform.app.compiling.compiled import Compilation
from xform.app.planning.environment import EnvironmentPlanner, Planned
from xform.app.planning.replanning import replanned
from xform.app.workspace import Options, Workspace
from xform.base.names import AssetName
from xform.engines.duckdb.engine import DuckDBEngine
from xform.plan.plan import ActionKind, Plan


class Files(Protocol):
    """What the harness needs of a project."""

    @property
    def stored(self) -> frozenset[str]: ...
    def statements(self) -> Iterator[tuple[str, str]]: ...
    def files(self) -> dict[str, str]: ...
    def variables(self) -> dict[str, int]: ...


@dataclass(frozen=True)
class Content:
    """A relation: its columns with types, and its rows as a multiset."""

    columns: tuple[tuple[str, str], ...]
    rows: Counter[tuple[Any, ...]]

    def only(self, names: Iterable[str]) -> Counter[tuple[Any, ...]]:
        """The rows of some columns, in the order given, as a multiset."""
        places = {name.lower(): i for i, (name, _) in enumerate(self.columns)}
        at = [places[name.lower()] for name in names]
        return Counter(tuple(row[i] for i in at) for row in self.rows.elements())

    def __str__(self) -> str:
        shown = sorted(map(str, self.rows.elements()))
        return f"{', '.join(f'{n} {t}' for n, t in self.columns)}\n  " + "\n  ".join(shown)


def read(cursor: duckdb.DuckDBPyConnection, relation: str) -> Content:
    rows = cursor.execute(f"select * from {relation}").fetchall()
    columns = cursor.description or []
    return Content(tuple((str(c[0]), str(c[1])) for c in columns), Counter(rows))


class Oracle:
    """What a project means, by DuckDB alone: every asset a table, made anew from plain SQL."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._connection.execute("create schema raw")
        self._connection.execute("set search_path = 'main,raw'")

    def contents(self, project: Files) -> dict[str, Content]:
        cursor = self._connection
        cursor.execute("begin")
        try:
            found: dict[str, Content] = {}
            for asset, sql in project.statements():
                cursor.execute(f"create table {asset} as {sql}")
                found[asset] = read(cursor, asset)
        finally:
            cursor.execute("rollback")
        return found


@cache
def the_oracle() -> Oracle:
    """One for a whole test run."""
    return Oracle()


class Attached(DuckDBEngine):
    """A DuckDB file attached to one instance that serves all of a test run.

    Opening a file as a warehouse costs more than building a small project. Commands see the same;
    that builds also hold when the file is closed in between, other tests show.
    """

    instance: ClassVar[duckdb.DuckDBPyConnection | None] = None
    count: ClassVar[int] = 0

    def __init__(self, path: Path, root: Path) -> None:
        super().__init__(path, root=root)
        if Attached.instance is None:
            Attached.instance = self._connect_memory()
            Attached.instance.execute("set global threads = 1")
        Attached.count += 1
        self._catalog = f"warehouse{Attached.count}"
        Attached.instance.execute(f"attach '{path}' as {self._catalog}")
        self._connection = Attached.instance

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with super()._cursor() as cursor:
            cursor.execute(f"use {self._catalog}")
            yield cursor

    def open(self, *, read_only: bool = False) -> None:
        pass

    def close(self) -> None:
        pass

    def detach(self) -> None:
        assert self._connection is not None
        self._connection.execute(f"detach {self._catalog}")


@dataclass
class Place:
    """A folder that holds a project, with its warehouse, state and caches."""

    root: Path
    engine: Attached = field(init=False)
    remembers: bool = False
    """Whether plans are brought up to date from the last one, too: variables stand in the settings
    then, for a compilation with options is not kept."""
    written: dict[str, str] = field(default_factory=dict)
    variables: dict[str, int] = field(default_factory=dict)
    replanned: int = 0
    """How many plans were, each of which was that of planning anew."""

    def __post_init__(self) -> None:
        self.engine = Attached(self.root / "warehouse.duckdb", self.root)

    def write(self, project: Files) -> None:
        """Make the files those of the project; touch only what differs."""
        files = project.files()
        self.variables = project.variables()
        if self.remembers:
            lines = "".join(f"{name} = {value}\n" for name, value in self.variables.items())
            files["xform.toml"] += f"[vars]\n{lines}"
            self.variables = {}
        for path in self.written.keys() - files.keys():
            (self.root / path).unlink()
        for path, text in files.items():
            if self.written.get(path) != text:
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                (self.root / path).write_text(text, "utf-8")
        self.written = files

    @contextmanager
    def workspace(self, environment: str | None = None) -> Iterator[Workspace]:
        """A workspace for one command."""
        options = Options(self.root, environment=environment, variables=self.variables, threads=1)
        workspace = Workspace(options, {})
        workspace.__dict__["engine"] = self.engine
        try:
            yield workspace
        finally:
            if "state" in workspace.__dict__:
                workspace.state.close()

    def compile(self) -> Compilation:
        with self.workspace() as workspace:
            compilation = workspace.compile()
            # Bodies are read from caches that are closed with the workspace.
            for name in compilation.assets:
                compilation.body(name)
            return compilation

    def plan(self, environment: str | None = None) -> Plan:
        with self.workspace(environment) as workspace:
            compilation = compiled(workspace)
            return self._planned(workspace, EnvironmentPlanner(workspace, compilation)).plan

    def build(
        self,
        selected: frozenset[str] | None = None,
        *,
        sure: bool = True,
        environment: str | None = None,
    ) -> Plan:
        """What `xform build` does. Unless it is `sure` to succeed, it may fail."""
        wish = None if selected is None else frozenset(AssetName(name) for name in selected)
        with self.workspace(environment) as workspace:
            compilation = compiled(workspace)
            planner = EnvironmentPlanner(workspace, compilation)
            planned = self._planned(workspace, planner) if wish is None else planner.plan(wish)
            result = build(workspace, planner, planned, Wanted(wish), lambda event: None)
        said = "\n".join(str(d) for d in result.diagnostics)
        assert result.status == "success" or not sure, f"the build failed:\n{said}"
        return planned.plan

    def _planned(self, workspace: Workspace, planner: EnvironmentPlanner) -> Planned:
        """The plan of everything, made anew; and where it can be, from the last one."""
        compilation = planner.compilation
        again = replanned(workspace, compilation) if self.remembers else None
        planned = planner.plan()
        if again is not None:
            self.replanned += 1
            assert again.plan == planned.plan
            assert encode(again.plan) == encode(planned.plan)
        if self.remembers and planned.basis is not None:
            workspace.keep_plan(planned.basis, planned.plan, compilation.diagnostics)
        return planned

    def published(self) -> dict[str, Content]:
        """What the published names hold."""
        with self.engine._cursor() as cursor:
            names = cursor.execute(
                "select schema_name || '.' || view_name from duckdb_views() where not internal "
                "and database_name = current_database() and schema_name <> '_xform' union all "
                "select schema_name || '.' || table_name from duckdb_tables() where not internal "
                "and database_name = current_database() and schema_name <> '_xform'"
            ).fetchall()
            return {name: read(cursor, name) for (name,) in names}


def compiled(workspace: Workspace) -> Compilation:
    compilation = workspace.compile()
    said = "\n".join(str(d) for d in compilation.diagnostics)
    assert not compilation.failed, f"does not compile:\n{said}"
    return compilation


def built(plan: Plan) -> frozenset[str]:
    """The assets that a plan computes."""
    return frozenset(str(a.asset) for a in plan.actions if a.action is ActionKind.BUILD)


def same(published: dict[str, Content], expected: dict[str, Content], project: Files) -> None:
    """Assert that exactly the project's relations are published, and hold what they should."""
    assert published.keys() == project.stored, (
        f"published: {sorted(published)}, in the project: {sorted(project.stored)}"
    )
    for asset in expected:
        if asset not in published:
            continue
        found, wanted = published[asset], expected[asset]
        assert found.columns == wanted.columns, (
            f"columns of {asset}: {found.columns}\nclean: {wanted.columns}"
        )
        assert found.rows == wanted.rows, f"rows of {asset}: {found}\nclean: {wanted}"

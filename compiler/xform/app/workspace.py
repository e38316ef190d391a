"""A project on a machine: its files, target, cache, engine and state, each opened when needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from xform.app.compiled import Body, Compilation, Slim
from xform.app.compiler import Compiler
from xform.app.index import Index, load_index, save_index, slim_of
from xform.app.inputs import Inputs, slim_key, visible_target
from xform.base.diagnostics import Diagnostic, Severity, has_errors
from xform.base.names import AssetName, schema_of, table_of
from xform.host.cache import CacheFile
from xform.host.files import ProjectFiles
from xform.plan.plan import SeedBody
from xform.project.assets import Asset, Project
from xform.project.layout import PYPROJECT, XFORM_TOML
from xform.project.profile import Target
from xform.project.profiles import no_profiles, profile_files, read_target
from xform.project.settings import Settings, read_settings
from xform.query.memo import Memo
from xform.sql.dialects import quote
from xform.template.macros import MacroLibrary, load_macros
from xform.template.reads import still_valid
from xform.template.scope import Scope

if TYPE_CHECKING:
    from xform.host.local import LocalHost
    from xform.run.ports import Engine
    from xform.state.store import StateStore

HOME = ".xform"
"""The project's own folder of caches and state."""


class UserError(Exception):
    """Something the user has to mend before anything can be done: diagnostics to show."""

    def __init__(self, diagnostics: list[Diagnostic], exit_code: int = 2) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = exit_code


@dataclass(frozen=True)
class Options:
    """What the command line says of where and how."""

    project_dir: Path = field(default_factory=Path)
    profiles_dir: str | None = None
    profile: str | None = None
    target: str | None = None
    environment: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    threads: int | None = None


class Workspace:
    """One project, opened. Nothing is read before it is asked for."""

    def __init__(self, options: Options, environ: Mapping[str, str] | None = None) -> None:
        self.options = options
        self.root = options.project_dir.resolve()
        self.environ = dict(os.environ) if environ is None else environ
        self.home = self.root / HOME
        self.notices: tuple[Diagnostic, ...] = ()
        """What is to be said of the profile, besides errors."""
        self.ran: list[tuple[str, str]] = []
        """The queries that compiling really computed."""
        self._asked = ""
        """The warehouse's identity when it was last asked for columns."""

    # Settings and target -------------------------------------------------------------------------

    @cached_property
    def _listing(self):  # type: ignore[no-untyped-def]
        return load_index(self.home / "cache")

    @cached_property
    def files(self) -> ProjectFiles:
        return ProjectFiles(self.root, self._listing.snapshot if self._listing else None)

    @cached_property
    def settings(self) -> Settings:
        """The project's settings. What is wrong with them is said when the project is loaded."""
        return self._settings[0]

    @cached_property
    def _settings(self) -> tuple[Settings, list[Diagnostic]]:
        def content(path: str) -> bytes | None:
            return self.files.read(path) if path in self.files.entries else None

        return read_settings(content(PYPROJECT), content(XFORM_TOML))

    @cached_property
    def target(self) -> Target:
        """The target of profiles.yml. Raises UserError."""
        wrong = [d for d in self._settings[1] if d.severity is Severity.ERROR]
        if wrong:
            raise UserError(wrong)
        home = str(Path("~").expanduser())
        options = self.options
        candidates = profile_files(options.profiles_dir, self.environ, str(self.root), home)
        path = next((Path(found) for found in candidates if Path(found).is_file()), None)
        if path is None:
            raise UserError([no_profiles(candidates)])
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise UserError([no_profiles([str(path)])]) from None
        shown = os.path.relpath(path, self.root) if path.is_relative_to(self.root) else str(path)
        profile = options.profile or self.settings.profile
        target, found = read_target(text, shown, profile, options.target, self.environ)
        if target is None or has_errors(found):
            raise UserError(found)
        self.notices = tuple(found)
        return target

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """Values to be masked in whatever is shown, longest first; none before the profile was
        read."""
        target = self.__dict__.get("target")
        if not isinstance(target, Target):
            return ()
        return tuple(sorted(target.secrets, key=len, reverse=True))

    @property
    def environment(self) -> str:
        return self.options.environment or self.target.environment

    @property
    def threads(self) -> int:
        return self.options.threads or self.target.threads

    # Ports ---------------------------------------------------------------------------------------

    @cached_property
    def engine(self) -> Engine:
        from xform.plugins.registry import engine_for

        engine, found = engine_for(self.target, self.root)
        if engine is None:
            raise UserError(list(found))
        return engine

    @cached_property
    def state(self) -> StateStore:
        from xform.state.store import StateStore

        return StateStore(self.home / "state.db")

    @cached_property
    def host(self) -> LocalHost:
        from xform.host.local import LocalHost

        return LocalHost(self.root)

    # Compiling -----------------------------------------------------------------------------------

    @cached_property
    def inputs(self) -> Inputs:
        target = self.target
        return Inputs(
            self.settings,
            {**self.settings.variables, **self.options.variables},
            self.environ,
            visible_target(target),
            self.settings.dialect or dialect_of(target.type),
            target.type,
        )

    def compile(self) -> Compilation:
        """Compile the project; at once where nothing changed since the last time."""
        files = self.files
        key = slim_key(self.inputs, files)
        listing = self._listing
        if listing is not None and listing.key == key:
            slim = slim_of(listing)
            held = self._held(slim) if slim is not None else None
            if held is not None:
                if listing.snapshot.entries != files.snapshot.entries or held is not slim:
                    save_index(self.home / "cache", Index(files.snapshot, key, held))
                return self._compilation(held, _Bodies(self))
        compiler = self._run()
        slim = compiler.slim
        bodies = compiler.bodies
        # Compiling may have listed more files than were known before.
        key = slim_key(self.inputs, files)
        kept = slim if compiler.settled else None
        save_index(self.home / "cache", Index(files.snapshot, key, kept))
        return self._compilation(slim, bodies.__getitem__)

    def _compilation(self, slim: Slim, body: Callable[[AssetName], Body]) -> Compilation:
        """What is to be said of the profile is said with the project, and not stored with it."""
        if self.notices:
            diagnostics = (*self.notices, *slim.diagnostics)
            slim = msgspec.structs.replace(slim, diagnostics=diagnostics)
        return Compilation(slim, body, self.read_text)

    def _held(self, slim: Slim) -> Slim | None:
        """The compilation, if what it looked at outside of the files is as it was: what templates
        read, and tables of the warehouse."""
        inputs = self.inputs
        scope = Scope(AssetName("."), inputs.variables, inputs.environ, inputs.target)
        if slim.traces and not still_valid(slim.traces, scope):
            return None
        if not slim.described:
            return slim
        warehouse = self.engine.identity()
        if slim.warehouse == warehouse:
            return slim
        now, certain = self._describe({item.asset: item.query for item in slim.described})
        if any(now.get(item.asset) != item.columns for item in slim.described):
            return None
        return msgspec.structs.replace(slim, warehouse=warehouse) if certain else slim

    def _run(self) -> _Run:
        cache = CacheFile(self.home / "cache")
        memo = Memo(cache)
        compiler = Compiler(
            self.inputs, self.files, memo, self._macros, self.describe, self.relation_query
        )
        try:
            slim = compiler.run()
            memo.flush()
        finally:
            cache.close()
        self.ran.extend(memo.ran)
        if slim.described:
            slim = msgspec.structs.replace(slim, warehouse=self._asked)
        return _Run(slim, compiler.bodies, compiler.settled)

    def _macros(self, project: Project) -> tuple[MacroLibrary, list[Diagnostic]]:
        texts = {
            path: self.files.read(path).decode("utf-8-sig", "replace")
            for path in project.macros
            if path.endswith(".sql")
        }
        python = [path for path in project.macros if path.endswith(".py")]
        functions: dict[str, Any] = {}
        found: list[Diagnostic] = []
        if python:
            from xform.host.python_macros import load_functions

            functions, found = load_functions(self.root, python)
        library, more = load_macros(texts, functions)
        return library, [*found, *more]

    def describe(self, queries: Mapping[str, str]) -> Mapping[str, tuple[tuple[str, str], ...]]:
        self._asked = self.engine.identity()
        return self._describe(queries)[0]

    def _describe(
        self, queries: Mapping[str, str]
    ) -> tuple[Mapping[str, tuple[tuple[str, str], ...]], bool]:
        """Columns by key, and whether that is certain: while another process writes the
        warehouse, its tables are taken to have the columns that they had."""
        found = self.engine.describe(queries)
        if found.keys() >= queries.keys() or not self._is_busy():
            return found, True
        slim = slim_of(self._listing) if self._listing is not None else None
        known: dict[str, tuple[tuple[str, str], ...]] = {
            item.asset: item.columns
            for item in (slim.described if slim is not None else ())
            if item.columns is not None and item.asset in queries
        }
        return {**known, **found}, False

    def _is_busy(self) -> bool:
        from xform.run.ports import EngineBusy

        try:
            self.engine.ledger()
        except EngineBusy:
            return True
        return False

    def relation_query(self, asset: Asset) -> str:
        """A query over the data of a seed or source, to ask for its columns."""
        return f"select * from {self.relation_sql(asset)}"

    def relation_sql(self, asset: Asset) -> str:
        """The SQL that reads the data of a seed or source where they lie."""
        if asset.files is None:
            schema, table = asset.relation or (schema_of(asset.name), table_of(asset.name))
            return f"{quote(schema)}.{quote(table)}"
        types = {column.name: column.type for column in asset.columns if column.type}
        body = SeedBody(asset.files, asset.format or "csv", types)
        return f"({self.engine.scan(body)})"

    def read_text(self, path: str) -> str | None:
        """The text of a file of the project, to show a part of it."""
        try:
            return (self.root / path).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError, ValueError):
            return None


@dataclass(frozen=True)
class _Run:
    slim: Slim
    bodies: dict[AssetName, Body]
    settled: bool


class _Bodies:
    """The bodies of a compilation that came from the index: computed when one is asked for.

    Every stage is remembered by content, so this parses nothing.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found: dict[AssetName, Body] | None = None

    def __call__(self, name: AssetName) -> Body:
        if self._found is None:
            self._found = self._workspace._run().bodies
        return self._found[name]


def dialect_of(engine: str) -> str:
    """sqlglot's name for an engine's SQL."""
    return engine

"""A project on a machine: its files, target, cache, engine and state, each opened when needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from xform.app.cached import CachedCompiler
from xform.app.compiled import Compilation
from xform.app.index import load_index
from xform.app.inputs import Inputs, engine_of, visible_target
from xform.base.diagnostics import Diagnostic, Severity, has_errors
from xform.base.names import schema_of, table_of
from xform.host.files import ProjectFiles
from xform.plan.plan import SeedBody
from xform.project.assets import Asset
from xform.project.layout import PYPROJECT, XFORM_TOML
from xform.project.profile import Target
from xform.project.profiles import no_profiles, profile_files, read_target
from xform.project.settings import Settings, read_settings
from xform.sql.dialects import quote

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
            engine_of(target),
        )

    def compile(self) -> Compilation:
        """Compile the project; at once where nothing changed since the last time."""
        compiler = CachedCompiler(
            self.root,
            self.home / "cache",
            self.files,
            self._listing,
            self.inputs,
            lambda: self.engine,
            self.relation_query,
        )
        compiler.ran = self.ran
        slim, body = compiler.compile()
        if any(item.missing for item in slim.diagnostics):
            slim = msgspec.structs.replace(slim, diagnostics=self._with_past(slim.diagnostics))
        if self.notices:
            # What is to be said of the profile is said with the project, and not stored with it.
            diagnostics = (*self.notices, *slim.diagnostics)
            slim = msgspec.structs.replace(slim, diagnostics=diagnostics)
        return Compilation(slim, body, self.read_text)

    def _with_past(self, diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        """Diagnostics of missing columns, with what the state knows of them; it need not exist."""
        from xform.app.dropped import tell_dropped
        from xform.run.ports import StateError

        if not (self.home / "state.db").exists():
            return diagnostics
        try:
            past = self.state.snapshot(self.environment)
        except StateError:
            return diagnostics
        return tuple(tell_dropped(diagnostics, past))

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


def dialect_of(engine: str) -> str:
    """sqlglot's name for an engine's SQL."""
    return engine

"""A project on a machine: its files, target, cache, engine and state, each opened when needed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from xform.app.patience import Patience
from xform.app.remembering.circumstances import (
    Asked,
    Circumstances,
    ProfileFile,
    are_as,
    circumstances_of,
    evaluated,
)
from xform.app.remembering.index import Listing, load_listing, save_listing
from xform.app.remembering.standing import Basis, LastPlan, StandingPlan, read_plan, stored_plan
from xform.base.diagnostics import Diagnostic, Severity, has_errors
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName, schema_of, table_of
from xform.host.files import ProjectFiles
from xform.project.layout import PYPROJECT, XFORM_TOML
from xform.project.profile import FILE as PROFILES
from xform.project.profile import Target

if TYPE_CHECKING:
    from xform.app.compiling.compiled import Compilation, Slim
    from xform.app.compiling.inputs import Inputs
    from xform.app.remembering.cached import CachedCompiler
    from xform.host.local import LocalHost
    from xform.plan.plan import Plan
    from xform.project.assets import Asset
    from xform.project.settings import Settings
    from xform.run.ports import Engine
    from xform.state.store import StateStore
    from xform.template.rendered import Read

HOME = ".xform"
"""The project's own folder of caches and state."""


class UserError(Exception):
    """Something the user has to mend before anything can be done: diagnostics to show."""

    def __init__(self, diagnostics: list[Diagnostic], exit_code: int = 2) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = exit_code


class Options(msgspec.Struct, frozen=True):
    """What the command line says of where and how."""

    project_dir: Path = Path()
    profiles_dir: str | None = None
    profile: str | None = None
    target: str | None = None
    environment: str | None = None
    variables: Mapping[str, Any] = {}
    threads: int | None = None
    home: Path | None = None
    """Where caches and state lie, if not in the project."""


class Workspace:
    """One project, opened. Nothing is read before it is asked for."""

    def __init__(self, options: Options, environ: Mapping[str, str] | None = None) -> None:
        self.options = options
        self.root = options.project_dir.resolve()
        self.environ = dict(os.environ) if environ is None else environ
        self.home = options.home or self.root / HOME
        self.cache = self.home / "cache"
        self.notices: tuple[Diagnostic, ...] = ()
        """What is to be said of the profile, besides errors."""
        self.patience = Patience()
        """For how long others who write are waited for."""
        self.ran: list[tuple[str, str]] = []
        """The queries that compiling really computed."""
        self.unsaved: dict[str, str] = {}
        """By path the texts that an editor holds, where they are shown in place of files."""
        self._compiled: tuple[CachedCompiler, Slim] | None = None
        """The last compilation, and what made it."""
        self.results = self.cache
        """Where what was computed is remembered by content: projects may share it."""
        self.lenient = False
        """Whether it is opened only to be compiled, where secrets may not be set."""
        self.confined = False
        """Whether its files may be anybody's: then the engine sees nothing but these, and no
        warehouse."""
        self.trusted: Path | None = None
        """Of one that is confined: the project whose Python macros may run."""

    # Settings and target -------------------------------------------------------------------------

    @cached_property
    def _listing(self) -> Listing | None:
        return load_listing(self.cache)

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

        from xform.project.settings import read_settings

        return read_settings(content(PYPROJECT), content(XFORM_TOML))

    @cached_property
    def target(self) -> Target:
        """The target of profiles.yml. Raises UserError."""
        from xform.project.profiles import no_profiles, read_target

        wrong = [d for d in self._settings[1] if d.severity is Severity.ERROR]
        if wrong:
            raise UserError(wrong)
        if self._profile_file is None:
            raise UserError([no_profiles(self._asked.candidates())])
        path = Path(self._profile_file.path)
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise UserError([no_profiles([str(path)])]) from None
        shown = os.path.relpath(path, self.root) if path.is_relative_to(self.root) else str(path)
        profile = self.options.profile or self.settings.profile
        target, found = read_target(
            text, shown, profile, self.options.target, self.environ, lenient=self.lenient
        )
        if target is None or has_errors(found):
            raise UserError(found)
        self.notices = tuple(found)
        return target

    @cached_property
    def _asked(self) -> Asked:
        options = self.options
        return Asked(self.root, options.profiles_dir, options.profile, options.target, self.environ)

    @cached_property
    def _profile_file(self) -> ProfileFile | None:
        return self._asked.profile_file()

    @property
    def profile_path(self) -> Path | None:
        """The profiles.yml that counts; None where there is none."""
        return Path(self._profile_file.path) if self._profile_file is not None else None

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

        target = confined_target(self.target, self.root) if self.confined else self.target
        engine, found = engine_for(target, self.root)
        if engine is None:
            raise UserError(list(found))
        return engine

    @cached_property
    def state(self) -> StateStore:
        """Raises UserError, and StateError where its driver is not installed."""
        from xform.state.opening import open_state

        return open_state(self.target.state, self.root)

    def _revision(self, circumstances: Circumstances) -> str | None:
        """That of the record, asked where it is; None where it cannot be told at once."""
        if circumstances.state is not None:
            from xform.state.revision import revision_of

            path = evaluated(circumstances.state, self.environ)
            return None if path is None else revision_of(self.root / path)
        from xform.run.failures import StateError

        try:
            return self.state.revision()
        except (UserError, StateError):
            return None

    @cached_property
    def host(self) -> LocalHost:
        from xform.host.local import LocalHost

        return LocalHost(self.root)

    def close(self) -> None:
        """Disconnect from the state, where it is open."""
        state = self.__dict__.get("state")
        if state is not None:
            state.close()

    # Compiling -----------------------------------------------------------------------------------

    @cached_property
    def inputs(self) -> Inputs:
        from xform.app.compiling.inputs import Inputs, engine_of, visible_target

        target = self.target
        return Inputs(
            self.settings,
            {**self.settings.variables, **self.options.variables},
            self.environ,
            visible_target(target),
            self.settings.dialect or dialect_of(target.type),
            engine_of(target),
        )

    @cached_property
    def same_circumstances(self) -> bool:
        """Whether the last compilation was made in these circumstances."""
        kept = self._listing.circumstances if self._listing is not None else None
        return (
            kept is not None
            and not self.options.variables
            and are_as(kept, self._asked, self._profile_file)
        )

    @cached_property
    def stands(self) -> bool:
        """Whether files and circumstances are those of the last compilation."""
        return self.files.changed() == () and self.same_circumstances

    def _circumstances(self, reads: Sequence[Read]) -> Circumstances | None:
        profile = self._profile_file
        if self.options.variables or self.notices or profile is None:
            return None
        return circumstances_of(self._asked, profile, self.target, self.inputs, reads)

    @property
    def engine_type(self) -> str:
        """Which engine it is, read from no file where that is known."""
        listing = self._listing
        if self.stands and listing is not None and listing.circumstances is not None:
            return listing.circumstances.engine.partition(" ")[0]
        return self.target.type

    def compile(self) -> Compilation:
        """Compile the project; at once where nothing changed since the last time."""
        from xform.app.compiling.compiled import Compilation
        from xform.app.remembering.cached import CachedCompiler

        compiler = CachedCompiler(
            self.root,
            self.cache,
            self.files,
            self._listing,
            self.same_circumstances,
            lambda: self.inputs,
            self._circumstances,
            lambda: self.engine,
            self.relation_query,
            self.options.threads,
            self.results,
            self._python_root,
        )
        compiler.ran = self.ran
        slim, bodies = compiler.compile()
        self._listing = compiler.listing
        self._compiled = compiler, slim
        if any(item.missing for item in slim.diagnostics):
            slim = msgspec.structs.replace(slim, diagnostics=self._with_past(slim.diagnostics))
        if self.notices:
            # What is to be said of the profile is said with the project, and not stored with it.
            diagnostics = (*self.notices, *slim.diagnostics)
            slim = msgspec.structs.replace(slim, diagnostics=diagnostics)
        return Compilation(slim, bodies, self.read_text, bodies.load)

    def compile_with(self, texts: Mapping[str, bytes]) -> Compilation:
        """What the project would be if these of its files held these texts. To be asked once it
        has been compiled."""
        from xform.app.compiling.compiled import Compilation

        assert self._compiled is not None
        compiler, slim = self._compiled
        made, body = compiler.with_texts(slim, texts)
        return Compilation(made, body, self.read_text)

    def reopened(self) -> Workspace:
        """The project as it lies on disk now."""
        return Workspace(self.options, self.environ)

    def within(self, environment: str) -> Workspace:
        """The same project, over another environment: what is open is shared."""
        other = copy(self)
        other.options = msgspec.structs.replace(self.options, environment=environment)
        return other

    def identity_of(self, compilation: Compilation) -> Digest | None:
        """What two compilations share only if all that is written of them is the same; None where
        that cannot be told."""
        slim, listing = compilation.slim, self._listing
        if listing is None or listing.circumstances is None:
            return None
        found = (slim.traces, slim.described, slim.diagnostics)
        return digest_parts((self.base, msgspec.msgpack.encode(found)))

    @property
    def base(self) -> Digest:
        """What compilations share only if all that is written of their assets is the same."""
        assert self._listing is not None
        return digest_parts((self._installed, self._listing.key))

    def touched_since(self) -> dict[Digest, frozenset[AssetName]]:
        """By the bases of earlier compilations, the assets that may be others now."""
        earlier = self._listing.earlier if self._listing is not None else ()
        return {
            digest_parts((self._installed, item.key)): frozenset(item.touched) for item in earlier
        }

    @cached_property
    def _installed(self) -> Digest:
        from xform.app.compiling.installed import installed

        return installed()

    def _with_past(self, diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        """Diagnostics of missing columns, with what the state knows of them; it need not exist."""
        from xform.app.compiling.dropped import tell_dropped
        from xform.run.failures import StateError

        state = self.target.state
        if state.type == "sqlite" and not (self.root / state.path).exists():
            return diagnostics
        try:
            past = self.state.snapshot(self.environment)
        except StateError:
            return diagnostics
        return tuple(tell_dropped(diagnostics, past))

    def standing_plan(self) -> StandingPlan | None:
        """The plan of the whole environment, if the last one that had nothing to do stands."""
        listing = self._listing
        if not self.stands or listing is None or listing.circumstances is None:
            return None
        last = self.last_plan()
        if last is None or last.touched:
            return None
        if self.files.read_again:  # so that they need not be the next time
            kept = msgspec.structs.replace(listing, snapshot=self.files.snapshot)
            save_listing(self.cache, kept)
        return last.plan

    def last_plan(self) -> LastPlan | None:
        """The last plan of the whole environment that had nothing to do, if it still would but for
        the assets that may be others since. The files are as in the last compilation."""
        listing = self._listing
        if listing is None or listing.circumstances is None:
            return None
        touched = listing.touched_since(listing.planned)
        plan = read_plan(listing.plan)
        circumstances = listing.circumstances
        environment = self.options.environment or circumstances.environment

        def revision() -> str | None:
            return self._revision(circumstances)

        if (
            touched is None
            or plan is None
            or plan.basis.environment != environment
            or not plan.basis.is_now(self.root, circumstances, self.environ, revision)
        ):
            return None
        return LastPlan(plan, touched)

    def keep_plan(self, basis: Basis, plan: Plan, diagnostics: Sequence[Diagnostic]) -> None:
        """Keep a plan of the whole environment, made for no selection, for as long as it stands.
        `diagnostics` are the compilation's, without errors."""
        listing = self._listing
        if listing is None or listing.circumstances is None:
            return
        told = "".join(f"{found.message}{found.help}" for found in diagnostics)
        if any(secret in told for secret in self.known_secrets):
            return
        stored = stored_plan(basis, plan, tuple(diagnostics))
        if stored is not None and (stored, listing.key) != (listing.plan, listing.planned):
            kept = msgspec.structs.replace(listing, plan=stored, planned=listing.key)
            self._listing = kept
            save_listing(self.cache, kept)

    def relation_query(self, asset: Asset) -> str:
        """A query over the data of a seed or source, to ask for its columns."""
        return f"select * from {self.relation_sql(asset)}"

    def relation_sql(self, asset: Asset) -> str:
        """The SQL that reads the data of a seed or source where they lie."""
        from xform.plan.plan import SeedBody
        from xform.sql.dialects import quote

        if asset.files is None:
            schema, table = asset.relation or (schema_of(asset.name), table_of(asset.name))
            return f"{quote(schema)}.{quote(table)}"
        types = {column.name: column.type for column in asset.columns if column.type}
        body = SeedBody(asset.files, asset.format or "csv", types)
        return f"({self.engine.scan(body)})"

    @property
    def _python_root(self) -> Path | None:
        """Where Python macros are run from; None: nowhere."""
        return self.trusted if self.confined else self.root

    def read_text(self, path: str) -> str | None:
        """The text of a file of the project, to show a part of it; None too where a link leads
        out of the project."""
        if path in self.unsaved:
            return self.unsaved[path]
        try:
            if not (self.root / path).resolve().is_relative_to(self.root) and self.confined:
                return None
            text = (self.root / path).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError, ValueError):
            return None
        if not path.endswith(PROFILES):
            return text
        from xform.project.state_target import without_passwords

        return without_passwords(text)


def confined_target(target: Target, root: Path) -> Target:
    """A target whose engine holds nothing, reads only under `root`, and takes no other settings."""
    given = target.settings.get("settings")
    kept = given if isinstance(given, dict) else {}
    settings = {
        **{key: value for key, value in kept.items() if key.lower() in ("timezone", "calendar")},
        "memory_limit": "1GB",
        "threads": 2,
        "allowed_directories": [str(root)],
        "enable_external_access": False,
        "lock_configuration": True,
    }
    confined = {**target.settings, "path": ":memory:", "settings": settings}
    return msgspec.structs.replace(target, settings=confined)


def dialect_of(engine: str) -> str:
    """sqlglot's name for an engine's SQL."""
    return engine

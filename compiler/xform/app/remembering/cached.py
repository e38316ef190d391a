"""Compiling with what is remembered: at once where nothing changed, else only what did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from xform.app.remembering.index import Earlier, Listing, save_listing
from xform.app.remembering.stored import load_slim, save_slim
from xform.base.names import AssetName
from xform.host.files import ProjectFiles

if TYPE_CHECKING:
    from xform.app.compiling.compiled import Body, Slim
    from xform.app.compiling.compiler import Compiler
    from xform.app.compiling.inputs import Inputs
    from xform.app.remembering.circumstances import Circumstances
    from xform.base.diagnostics import Diagnostic
    from xform.base.hashing import Digest
    from xform.project.assets import Asset, Project
    from xform.project.files import WideFiles
    from xform.query.memo import Memo
    from xform.run.ports import Engine
    from xform.template.macros import MacroLibrary
    from xform.template.rendered import Read

    _Made: TypeAlias = tuple[Slim, dict[AssetName, Body], tuple[Earlier, ...] | None]
    """A compilation, its bodies, and those that it was made from; None where it does not hold for
    as long as its inputs do."""


class CachedCompiler:
    """Compiles the project at `root`. `directory` holds the cache; `listing` is its index, as
    loaded, and `same` whether it was made in the circumstances of now. The engine is asked for
    only where columns are not known otherwise. `results` holds what was computed, by content,
    where that is another folder. `python` is the project whose Python macros may run: this one,
    or another for those that are the same there; None: none may."""

    def __init__(
        self,
        root: Path,
        directory: Path,
        files: ProjectFiles,
        listing: Listing | None,
        same: bool,
        inputs: Callable[[], Inputs],
        circumstances: Callable[[Sequence[Read]], Circumstances | None],
        engine: Callable[[], Engine],
        relation_query: Callable[[Asset], str],
        at_once: int | None = None,
        results: Path | None = None,
        python: Path | None = None,
    ) -> None:
        self._at_once = at_once
        self._root = root
        self._directory = directory
        self._results = results or directory
        self._python = python
        self._files = files
        self.listing = listing
        """The index as it is, after a compilation as it was left."""
        self._changed = files.changed() if same else None
        self._stands = self._changed == ()
        self._inputs = inputs
        self._circumstances = circumstances
        self._engine = engine
        self._relation_query = relation_query
        self._asked = ""
        self.ran: list[tuple[str, str]] = []
        """The queries that were really computed."""

    def compile(self) -> tuple[Slim, Bodies]:
        """The compilation, and its bodies on demand."""
        listing = self.listing
        if (
            listing is not None
            and not self._changed
            and (self._stands or listing.key == self._key())
        ):
            slim = load_slim(self._directory, listing.key)
            held = self._held(slim) if slim is not None else None
            if held is not None:
                if held is not slim:
                    save_slim(self._directory, listing.key, held)
                self._renew(listing, held)
                return held, self._bodies(held)
        slim, bodies, earlier = self._recompiled() or self._run()
        key = self._key()  # compiling may have listed more files than were known before
        if earlier is None:
            save_slim(self._directory, key, None)
            self._save(Listing(self._files.snapshot, key))
        else:
            save_slim(self._directory, key, slim)
            made = Listing(
                self._files.snapshot, key, self._circumstances(slim.traces), earlier=earlier
            )
            if listing is not None and earlier:  # which the plan may be of
                made = replace(made, plan=listing.plan, planned=listing.planned)
            self._save(made)
        return slim, self._bodies(slim, bodies)

    def with_texts(
        self, slim: Slim, texts: Mapping[str, bytes]
    ) -> tuple[Slim, Callable[[AssetName], Body]]:
        """What the compilation `slim` would be if these files held these texts. What it takes is
        remembered by content; the index stays as it is."""
        from xform.app.remembering.overlay import Overlay
        from xform.app.remembering.recompiling import recompiled

        files = Overlay(self._files, texts)
        before = {path: self._files.entries[path] for path in texts}
        with self._compiler(files) as (compiler, memo):
            made = recompiled(slim, before, files, memo, compiler)
        if made is not None:
            known = compiler.bodies
            return made[0], Bodies(lambda: self._run(files)[1], lambda _: None, known)
        slim, bodies, _ = self._run(files)
        return slim, Bodies(lambda: bodies, lambda _: None, bodies)

    def _key(self) -> Digest:
        from xform.app.compiling.inputs import slim_key

        return slim_key(self._inputs(), self._files)

    def _renew(self, listing: Listing, slim: Slim) -> None:
        """Keep the listing as it is now: what was read again need not be next time."""
        if self._stands and not self._files.read_again:
            return
        circumstances = listing.circumstances
        if not self._stands:
            circumstances = self._circumstances(slim.traces)
        made = Listing(self._files.snapshot, listing.key, circumstances)
        if self._stands:
            made = replace(
                made, plan=listing.plan, planned=listing.planned, earlier=listing.earlier
            )
        self._save(made)

    def _save(self, listing: Listing) -> None:
        self.listing = listing
        save_listing(self._directory, listing)

    def _held(self, slim: Slim) -> Slim | None:
        """The compilation, if what it looked at outside of the files is as it was: what templates
        read, and tables of the warehouse."""
        if not self._stands and slim.traces:
            from xform.template.reads import still_valid
            from xform.template.scope import Scope

            inputs = self._inputs()
            scope = Scope(AssetName("."), inputs.variables, inputs.environ, inputs.target)
            if not still_valid(slim.traces, scope):
                return None
        if not slim.described:
            return slim
        warehouse = self._engine().identity()
        if slim.warehouse == warehouse:
            return slim
        now, certain = self._describe({item.asset: item.query for item in slim.described})
        if any(now.get(item.asset) != item.columns for item in slim.described):
            return None
        return replace(slim, warehouse=warehouse) if certain else slim

    def _run(self, files: WideFiles | None = None) -> _Made:
        """The compilation made from all files."""
        with self._compiler(files) as (compiler, _):
            slim = compiler.run()
        if slim.described:
            slim = replace(slim, warehouse=self._asked)
        return slim, compiler.bodies, () if compiler.settled else None

    def _recompiled(self) -> _Made | None:
        """The compilation made from the last one and the files that were edited since."""
        listing, changed = self.listing, self._changed
        old = load_slim(self._directory, listing.key) if listing is not None and changed else None
        if listing is None or changed is None or old is None:
            return None
        from xform.app.remembering.recompiling import recompiled

        before = {entry.path: entry for entry in listing.snapshot.entries if entry.path in changed}
        with self._compiler() as (compiler, memo):
            made = recompiled(old, before, self._files, memo, compiler)
        if made is None:
            return None
        slim, touched = made
        return slim, compiler.bodies, listing.edited(touched)

    def _bodies(self, slim: Slim, known: Mapping[AssetName, Body] | None = None) -> Bodies:
        def some(names: Iterable[AssetName]) -> Mapping[AssetName, Body] | None:
            from xform.app.remembering.recompiling import bodies_of

            with self._compiler() as (compiler, _):
                return bodies_of(slim, names, compiler)

        return Bodies(lambda: self._run()[1], some, known)

    @contextmanager
    def _compiler(self, files: WideFiles | None = None) -> Iterator[tuple[Compiler, Memo]]:
        """A compiler, and the memo that it works with, kept when this has ended."""
        from xform.app.compiling.collector import only_young_garbage
        from xform.app.compiling.compiler import Compiler
        from xform.host.cache import CacheFile
        from xform.query.memo import Memo

        cache = CacheFile(self._results)
        memo = Memo(cache)
        compiler = Compiler(
            self._inputs(),
            files or self._files,
            memo,
            self._macros,
            self._ask,
            self._relation_query,
            self._at_once,
            lambda: self._engine().has_grants,
        )
        try:
            with only_young_garbage():
                yield compiler, memo
            memo.flush()
        finally:
            cache.close()
        self.ran.extend(memo.ran)

    def _macros(self, project: Project) -> tuple[MacroLibrary, list[Diagnostic]]:
        from xform.app.compiling.macros import library_of

        return library_of(self._root, self._files, project, self._python)

    def _ask(self, queries: Mapping[str, str]) -> Mapping[str, tuple[tuple[str, str], ...]]:
        self._asked = self._engine().identity()
        return self._describe(queries)[0]

    def _describe(
        self, queries: Mapping[str, str]
    ) -> tuple[Mapping[str, tuple[tuple[str, str], ...]], bool]:
        """Columns by key, and whether that is certain: while another process writes the
        warehouse, its tables are taken to have the columns that they had."""
        found = self._engine().describe(queries)
        if found.keys() >= queries.keys() or not self._is_busy():
            return found, True
        listing = self.listing
        slim = load_slim(self._directory, listing.key) if listing is not None else None
        known: dict[str, tuple[tuple[str, str], ...]] = {
            item.asset: item.columns
            for item in (slim.described if slim is not None else ())
            if item.columns is not None and item.asset in queries
        }
        return {**known, **found}, False

    def _is_busy(self) -> bool:
        from xform.run.failures import EngineBusy

        try:
            self._engine().ledger()
        except EngineBusy:
            return True
        return False


class Bodies:
    """The bodies of a compilation, as far as they are `known`; all are computed when another one
    is asked for. Those that are known to be wanted can be loaded before, with `some`.

    Every stage is remembered by content, so this parses nothing.
    """

    def __init__(
        self,
        compute: Callable[[], Mapping[AssetName, Body]],
        some: Callable[[Iterable[AssetName]], Mapping[AssetName, Body] | None],
        known: Mapping[AssetName, Body] | None = None,
    ) -> None:
        self._compute = compute
        self._some = some
        self._known = dict(known or {})
        self._whole = False

    def __call__(self, name: AssetName) -> Body:
        if name not in self._known:
            self._known = dict(self._compute())
            self._whole = True
        return self._known[name]

    def load(self, names: Iterable[AssetName]) -> None:
        """Have the bodies of these, and of all that they read."""
        wanted = set(names) - self._known.keys()
        found = self._some(wanted) if wanted and not self._whole else None
        if found is not None:
            self._known = {**found, **self._known}

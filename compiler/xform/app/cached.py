"""Compiling with what is remembered: at once where nothing changed, else only what did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from xform.app.collector import only_young_garbage
from xform.app.compiled import Body, Slim
from xform.app.compiler import Compiler
from xform.app.index import Index, Listing, save_index, slim_of
from xform.app.inputs import Inputs, slim_key
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.host.cache import CacheFile
from xform.host.files import ProjectFiles
from xform.project.assets import Asset, Project
from xform.query.memo import Memo
from xform.run.ports import Engine, EngineBusy
from xform.template.macros import MacroLibrary, load_macros
from xform.template.reads import still_valid
from xform.template.scope import Scope


class CachedCompiler:
    """Compiles the project at `root`. `directory` holds the cache; `listing` is its index, as
    loaded. The engine is asked for only where columns are not known otherwise."""

    def __init__(
        self,
        root: Path,
        directory: Path,
        files: ProjectFiles,
        listing: Listing | None,
        inputs: Inputs,
        engine: Callable[[], Engine],
        relation_query: Callable[[Asset], str],
    ) -> None:
        self._root = root
        self._directory = directory
        self._files = files
        self._listing = listing
        self._inputs = inputs
        self._engine = engine
        self._relation_query = relation_query
        self._asked = ""
        self.ran: list[tuple[str, str]] = []
        """The queries that were really computed."""

    def compile(self) -> tuple[Slim, Callable[[AssetName], Body]]:
        """The compilation, and its bodies on demand."""
        files, listing = self._files, self._listing
        key = slim_key(self._inputs, files)
        if listing is not None and listing.key == key:
            slim = slim_of(listing)
            held = self._held(slim) if slim is not None else None
            if held is not None:
                if listing.snapshot.entries != files.snapshot.entries or held is not slim:
                    save_index(self._directory, Index(files.snapshot, key, held))
                return held, _Bodies(lambda: self._run().bodies)
        run = self._run()
        # Compiling may have listed more files than were known before.
        key = slim_key(self._inputs, files)
        kept = run.slim if run.settled else None
        save_index(self._directory, Index(files.snapshot, key, kept))
        return run.slim, run.bodies.__getitem__

    def _held(self, slim: Slim) -> Slim | None:
        """The compilation, if what it looked at outside of the files is as it was: what templates
        read, and tables of the warehouse."""
        inputs = self._inputs
        scope = Scope(AssetName("."), inputs.variables, inputs.environ, inputs.target)
        if slim.traces and not still_valid(slim.traces, scope):
            return None
        if not slim.described:
            return slim
        warehouse = self._engine().identity()
        if slim.warehouse == warehouse:
            return slim
        now, certain = self._describe({item.asset: item.query for item in slim.described})
        if any(now.get(item.asset) != item.columns for item in slim.described):
            return None
        return msgspec.structs.replace(slim, warehouse=warehouse) if certain else slim

    def _run(self) -> _Run:
        cache = CacheFile(self._directory)
        memo = Memo(cache)
        compiler = Compiler(
            self._inputs, self._files, memo, self._macros, self._ask, self._relation_query
        )
        try:
            with only_young_garbage():
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
            path: self._files.read(path).decode("utf-8-sig", "replace")
            for path in project.macros
            if path.endswith(".sql")
        }
        python = [path for path in project.macros if path.endswith(".py")]
        functions: dict[str, Any] = {}
        found: list[Diagnostic] = []
        if python:
            from xform.host.python_macros import load_functions

            functions, found = load_functions(self._root, python)
        library, more = load_macros(texts, functions)
        return library, [*found, *more]

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
        slim = slim_of(self._listing) if self._listing is not None else None
        known: dict[str, tuple[tuple[str, str], ...]] = {
            item.asset: item.columns
            for item in (slim.described if slim is not None else ())
            if item.columns is not None and item.asset in queries
        }
        return {**known, **found}, False

    def _is_busy(self) -> bool:
        try:
            self._engine().ledger()
        except EngineBusy:
            return True
        return False


@dataclass(frozen=True)
class _Run:
    slim: Slim
    bodies: dict[AssetName, Body]
    settled: bool


class _Bodies:
    """The bodies of a compilation that came from the index: computed when one is asked for.

    Every stage is remembered by content, so this parses nothing.
    """

    def __init__(self, compute: Callable[[], dict[AssetName, Body]]) -> None:
        self._compute = compute
        self._found: dict[AssetName, Body] | None = None

    def __call__(self, name: AssetName) -> Body:
        if self._found is None:
            self._found = self._compute()
        return self._found[name]

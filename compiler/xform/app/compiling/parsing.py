"""Every SQL model of a project, rendered, parsed and lowered: all that its own file decides."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import msgspec
from msgspec.structs import replace

from xform.app.compiling.ahead import PARSE, Helpers, spread
from xform.app.compiling.compiled import Carried, Outline, Parsed, RawRendered, Surface
from xform.app.compiling.inputs import Inputs, toolchain
from xform.app.compiling.silences import Silence, silences_in
from xform.base.diagnostics import Diagnostic
from xform.base.hashing import Digest, digest_bytes, digest_parts
from xform.base.names import AssetName, schema_of, table_of
from xform.base.spans import LineIndex, Segment, SourceMap
from xform.project.assets import Asset, Language, Project
from xform.project.contracts import owned
from xform.project.files import UnreadableFile, WideFiles
from xform.project.template_config import place_of_config, with_config
from xform.query.memo import Memo
from xform.sql.parse import Place, parse_model, parse_query
from xform.template.macros import MacroLibrary
from xform.template.reads import still_valid
from xform.template.render import has_jinja, render
from xform.template.rendered import PLACEHOLDER, Read, Reference, Rendered
from xform.template.scope import Scope

LoadMacros = Callable[[Project], tuple[MacroLibrary, list[Diagnostic]]]

OUTSIDE = ("var", "env_var", "target")
"""Kinds of reads of a template that no file of the project decides."""

NO_MACROS = MacroLibrary()


class SoundMacros(msgspec.Struct, frozen=True):
    """Stands in the cache for macro files that are known to be in order."""


class ModelParser:
    """Parses the models of one project. A broken template is tried anew each time: what it would
    have read is not known."""

    def __init__(
        self, inputs: Inputs, files: WideFiles, memo: Memo, project: Project, macros: LoadMacros
    ) -> None:
        self._inputs = inputs
        self._files = files
        self._memo = memo
        self._project = project
        self._load_macros = macros
        self._models = {
            asset.name: asset for asset in project.assets if asset.language is Language.SQL
        }
        self._keys: dict[AssetName, Digest] = {}
        self._broken: dict[AssetName, Parsed] = {}
        self._configs: dict[AssetName, dict[str, Any]] = {}
        self.diagnostics: list[Diagnostic] = []
        self.traces: set[Read] = set()
        self.silences: dict[AssetName, tuple[Silence, ...]] = {}
        """The comments in each SQL model that silence something."""
        self.settled = True
        """Whether the result holds for as long as the files and traces are the same."""

    def unknown(self) -> list[AssetName]:
        """The models that have to be parsed, as far as can be told without looking closely."""
        self._keys = {name: self._key(asset) for name, asset in self._models.items()}
        self._memo.prefetch(("parse", key) for key in self._keys.values())
        return [name for name, key in self._keys.items() if self._memo.stored("parse", key) is None]

    def parse(
        self, unknown: list[AssetName], helpers: Helpers | None
    ) -> Iterator[tuple[Asset, Parsed | Surface]]:
        """Each SQL model with what it holds, which is not kept here: `parsed` finds it again.
        `unknown` are given to helpers."""
        asked = set(unknown) if helpers is not None else set()
        for name in self._models:
            if name not in asked:
                yield self._noted(name)
        for name, answer in spread(helpers, deque(asked and unknown), self._message):
            if answer:
                self._memo.ran.append(("parse", name))
                self._memo.put_stored("parse", self._keys[name], answer)
            yield self._noted(name)
        self._check_macros()

    def render_hook(
        self, asset: Asset | None, path: str, text: str
    ) -> tuple[Rendered | None, list[Diagnostic]]:
        """A hook of an asset, or of the project."""
        if not has_jinja(text):
            return Rendered(text), []
        inputs = self._inputs
        name = asset.name if asset is not None else AssetName(".")
        config = asset.config if asset is not None else {}
        scope = Scope(name, inputs.variables, inputs.environ, inputs.target, config)
        rendered, found = render(path, text, scope, self._macros[0])
        if rendered is None:
            self.settled = False
        else:
            self.traces.update(read for read in rendered.reads if read.kind in OUTSIDE)
        return rendered, found

    def macro_names(self) -> tuple[str, ...]:
        """Those that a template may call."""
        return self._macros[0].names if self._project.macros else ()

    def prepare(self) -> None:
        """Load what every process needs, before there are several."""
        if self._project.macros:
            _ = self._macros
        parse_query(None, Place("", str), "select 1", self._inputs.dialect)

    def answer(self, message: bytes) -> bytes:
        """The answer of another process: a model in its stored form; nothing where it has none."""
        asset = self._models[AssetName(message.decode("utf-8", "surrogatepass"))]
        result = self._parse(asset, self._scope(asset))
        return msgspec.msgpack.encode(result) if result.rendered is not None else b""

    def _message(self, name: AssetName) -> bytes | None:
        """Python macros may do anything: templates are rendered by one process where there are
        some."""
        return None if self._has_python else PARSE + name.encode("utf-8", "surrogatepass")

    @cached_property
    def _has_python(self) -> bool:
        return any(path.endswith(".py") for path in self._project.macros)

    def _noted(self, name: AssetName) -> tuple[Asset, Parsed | Surface]:
        asset, key = self._models[name], self._keys[name]
        result: Parsed | Surface | None = self._memo.peek("parse", key, Surface)
        if result is None or not self._holds(result, asset):
            result = self._known(asset, key)
        if result.rendered is None:
            assert isinstance(result, Parsed)
            self._broken[asset.name] = result
        else:
            self.traces.update(read for read in result.rendered.reads if read.kind in OUTSIDE)
            if result.rendered.config:
                self._configs[asset.name] = result.rendered.config
        if asset.shows is None:
            self.silences[asset.name] = result.silences
        self.diagnostics.extend(result.diagnostics)
        return asset, result

    def parsed(self, name: AssetName) -> Parsed:
        """A SQL model, after `parse` has come to it."""
        broken = self._broken.get(name)
        return broken or self._known(self._models[name], self._keys[name])

    def outline(self, name: AssetName) -> Parsed | Outline:
        """The same, as far as it takes to write it with other names for its tables."""
        if name not in self._broken:
            found = self._memo.peek("parse", self._keys[name], Outline)
            if found is not None:
                return found
        return self.parsed(name)

    @property
    def configures(self) -> bool:
        """Whether any template sets what was declared."""
        return bool(self._configs)

    def configured(self) -> Project:
        """The project with what templates set by `config(…)`."""
        assets: list[Asset] = []
        for asset in self._project.assets:
            config = self._configs.get(asset.name)
            if config:
                at = place_of_config(asset.path, text_of(self._files, asset.path))
                asset, found = with_config(asset, config, at)
                asset = owned(asset, {group.name: group for group in self._project.groups})
                self.diagnostics.extend(found)
            assets.append(asset)
        return msgspec.structs.replace(self._project, assets=tuple(assets))

    def raw_rendered(self, name: AssetName) -> bytes:
        """What was rendered of a model, in its stored form."""
        found = self._memo.peek("parse", self._keys[name], RawRendered)
        if found is not None:
            return bytes(found.rendered)
        return msgspec.msgpack.encode(self.parsed(name).rendered)

    def stored(self, name: AssetName) -> bytes | None:
        """A model in its stored form, where it has one."""
        return self._memo.stored("parse", self._keys[name])

    def _known(self, asset: Asset, key: Digest) -> Parsed:
        known = self._memo.peek("parse", key, Parsed)
        if known is not None and self._holds(known, asset):
            return known
        self._memo.ran.append(("parse", asset.name))
        result = self._parse(asset, self._scope(asset))
        if result.rendered is not None:
            self._memo.put("parse", key, result)
        else:
            self.settled = False
        return result

    def _holds(self, known: Parsed | Surface, asset: Asset) -> bool:
        """Whether a rendering would come out the same now."""
        if known.rendered is None:
            return False
        return still_valid(known.rendered.reads, self._scope(asset))

    def _scope(self, asset: Asset) -> Scope:
        return Scope(
            asset.name,
            self._inputs.variables,
            self._inputs.environ,
            self._inputs.target,
            asset.config,
            asset.header_end,
            sliced=asset.time_range is not None,
        )

    def _key(self, asset: Asset) -> Digest:
        """The file, its settings and dialect, and all macros, for it may be a template."""
        return digest_parts(
            (
                *toolchain(),
                asset.path,
                asset.name,
                self._files.entries[asset.path].digest,
                str(asset.span) if asset.shows is not None else "",
                self._inputs.dialect_of(asset),
                digest_bytes(msgspec.json.encode(asset.config, enc_hook=str)),
                self._macros_digest,
            )
        )

    @cached_property
    def _macros_digest(self) -> Digest:
        """Of all macro files and, where some are Python, of what these may import."""
        entries = self._files.entries
        sources = set(self._project.macros)
        if any(path.endswith(".py") for path in sources):
            sources.update(path for path in entries if path.endswith(".py"))
        return digest_parts(
            part for path in sorted(sources) for part in (path, entries[path].digest)
        )

    def _parse(self, asset: Asset, scope: Scope) -> Parsed:
        try:
            text = self._files.read(asset.path).decode("utf-8-sig")
        except UnicodeDecodeError:
            return Parsed(None, None)  # said where it was declared
        if asset.shows is not None:
            return self._plain(asset, asset.shows, text)
        silences = silences_in(text)
        written = text[asset.header_end :]
        rendered, found = render(
            asset.path, text, scope, self._macros[0] if has_jinja(written) else NO_MACROS
        )
        if rendered is None or not written.strip():
            return Parsed(None, None, tuple(found), silences)  # said here, or where it was declared
        place = Place(asset.path, lambda: text, rendered.source_map)
        sliced = asset.time_range is not None or "time_column" in rendered.config
        unit, more = parse_model(
            asset.name, place, rendered, self._inputs.dialect_of(asset), sliced=sliced
        )
        if asset.keyed is None or "is_incremental" not in written or unit is None:
            return Parsed(rendered, unit, (*found, *more), silences)
        carried, wrong = self._carried(asset, text, replace(scope, carried=True))
        return Parsed(rendered, unit, (*found, *more, *wrong), silences, carried)

    def _plain(self, asset: Asset, shows: AssetName, text: str) -> Parsed:
        """The plain name of a model with versions. All of its query stands for its place in the
        yml file."""
        at = asset.span
        index = LineIndex(text)
        start = index.offset(at.line, at.column)
        length = index.offset(at.end_line, at.end_column) - start
        query = f"select * from {PLACEHOLDER.format(0)}"
        rendered = Rendered(
            query,
            SourceMap((Segment(0, start, len(query), length, False),)),
            (Reference("ref", (schema_of(shows), table_of(shows)), at),),
        )
        place = Place(asset.path, lambda: text, rendered.source_map)
        unit, found = parse_model(asset.name, place, rendered, self._inputs.dialect_of(asset))
        return Parsed(rendered, unit, tuple(found))

    def _carried(
        self, asset: Asset, text: str, scope: Scope
    ) -> tuple[Carried | None, list[Diagnostic]]:
        """The form of a template that carries on what was built."""
        rendered, found = render(asset.path, text, scope, self._macros[0])
        if rendered is None:
            return None, found
        place = Place(asset.path, lambda: text, rendered.source_map)
        from xform.sql.tokens import digest_text

        dialect = self._inputs.dialect_of(asset)
        unit, more = parse_model(asset.name, place, rendered, dialect)
        if unit is None:
            return None, [*found, *more]
        return Carried(rendered, unit, digest_text(rendered.text, dialect)), [*found, *more]

    def _check_macros(self) -> None:
        """Say what is wrong with macros, also where no model had to be rendered."""
        key = digest_parts((*toolchain(), self._macros_digest))
        if not self._project.macros or self._memo.peek("macros", key, SoundMacros) is not None:
            return
        self._memo.ran.append(("macros", self._project.name))
        _, problems = self._macros
        if not problems:
            self._memo.put("macros", key, SoundMacros())

    @cached_property
    def _macros(self) -> tuple[MacroLibrary, list[Diagnostic]]:
        library, found = self._load_macros(self._project)
        self.diagnostics.extend(found)
        self.settled = self.settled and not found  # Python macros may fail for any reason
        return library, found


def text_of(files: WideFiles, path: str) -> str:
    """The written text of a file, as offsets count in it."""
    return files.read(path).decode("utf-8-sig", "replace")


def text_or_nothing(files: WideFiles, path: str) -> str:
    """The same, empty where there is no such file or it cannot be read."""
    try:
        return text_of(files, path) if path in files.entries else ""
    except UnreadableFile:
        return ""

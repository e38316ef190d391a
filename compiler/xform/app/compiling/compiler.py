"""The pipeline, stage by stage, over a whole project: files to fingerprints.

Every stage is a memoised query by content (`query/memo.py`); this module only says what each
depends on and runs them in order. Models are driven in topological order, never by recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from xform.app.compiling.ahead import BIND, PARSE, Helpers, hire, spread_down
from xform.app.compiling.binding import BROKEN, ModelBinder, answer
from xform.app.compiling.compiled import Body, CompiledAsset, Slim
from xform.app.compiling.declarations import Declarations
from xform.app.compiling.declared_checks import check_tests, order_with_tests, readable
from xform.app.compiling.depending import Dependencies
from xform.app.compiling.fingerprinting import BodyMaker
from xform.app.compiling.hooks import NONE as NO_HOOKS
from xform.app.compiling.hooks import HookReader
from xform.app.compiling.inputs import Inputs
from xform.app.compiling.parsing import LoadMacros, ModelParser, text_or_nothing
from xform.app.compiling.references import check_references
from xform.app.compiling.saying import Result, what_is_said
from xform.app.compiling.source_columns import Describe, SourceColumns
from xform.app.compiling.summary import summary
from xform.app.compiling.written_tests import TestWriter, owners, pii_of
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.checks.written import NONE_WRITTEN, Written
from xform.graph.order import order
from xform.project.assets import Asset, Kind, Language, Project
from xform.project.files import WideFiles
from xform.query.memo import Memo
from xform.sema.tables import NameIndex


class Beside(NamedTuple):
    """What is known of a project while a part of it is compiled: all of its names, and what the
    assets of the part read before, and their tests."""

    names: Mapping[AssetName, Kind]
    depends: Mapping[AssetName, tuple[AssetName, ...]]
    tests: Mapping[AssetName, Written]


class Compiler:
    """One compilation. Call `run` or `run_part` once; then `bodies` has those of its assets."""

    def __init__(
        self,
        inputs: Inputs,
        files: WideFiles,
        memo: Memo,
        macros: LoadMacros,
        describe: Describe,
        file_query: Callable[[Asset], str],
        at_once: int | None = None,
        has_grants: Callable[[], bool] = lambda: True,
    ) -> None:
        """`at_once`: how many processes may work at once, where that is said; `has_grants`:
        whether the engine knows privileges."""
        self._has_grants = has_grants
        self.inputs = inputs
        self.files = files
        self.memo = memo
        self._load_macros = macros
        self._at_once = at_once
        self._columns = SourceColumns(files, memo, describe, file_query)
        self.diagnostics: list[Diagnostic] = []
        self.bodies: dict[AssetName, Body] = {}
        self.settled = True
        """Whether the result may be stored: it holds while files and traces are the same."""

    def run(self) -> Slim:
        """The whole project."""
        from xform.app.compiling.declaring import declared_project

        declared, found = declared_project(self.files, self.memo)
        self.diagnostics.extend(found)
        slim = self._through_the_stages(declared, None)
        assert slim is not None
        return slim

    def run_part(self, part: Project, beside: Beside) -> Slim | None:
        """Some assets of a project whose declarations are known: with each, all that it reads.
        None where an asset reads something else than it did, or a template sets what was
        declared."""
        return self._through_the_stages(part, beside)

    def _through_the_stages(self, declared: Project, beside: Beside | None) -> Slim | None:
        parser = ModelParser(self.inputs, self.files, self.memo, declared, self._load_macros)
        unknown = parser.unknown()

        def answer_any(message: bytes) -> bytes:
            if message.startswith(PARSE):
                return parser.answer(message[len(PARSE) :])
            return answer(message[len(BIND) :], self.files)

        helpers = hire(len(unknown), self._at_once, parser.prepare, answer_any)
        try:
            return self._compile(declared, beside, parser, unknown, helpers)
        finally:
            if helpers is not None:
                helpers.close()

    # The pipeline --------------------------------------------------------------------------------

    def _compile(
        self,
        declared: Project,
        beside: Beside | None,
        parser: ModelParser,
        unknown: list[AssetName],
        helpers: Helpers | None,
    ) -> Slim | None:
        # Templates and queries: which assets are read.
        others = beside.names if beside is not None else {}
        declares = NameIndex.of({**others, **{a.name: a.kind for a in declared.assets}})
        dependencies = Dependencies(self.files, self.diagnostics)
        tables: dict[AssetName, tuple[AssetName | None, ...]] = {}
        understood: set[AssetName] = set()
        for asset, result in parser.parse(unknown, helpers):
            tables[asset.name] = dependencies.tables(asset, result, declares)
            if result.unit is not None:
                understood.add(asset.name)
        project = parser.configured()
        self.files.let_go()
        self.diagnostics.extend(parser.diagnostics)
        assets = {asset.name: asset for asset in project.assets}
        names = {**others, **{name: asset.kind for name, asset in assets.items()}}
        index = declares if names == declares.kinds else NameIndex.of(names)
        depends = {
            asset.name: dependencies.depends(asset, tables.get(asset.name, ()), index)
            for asset in project.assets
        }
        if beside is not None and (depends != beside.depends or parser.configures):
            return None
        ordered, cycles = order(depends)
        dependencies.report_cycles(cycles, assets, tables, parser)

        # What is declared beside the queries: hooks, tests, the columns of sources.
        hooks = HookReader(parser.render_hook, index)
        hooks_of = {
            asset.name: hooks.of_asset(asset, depends[asset.name]) for asset in project.assets
        }
        run_hooks = hooks.of_run(self.inputs.settings.hooks) if beside is None else NO_HOOKS
        self.diagnostics.extend(hooks.diagnostics)
        if beside is None:
            self._check_grants(project)
        writer = TestWriter(
            parser.render_hook,
            parser.macro_names,
            partial(text_or_nothing, self.files),
            index,
            self.inputs.dialect,
            pii_of(project.assets),
        )
        custom = {asset.name: writer.of_asset(asset) for asset in project.assets}
        compared = {
            asset.name: dependencies.compared(asset, index, custom[asset.name])
            for asset in project.assets
        }
        self.diagnostics.extend(
            check_references(
                project,
                depends,
                compared,
                lambda asset, read: dependencies.reference_span(asset, read, tables, parser),
            )
        )
        ordered, problems = order_with_tests(ordered, depends, compared, assets)
        self.diagnostics.extend(problems)
        files = writer.of_files(project.tests) if beside is None else ()
        with_files = owners(files, ordered, index.kinds)
        schemas = self._columns.schemas(project)
        self.diagnostics.extend(self._columns.diagnostics)
        self.settled = parser.settled and self._columns.settled

        # Down the graph: names bound, types, lineage, fingerprints, what tests ask.
        binder = ModelBinder(self.inputs, self.files, self.memo, parser, schemas)
        maker = BodyMaker(self.inputs, dependencies, index, hooks_of, schemas, self.diagnostics)
        readables = readable(index)
        compiled: dict[AssetName, CompiledAsset] = {}

        def message(name: AssetName) -> bytes | None:
            return binder.message(assets[name], tables[name]) if name in understood else None

        for name, answered in spread_down(helpers, ordered, depends, message):
            asset = assets[name]
            if answered:
                binder.take(name, answered)
            if name in understood:
                body = maker.of_query(asset, tables[name], binder)
            elif name in tables:
                body = Body(name, BROKEN, None, tables[name], binder)
            elif asset.language is Language.PYTHON:
                body = maker.of_python(asset)
            else:
                body = maker.of_source(asset)
            maker.keep(body)
            self.bodies[name] = body
            known = beside.tests[name] if beside is not None else NONE_WRITTEN
            written = writer.written(asset, custom[name], with_files.get(name, ()), known, schemas)
            self.diagnostics.extend(check_tests(asset, schemas, index, readables, written))
            compiled[name] = summary(
                asset, body, depends[name], compiled, compared[name], hooks_of[name], written
            )
        self.diagnostics.extend(writer.diagnostics)
        circular = sorted({name for cycle in cycles for name in cycle})
        for name in circular:
            self.bodies[name] = Body(name, BROKEN)
            compiled[name] = summary(assets[name], self.bodies[name], depends[name], compiled, ())
        self._check_unit_tests(project, assets, compiled, index)
        whole = Result(project, parser.silences, compiled, self.bodies, dependencies.place)
        said = what_is_said(self.diagnostics, whole, partial(text_or_nothing, self.files))
        return Slim(
            Declarations.of(project),
            self.inputs.dialect,
            tuple(compiled[name] for name in (*ordered, *circular)),
            tuple(sorted(said, key=lambda found: found.order)),
            tuple(sorted(parser.traces)),
            self._columns.described,
            hooks=run_hooks,
        )

    # What few projects have ----------------------------------------------------------------------

    def _check_grants(self, project: Project) -> None:
        if any(asset.running.grants for asset in project.assets) and not self._has_grants():
            from xform.app.compiling.declaring import idle_grants

            self.diagnostics.extend(idle_grants(project, self.inputs.engine.partition(" ")[0]))

    def _check_unit_tests(
        self,
        project: Project,
        assets: Mapping[AssetName, Asset],
        compiled: Mapping[AssetName, CompiledAsset],
        index: NameIndex,
    ) -> None:
        if not project.unit_tests:
            return
        from xform.app.compiling.unit_checks import check_unit_tests, world_of

        world = world_of(
            assets,
            compiled,
            index,
            lambda name: self.bodies[name].schema,
            self.files,
            self.inputs.dialect_of,
        )
        self.diagnostics.extend(check_unit_tests(project, compiled, world))

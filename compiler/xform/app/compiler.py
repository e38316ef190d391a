"""The pipeline, stage by stage, over a whole project: files to fingerprints.

Every stage is a memoised query by content (`query/memo.py`); this module only says what each
depends on and runs them in order. Models are driven in topological order, never by recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from xform.app.ahead import BIND, PARSE, Helpers, hire, spread_down
from xform.app.binding import BROKEN, ModelBinder, answer
from xform.app.carrying import check_keyed, storage_of_carried, with_validity
from xform.app.compiled import Body, Carried, CompiledAsset, Parsed, Slim, Surface
from xform.app.declarations import Declarations
from xform.app.declared_checks import (
    check_columns,
    check_tests,
    compared_with,
    order_with_tests,
    readable,
)
from xform.app.hooks import NONE as NO_HOOKS
from xform.app.hooks import AssetHooks, HookReader
from xform.app.inputs import Inputs
from xform.app.parsing import LoadMacros, ModelParser, text_of, text_or_nothing
from xform.app.references import check_references
from xform.app.saying import Result, what_is_said
from xform.app.silences import Silence
from xform.app.slicing import slicing, through_ephemerals
from xform.app.source_columns import Describe, SourceColumns
from xform.app.unit_checks import check_unit_tests, world_of
from xform.app.written_tests import Query, TestWriter, owners, pii_of
from xform.base.codes import GRANTS_UNKNOWN
from xform.base.diagnostics import Diagnostic, diagnose, has_errors
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.checks.declared import digest_of
from xform.checks.written import NONE_WRITTEN, Written
from xform.fingerprint import evaluate
from xform.fingerprint.evaluate import Fingerprints
from xform.graph.order import cycle_diagnostic, order
from xform.host.crew import Crew
from xform.plan.freshness import growth_leaf
from xform.project.assets import Asset, Kind, Language, Project
from xform.project.declare import is_declaring
from xform.project.files import WideFiles
from xform.project.incremental import Keyed
from xform.project.load import Declared, declared_key, load
from xform.query.memo import Memo
from xform.sema.facts import UNKNOWN_TYPE, ModelFacts, Schema, SchemaColumn
from xform.sema.tables import NameIndex, find_reader, resolve_tables
from xform.sema.types.type import normal
from xform.sql.parse import Place


class Beside(NamedTuple):
    """What is known of a project while a part of it is compiled: all of its names, and what the
    assets of the part read before, and their tests."""

    names: Mapping[AssetName, Kind]
    depends: Mapping[AssetName, tuple[AssetName, ...]]
    tests: Mapping[AssetName, Written]


class Compiler:
    """One compilation. Call `run` once; then `body` answers for each asset."""

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
        self._index: NameIndex | None = None
        self._hooks: dict[AssetName, AssetHooks] = {}
        self.settled = True
        """Whether the result may be stored: it holds while files and traces are the same."""

    # The pipeline --------------------------------------------------------------------------------

    def run(self) -> Slim:
        """The whole project."""
        slim = self._through_the_stages(self._project(), None)
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
        helpers = self._hired(parser, len(unknown))
        try:
            return self._compile(declared, beside, parser, unknown, helpers)
        finally:
            if helpers is not None:
                helpers.close()

    def _hired(self, parser: ModelParser, models: int) -> Crew | None:
        """Other processes, where there is enough to do."""

        def answer_any(message: bytes) -> bytes:
            if message.startswith(PARSE):
                return parser.answer(message[len(PARSE) :])
            return answer(message[len(BIND) :], self.files)

        return hire(models, self._at_once, parser.prepare, answer_any)

    def _compile(
        self,
        declared: Project,
        beside: Beside | None,
        parser: ModelParser,
        unknown: list[AssetName],
        helpers: Helpers | None,
    ) -> Slim | None:
        others = beside.names if beside is not None else {}
        declares = NameIndex.of({**others, **{a.name: a.kind for a in declared.assets}})
        tables: dict[AssetName, tuple[AssetName | None, ...]] = {}
        understood: set[AssetName] = set()
        for asset, result in parser.parse(unknown, helpers):
            tables[asset.name] = self._tables(asset, result, declares)
            if result.unit is not None:
                understood.add(asset.name)
        project = parser.configured()
        self.settled = parser.settled
        self.diagnostics.extend(parser.diagnostics)
        assets = {asset.name: asset for asset in project.assets}
        names = {**others, **{name: asset.kind for name, asset in assets.items()}}
        index = declares if names == declares.kinds else NameIndex.of(names)
        self._index = index
        depends = {
            asset.name: self._depends(asset, tables.get(asset.name, ()), index)
            for asset in project.assets
        }
        if beside is not None and (depends != beside.depends or parser.configures):
            return None
        ordered, cycles = order(depends)
        self._report_cycles(cycles, assets, tables, parser)
        hooks = HookReader(parser.render_hook, index)
        self._hooks = {
            asset.name: hooks.of_asset(asset, depends[asset.name]) for asset in project.assets
        }
        run_hooks = hooks.of_run(self.inputs.settings.hooks) if beside is None else NO_HOOKS
        self.diagnostics.extend(hooks.diagnostics)
        self.settled = self.settled and parser.settled
        if beside is None:
            self.diagnostics.extend(self._idle_grants(project))
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
            asset.name: self._compared(asset, index, custom[asset.name]) for asset in project.assets
        }
        self.diagnostics.extend(
            check_references(
                project,
                depends,
                compared,
                lambda asset, read: self._reference_span(asset, read, tables, parser),
            )
        )
        ordered, problems = order_with_tests(ordered, depends, compared, assets)
        self.diagnostics.extend(problems)
        files = writer.of_files(project.tests) if beside is None else ()
        with_files = owners(files, ordered, index.kinds)
        self.settled = self.settled and parser.settled
        schemas = self._columns.schemas(project)
        self.diagnostics.extend(self._columns.diagnostics)
        self.settled = self.settled and self._columns.settled
        binder = ModelBinder(self.inputs, self.files, self.memo, parser, schemas)
        readables = readable(index)
        compiled: dict[AssetName, CompiledAsset] = {}
        prints: dict[AssetName, Fingerprints] = {}

        def message(name: AssetName) -> bytes | None:
            return binder.message(assets[name], tables[name]) if name in understood else None

        for name, answered in spread_down(helpers, ordered, depends, message):
            asset = assets[name]
            if answered:
                binder.take(name, answered)
            if name in understood:
                body = self._bind(asset, tables[name], binder, schemas, prints)
            elif name in tables:
                body = Body(name, BROKEN, None, tables[name], binder)
            elif asset.language is Language.PYTHON:
                body = self._python(asset, index, prints)
            else:
                body = self._source(asset, schemas)
            schemas[name] = body.schema
            if body.fingerprints is not None:
                prints[name] = body.fingerprints
            self.bodies[name] = body
            known = beside.tests[name] if beside is not None else NONE_WRITTEN
            written = writer.written(asset, custom[name], with_files.get(name, ()), known, schemas)
            self.diagnostics.extend(check_tests(asset, schemas, index, readables, written))
            compiled[name] = _compiled(
                asset, body, depends[name], compiled, compared[name], self._hooks[name], written
            )
        self.diagnostics.extend(writer.diagnostics)
        circular = sorted({name for cycle in cycles for name in cycle})
        for name in circular:
            self.bodies[name] = Body(name, BROKEN)
            compiled[name] = _compiled(assets[name], self.bodies[name], depends[name], compiled, ())
        if project.unit_tests:
            world = world_of(
                assets,
                compiled,
                index,
                lambda name: self.bodies[name].schema,
                self.files,
                self.inputs.dialect_of,
            )
            self.diagnostics.extend(check_unit_tests(project, compiled, world))
        return Slim(
            Declarations.of(project),
            self.inputs.dialect,
            tuple(compiled[name] for name in (*ordered, *circular)),
            tuple(sorted(self._said(project, parser.silences, compiled), key=lambda d: d.order)),
            tuple(sorted(parser.traces)),
            self._columns.described,
            hooks=run_hooks,
        )

    def _said(
        self,
        project: Project,
        silencing: Mapping[AssetName, tuple[Silence, ...]],
        compiled: Mapping[AssetName, CompiledAsset],
    ) -> list[Diagnostic]:
        result = Result(project, silencing, compiled, self.bodies, self._place)
        read = partial(text_or_nothing, self.files)
        return what_is_said(self.diagnostics, result, read)

    # Declarations --------------------------------------------------------------------------------

    def _project(self) -> Project:
        """What the files declare; a file whose content is known is not read again."""
        keys = {
            path: declared_key(path, entry.digest)
            for path, entry in self.files.entries.items()
            if is_declaring(path)
        }
        self.memo.prefetch(("declare", key) for key in keys.values())
        remembered = {
            path: known
            for path, key in keys.items()
            if (known := self.memo.peek("declare", key, Declared)) is not None
        }
        loaded, found = load(self.files, remembered)
        for path, declared in loaded.declared.items():
            if path not in remembered:
                self.memo.ran.append(("declare", path))
                self.memo.put("declare", declared_key(path, declared.digest), declared)
        self.diagnostics.extend(found)
        return loaded.project

    def _idle_grants(self, project: Project) -> list[Diagnostic]:
        """That grants are not given by this engine: once, at the first asset that has some."""
        granting = [asset for asset in project.assets if asset.running.grants]
        if not granting or self._has_grants():
            return []
        more = f" and of {len(granting) - 1} more" if len(granting) > 1 else ""
        engine = self.inputs.engine.partition(" ")[0]
        return [
            diagnose(
                GRANTS_UNKNOWN,
                f"'grants' of '{granting[0].name}'{more} are not given: {engine} has no privileges",
                granting[0].path,
                "take them out, or build in a warehouse that has users",
                asset=granting[0].name,
            )
        ]

    # Dependencies --------------------------------------------------------------------------------

    def _tables(
        self, asset: Asset, parsed: Parsed | Surface, index: NameIndex
    ) -> tuple[AssetName | None, ...]:
        if parsed.unit is None or parsed.rendered is None:
            return ()
        place = self._place(asset, parsed)
        found, problems = resolve_tables(
            asset.name, parsed.unit, parsed.rendered.references, index, place
        )
        self.diagnostics.extend(problems)
        return found

    def _place(self, asset: Asset, parsed: Parsed | Surface | Carried) -> Place:
        assert parsed.rendered is not None
        return Place(
            asset.path, lambda: text_of(self.files, asset.path), parsed.rendered.source_map
        )

    def _depends(
        self, asset: Asset, tables: Sequence[AssetName | None], index: NameIndex
    ) -> tuple[AssetName, ...]:
        names: set[AssetName] = {name for name in tables if name is not None}
        if asset.python is not None:
            written = [(p.asset, p.span) for p in asset.python.parameters]
        else:
            written = [(name, asset.span) for name in asset.depends_on]
        for name, span in written:
            found, problem = find_reader(index, name, name.split("."), span, asset.name)
            if problem is not None:
                self.diagnostics.append(problem)
            if found is not None:
                names.add(found)
        return tuple(sorted(names))

    def _compared(
        self, asset: Asset, index: NameIndex, custom: Sequence[Query]
    ) -> tuple[AssetName, ...]:
        found, problems = compared_with(asset, index)
        self.diagnostics.extend(problems)
        others = {read for query in custom for read in query.test.reads} - {asset.name}
        return tuple(sorted({*found, *others}))

    def _report_cycles(
        self,
        cycles: Sequence[tuple[AssetName, ...]],
        assets: Mapping[AssetName, Asset],
        tables: Mapping[AssetName, Sequence[AssetName | None]],
        parser: ModelParser,
    ) -> None:
        for cycle in cycles:
            spans = {
                (name, read): self._reference_span(assets[name], read, tables, parser)
                for name, read in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
            }
            self.diagnostics.append(cycle_diagnostic(cycle, spans))

    def _reference_span(
        self,
        asset: Asset,
        read: AssetName,
        tables: Mapping[AssetName, Sequence[AssetName | None]],
        parser: ModelParser,
    ) -> Span:
        result = parser.parsed(asset.name) if asset.name in tables else None
        if result is not None and result.unit is not None and result.rendered is not None:
            for table, name in zip(result.unit.tables, tables[asset.name], strict=True):
                if name == read:
                    if table.reference >= 0:
                        return result.rendered.references[table.reference].span
                    return self._place(asset, result).span(table.start, table.end)
        if asset.python is not None:
            for parameter in asset.python.parameters:
                if parameter.asset.lower() in (read.lower(), read.lower().partition(".")[2]):
                    return parameter.span
        return asset.span

    def _source(self, asset: Asset, schemas: Mapping[AssetName, Schema]) -> Body:
        if asset.kind is Kind.EXPOSURE:
            return Body(asset.name, Schema(()))
        schema = schemas[asset.name]
        self.diagnostics.extend(check_columns(asset, schema))
        return Body(asset.name, schema, evaluate.of_source(asset.name, schema, asset.name))

    # Binding -------------------------------------------------------------------------------------

    def _bind(
        self,
        asset: Asset,
        tables: tuple[AssetName | None, ...],
        binder: ModelBinder,
        schemas: Mapping[AssetName, Schema],
        prints: Mapping[AssetName, Fingerprints],
    ) -> Body:
        result = binder.bound(asset, tables)
        self.diagnostics.extend(result.diagnostics)
        facts = result.facts
        if facts is None or has_errors(result.diagnostics) or None in tables:
            return Body(asset.name, BROKEN, None, tables, binder)
        schema = _typed(facts, asset)
        self.diagnostics.extend(check_columns(asset, schema))
        if any(schemas.get(name, BROKEN).broken for name in tables if name is not None):
            schema = Schema(schema.columns, broken=True)
            return Body(asset.name, schema, None, tables, binder)
        if asset.keyed is not None:
            return self._keyed(asset, asset.keyed, facts, schema, tables, binder, prints)
        if asset.time_range is None:
            fingerprints = evaluate.of_query(
                facts, prints, self.storage(asset), volatile=asset.volatile == "rebuild"
            )
            return Body(asset.name, schema, fingerprints, tables, binder, ordered=facts.ordered())
        parsed = binder.parsed(asset.name)
        sliced, problems = slicing(
            asset, parsed, facts, tables, schemas, self._place(asset, parsed)
        )
        self.diagnostics.extend(problems)
        if has_errors(problems):
            return Body(asset.name, Schema(schema.columns, broken=True), None, tables, binder)
        fingerprints = evaluate.with_leaf(
            evaluate.of_query(facts, prints, self.storage(asset), volatile=False),
            growth_leaf(asset.name),
            alone=asset.time_range.restate == "never",
        )
        return Body(asset.name, schema, fingerprints, tables, binder, sliced)

    def _keyed(
        self,
        asset: Asset,
        keyed: Keyed,
        facts: ModelFacts,
        schema: Schema,
        tables: tuple[AssetName | None, ...],
        binder: ModelBinder,
        prints: Mapping[AssetName, Fingerprints],
    ) -> Body:
        """A model that grows by key, or a snapshot. Its data do not follow from what it reads
        now: to readers it is a leaf alone."""
        parsed = binder.parsed(asset.name)
        carried = parsed.carried
        reads = [name for name in tables if name is not None]
        assert self._index is not None
        place = self._place(asset, carried or parsed)
        problems = check_keyed(asset, keyed, facts, carried, reads, self._index, place)
        self.diagnostics.extend(problems)
        if has_errors(problems):
            return Body(asset.name, Schema(schema.columns, broken=True), None, tables, binder)
        text = storage_of_carried(carried)
        fingerprints: Fingerprints | None = evaluate.with_leaf(
            evaluate.of_query(facts, prints, self.storage(asset) + text, volatile=False),
            growth_leaf(asset.name),
            alone=True,
        )
        if keyed.is_snapshot:
            schema, fingerprints = with_validity(schema, fingerprints)
        return Body(asset.name, schema, fingerprints, tables, binder, carried=text)

    def storage(self, asset: Asset) -> str:
        hooks = self._hooks.get(asset.name, NO_HOOKS)
        return storage_of(asset, self.inputs.engine, self.inputs.dialect_of(asset), hooks)

    def _python(
        self,
        asset: Asset,
        index: NameIndex,
        prints: Mapping[AssetName, Fingerprints],
    ) -> Body:
        columns = tuple(SchemaColumn(column.name, normal(column.type)) for column in asset.columns)
        schema = Schema(columns or None)
        inputs = python_inputs(asset, index)
        if asset.python is None or any(name not in prints for name in inputs.values()):
            return Body(asset.name, Schema(schema.columns, broken=True))
        if len(inputs) < len(asset.python.parameters):
            return Body(asset.name, Schema(schema.columns, broken=True))
        fingerprints = evaluate.of_python(
            asset.python.digest,
            {parameter: prints[name] for parameter, name in inputs.items()},
            [(column.name, column.type) for column in columns],
            self.storage(asset),
        )
        return Body(asset.name, schema, fingerprints, ordered=True)


def _compiled(
    asset: Asset,
    body: Body,
    depends_on: tuple[AssetName, ...],
    compiled: Mapping[AssetName, CompiledAsset],
    checks_read: tuple[AssetName, ...],
    hooks: AssetHooks = NO_HOOKS,
    written: Written = NONE_WRITTEN,
) -> CompiledAsset:
    """The slim record. `compiled` holds those of what it reads."""
    reads: set[AssetName] = set()
    ephemeral: set[AssetName] = set()
    for name in depends_on:
        upstream = compiled.get(name)
        if upstream is not None and upstream.kind is Kind.EPHEMERAL:
            ephemeral.add(name)
            reads.update(upstream.reads)
        else:
            reads.add(name)
    prints = body.fingerprints
    return CompiledAsset(
        asset.name,
        asset.kind,
        depends_on,
        tuple(sorted(reads)),
        prints.build.digest if prints is not None else None,
        tuple(sorted(prints.build.leaves)) if prints is not None else (),
        digest_of(asset, written),
        tuple(sorted({*checks_read, *written.reads} - {asset.name})),
        asset.files,
        prints is None and asset.kind is not Kind.EXPOSURE,
        through_ephemerals(body.sliced, reads) if body.sliced is not None else None,
        hooks,
        body.ordered or any(compiled[name].ordered for name in depends_on if name in ephemeral),
        body.carried,
        written,
    )


def python_inputs(asset: Asset, index: NameIndex) -> dict[str, AssetName]:
    """parameter → asset, for those parameters that name one."""
    if asset.python is None:
        return {}
    inputs: dict[str, AssetName] = {}
    for parameter in asset.python.parameters:
        found = index.find_written(parameter.asset)
        if len(found) == 1:
            inputs[parameter.name] = found[0]
    return inputs


def storage_of(asset: Asset, engine: str, dialect: str, hooks: AssetHooks) -> str:
    """What shapes a build beyond its rows: its kind, the engine, the dialect where it differs, what
    runs before it."""
    other = f" dialect {dialect}" if dialect != engine.partition(" ")[0] else ""
    grows = asset.time_range or asset.keyed
    how = f" {grows.storage()}" if grows is not None else ""
    return f"{asset.kind}{how} on {engine}{other}{hooks.shaping}"


def _typed(facts: ModelFacts, asset: Asset) -> Schema:
    """The columns a reader sees: inferred, with declared types where inference knows none."""
    if facts.columns_open:
        return Schema(None)
    declared = {column.name.lower(): column.type for column in asset.columns if column.type}
    return Schema(
        tuple(
            SchemaColumn(
                column.name,
                column.type
                if column.type != UNKNOWN_TYPE
                else normal(declared.get(column.name.lower())),
                column.required,
            )
            for column in facts.columns
        )
    )

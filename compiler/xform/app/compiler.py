"""The pipeline, stage by stage, over a whole project: files to fingerprints.

Every stage is a memoised query by content (`query/memo.py`); this module only says what each
depends on and runs them in order. Models are driven in topological order, never by recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from xform.app.compiled import Body, Bound, CompiledAsset, Described, Parsed, Slim
from xform.base.codes import (
    CHECK_RELATION,
    COLUMNS_UNKNOWN,
    DECLARED_COLUMN,
    SELF_REFERENCE,
    TEST_COLUMN,
    TEST_DOWNSTREAM,
)
from xform.base.diagnostics import Diagnostic, Severity, diagnose
from xform.base.hashing import Digest, digest_bytes, digest_parts
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Span, file_span
from xform.checks.declared import digest_of, tests_of
from xform.checks.queries import audits_of
from xform.fingerprint import evaluate
from xform.fingerprint.evaluate import Fingerprints
from xform.graph.order import cycle_diagnostic, order
from xform.project.assets import Asset, Kind, Language, Project, TestSpec
from xform.project.declare import DECLARE_VERSION, is_declaring
from xform.project.files import WideFiles
from xform.project.load import Declared, load
from xform.project.profile import Target
from xform.project.settings import Settings
from xform.project.template_config import place_of_config, with_config
from xform.query.memo import Memo
from xform.sema.bind import bind
from xform.sema.facts import UNKNOWN_TYPE, ModelFacts, Schema, SchemaColumn
from xform.sema.tables import NameIndex, find_reader, resolve_tables
from xform.sql.dialects import quote
from xform.sql.parse import Place, parse_model
from xform.template.macros import MacroLibrary
from xform.template.reads import still_valid
from xform.template.render import has_jinja, render
from xform.template.rendered import Read
from xform.template.scope import Scope

PARSE_VERSION = "parse 1"
BIND_VERSION = "bind 1"
"""Raised whenever the same input may give another result: part of the memo's keys."""

OUTSIDE = ("var", "env_var", "target")
"""Kinds of reads of a template that no file of the project decides."""

Describe = Callable[[Mapping[str, str]], Mapping[str, tuple[tuple[str, str], ...]]]
"""Asks an engine for the columns of queries, all in one round trip."""


class Inputs(msgspec.Struct, frozen=True):
    """All that a compilation depends on besides the files."""

    settings: Settings
    variables: Mapping[str, Any]
    environ: Mapping[str, str]
    target: Mapping[str, Any]
    """What templates see of the target."""
    dialect: str
    engine: str
    """The engine's kind: it enters every build fingerprint."""


def visible_target(target: Target) -> dict[str, Any]:
    """What `{{ target }}` shows: nothing secret."""
    return {
        "name": target.name,
        "type": target.type,
        "profile_name": target.profile,
        "threads": target.threads,
        "schema": target.environment,
        "environment": target.environment,
    }


class Compiler:
    """One compilation. Call `run` once; then `body` answers for each asset."""

    def __init__(
        self,
        inputs: Inputs,
        files: WideFiles,
        memo: Memo,
        macros: Callable[[Project], tuple[MacroLibrary, list[Diagnostic]]],
        describe: Describe,
        file_query: Callable[[Asset], str],
    ) -> None:
        self.inputs = inputs
        self.files = files
        self.memo = memo
        self._load_macros = macros
        self._describe = describe
        self._file_query = file_query
        self._library: MacroLibrary | None = None
        self.diagnostics: list[Diagnostic] = []
        self.bodies: dict[AssetName, Body] = {}
        self.traces: set[Read] = set()
        self.described: tuple[Described, ...] = ()

    # The pipeline --------------------------------------------------------------------------------

    def run(self) -> Slim:
        project = self._project()
        parsed = self._parse_all(project)
        project = self._configured(project, parsed)
        assets = {asset.name: asset for asset in project.assets}
        index = NameIndex.of({name: asset.kind for name, asset in assets.items()})
        tables = {
            name: self._tables(assets[name], result, index) for name, result in parsed.items()
        }
        depends = {
            asset.name: self._depends(asset, tables.get(asset.name, ()), index)
            for asset in project.assets
        }
        ordered, cycles = order(depends)
        self._report_cycles(cycles, assets, parsed, tables)
        compared = {asset.name: self._checks_read(asset, index) for asset in project.assets}
        ordered = self._with_tests(ordered, depends, compared, assets)
        schemas = self._source_schemas(project)
        compiled: dict[AssetName, CompiledAsset] = {}
        prints: dict[AssetName, Fingerprints] = {}
        for name in ordered:
            asset = assets[name]
            if asset.language is Language.SQL and asset.kind is not Kind.EXPOSURE:
                body = self._bind(asset, parsed[name], tables[name], schemas, prints)
            elif asset.language is Language.PYTHON:
                body = self._python(asset, depends[name], index, prints)
            else:
                body = self._source(asset, schemas)
            schemas[name] = body.schema
            if body.fingerprints is not None:
                prints[name] = body.fingerprints
            self.bodies[name] = body
            compiled[name] = self._compiled(
                asset, body, depends[name], compiled, compared[name], index
            )
        for cycle in cycles:
            for name in cycle:
                if name not in compiled:
                    self.bodies[name] = Body(Schema(None, broken=True))
                    compiled[name] = CompiledAsset(
                        name,
                        assets[name].kind,
                        depends[name],
                        depends[name],
                        None,
                        (),
                        Digest(""),
                        broken=True,
                    )
        return Slim(
            project,
            self.inputs.dialect,
            tuple(compiled.values()),
            tuple(sorted(set(self.diagnostics), key=lambda d: d.order)),
            tuple(sorted(self.traces)),
            self.described,
        )

    # Declarations --------------------------------------------------------------------------------

    def _project(self) -> Project:
        """What the files declare; a file whose content is known is not read again."""
        keys = {
            path: digest_parts((str(DECLARE_VERSION), path, entry.digest))
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
                key = digest_parts((str(DECLARE_VERSION), path, declared.digest))
                self.memo.put("declare", key, declared)
        self.diagnostics.extend(found)
        return loaded.project

    # Text to intermediate form -------------------------------------------------------------------

    def _parse_all(self, project: Project) -> dict[AssetName, Parsed]:
        models = [asset for asset in project.assets if asset.language is Language.SQL]
        keys = {asset.name: self._parse_key(asset, project) for asset in models}
        self.memo.prefetch(("parse", key) for key in keys.values())
        parsed: dict[AssetName, Parsed] = {}
        for asset in models:
            scope = self._scope(asset)
            known = self.memo.peek("parse", keys[asset.name], Parsed)
            if known is None or (
                known.rendered is not None and not still_valid(known.rendered.reads, scope)
            ):
                self.memo.ran.append(("parse", asset.name))
                known = self._parse(asset, project, scope)
                self.memo.put("parse", keys[asset.name], known)
            if known.rendered is not None:
                self.traces.update(read for read in known.rendered.reads if read.kind in OUTSIDE)
            self.diagnostics.extend(known.diagnostics)
            parsed[asset.name] = known
        return parsed

    def _configured(self, project: Project, parsed: Mapping[AssetName, Parsed]) -> Project:
        """The project with what templates set by `config(…)`."""
        assets: list[Asset] = []
        for asset in project.assets:
            result = parsed.get(asset.name)
            if result is not None and result.rendered is not None and result.rendered.config:
                at = place_of_config(asset.path, self._text(asset.path))
                asset, found = with_config(asset, result.rendered.config, at)
                self.diagnostics.extend(found)
            assets.append(asset)
        return msgspec.structs.replace(project, assets=tuple(assets))

    def _parse_key(self, asset: Asset, project: Project) -> Digest:
        """The file, where its SQL begins, its settings and dialect; all macros for a template.

        A file without Jinja is known by its content before it is read: whether it has Jinja is
        decided by content too.
        """
        entries = self.files.entries
        sources = set(project.macros)
        if any(path.endswith(".py") for path in sources):
            sources.update(path for path in entries if path.endswith(".py"))  # what they import
        macros = [part for path in sorted(sources) for part in (path, entries[path].digest)]
        return digest_parts(
            (
                PARSE_VERSION,
                asset.path,
                asset.name,
                entries[asset.path].digest,
                self._dialect(asset),
                digest_bytes(msgspec.json.encode(asset.config, enc_hook=str)),
                digest_parts(macros),
            )
        )

    def _dialect(self, asset: Asset) -> str:
        return asset.dialect or self.inputs.dialect

    def _scope(self, asset: Asset) -> Scope:
        return Scope(
            asset.name,
            self.inputs.variables,
            self.inputs.environ,
            self.inputs.target,
            asset.config,
            asset.header_end,
        )

    def _parse(self, asset: Asset, project: Project, scope: Scope) -> Parsed:
        try:
            text = self.files.read(asset.path).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return Parsed(None, None)  # said where it was declared
        library = self._macros(project) if has_jinja(text[asset.header_end :]) else NO_MACROS
        rendered, found = render(asset.path, text, scope, library)
        if rendered is None or (not rendered.text.strip() and not text[asset.header_end :].strip()):
            return Parsed(None, None, tuple(found))  # said already
        place = Place(asset.path, lambda: text, rendered.source_map)
        unit, more = parse_model(asset.name, place, rendered, self._dialect(asset))
        return Parsed(rendered, unit, (*found, *more))

    def _macros(self, project: Project) -> MacroLibrary:
        if self._library is None:
            self._library, found = self._load_macros(project)
            self.diagnostics.extend(found)
        return self._library

    # Dependencies --------------------------------------------------------------------------------

    def _tables(
        self, asset: Asset, parsed: Parsed, index: NameIndex
    ) -> tuple[AssetName | None, ...]:
        if parsed.unit is None or parsed.rendered is None:
            return ()
        place = self._place(asset, parsed)
        found, problems = resolve_tables(
            asset.name, parsed.unit, parsed.rendered.references, index, place
        )
        self.diagnostics.extend(problems)
        return found

    def _place(self, asset: Asset, parsed: Parsed) -> Place:
        assert parsed.rendered is not None
        return Place(asset.path, lambda: self._text(asset.path), parsed.rendered.source_map)

    def _text(self, path: str) -> str:
        return self.files.read(path).decode("utf-8-sig", "replace")

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

    def _report_cycles(
        self,
        cycles: Sequence[tuple[AssetName, ...]],
        assets: Mapping[AssetName, Asset],
        parsed: Mapping[AssetName, Parsed],
        tables: Mapping[AssetName, Sequence[AssetName | None]],
    ) -> None:
        for cycle in cycles:
            spans = {
                (name, read): self._reference_span(assets[name], read, parsed, tables)
                for name, read in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
            }
            self.diagnostics.append(cycle_diagnostic(cycle, spans))

    def _reference_span(
        self,
        asset: Asset,
        read: AssetName,
        parsed: Mapping[AssetName, Parsed],
        tables: Mapping[AssetName, Sequence[AssetName | None]],
    ) -> Span:
        result = parsed.get(asset.name)
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
        return file_span(asset.path)

    # Columns of what is not computed here --------------------------------------------------------

    def _source_schemas(self, project: Project) -> dict[AssetName, Schema]:
        """Columns of seeds and sources: as declared, else asked for in one round trip."""
        schemas: dict[AssetName, Schema] = {}
        asked: dict[str, str] = {}
        keys: dict[AssetName, Digest] = {}
        for asset in project.assets:
            if asset.kind not in (Kind.SEED, Kind.EXTERNAL):
                continue
            if asset.kind is Kind.EXTERNAL and _all_typed(asset):
                schemas[asset.name] = _declared_schema(asset)
                continue
            if asset.files is not None:
                keys[asset.name] = self._describe_key(asset)
                known = self.memo.peek("describe", keys[asset.name], Schema)
                if known is not None:
                    schemas[asset.name] = known
                    continue
            asked[asset.name] = self._file_query(asset)
        found = self._describe(asked) if asked else {}
        self.described = tuple(
            Described(asset.name, asked[asset.name], found.get(asset.name))
            for asset in project.assets
            if asset.name in asked and asset.files is None
        )
        for asset in project.assets:
            if asset.name not in asked:
                continue
            columns = found.get(asset.name)
            self.memo.ran.append(("describe", asset.name))
            if columns is None:
                schemas[asset.name] = self._undescribed(asset)
                continue
            types = {column.name.lower(): column.type for column in asset.columns}
            schema = Schema(
                tuple(
                    SchemaColumn(name, (types.get(name.lower()) or kind).lower())
                    for name, kind in columns
                )
            )
            schemas[asset.name] = schema
            if asset.name in keys:
                self.memo.put("describe", keys[asset.name], schema)
        return schemas

    def _describe_key(self, asset: Asset) -> Digest:
        assert asset.files is not None
        entry = self._entry(asset.files)
        typed = [f"{column.name} {column.type}" for column in asset.columns if column.type]
        return digest_parts(("describe 1", asset.format or "", entry, *typed))

    def _entry(self, path: str) -> str:
        entry = self.files.entries.get(path)
        return entry.digest if entry is not None else "missing"

    def _undescribed(self, asset: Asset) -> Schema:
        if asset.columns:
            return _declared_schema(asset)
        self.diagnostics.append(
            diagnose(
                COLUMNS_UNKNOWN,
                f"the columns of '{asset.name}' are not known",
                asset.span,
                "declare them (columns: with name and data_type)",
                asset=asset.name,
            )
        )
        return Schema(None)

    def _source(self, asset: Asset, schemas: Mapping[AssetName, Schema]) -> Body:
        if asset.kind is Kind.EXPOSURE:
            return Body(Schema(()))
        schema = schemas[asset.name]
        self._check_columns(asset, schema)
        return Body(schema, evaluate.of_source(asset.name, schema, asset.name))

    # Binding -------------------------------------------------------------------------------------

    def _bind(
        self,
        asset: Asset,
        parsed: Parsed,
        tables: tuple[AssetName | None, ...],
        schemas: Mapping[AssetName, Schema],
        prints: Mapping[AssetName, Fingerprints],
    ) -> Body:
        if parsed.unit is None:
            return Body(Schema(None, broken=True), parsed=parsed, tables=tables)
        unit = parsed.unit
        read = {
            name: schemas.get(name, Schema(None, broken=True))
            for name in tables
            if name is not None
        }
        key = digest_parts(
            (
                BIND_VERSION,
                asset.name,
                asset.path,
                self._dialect(asset),
                msgspec.msgpack.encode(parsed.rendered),
                *(
                    part
                    for name in tables
                    for part in (
                        name or "",
                        msgspec.msgpack.encode(read[name]) if name is not None else b"",
                    )
                ),
            )
        )
        result = self.memo.get(
            "bind",
            asset.name,
            key,
            Bound,
            lambda: Bound(*bind(asset.name, unit, tables, read, self._place(asset, parsed))),
        )
        self.diagnostics.extend(result.diagnostics)
        facts = result.facts
        wrong = any(d.severity is Severity.ERROR for d in result.diagnostics)
        if facts is None or wrong or None in tables:
            return Body(Schema(None, broken=True), parsed=parsed, tables=tables, facts=facts)
        schema = _typed(facts, asset)
        self._check_columns(asset, schema)
        if any(schemas.get(name, Schema(None, broken=True)).broken for name in read):
            return Body(Schema(schema.columns, broken=True), None, parsed, facts, tables)
        fingerprints = evaluate.of_query(
            facts, prints, self.storage(asset), volatile=asset.volatile == "rebuild"
        )
        return Body(schema, fingerprints, parsed, facts, tables)

    def storage(self, asset: Asset) -> str:
        return storage_of(asset, self.inputs.engine, self._dialect(asset))

    def _python(
        self,
        asset: Asset,
        depends_on: tuple[AssetName, ...],
        index: NameIndex,
        prints: Mapping[AssetName, Fingerprints],
    ) -> Body:
        columns = tuple(
            SchemaColumn(column.name, (column.type or UNKNOWN_TYPE).lower())
            for column in asset.columns
        )
        schema = Schema(columns or None)
        inputs = python_inputs(asset, index)
        if asset.python is None or any(name not in prints for name in inputs.values()):
            return Body(Schema(schema.columns, broken=True))
        if len(inputs) < len(asset.python.parameters):
            return Body(Schema(schema.columns, broken=True))
        fingerprints = evaluate.of_python(
            asset.python.digest,
            {parameter: prints[name] for parameter, name in inputs.items()},
            [(column.name, column.type) for column in columns],
            self.storage(asset),
        )
        return Body(schema, fingerprints)

    # The slim record -----------------------------------------------------------------------------

    def _compiled(
        self,
        asset: Asset,
        body: Body,
        depends_on: tuple[AssetName, ...],
        compiled: Mapping[AssetName, CompiledAsset],
        checks_read: tuple[AssetName, ...],
        index: NameIndex,
    ) -> CompiledAsset:
        reads: set[AssetName] = set()
        for name in depends_on:
            upstream = compiled.get(name)
            if upstream is not None and upstream.kind is Kind.EPHEMERAL:
                reads.update(upstream.reads)
            else:
                reads.add(name)
        prints = body.fingerprints
        tests = [test for _, test in tests_of(asset)]
        self._check_tests(asset, tests, body, index)
        return CompiledAsset(
            asset.name,
            asset.kind,
            depends_on,
            tuple(sorted(reads)),
            prints.build.digest if prints is not None else None,
            tuple(sorted(prints.build.leaves)) if prints is not None else (),
            digest_of(asset),
            checks_read,
            asset.files,
            prints is None and asset.kind is not Kind.EXPOSURE,
        )

    # What is declared against what is ------------------------------------------------------------

    def _check_columns(self, asset: Asset, schema: Schema) -> None:
        if schema.columns is None:
            return
        known = {column.name.lower() for column in schema.columns}
        for column in asset.columns:
            if column.name.lower() not in known and not column.tests:
                self.diagnostics.append(
                    diagnose(
                        DECLARED_COLUMN,
                        f"'{asset.name}' has no column '{column.name}'",
                        column.span,
                        did_you_mean(column.name, known) or "remove the declaration",
                        asset=asset.name,
                    )
                )

    def _check_tests(
        self, asset: Asset, tests: Sequence[TestSpec], body: Body, index: NameIndex
    ) -> None:
        """Tests that could not run: of what is not stored, of columns that are not there, with
        arguments that make no sense."""
        if not tests:
            return
        self.diagnostics.extend(
            problem
            for problem in audits_of(asset, _readable(index), index.one, quote)[1]
            if problem.code != CHECK_RELATION.id  # said where the relation is looked up
        )
        if body.schema.columns is None or body.schema.broken:
            return
        known = {column.name.lower() for column in body.schema.columns}
        for test in tests:
            for column in test.columns:
                if column.lower() not in known:
                    self.diagnostics.append(
                        diagnose(
                            TEST_COLUMN,
                            f"test {test.kind} on '{column}', which '{asset.name}' does not have",
                            test.span,
                            did_you_mean(column, known) or "name a column of the model",
                            asset=asset.name,
                        )
                    )

    def _checks_read(self, asset: Asset, index: NameIndex) -> tuple[AssetName, ...]:
        """The other assets that the tests of an asset read."""
        names: set[AssetName] = set()
        for _, test in tests_of(asset):
            to = test.args.get("to")
            if isinstance(to, str):
                found, problem = find_reader(index, to, to.split("."), test.span, asset.name)
                if problem is not None and problem.code != SELF_REFERENCE.id:
                    self.diagnostics.append(problem)
                if found is not None:
                    names.add(found)
        return tuple(sorted(names))

    def _with_tests(
        self,
        ordered: list[AssetName],
        depends: Mapping[AssetName, tuple[AssetName, ...]],
        compared: Mapping[AssetName, tuple[AssetName, ...]],
        assets: Mapping[AssetName, Asset],
    ) -> list[AssetName]:
        """The order in which also what tests compare with comes before what is tested.

        A test that makes a circle could never run in time.
        """
        known = set(ordered)
        both = {
            name: tuple(read for read in (*depends[name], *compared[name]) if read in known)
            for name in ordered
        }
        found, circles = order(both)
        for circle in circles:
            for name, read in zip(circle, (*circle[1:], circle[0]), strict=True):
                if read in compared[name] and read not in depends[name]:
                    tests = tests_of(assets[name])
                    test = next(test for _, test in tests if test.args.get("to"))
                    self.diagnostics.append(
                        diagnose(
                            TEST_DOWNSTREAM,
                            f"a test of '{name}' reads '{read}', which has to wait for it",
                            test.span,
                            f"move the test to '{read}', or take it out",
                            asset=name,
                        )
                    )
                    break
        return ordered if circles else found


NO_MACROS = MacroLibrary()


def _readable(index: NameIndex) -> dict[AssetName, str]:
    """A name in SQL for everything that a test can read."""
    return {
        name: quote(name)
        for name, kind in index.kinds.items()
        if kind not in (Kind.EPHEMERAL, Kind.EXPOSURE)
    }


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


def storage_of(asset: Asset, engine: str, dialect: str) -> str:
    """What shapes a build beyond its rows: its kind, the engine, the dialect where it differs."""
    other = f" dialect {dialect}" if dialect != engine else ""
    return f"{asset.kind} on {engine}{other}"


def _all_typed(asset: Asset) -> bool:
    return bool(asset.columns) and all(column.type for column in asset.columns)


def _declared_schema(asset: Asset) -> Schema:
    return Schema(
        tuple(SchemaColumn(c.name, (c.type or UNKNOWN_TYPE).lower()) for c in asset.columns)
    )


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
                else (declared.get(column.name.lower()) or UNKNOWN_TYPE).lower(),
            )
            for column in facts.columns
        )
    )


def slim_key(inputs: Inputs, files: WideFiles) -> Digest:
    """What a stored compilation is known by: everything but what templates read outside."""
    settings = msgspec.msgpack.encode(inputs.settings)
    parts: list[str | bytes] = [
        PARSE_VERSION,
        BIND_VERSION,
        evaluate.FORMAT,
        settings,
        inputs.dialect,
        inputs.engine,
    ]
    for path, entry in files.entries.items():
        parts.extend((path, entry.digest))
    return digest_parts(parts)

"""Tests that the project writes itself: macros, and SQL files under tests/data/.

Both are templates that become queries of bad rows. A macro is called with `model`, the tested
relation, and `column_name`; a file reads what it likes, and runs with that of it which is built
last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from xform.base.codes import CHECK_CONDITION, CHECK_READS_NOTHING
from xform.base.diagnostics import Diagnostic, diagnose, errors_of, has_errors
from xform.base.names import AssetName, ColumnRef
from xform.base.spans import Span, file_span
from xform.checks.declared import tests_of
from xform.checks.queries import hidden_in
from xform.checks.written import NONE_WRITTEN, PLACE, Written, WrittenTest
from xform.plan.audits import ROWS
from xform.project.assets import Asset, Kind, TestKind, TestSpec
from xform.project.data_tests import read_test_settings, unknown_test
from xform.project.header import read_header
from xform.project.layout import split_suffix
from xform.project.references import is_call
from xform.project.test_arguments import OWN
from xform.project.values import Entry, Scalar, Value
from xform.sema.bind import bind
from xform.sema.facts import ModelFacts, Schema
from xform.sema.tables import NameIndex, find_reader
from xform.sql.ir import SqlUnit
from xform.sql.parse import Place, parse_query
from xform.sql.splice import splice
from xform.template.rendered import Rendered

Render = Callable[[Asset | None, str, str], tuple[Rendered | None, list[Diagnostic]]]
"""Renders a text for an asset, or for the project: (asset, path, text)."""

PREFIX = "test_"
"""A macro of this name is found without it, too: as dbt names what `{% test %}` makes."""

_SETTINGS = ("severity", "blocking", "limit", "error_if", "warn_if", "store_failures", "name")


class Query(msgspec.Struct, frozen=True):
    """A test's query, understood. `tables` are the assets of its tables."""

    test: WrittenTest
    unit: SqlUnit
    tables: tuple[AssetName | None, ...]
    place: Place
    spec: TestSpec
    owner: AssetName | None


@dataclass
class TestWriter:
    """Reads the written tests of a project. `pii` are the columns whose values are never kept."""

    render: Render
    macros: Callable[[], Iterable[str]]
    read: Callable[[str], str]
    index: NameIndex
    dialect: str
    pii: frozenset[ColumnRef]
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def of_asset(self, asset: Asset) -> tuple[Query, ...]:
        """The custom tests of an asset."""
        found = []
        for name, spec in tests_of(asset):
            if spec.kind is TestKind.CUSTOM:
                query = self._custom(asset, name, spec)
                found += [query] if query is not None else []
        return tuple(found)

    def of_files(self, paths: Iterable[str]) -> tuple[Query, ...]:
        found = (self._file(path) for path in paths)
        return tuple(query for query in found if query is not None)

    def _custom(self, asset: Asset, name: str, spec: TestSpec) -> Query | None:
        known = set(self.macros())
        macro = next((each for each in (PREFIX + spec.macro, spec.macro) if each in known), None)
        if macro is None:
            names = [*OWN, *(each.removeprefix(PREFIX) for each in sorted(known))]
            self.diagnostics.append(unknown_test(spec.macro, spec.span, names))
            return None
        given = {"column_name": spec.columns[0]} if spec.columns else {}
        passed = ", ".join(
            ["model=this", *(f"{key}={_literal(value)}" for key, value in given.items()),
             *(f"{key}={_literal(value)}" for key, value in spec.args.items())]
        )  # fmt: skip
        rendered, found = self.render(asset, spec.span.path, f"{{{{ {macro}({passed}) }}}}")
        self._say_at(found, name, spec.span, asset.name)
        if rendered is None:
            return None
        text = rendered.text
        place = Place(spec.span.path, lambda: text)
        title = f"{spec.macro}({', '.join(spec.columns)})"
        return self._query(name, title, rendered, place, spec, asset.name, moved=True)

    def _file(self, path: str) -> Query | None:
        text = self.read(path)
        header, found = read_header(text, path, "@test")
        self.diagnostics += found
        rendered, found = self.render(None, path, text)
        self.diagnostics += found
        if rendered is None:
            return None
        at = file_span(path)
        entries = {entry.name: entry for entry in header.settings or ()}
        for key, value in rendered.config.items():
            entries.setdefault(key, Entry(Scalar(key, key, at), _valued(value, at)))
        known = {key: entry for key, entry in entries.items() if key in _SETTINGS}
        problems: list[Diagnostic] = []
        settings = read_test_settings(known, problems)
        self.diagnostics += problems
        if has_errors(problems):
            return None
        spec = TestSpec(TestKind.FILE, (), at, macro=path, **settings)
        name = spec.name or split_suffix(path)[0]
        place = Place(path, lambda: text, rendered.source_map)
        return self._query(name, path, rendered, place, spec, None)

    def _query(
        self,
        name: str,
        title: str,
        rendered: Rendered,
        place: Place,
        spec: TestSpec,
        owner: AssetName | None,
        *,
        moved: bool = False,
    ) -> Query | None:
        """`moved`: places in the text are not those of a file."""

        def say(found: Iterable[Diagnostic]) -> None:
            if moved:
                self._say_at(found, name, spec.span, owner)
            else:
                self.diagnostics.extend(found)

        unit, found = parse_query(owner, place, rendered.text, self.dialect, rendered.references)
        say(errors_of(found))
        if unit is None or has_errors(found):
            return None
        tables: list[AssetName | None] = []
        for table in unit.tables:
            reference = rendered.references[table.reference] if table.reference >= 0 else None
            if reference is not None and reference.call == "this":
                tables.append(owner)
                continue
            parts: Sequence[str] = reference.arguments if reference else table.parts
            at = reference.span if reference else place.span(table.start, table.end)
            asset, problem = find_reader(self.index, ".".join(parts), parts, at, _NOBODY)
            tables.append(asset)
            if problem is not None:
                say([msgspec.structs.replace(problem, asset=owner)])
        if None in tables:
            return None
        reads = tuple(dict.fromkeys(table for table in tables if table is not None))
        if not reads and owner is None:
            self.diagnostics.append(
                diagnose(
                    CHECK_READS_NOTHING,
                    f"test {name} reads no asset of the project",
                    spec.span,
                    "select the bad rows from a model, seed or source",
                )
            )
            return None
        names = [PLACE.format(reads.index(table)) for table in tables if table is not None]
        sql = splice(unit, rendered.text, names).sql.strip()
        test = WrittenTest(name, title, sql, reads)
        return Query(test, unit, tuple(tables), place, spec, owner)

    def _say_at(
        self, found: Iterable[Diagnostic], name: str, span: Span, asset: AssetName | None
    ) -> None:
        """Say what is wrong with a text that stands in no file as it is."""
        self.diagnostics += [
            msgspec.structs.replace(
                item, message=f"test {name}: {item.message}", span=span, asset=asset, labels=()
            )
            for item in found
        ]

    # With the columns of what they read ----------------------------------------------------------

    def written(
        self,
        asset: Asset,
        custom: Sequence[Query],
        files: Sequence[Query],
        known: Written,
        schemas: Mapping[AssetName, Schema],
    ) -> Written:
        """All that is to be known of an asset's tests, `known` of those of files."""
        clocked = self._clocked(asset, schemas[asset.name])
        kept = {name for name, _ in known.files}
        queries = [test for test in known.queries if test.name in kept]
        queries += [self._bound(query, schemas) for query in (*custom, *files)]
        named = (*known.files, *((query.test.name, query.spec) for query in files))
        return Written(named, tuple(queries), clocked) if queries or clocked else NONE_WRITTEN

    def _bound(self, query: Query, schemas: Mapping[AssetName, Schema]) -> WrittenTest:
        """A test with what its query shows, when all columns are known."""
        known = {name: schemas.get(name, _OPEN) for name in query.tables if name is not None}
        facts, found = bind(query.owner, query.unit, query.tables, known, query.place, self.dialect)
        wrong = errors_of(found)
        if query.spec.kind is TestKind.FILE:
            self.diagnostics += wrong
        else:
            self._say_at(wrong, query.test.name, query.spec.span, query.owner)
        if facts is None:
            return msgspec.structs.replace(query.test, lasting=False, hidden=None)
        hidden = self._hidden(facts, query.test.reads)
        return msgspec.structs.replace(query.test, lasting=not facts.clock, hidden=hidden)

    def _hidden(self, facts: ModelFacts, reads: Sequence[AssetName]) -> tuple[str, ...] | None:
        if facts.columns_open and any(asset in reads for asset, _ in self.pii):
            return None
        return tuple(
            column.name.lower()
            for column in facts.columns
            if any((asset, name.lower()) in self.pii for asset, name in column.value)
        )

    def _clocked(self, asset: Asset, schema: Schema) -> tuple[str, ...]:
        """Check the conditions of an asset's tests; the names of those that ask the clock."""
        return tuple(
            name
            for name, spec in tests_of(asset)
            if not all(
                self._is_steady(asset, name, spec, str(condition), schema)
                for condition in _conditions(spec)
            )
        )

    def _is_steady(
        self, asset: Asset, name: str, spec: TestSpec, condition: str, schema: Schema
    ) -> bool:
        text = f"select 1 as one from xform_tested as {ROWS} where (\n{condition}\n)"
        place = Place(spec.span.path, lambda: text)
        unit, found = parse_query(asset.name, place, text, self.dialect)
        self._say_at(errors_of(found), name, spec.span, asset.name)
        if unit is None or has_errors(found):
            return False
        if len(unit.tables) > 1:
            read = ".".join(unit.tables[1].parts)
            self.diagnostics.append(
                diagnose(
                    CHECK_CONDITION,
                    f"a condition of test {name} reads '{read}'",
                    spec.span,
                    "a condition sees the tested rows alone; write a query under tests/data/",
                    asset=asset.name,
                )
            )
            return False
        tables = (asset.name,)
        facts, wrong = bind(asset.name, unit, tables, {asset.name: schema}, place, self.dialect)
        self._say_at(errors_of(wrong), name, spec.span, asset.name)
        return facts is not None and not facts.clock


def _conditions(spec: TestSpec) -> list[Any]:
    """SQL conditions on the rows of the tested asset."""
    if spec.kind is TestKind.CUSTOM:
        return []  # the rows are those of the macro's query
    return [found for found in (spec.where, spec.args.get("expression")) if found]


_NOBODY = AssetName("")
_OPEN = Schema(None)


def pii_of(assets: Iterable[Asset]) -> frozenset[ColumnRef]:
    """The columns whose values are never kept, in lower case."""
    return frozenset((asset.name, column) for asset in assets for column in hidden_in(asset))


def owners(
    queries: Iterable[Query], ordered: Sequence[AssetName], kinds: Mapping[AssetName, Kind]
) -> dict[AssetName, list[Query]]:
    """Each file with the asset that it runs with: of what it reads, the one that is built last."""
    place = {name: number for number, name in enumerate(ordered)}

    def rank(name: AssetName) -> tuple[bool, int]:
        return (kinds[name] is not Kind.EXTERNAL, place[name])

    found: dict[AssetName, list[Query]] = {}
    for query in queries:
        known = [name for name in query.test.reads if name in place]
        if known:
            found.setdefault(max(known, key=rank), []).append(query)
    return found


def _literal(value: Any) -> str:
    """A value as a template writes it. `ref('x')` is the call, as dbt has it."""
    if isinstance(value, str) and is_call(value):
        return value.strip().removeprefix("{{").removesuffix("}}")
    return repr(value)


def _valued(value: Any, at: Span) -> Value:
    return Scalar(value if isinstance(value, str | int | float | bool) else None, str(value), at)

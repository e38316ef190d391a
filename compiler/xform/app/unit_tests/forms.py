"""The queries that a unit test comes to: what its model yields over given rows, and what it is to.

A model's query is the text that was written, with the names of CTEs in the place of tables. Where
the test overrides variables or macros the template is rendered anew; where the model is written in
another dialect than the engine's it is translated, as unit tests alone are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from xform.app.compiling.carrying import tables_of
from xform.app.compiling.compiled import Carried, Compilation, Outline, Parsed
from xform.app.compiling.macros import library_of
from xform.app.compiling.parsing import text_of
from xform.app.workspace import Workspace
from xform.base.codes import UNIT_BROKEN, UNIT_FORM, UNIT_OVERRIDE
from xform.base.diagnostics import Diagnostic, diagnose, errors_of
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Span
from xform.checks.unit.cases import Case, Filled, columns_named
from xform.checks.unit.clock import frozen
from xform.checks.unit.sql import as_text, cte_name, expected_query, given_query, with_given
from xform.plan.plan import PythonBody
from xform.project.assets import Asset, Kind
from xform.project.unit_tests import UnitTest
from xform.sema.facts import SchemaColumn
from xform.sema.tables import resolve_tables
from xform.sql.dialects import quote
from xform.sql.ir import Table
from xform.sql.parse import Place, parse_model
from xform.sql.splice import Places, splice
from xform.sql.transpile import NotTranslated, transpiled
from xform.template.macros import MacroLibrary
from xform.template.render import has_jinja, render
from xform.template.scope import Scope

DUCKDB = "duckdb"


class Unusable(Exception):  # noqa: N818 - a fact of the test
    """The test cannot be run as it is."""

    def __init__(self, found: list[Diagnostic]) -> None:
        super().__init__("; ".join(item.message for item in found))
        self.found = found


@dataclass(frozen=True, slots=True)
class Form:
    """A test, ready to run. `given` are CTEs (name, query); `sql` yields the model's rows after
    them, or `body` does, of a Python model. `columns` are (name, type) of what is expected."""

    given: tuple[tuple[str, str], ...]
    sql: str
    columns: tuple[tuple[str, str], ...]
    body: PythonBody | None = None

    @property
    def actual(self) -> str:
        """The columns that are expected, of the rows that come out, as text."""
        return with_given(self.given, as_text([name for name, _ in self.columns], self.sql))

    @property
    def shape(self) -> str:
        """The columns that come out, with their types, and no rows."""
        listed = ", ".join(quote(name) for name, _ in self.columns)
        return with_given(self.given, f"select {listed} from (\n{self.sql}\n) as x limit 0")


@dataclass
class Forms:
    """Makes the forms of the tests of one compilation, for an engine of a dialect."""

    workspace: Workspace
    compilation: Compilation
    dialect: str = DUCKDB
    _found: dict[str, tuple[tuple[SchemaColumn, ...], str]] = field(default_factory=dict)

    def of(self, case: Case) -> Form:
        """Raises Unusable."""
        given = _Given(case)
        asset = self.compilation.declared[case.model]
        schema = self.compilation.body(case.model).schema
        named = case.expect.columns or [column.name for column in schema.columns or ()]
        columns = tuple(columns_named(named, schema))
        if not columns:
            message = f"the columns of '{case.model}' are not known"
            advice = "expect rows with columns, or declare those of the model"
            raise Unusable([_broken(case.test, message, advice)])
        if asset.python is not None:
            return self._python(case, asset, columns)
        text, places, assets = self._query(case, asset)
        relations = self._relations(case, places.tables, assets, given)
        spliced = splice(places, text, relations)
        sql = self._bounded(case, asset, spliced.sql, spliced.bounds)
        sql = self._translated(sql, case, self._own_dialect(asset))
        if case.test.time is not None:
            sql = frozen(sql, case.test.time)
        if case.test.start is not None and asset.time_range is not None:
            column = quote(asset.time_range.column)
            low, high = (self._moment(asset, at) for at in (case.test.start, case.test.end or ""))
            within = f"{column} >= {low} and {column} < {high}"
            sql = f"select * from (\n{sql}\n) as xform_slice where {within}"
        ctes = tuple(
            (name, self._rows(case, read, self._own_dialect(asset)))
            for read, name in given.names.items()
        )
        return Form(ctes, sql, columns)

    def expected(self, case: Case, columns: Sequence[tuple[str, str]]) -> str:
        """What is expected, in the types that came out, as text. Raises Unusable."""
        asset = self.compilation.declared[case.model]
        filled = self._own(case.expect, case, self._own_dialect(asset))
        sql = as_text([name for name, _ in columns], expected_query(columns, filled))
        return self._translated(sql, case, DUCKDB)

    # Inputs --------------------------------------------------------------------------------------

    def _rows(self, case: Case, read: AssetName, dialect: str) -> str:
        """The query of an input, which is empty where it is not given."""
        filled = case.given.get(read)
        known = self.compilation.body(read).schema.columns
        if known is None:
            if filled is None:
                message = f"the columns of '{read}' are not known, so it cannot be empty"
                raise Unusable(
                    [_broken(case.test, message, "give its rows, with every column that is read")]
                )
            known = tuple(SchemaColumn(name) for name in filled.columns)
        if filled is not None:
            filled = self._own(filled, case, dialect)
        return self._translated(given_query(known, filled), case, DUCKDB)

    def _own(self, filled: Filled, case: Case, dialect: str) -> Filled:
        """The rows with their query in DuckDB's words."""
        if filled.sql is None or dialect == DUCKDB:
            return filled
        sql = self._translated(filled.sql, case, dialect, DUCKDB)
        return Filled(filled.columns, sql=sql, span=filled.span)

    def _relations(
        self,
        case: Case,
        tables: Sequence[Table],
        assets: Sequence[AssetName | None],
        given: _Given,
    ) -> list[str]:
        """SQL in the place of each table: the query of an ephemeral model that is not given."""
        found: list[str] = []
        for table, asset in zip(tables, assets, strict=True):
            if asset is None:
                message = f"'{'.'.join(table.parts)}' is not known"
                raise Unusable([_broken(case.test, message, "correct the model first")])
            if asset in case.given or not self._is_seen_through(asset):
                found.append(given.name(asset))
                continue
            body = self.compilation.body(asset)
            outline = body.outline
            assert outline is not None
            assert outline.unit is not None
            assert outline.rendered is not None
            inner = self._relations(case, outline.unit.tables, body.tables, given)
            found.append(f"(\n{splice(outline.unit, outline.rendered.text, inner).sql.strip()}\n)")
        return found

    def _is_seen_through(self, asset: AssetName) -> bool:
        compiled = self.compilation.assets[asset]
        return compiled.kind is Kind.EPHEMERAL and self.compilation.body(asset).outline is not None

    # The model's query ---------------------------------------------------------------------------

    def _query(self, case: Case, asset: Asset) -> tuple[str, Places, tuple[AssetName | None, ...]]:
        """The text of the model in the form that is asked for, and its tables."""
        body = self.compilation.body(asset.name)
        if case.test.overrides:
            return self._rendered(case.test, asset)
        if case.test.incremental:
            parsed = body.parsed
            carried = parsed.carried if isinstance(parsed, Parsed) else None
            if carried is not None:
                tables = tables_of(asset, carried, self.compilation.names)
                return carried.rendered.text, carried.unit, tables
        outline: Parsed | Outline | None = body.outline
        if outline is None or outline.unit is None or outline.rendered is None:
            message = f"'{asset.name}' has errors"
            raise Unusable([_broken(case.test, message, "correct the model first")])
        return outline.rendered.text, outline.unit, body.tables

    def _rendered(
        self, test: UnitTest, asset: Asset
    ) -> tuple[str, Places, tuple[AssetName | None, ...]]:
        """The template rendered with what the test overrides."""
        inputs = self.workspace.inputs
        text = text_of(self.workspace.files, asset.path)
        scope = Scope(
            asset.name,
            {**inputs.variables, **test.vars},
            {**inputs.environ, **test.env_vars},
            inputs.target,
            asset.config,
            asset.header_end,
            carried=test.incremental,
            sliced=asset.time_range is not None,
        )
        library = self._overridden(test) if has_jinja(text) else MacroLibrary()
        rendered, found = render(asset.path, text, scope, library)
        if rendered is None:
            raise Unusable(_told(found, test))
        place = Place(asset.path, lambda: text, rendered.source_map)
        unit, more = parse_model(
            asset.name, place, rendered, self._own_dialect(asset), sliced=scope.sliced
        )
        if unit is None:
            raise Unusable(_told(list(more), test))
        index = self.compilation.names
        if test.incremental:
            return rendered.text, unit, tables_of(asset, Carried(rendered, unit), index)
        tables, problems = resolve_tables(asset.name, unit, rendered.references, index, place)
        if problems:
            raise Unusable(_told(list(problems), test))
        return rendered.text, unit, tables

    def _overridden(self, test: UnitTest) -> MacroLibrary:
        wrong = [name for name in test.macros if name not in self._library]
        if wrong:
            known = self._library.names
            raise Unusable(
                [
                    diagnose(
                        UNIT_OVERRIDE,
                        f"unit test '{test.name}' overrides '{name}', which is no macro",
                        test.places.get(name, test.span),
                        did_you_mean(name, known) or f"macros are {', '.join(known) or 'none'}",
                    )
                    for name in wrong
                ]
            )
        return self._library.overridden(test.macros) if test.macros else self._library

    @cached_property
    def _library(self) -> MacroLibrary:
        project = self.compilation.project
        root = self.workspace.root
        return library_of(root, self.workspace.files, project, root)[0]

    def _own_dialect(self, asset: Asset) -> str:
        return asset.dialect or self.compilation.slim.dialect

    def _translated(self, sql: str, case: Case, dialect: str, into: str | None = None) -> str:
        try:
            return transpiled(sql, dialect, into or self.dialect)
        except NotTranslated as error:
            message = f"its SQL cannot be translated from {dialect}: {error}"
            advice = "run it on the warehouse: xform test --unit --engine"
            raise Unusable([_broken(case.test, message, advice)]) from error

    # Intervals -----------------------------------------------------------------------------------

    def _bounded(
        self, case: Case, asset: Asset, sql: str, bounds: Sequence[tuple[int, int, str]]
    ) -> str:
        """The query with the bounds of the intervals in it."""
        if not bounds:
            return sql
        test = case.test
        if test.start is None or test.end is None:
            raise Unusable(
                [
                    diagnose(
                        UNIT_FORM,
                        f"unit test '{test.name}': '{asset.name}' reads @start and @end",
                        test.span,
                        "add 'start: …' and 'end: …' to the test",
                        asset=asset.name,
                    )
                ]
            )
        given: Mapping[str, str] = {"start": test.start, "end": test.end}
        for start, end, which in reversed(bounds):
            sql = sql[:start] + self._moment(asset, given[which]) + sql[end:]
        return sql

    def _moment(self, asset: Asset, at: str) -> str:
        zone = asset.time_range.zone if asset.time_range is not None else None
        plain = f"cast('{at}' as timestamp)"
        return plain if zone is None else f"timezone('{zone}', {plain})"

    # Python --------------------------------------------------------------------------------------

    def _python(self, case: Case, asset: Asset, columns: tuple[tuple[str, str], ...]) -> Form:
        assert asset.python is not None
        inputs: dict[str, tuple[str, str | None]] = {}
        for parameter in asset.python.parameters:
            (read,) = self.compilation.names.find_written(parameter.asset)
            query = f"(\n{self._input(case, read, asset)}\n)"
            inputs[parameter.name] = (query, parameter.annotation)
        return Form((), "", columns, PythonBody(asset.path, asset.python.name, inputs))

    def _input(self, case: Case, read: AssetName, asset: Asset) -> str:
        """The query of what a parameter stands for."""
        given = _Given(case)
        table = Table(tuple(read.split(".")), 0, 0, "", False)
        (relation,) = self._relations(case, [table], [read], given)
        dialect = self._own_dialect(asset)
        ctes = [(name, self._rows(case, item, dialect)) for item, name in given.names.items()]
        return with_given(ctes, f"select * from {relation}")


class _Given:
    """The names of the inputs of one test, made up as they are asked for."""

    def __init__(self, case: Case) -> None:
        self.names: dict[AssetName, str] = {}

    def name(self, asset: AssetName) -> str:
        return self.names.setdefault(asset, cte_name(len(self.names) + 1))


def _broken(test: UnitTest, message: str, advice: str, at: Span | None = None) -> Diagnostic:
    return diagnose(UNIT_BROKEN, f"unit test '{test.name}': {message}", at or test.span, advice)


def _told(found: list[Diagnostic], test: UnitTest) -> list[Diagnostic]:
    """What is wrong with a model in the form that a test asks for."""
    message = f"its model cannot be read with what it overrides: {found[0].message}"
    return [_broken(test, message, "correct what is overridden"), *errors_of(found)]

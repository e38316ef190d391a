"""A unit test against what the compiler knows: which assets and columns it names, whether its
values fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from xform.base.codes import (
    UNIT_COLUMN,
    UNIT_CSV,
    UNIT_FIXTURE,
    UNIT_FORM,
    UNIT_INPUT,
    UNIT_MODEL,
    UNIT_SQL,
    UNIT_VALUE,
)
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Span
from xform.checks.unit.csv import read_csv
from xform.checks.unit.fitting import fits
from xform.project.assets import Asset, Kind
from xform.project.layout import FIXTURES
from xform.project.unit_tests import THIS, Cell, Rows, UnitTest
from xform.sema.bind import bind
from xform.sema.facts import Schema
from xform.sema.tables import NameIndex
from xform.sema.types.type import read
from xform.sql.parse import Place, parse_query

MODELS = (Kind.VIEW, Kind.TABLE, Kind.INCREMENTAL, Kind.SNAPSHOT, Kind.EPHEMERAL)


@dataclass(frozen=True, slots=True)
class Filled:
    """Rows by column, or a query that yields them. `columns` are those named, as written."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    sql: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A test that can be run. `given` may name `this` under the name of the model itself."""

    test: UnitTest
    model: AssetName
    given: Mapping[AssetName, Filled]
    expect: Filled


@dataclass(frozen=True, slots=True)
class World:
    """What a test is held against. `reads` gives the assets that a model reads, through ephemeral
    ones too; `schema` an asset's columns; `text` the content of a file, None where there is none;
    `fixtures` are the paths of those that there are."""

    index: NameIndex
    assets: Mapping[AssetName, Asset]
    reads: Callable[[AssetName], Collection[AssetName]]
    schema: Callable[[AssetName], Schema]
    text: Callable[[str], str | None]
    fixtures: Collection[str]
    dialect: Callable[[Asset], str]


def model_of(test: UnitTest, world: World) -> AssetName | Diagnostic:
    """The model that a test is of."""
    found = world.index.find_written(test.model)
    if len(found) != 1:
        known = [name for name, kind in world.index.kinds.items() if kind in MODELS]
        names = known if "." in test.model else [name.partition(".")[2] for name in known]
        said = f"may be of any of {', '.join(found)}" if found else "is of no model there is"
        advice = "write its schema too" if found else did_you_mean(test.model, names)
        return diagnose(
            UNIT_MODEL,
            f"unit test '{test.name}' {said}: '{test.model}'",
            test.model_span,
            advice or "name a model of the project",
        )
    kind = world.index.kinds[found[0]]
    if kind not in MODELS:
        what = {Kind.SEED: "a seed", Kind.EXTERNAL: "a source"}.get(kind, "an exposure")
        return diagnose(
            UNIT_MODEL,
            f"unit test '{test.name}' is of '{found[0]}', which is {what}",
            test.model_span,
            "name a model that reads it: only models compute something",
        )
    return found[0]


def case_of(test: UnitTest, model: AssetName, world: World) -> tuple[Case | None, list[Diagnostic]]:
    """The test of a model, with rows and columns; None where anything is wrong with it."""
    reading = _Reading(test, model, world)
    case = reading.case()
    return (None if reading.found else case), reading.found


class _Reading:
    """One test being read."""

    def __init__(self, test: UnitTest, model: AssetName, world: World) -> None:
        self.test = test
        self.model = model
        self.world = world
        self.asset = world.assets[model]
        self.found: list[Diagnostic] = []

    def case(self) -> Case | None:
        self._check_form()
        given: dict[AssetName, Filled] = {}
        for item in self.test.given:
            name = self._input(item.input, item.span)
            if name is None:
                continue
            schema = self.world.schema(name)
            filled = self._filled(item.rows, schema, f"input '{item.input}'", str(name))
            if filled is not None:
                given[name] = filled
        if self.test.expect is None:
            return None
        schema = self.world.schema(self.model)
        expect = self._filled(self.test.expect, schema, "the expectation", str(self.model))
        if expect is not None and not expect.columns and self.test.expect.rows:
            self._say(UNIT_COLUMN, "a row names no column", expect.span, "name what is to come out")
        return Case(self.test, self.model, given, expect) if expect is not None else None

    def _say(self, code: Any, message: str, at: Span | None, advice: str) -> None:
        text = f"unit test '{self.test.name}': {message}"
        span = at or self.test.span
        self.found.append(diagnose(code, text, span, advice, asset=self.model))

    def _check_form(self) -> None:
        test, asset = self.test, self.asset
        if test.incremental and asset.keyed is None:
            self._say(
                UNIT_FORM,
                f"'{self.model}' has no incremental form",
                test.span,
                "take 'is_incremental' out: it is for models that grow by key or by appending",
            )
        if (test.start or test.end) and asset.time_range is None:
            self._say(
                UNIT_FORM,
                f"'{self.model}' is not computed by intervals",
                test.span,
                "take 'start' and 'end' out: they are for models with a time_column",
            )
        elif bool(test.start) != bool(test.end):
            self._say(UNIT_FORM, "only one bound is given", test.span, "give 'start' and 'end'")

    def _input(self, written: str, at: Span) -> AssetName | None:
        if written.lower() == THIS and not self.world.index.find_written(written):
            return self.model
        known = self.world.reads(self.model)
        found = self.world.index.find_written(written)
        matching = [name for name in found if name in known]
        if len(matching) == 1:
            return matching[0]
        if self.test.overrides and len(found) == 1:
            return found[0]  # what is read hangs on what is overridden
        names = known if "." in written else [name.partition(".")[2] for name in known]
        reads = f"it reads {', '.join(sorted(known))}" if known else "it reads nothing"
        self._say(
            UNIT_INPUT,
            f"'{self.model}' does not read '{written}'",
            at,
            did_you_mean(written, names) or reads,
        )
        return None

    # Rows ----------------------------------------------------------------------------------------

    def _filled(self, rows: Rows, schema: Schema, what: str, of: str) -> Filled | None:
        text, path = rows.text, ""
        if rows.fixture is not None:
            fixture = self._fixture(rows)
            if fixture is None:
                return None
            path, text = fixture
        match rows.format:
            case "sql":
                return self._query(text or "", rows.span, schema, what, of)
            case "csv":
                return self._csv(text or "", rows.span, path, schema, what, of)
            case _:
                names = dict.fromkeys(name for row in rows.rows for name in row)
                unset = Cell(None, rows.span)
                cells = tuple(tuple(row.get(name, unset) for name in names) for row in rows.rows)
                places = {name: row[name].span for row in reversed(rows.rows) for name in row}
                filled = Filled(tuple(names), cells, span=rows.span)
                return self._checked(filled, places, schema, what, of)

    def _fixture(self, rows: Rows) -> tuple[str, str] | None:
        """(path, text) of the file that is named."""
        assert rows.fixture is not None
        name = rows.fixture.removeprefix(FIXTURES)
        suffix = f".{rows.format}"
        wanted = name if name.endswith(suffix) else name + suffix
        known = [path for path in self.world.fixtures if path.endswith(suffix)]
        fitting = [path for path in known if path == FIXTURES + wanted]
        fitting = fitting or [path for path in known if path.endswith(f"/{wanted}")]
        if len(fitting) == 1:
            text = self.world.text(fitting[0])
            if text is not None:
                return fitting[0], text
        names = [path.removeprefix(FIXTURES).removesuffix(suffix) for path in known]
        several = f"there are {', '.join(fitting)}: name the folder too" if fitting else ""
        self._say(
            UNIT_FIXTURE,
            f"there is no fixture '{rows.fixture}'",
            rows.span,
            several
            or did_you_mean(name.removesuffix(suffix), names)
            or f"put it into {FIXTURES}{wanted}",
        )
        return None

    def _csv(
        self, text: str, at: Span, path: str, schema: Schema, what: str, of: str
    ) -> Filled | None:
        def place(line: int) -> Span:
            if path:
                return Span(path, line, 1, line, 1)
            below = at.line + line  # a block of text begins below its mark
            return Span(at.path, below, 1, below, 1)

        records, wrong = read_csv(text)
        if wrong is not None:
            advice = 'write a quote within quotes twice: ""'
            self._say(UNIT_CSV, f"{what}: {wrong.message}", place(wrong.line), advice)
            return None
        if not records:
            advice = "begin with a line of column names; rows may be none"
            self._say(UNIT_CSV, f"{what} has no header", place(1), advice)
            return None
        head, *rest = records
        names = [name or "" for name in head.fields]
        for record in rest:
            if len(record.fields) != len(names):
                count = f"{len(record.fields)} field{'s' if len(record.fields) != 1 else ''}"
                self._say(
                    UNIT_CSV,
                    f"{what}: a line of {count} below a header of {len(names)}",
                    place(record.line),
                    "write one field for each column; put quotes around a field with a comma",
                )
                return None
        cells = tuple(
            tuple(Cell(field, place(record.line)) for field in record.fields) for record in rest
        )
        filled = Filled(tuple(names), cells, span=at)
        return self._checked(
            filled, dict.fromkeys(names, place(head.line)), schema, what, of, texts=True
        )

    def _query(self, text: str, at: Span, schema: Schema, what: str, of: str) -> Filled | None:
        dialect = self.world.dialect(self.asset)
        place = Place(at.path, lambda: text)
        unit, found = parse_query(None, place, text, dialect)
        if unit is not None and unit.tables:
            named = ".".join(unit.tables[0].parts)
            advice = "write the rows out: select 1 as id union all select 2"
            self._say(UNIT_SQL, f"the SQL of {what} reads '{named}'", at, advice)
            return None
        facts = None
        if unit is not None:
            facts, found = bind(None, unit, (), {}, place, dialect)
        wrong = [item for item in found if item.severity == "error"]
        if wrong or unit is None or facts is None or facts.columns_open:
            said = wrong[0].message if wrong else "its columns cannot be told"
            self._say(UNIT_SQL, f"the SQL of {what}: {said}", at, "write a plain SELECT")
            return None
        names = tuple(column.name for column in facts.columns)
        filled = Filled(names, sql=text[: unit.end], span=at)
        return self._checked(filled, dict.fromkeys(names, at), schema, what, of)

    def _checked(
        self,
        filled: Filled,
        places: Mapping[str, Span],
        schema: Schema,
        what: str,
        of: str,
        *,
        texts: bool = False,
    ) -> Filled | None:
        """The same where every column is there and every value fits."""
        before = len(self.found)
        seen: dict[str, str] = {}
        for name in filled.columns:
            if name.lower() in seen:
                self._say(UNIT_COLUMN, f"{what} names '{name}' twice", places[name], "keep one")
            seen[name.lower()] = name
        if schema.columns is None:
            return filled if len(self.found) == before else None
        known = {column.name.lower(): column for column in schema.columns}
        for name in filled.columns:
            if name.lower() not in known:
                names = [column.name for column in schema.columns]
                self._say(
                    UNIT_COLUMN,
                    f"'{of}' has no column '{name}'",
                    places[name],
                    did_you_mean(name, names) or f"its columns are {', '.join(names)}",
                )
        for number, name in enumerate(filled.columns):
            column = known.get(name.lower())
            if column is not None:
                self._check_values(name, column.type, (row[number] for row in filled.rows))
        return filled if len(self.found) == before else None

    def _check_values(self, name: str, type_: str, cells: Iterator[Cell]) -> None:
        wanted = read(type_)
        for cell in cells:
            if not fits(cell.value, wanted):
                self._say(
                    UNIT_VALUE,
                    f"{shown(cell.value)} is no {wanted.text}, the type of '{name}'",
                    cell.span,
                    "write a value of that type, or null",
                )
                return  # one of a column is enough


def shown(value: Any) -> str:
    """A value as a message shows it."""
    text = f"'{value}'" if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 40 else f"{text[:40]}…"


def columns_named(names: Sequence[str], schema: Schema) -> list[tuple[str, str]]:
    """(name, type) of columns as named; the type is `unknown` where it is not known."""
    known = {column.name.lower(): column.type for column in schema.columns or ()}
    return [(name, known.get(name.lower(), "unknown")) for name in names]

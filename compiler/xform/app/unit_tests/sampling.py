"""`test --generate`: a unit test made of real rows.

Of each input few rows are wanted that do something together: that join, and pass the filters. They
are found by narrowing: of the rows of an input, by a hash of each, one half is kept if with it the
model still yields rows, and if every input that mattered still does (without its rows something
else would come out). What the model then yields of these rows is what the test expects.

Columns tagged `pii`, and those made of such, never leave the warehouse: texts are masked, alike
ones alike, so that they still join; others are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xform.app.compiling.bodies import spliced
from xform.app.compiling.compiled import Compilation
from xform.app.lineage.columns import LineageReader
from xform.app.planning.planning import published_schema
from xform.app.unit_tests.forms import Forms
from xform.app.workspace import UserError, Workspace
from xform.base.codes import NOT_BUILT, UNIT_SAMPLE
from xform.base.diagnostics import diagnose
from xform.base.names import AssetName, ColumnRef, table_of
from xform.checks.queries import hidden_in
from xform.checks.unit.cases import MODELS, Case, Filled
from xform.checks.unit.sql import as_text
from xform.project.assets import Asset, Kind
from xform.project.unit_tests import Cell, UnitTest
from xform.run.failures import EngineError
from xform.run.ports import Engine, Session
from xform.sema.types.type import NUMERIC, read
from xform.sql.dialects import quote

FEW = 4
"""Rows of an input that are few enough."""
MOST = 50
"""Rows of an input that a test may hold at most."""
_ALL = 2**64
"""Hashes of rows are below."""
_MASKED = "masked-{}"


@dataclass(frozen=True, slots=True)
class Sample:
    """A test to be written. Rows are texts of columns (name, type)."""

    name: str
    model: AssetName
    given: Mapping[AssetName, Sequence[Mapping[str, Cell]]]
    expect: Sequence[Mapping[str, Cell]]
    time: str | None = None
    bounds: tuple[str, str] | None = None


def sampled(workspace: Workspace, compilation: Compilation, model: AssetName) -> Sample:
    """A test of a model from what is published. Raises UserError where there is none."""
    if compilation.assets[model].kind not in MODELS:
        raise _none(compilation, model, "it is no model", "name a model: only these compute")
    sampling = _Sampling(workspace, compilation, model)
    engine = workspace.engine
    engine.open(read_only=True)
    try:
        with engine.session() as session:
            given = sampling.inputs(session)
    except EngineError as error:
        if error.kind != "catalog":
            raise
        raise UserError(
            [
                diagnose(
                    NOT_BUILT,
                    f"what '{model}' reads is not built in '{workspace.environment}'",
                    compilation.declared[model].path,
                    f"build it: xform build --select +{model}",
                )
            ]
        ) from None
    finally:
        engine.close()
    return sampling.sample(given)


@dataclass
class _Narrowing:
    """The rows of one input whose hashes are from `low` to below `high`."""

    relation: str
    columns: tuple[str, ...]
    low: int = 0
    high: int = _ALL
    rows: int = 0
    emptied: bool = False

    @property
    def sql(self) -> str:
        listed = ", ".join(f"t.{quote(column)}" for column in self.columns) or "*"
        within = f"hash(t) >= {self.low} and hash(t) < {self.high}"
        if self.emptied:
            within = "false"
        elif (self.low, self.high) == (0, _ALL):
            within = "true"
        return f"(select {listed} from {self.relation} as t where {within})"

    def half(self, upper: bool) -> _Narrowing:
        middle = (self.low + self.high) // 2
        low, high = (middle, self.high) if upper else (self.low, middle)
        return replace(self, low=low, high=high)


class _Sampling:
    """One test being made."""

    def __init__(self, workspace: Workspace, compilation: Compilation, model: AssetName) -> None:
        self.workspace = workspace
        self.compilation = compilation
        self.model = model
        self.asset = compilation.declared[model]
        self.inputs_of = compilation.assets[model].reads

    # Rows of the inputs --------------------------------------------------------------------------

    def inputs(self, session: Session) -> dict[AssetName, list[dict[str, str | None]]]:
        """Few rows of each input, as text."""
        parts = {
            name: _Narrowing(self._relation(name), self._columns(name)) for name in self.inputs_of
        }
        for part in parts.values():
            part.rows = _count(session, part)
        if self.asset.python is None:
            self._narrow(session, parts)
        found: dict[AssetName, list[dict[str, str | None]]] = {}
        for name, part in parts.items():
            if self.asset.python is not None:
                while part.rows > FEW and part.high - part.low > 1:
                    lower = part.half(upper=False)
                    count = _count(session, lower)
                    kept = lower if count else part.half(upper=True)
                    kept.rows = count or part.rows
                    part = kept
            if part.rows > MOST:
                message = f"it takes more than {MOST} rows of '{name}' for it to yield anything"
                raise _none(self.compilation, self.model, message, "write a test by hand")
            names = part.columns or tuple(
                column.name for column in self.compilation.body(name).schema.columns or ()
            )
            rows = session.query(as_text(names, f"select * from {part.sql} as t")).rows
            found[name] = [dict(zip(names, row, strict=True)) for row in rows]
        return found

    def _narrow(self, session: Session, parts: dict[AssetName, _Narrowing]) -> None:
        """Keep halves for as long as the output has rows, and inputs that matter."""
        full = self._output(session, parts)
        if not full[0]:
            advice = "build its inputs, or write a test by hand"
            raise _none(self.compilation, self.model, "it yields no rows now", advice)
        mattering = [name for name in parts if self._without(session, parts, name) != full]

        def holds(changed: dict[AssetName, _Narrowing]) -> bool:
            out = self._output(session, changed)
            return out[0] > 0 and all(
                self._without(session, changed, name) != out for name in mattering
            )

        for name in parts:
            if name not in mattering and holds({**parts, name: replace(parts[name], emptied=True)}):
                parts[name].emptied, parts[name].rows = True, 0
        # One after the other, each as far as it goes: halves of several at once no longer join.
        # What was stuck may go on when others have become few.
        for _ in range(2):
            for name in sorted(parts, key=lambda n: -parts[n].rows):
                while parts[name].rows > FEW:
                    halves = [parts[name].half(upper=False), parts[name].half(upper=True)]
                    if parts[name].high - parts[name].low == 1:
                        break  # rows that are alike
                    kept = next((half for half in halves if holds({**parts, name: half})), None)
                    if kept is None:
                        break
                    kept.rows = _count(session, kept)
                    parts[name] = kept

    def _output(self, session: Session, parts: Mapping[AssetName, _Narrowing]) -> tuple[int, str]:
        """How many rows the model yields of these, and a checksum of them."""
        result = spliced(self.compilation, self.model, lambda name: parts[name].sql)
        sql = result.sql
        for start, end, which in reversed(result.bounds):
            moment = self._bounds[which == "end"]
            sql = sql[:start] + f"cast('{moment}' as timestamp)" + sql[end:]
        total = "cast(coalesce(sum(cast(hash(o) as hugeint)), 0) as varchar)"
        (row,) = session.query(f"select count(*), {total} from (\n{sql}\n) as o").rows
        return int(row[0]), str(row[1])

    def _without(
        self, session: Session, parts: Mapping[AssetName, _Narrowing], name: AssetName
    ) -> tuple[int, str]:
        return self._output(session, {**parts, name: replace(parts[name], emptied=True)})

    def _relation(self, name: AssetName) -> str:
        declared = self.compilation.declared[name]
        if declared.kind is Kind.EXTERNAL:
            return self.workspace.relation_sql(declared)
        schema = published_schema(name, self.workspace.environment)
        return f"{quote(schema)}.{quote(table_of(name))}"

    def _columns(self, name: AssetName) -> tuple[str, ...]:
        """The columns of an input that are read; all where that cannot be told."""
        known = self.compilation.body(name).schema.columns or ()
        read_ones: set[str] = set()
        waiting = [self.model]
        while waiting:
            reader = waiting.pop()
            facts = self.compilation.body(reader).facts
            if facts is None or facts.columns_open:
                return tuple(column.name for column in known)
            refs = [*facts.rows, *(ref for column in facts.columns for ref in column.value)]
            read_ones.update(column.lower() for asset, column in refs if asset == name)
            waiting += [
                read
                for read in self.compilation.assets[reader].depends_on
                if self.compilation.assets[read].kind is Kind.EPHEMERAL
            ]
        found = tuple(column.name for column in known if column.name.lower() in read_ones)
        return found or tuple(column.name for column in known[:1])

    # The test ------------------------------------------------------------------------------------

    @property
    def _bounds(self) -> tuple[str, str]:
        """Of a model by time: all that it is to hold by now."""
        how = self.asset.time_range
        assert how is not None
        return how.start, how.end or self.workspace.host.now()[:10] + " 00:00:00"

    def sample(self, rows: Mapping[AssetName, Sequence[Mapping[str, str | None]]]) -> Sample:
        """What the model makes of these rows, in memory."""
        private = _private(self.compilation)
        masks: dict[str, str] = {}
        for name, listed in rows.items():
            for row in listed:
                for column, value in row.items():
                    if value is not None and (name, column.lower()) in private:
                        masks.setdefault(value, _MASKED.format(len(masks) + 1))
        given = {
            name: [
                {
                    column: cell
                    for column, value in row.items()
                    if (cell := self._cell(name, column, value, private, masks)) is not None
                }
                for row in listed
            ]
            for name, listed in rows.items()
        }
        facts = self.compilation.body(self.model).facts
        parsed = self.compilation.body(self.model).parsed
        bounded = parsed is not None and parsed.unit is not None and bool(parsed.unit.bounds)
        bounds = self._bounds if bounded else None
        time = None
        if facts is not None and facts.clock:
            time = self.workspace.host.now()[:19].replace("T", " ")
        schema = self.compilation.body(self.model).schema
        names = tuple(column.name for column in schema.columns or ())
        if not names:
            raise _none(self.compilation, self.model, "its columns are not known", "declare them")
        taken = {test.name.casefold() for test in self.compilation.unit_tests}
        called = base = f"{table_of(self.model)}_sample"
        number = 1
        while called.casefold() in taken:
            number += 1
            called = f"{base}_{number}"
        start, end = bounds or (None, None)
        span = self.asset.span
        test = UnitTest(called, self.model, span, span, time=time, start=start, end=end)
        filled = {read: _filled(listed) for read, listed in given.items() if listed}
        case = Case(test, self.model, filled, Filled(names, span=span))
        out = self._computed(case)
        types = {column.name: column.type for column in schema.columns or ()}
        expect = [
            {column: _value(value, types[column], self.asset) for column, value in row.items()}
            for row in sorted(out, key=lambda row: [value or "" for value in row.values()])
        ]
        return Sample(called, self.model, given, expect, time, bounds)

    def _computed(self, case: Case) -> list[dict[str, str | None]]:
        from xform.plugins.registry import scratch_engine

        form = Forms(self.workspace, self.compilation).of(case)
        engine: Engine = scratch_engine(self.workspace.target, self.workspace.root)
        engine.open()
        try:
            with engine.session() as session:
                names = [name for name, _ in form.columns]
                if form.body is None:
                    rows = session.query(form.actual).rows
                else:
                    with self.workspace.host.captured(lambda _: None):
                        body = form.body
                        function = self.workspace.host.load_function(body.path, body.function)
                        rows = session.computed(body, function, names).rows
        finally:
            engine.close()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _cell(
        self,
        asset: AssetName,
        column: str,
        value: str | None,
        private: frozenset[ColumnRef],
        masks: dict[str, str],
    ) -> Cell | None:
        """The value as the test holds it; None where it is left out."""
        known = self.compilation.body(asset).schema.columns or ()
        kind = next((item.type for item in known if item.name == column), "unknown")
        is_text = read(kind).name == "varchar"
        if (asset, column.lower()) in private and not is_text:
            return None
        if is_text and value is not None:
            value = masks.get(value, value)  # also where it is not tagged, so that it joins
        return _value(value, kind, self.asset)


def _private(compilation: Compilation) -> frozenset[ColumnRef]:
    """Columns tagged `pii`, and those whose values are made of such."""
    lineage = LineageReader(compilation)
    found: set[ColumnRef] = set()
    for name in compilation.assets:
        declared = compilation.declared[name]
        tagged = hidden_in(declared)
        for column in compilation.body(name).schema.columns or ():
            folded = column.name.lower()
            sources = {(read, c.lower()) for read, c in lineage.value(name, column.name)}
            if folded in tagged or not found.isdisjoint(sources):
                found.add((name, folded))
    return frozenset(found)


def _count(session: Session, part: _Narrowing) -> int:
    return int(session.query(f"select count(*) from {part.sql} as t").rows[0][0])


def _filled(rows: Sequence[Mapping[str, Cell]]) -> Filled:
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    empty = Cell(None, next(iter(rows[0].values())).span) if rows[0] else None
    cells = tuple(tuple(row.get(name) or empty for name in names) for row in rows)
    return Filled(names, tuple(tuple(cell for cell in row if cell) for row in cells))


def _value(text: str | None, kind: str, asset: Asset) -> Cell:
    """A value as yml holds it: numbers and truths as such, all else as text."""
    type_ = read(kind)
    value: object = text
    if text is not None and type_.name in NUMERIC:
        number = float(text) if "." in text or "e" in text.lower() else None
        if number is not None:
            value = number if repr(number) == text else text
        elif text.lstrip("-").isdigit() and abs(int(text)) < 2**63:
            value = int(text)
    elif text is not None and type_.name == "boolean":
        value = text == "true"
    return Cell(value, asset.span)


def _none(compilation: Compilation, model: AssetName, why: str, advice: str) -> UserError:
    message = f"no unit test of '{model}' can be made of real rows: {why}"
    return UserError([diagnose(UNIT_SAMPLE, message, compilation.declared[model].span, advice)])

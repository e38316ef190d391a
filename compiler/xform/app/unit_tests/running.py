"""Unit tests of models, run: over DuckDB in memory, or on the warehouse's engine.

A test that has passed is not run again while its queries are the same, on the same version of the
engine. What asks for the time of day or for chance is run each time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from xform.app.compiling.compiled import Compilation
from xform.app.compiling.unit_checks import world_in
from xform.app.unit_tests.forms import Form, Forms, Unusable
from xform.app.workspace import Workspace
from xform.base.codes import UNIT_BROKEN, UNIT_FAILED, UNIT_VALUE
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.checks.unit.cases import Case, Filled, World, case_of, model_of, shown
from xform.checks.unit.comparing import difference
from xform.host.cache import CacheFile
from xform.plan.cells import Difference, Row
from xform.project.assets import Asset, Language, TestKind
from xform.project.python_tests import with_result
from xform.project.unit_tests import Cell, UnitTest
from xform.query.memo import Memo
from xform.run.failures import CodeError, EngineError
from xform.run.outcome import Rehearsed
from xform.run.ports import Engine, Session

VERSION = "unit 1"
"""Raised whenever the same queries may be judged otherwise: part of the memo's keys."""


class Passed(msgspec.Struct, frozen=True):
    """Stands in the cache for a test that has passed."""


class UnitResult(msgspec.Struct, frozen=True):
    """`status` is pass, fail or error; `again`: it passed before, and nothing has changed."""

    name: str
    model: str
    span: Span
    status: str
    seconds: float
    again: bool = False
    difference: Difference | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def message(self) -> str:
        return self.diagnostics[0].message if self.diagnostics else ""


@dataclass
class UnitTester:
    """Runs the unit tests of a compilation, one at a time, from any thread. A context manager: it
    opens the engine when the first test is run, and closes it."""

    workspace: Workspace
    compilation: Compilation
    on_engine: bool = False
    force: bool = False
    """Whether tests run that have passed as they are."""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _opened: Engine | None = None
    _current: Session | None = None
    failed: list[UnitResult] = field(default_factory=list)
    """Those of models that were not built because of them."""

    def __enter__(self) -> UnitTester:
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened is not None:
            self._opened.close()
        if "_memo" in self.__dict__:
            self._memo.flush()
            self._cache.close()

    def run(self, tests: Iterable[UnitTest]) -> Iterator[UnitResult]:
        for test in tests:
            with self._lock:
                yield self._run(test)

    def interrupt(self) -> None:
        """End the query that runs, if any, from another thread. To be repeated: one may begin just
        behind it."""
        session = self._current
        if session is not None:
            session.interrupt()

    def rehearse(self, asset: AssetName) -> Iterable[Rehearsed]:
        """The tests of a model that is to be built, but for those that pass as they did."""
        for result in self.run(self.by_model.get(asset, ())):
            if result.again:
                continue
            if result.status != "pass":
                self.failed.append(result)
            said = result.message.partition(": ")[2] or result.message
            message = f"unit test '{result.name}': {said}" if result.message else ""
            yield Rehearsed(result.name, result.status, result.seconds, message, result.diagnostics)

    @cached_property
    def by_model(self) -> Mapping[AssetName, Sequence[UnitTest]]:
        """The tests of each model that has some."""
        found: dict[AssetName, list[UnitTest]] = {}
        for test in self.compilation.unit_tests:
            model = model_of(test, self._world)
            if not isinstance(model, Diagnostic):
                found.setdefault(model, []).append(test)
        return found

    # One test ------------------------------------------------------------------------------------

    def _run(self, test: UnitTest) -> UnitResult:
        begun = time.perf_counter()
        model: AssetName | Diagnostic = AssetName(test.model)
        again, differs = False, None
        found: list[Diagnostic] = []
        try:
            model = model_of(test, self._world)
            if isinstance(model, Diagnostic):
                raise Unusable([model])
            case = self._case(test, model)
            form = self._forms.of(case)
            key = self._key(case, form)
            again = (
                key is not None
                and not self.force
                and self._memo.peek("unit", key, Passed) is not None
            )
            if not again:
                differs = self._compared(case, form)
                if differs is None and key is not None:
                    self._memo.put("unit", key, Passed())
        except Unusable as error:
            found = error.found
        except EngineError as error:
            found = [_refused(test, error)]
        if differs is not None:
            found = [_failed(test, str(model), differs)]
        status = "fail" if differs is not None else "error" if found else "pass"
        name = test.model if isinstance(model, Diagnostic) else str(model)
        seconds = time.perf_counter() - begun
        return UnitResult(test.name, name, test.span, status, seconds, again, differs, tuple(found))

    def _case(self, test: UnitTest, model: AssetName) -> Case:
        if test.function is not None:
            function = self.workspace.host.load_function(test.span.path, test.function)
            try:
                result = function()
            except Exception as error:
                from xform.run.blame import blame

                message = f"unit test '{test.name}' raised {type(error).__name__}: {error}"
                at = blame(error, self.workspace.root) or test.span
                advice = "correct the function of the test"
                raise Unusable([diagnose(UNIT_BROKEN, message, at, advice)]) from error
            given, found = with_result(test, result)
            if given is None:
                raise Unusable(found)
            test = given
        case, found = case_of(test, model, self._world)
        if case is None:
            raise Unusable(found)
        return case

    def _compared(self, case: Case, form: Form) -> Difference | None:
        asset = self.compilation.declared[case.model]
        columns = form.columns
        with self._session() as session:
            if form.body is not None:
                with self.workspace.host.captured(lambda _: None):
                    function = self.workspace.host.load_function(form.body.path, form.body.function)
                    names = [name for name, _ in columns]
                    result = session.computed(form.body, function, names)
                columns = tuple(
                    (name, kind)
                    for (name, _), (_, kind) in zip(columns, result.columns, strict=True)
                )
                actual: list[Row] = result.rows
            else:
                if any("unknown" in kind for _, kind in columns):
                    found = session.query(form.shape).columns
                    columns = tuple(
                        (name, kind) for (name, _), (_, kind) in zip(columns, found, strict=True)
                    )
                actual = session.query(form.actual).rows
            try:
                expected = session.query(self._forms.expected(case, columns)).rows
            except EngineError as error:
                raise Unusable([self._misfit(case, columns, session, error)]) from error
        keys = _keys(asset, [name for name, _ in columns])
        return difference(
            columns,
            expected,
            actual,
            ordered=case.test.ordered,
            tolerance=case.test.tolerance,
            keys=keys,
        )

    def _misfit(
        self, case: Case, columns: Sequence[tuple[str, str]], session: Session, error: EngineError
    ) -> Diagnostic:
        """Which of the expected values is none of its type."""
        for row in case.expect.rows:
            for cell, column in zip(row, columns, strict=True):
                one = Filled((column[0],), ((cell,),))
                part = Case(case.test, case.model, {}, one)
                try:
                    session.query(self._forms.expected(part, [column]))
                except EngineError:
                    return _no_value(case.test, cell, *column)
        return _refused(case.test, error)

    def _key(self, case: Case, form: Form) -> Digest | None:
        """All that decides how a test comes out; None where that is not known."""
        if self.on_engine:
            return None
        asset = self.compilation.declared[case.model]
        parts = [VERSION, *self._engine_marks, str(case.test.ordered), str(case.test.tolerance)]
        if asset.language is Language.PYTHON:
            assert asset.python is not None
            assert form.body is not None
            parts += [asset.python.digest, msgspec.json.encode(form.body).decode()]
        else:
            facts = self.compilation.body(case.model).facts
            if facts is None or facts.clock:
                return None
            parts.append(form.actual)
        parts.append(self._forms.expected(case, form.columns))
        return digest_parts(parts)

    # What is shared by the tests -----------------------------------------------------------------

    @contextmanager
    def _session(self) -> Iterator[Session]:
        if self._opened is None:
            self._opened = self._engine()
        with self._opened.session() as session:
            self._current = session
            try:
                yield session
            finally:
                self._current = None

    def _engine(self) -> Engine:
        if self.on_engine:
            engine = self.workspace.engine
            engine.open(read_only=True)
            return engine
        from xform.plugins.registry import scratch_engine

        engine = scratch_engine(self.workspace.target, self.workspace.root)
        engine.open()
        return engine

    @cached_property
    def _forms(self) -> Forms:
        dialect = self.workspace.engine.dialect if self.on_engine else "duckdb"
        return Forms(self.workspace, self.compilation, dialect)

    @cached_property
    def _world(self) -> World:
        return world_in(self.compilation, self.workspace.files)

    @cached_property
    def _engine_marks(self) -> tuple[str, str]:
        from importlib.metadata import version

        return version("duckdb"), self.workspace.inputs.engine

    @cached_property
    def _cache(self) -> CacheFile:
        return CacheFile(self.workspace.results)

    @cached_property
    def _memo(self) -> Memo:
        return Memo(self._cache)


def _keys(asset: Asset, columns: Sequence[str]) -> tuple[int, ...]:
    """The columns by which a row of a model is known, where all of them are looked at."""
    folded = [column.lower() for column in columns]
    candidates = [
        tuple(spec.columns) for spec in asset.tests if spec.kind is TestKind.UNIQUE and spec.columns
    ]
    candidates += [
        (column.name,)
        for column in asset.columns
        for spec in column.tests
        if spec.kind is TestKind.UNIQUE
    ]
    candidates += [asset.keyed.key if asset.keyed is not None else (), asset.grain]
    for key in candidates:
        names = [name.lower() for name in key]
        if names and all(name in folded for name in names):
            return tuple(folded.index(name) for name in names)
    return ()


def _failed(test: UnitTest, model: str, differs: Difference) -> Diagnostic:
    return diagnose(
        UNIT_FAILED,
        f"unit test '{test.name}' of {model}: {differs.message}",
        test.span,
        "mend the model, or correct what is expected",
        asset=AssetName(model),
    )


def _refused(test: UnitTest, error: EngineError) -> Diagnostic:
    message = error.message.strip().split("\n")[0]
    at = error.span if isinstance(error, CodeError) else None
    return diagnose(
        UNIT_BROKEN,
        f"unit test '{test.name}': {message}",
        at or test.span,
        "correct the model or the given rows; --engine runs it on the warehouse",
    )


def _no_value(test: UnitTest, cell: Cell, name: str, kind: str) -> Diagnostic:
    return diagnose(
        UNIT_VALUE,
        f"unit test '{test.name}': {shown(cell.value)} is no {kind.lower()}, the type of '{name}'",
        cell.span,
        "write a value of that type, or null",
    )

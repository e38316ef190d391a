"""The unit tests that a change may touch, run with it; those that fail, without it too.

They run in DuckDB in memory and need no warehouse. All of them together have a bounded time: a
query that runs on is interrupted, and what nobody can interrupt is left behind with its thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from xform.app.unit_tests.running import UnitResult, UnitTester
from xform.base.names import AssetName
from xform.ci.side import Side
from xform.plan.changes import Category, ProjectChange, Sort
from xform.plan.unit_outcome import FailingTest, UnitOutcome
from xform.project.layout import FIXTURES
from xform.project.unit_tests import UnitTest

SECONDS = 60.0
"""For all tests of a change together."""
_GRACE = 2.0
"""Seconds for a query to end that is interrupted."""
_AGAIN = 0.05

UNTRUSTED = "the change may be anybody's"
OUT_OF_TIME = "they take too long"

Tests = Sequence[tuple[AssetName, UnitTest]]


def tried(base: Side, head: Side, change: ProjectChange, seconds: float = SECONDS) -> ProjectChange:
    """The change, with what came of its unit tests. Of a head that may be anybody's none is run."""
    with UnitTester(head.workspace, head.compilation) as tester:
        tests = _touched(base, head, change, tester.by_model)
        if not tests:
            return change
        if head.workspace.confined:
            units = UnitOutcome(left=len(tests), why=UNTRUSTED)
            return msgspec.structs.replace(change, units=units)
        end = time.monotonic() + seconds
        results = _run(tester, tests, end)
    failed = [result for result in results if result.status != "pass"]
    was = {item.asset: item.was for item in change.changes if item.was is not None}
    before = _without(base, failed, was, end) if failed else {}
    failing = tuple(
        _failing(result, added=(result.model, result.name) not in before)
        for result in failed
        if before.get((result.model, result.name), "pass") == "pass"
    )
    names = [result.name for result in failed]
    for test in failing:
        names.remove(test.name)
    left = len(tests) - len(results)
    units = UnitOutcome(
        len(results) - len(failed), failing, tuple(names), left, OUT_OF_TIME if left else ""
    )
    verdict = msgspec.structs.replace(change.verdict, failing=len(failing))
    return msgspec.structs.replace(change, units=units, verdict=verdict)


def _touched(
    base: Side, head: Side, change: ProjectChange, by_model: Mapping[AssetName, Sequence[UnitTest]]
) -> Tests:
    """The tests of models that are not what they were; where macros or fixtures are others, also
    those that render their model in a way of their own."""
    models = {
        item.asset
        for item in change.changes
        if item.category not in (Category.REMOVED, Category.BROKEN)
        and (
            item.category not in (Category.METADATA, Category.TESTS)
            or any(test.sort is Sort.UNIT for test in item.tests)
        )
    }
    others = _digests(base, "macros/") != _digests(head, "macros/")
    others = others or _digests(base, FIXTURES) != _digests(head, FIXTURES)
    return [
        (model, test)
        for model, tests in by_model.items()
        for test in tests
        if model in models or (others and (test.overrides or test.incremental))
        if not head.compiled[model].broken
    ]


def _digests(side: Side, folder: str) -> Mapping[str, str]:
    entries = side.workspace.files.entries
    return {path: entry.digest for path, entry in entries.items() if path.startswith(folder)}


def _run(tester: UnitTester, tests: Tests, end: float) -> list[UnitResult]:
    """The results of as many tests as come to an end before `end`, a reading of the clock."""
    results: list[UnitResult] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            results.extend(_each(tester, tests, end))
        except BaseException as error:
            problems.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(max(0.0, end - time.monotonic()))
    late = time.monotonic() + _GRACE
    while worker.is_alive() and time.monotonic() < late:
        tester.interrupt()
        worker.join(_AGAIN)
    if problems:
        raise problems[0]
    return list(results)


def _each(tester: UnitTester, tests: Tests, end: float) -> Iterator[UnitResult]:
    for result in tester.run(test for _, test in tests):
        if time.monotonic() >= end:
            return  # it was interrupted, or nobody waits for it
        yield result


def _without(
    base: Side, failed: Sequence[UnitResult], was: Mapping[AssetName, AssetName], end: float
) -> dict[tuple[str, str], str]:
    """How tests come out without the change, by model of now and name; those that there are."""
    with UnitTester(base.workspace, base.compilation) as tester:
        old = {
            (model, test.name): test for model, tests in tester.by_model.items() for test in tests
        }
        wanted = {
            (result.model, result.name): (model, old[model, result.name])
            for result in failed
            for model in [was.get(AssetName(result.model), AssetName(result.model))]
            if (model, result.name) in old
        }
        results = _run(tester, list(wanted.values()), end)
    statuses = [result.status for result in results]
    statuses += ["pass"] * (len(wanted) - len(statuses))  # what is not known does not excuse
    return dict(zip(wanted, statuses, strict=True))


def _failing(result: UnitResult, *, added: bool) -> FailingTest:
    said = result.message.partition(": ")[2] or result.message
    return FailingTest(
        result.name,
        AssetName(result.model),
        result.span,
        result.status,
        added,
        said,
        result.difference,
        result.diagnostics,
    )

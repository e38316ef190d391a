"""The tests of one step, carried out: by one query, of which is left out what is known already.

What a test measured is kept with the build that it looked at (`BuildRecord.results`). While the
test and all that it reads are the same, that is the answer; how it is judged may change meanwhile.
Tests that ask for the past find it in `BuildRecord.series`, which goes from build to build.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from xform.plan.audits import Audit, Drift, Number, Rows, Sliver, question, width
from xform.plan.names import physical_of
from xform.plan.plan import AuditStep, BuildStep
from xform.run.events import CheckDone, Event, Log
from xform.run.failures import EngineError
from xform.run.outcome import Judge, Tests, Verdict
from xform.run.ports import Session
from xform.run.records import BuildRecord, Result, Sample
from xform.sql.dialects import quote

SAMPLE = 100
"""So many failing rows are kept of a test, where it does not say how many."""
SERIES = 30
"""So many builds before are remembered of what is compared with the past."""


@dataclass(slots=True)
class Tester:
    """Carries out the tests of a step. `records` are builds by physical name, `past` the build that
    the environment shows, or the last one."""

    session: Session
    step: BuildStep | AuditStep
    judge: Judge
    post: Callable[[Event], None]
    clock: Callable[[], float]
    records: Mapping[str, BuildRecord]
    past: BuildRecord | None = None
    again: Callable[[Callable[[], Any]], Any] = lambda work: work()
    stopping: Callable[[EngineError], bool] = lambda error: False
    force: bool = False
    """Whether also what is known is measured again."""
    keeping: bool = False
    """Whether failing rows are kept of every test."""
    timed_out: Callable[[], bool] = lambda: False
    tests: Tests = field(default_factory=Tests)
    bad: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    """By name of a test: failing rows to be kept, of tests of which they are."""

    def ask(self, record: BuildRecord | None) -> Tests:
        """The tests of a build that is there, as far as they have to be run."""
        left = self._unknown(record)
        try:
            self.again(lambda: self.together(left, record))
        except EngineError as error:
            if self.timed_out():
                raise
            if self.stopping(error):
                self.tests.stopped = True
            else:
                self.one_by_one(left, record)
        return self.tests

    def _unknown(self, record: BuildRecord | None) -> Sequence[Audit]:
        """Tell what is known of a build that stands; what is left to be asked."""
        if record is None or self.force:
            return self.step.audits
        left: list[Audit] = []
        for audit in self.step.audits:
            result = record.results.get(audit.key)
            if result is None or not self._holds(audit, result, record):
                left.append(audit)
            else:
                self._told(audit, result.numbers, record, 0.0, unchanged=True)
        return left

    def _holds(self, audit: Audit, result: Result, record: BuildRecord) -> bool:
        """Whether a test would measure now what it measured."""
        if not audit.lasting or len(result.numbers) != width(audit):
            return False
        if self._keeps(audit) and any(result.numbers):
            return False  # its rows are wanted
        return result.read == _reading(audit, record, self.records)

    def together(self, audits: Sequence[Audit], record: BuildRecord | None) -> None:
        """Ask all by one query. Raises EngineError where one of them cannot be asked."""
        if not audits:
            return
        begun = self.clock()
        sliver = self._sliver(record)
        asked = [self._whole(audit) for audit in audits]
        row = self.session.query(question(asked, sliver)).rows[0]
        seconds = (self.clock() - begun) / len(audits)
        at = 0
        for audit in audits:
            numbers = _numbers(row[at : at + width(audit)])
            at += width(audit)
            self._found(audit, numbers, record, seconds)

    def one_by_one(
        self, audits: Sequence[Audit], record: BuildRecord | None, *, until_broken: bool = False
    ) -> None:
        """Ask one after the other: it is to be found which cannot be asked."""
        for audit in audits:
            begun = self.clock()

            def ask(audit: Audit = audit) -> Sequence[Any]:
                sliver = self._sliver(record)
                return self.session.query(question([self._whole(audit)], sliver)).rows[0]

            try:
                row = self.again(ask)
            except EngineError as error:
                if self.timed_out():
                    raise
                if self.stopping(error):
                    self.tests.stopped = True
                    return
                verdict = Verdict("error", error.message.splitlines()[0])
                self._say(audit, verdict, self.clock() - begun)
                if until_broken:
                    return
                continue
            self._found(audit, _numbers(row), record, self.clock() - begun)

    def noted(self, record: BuildRecord, at: str) -> BuildRecord:
        """The record with what was found of its build."""
        found = self.tests.numbers
        if not found:
            return record
        mark = mark_of(record)
        results = dict(record.results)
        series = dict(record.series)
        past = self.past.series if self.past is not None else {}
        for audit in self.step.audits:
            numbers = found.get(audit.key)
            if numbers is None:
                continue
            read = _reading(audit, record, self.records)
            if audit.lasting and read is not None:
                results[audit.key] = Result(numbers, read)
            else:
                results.pop(audit.key, None)
            if looks_back(audit):
                before = series.get(audit.key) or past.get(audit.key, ())
                others = tuple(sample for sample in before if sample.build != mark)
                sample = Sample(mark, at, numbers)
                series[audit.key] = (*others, sample)[-SERIES:]
        return msgspec.structs.replace(record, results=results, series=series, tested_at=at)

    def _found(
        self,
        audit: Audit,
        numbers: tuple[Number, ...],
        record: BuildRecord | None,
        seconds: float,
    ) -> None:
        self.tests.numbers[audit.key] = numbers
        self._told(audit, numbers, record, seconds)
        if self._keeps(audit):
            self.bad[audit.name] = self._sample(audit) if any(numbers) else ()

    def _keeps(self, audit: Audit) -> bool:
        return bool(audit.bad) and (self.keeping or audit.keeps)

    def _sample(self, audit: Audit) -> tuple[dict[str, Any], ...]:
        """Failing rows, without what must not be kept."""
        if audit.hidden is None:
            self._log(audit, "its bad rows are not kept: columns in them may be tagged 'pii'")
            return ()
        most = audit.keep or SAMPLE
        sql = f"select * from (\n{audit.bad}\n) as _bad limit {most}"
        result = self.session.query(sql)
        names = [column for column, _ in result.columns]
        open_to_all = [name for name in names if name.lower() not in audit.hidden]
        rows = tuple(
            {name: value for name, value in zip(names, row, strict=True) if name in open_to_all}
            for row in result.rows
        )
        if not open_to_all or not rows:
            return ()
        left_out = [name for name in names if name not in open_to_all]
        but = f", without {', '.join(left_out)}" if left_out else ""
        many = "1 bad row is" if len(rows) == 1 else f"{len(rows):,} bad rows are"
        self._log(audit, f"{many} kept{but}: xform show --failures {audit.name}")
        return rows

    def _log(self, audit: Audit, said: str) -> None:
        self.post(Log("info", f"{audit.asset}: {said}"))

    def _told(
        self,
        audit: Audit,
        numbers: tuple[Number, ...],
        record: BuildRecord | None,
        seconds: float,
        *,
        unchanged: bool = False,
    ) -> None:
        verdict = self.judge(audit, numbers, self._before(audit, record))
        self._say(audit, verdict, seconds, unchanged=unchanged)

    def _say(
        self, audit: Audit, verdict: Verdict, seconds: float, *, unchanged: bool = False
    ) -> None:
        self.post(
            CheckDone(
                audit.asset,
                audit.name,
                verdict.status,
                verdict.failures,
                seconds,
                verdict.message,
                unchanged,
            )
        )
        self.tests.note(audit, verdict)

    def _before(self, audit: Audit, record: BuildRecord | None) -> Sequence[Sequence[Number]]:
        """What a test measured of the builds before, the last one last."""
        if not looks_back(audit):
            return ()
        own = mark_of(record) if record is not None else ""
        series = record.series.get(audit.key, ()) if record is not None else ()
        if not series and self.past is not None:
            series = self.past.series.get(audit.key, ())
        found = [sample.numbers for sample in series if sample.build != own]
        rows = self.past.rows if self.past is not None else None
        same = self.past is not None and record is not None and mark_of(self.past) == own
        if not found and isinstance(audit.rule, Rows) and audit.rule.every and not same:
            return ((rows,),) if rows is not None else ()
        return found

    # New intervals alone -------------------------------------------------------------------------

    def _sliver(self, record: BuildRecord | None) -> Sliver | None:
        """The intervals that were computed, of a table that was carried on."""
        step = self.step
        if isinstance(step, AuditStep) or step.slicing is None or step.slicing.base is None:
            return None
        if record is None or self.records.get(step.slicing.base) is None:
            return None
        return Sliver(quote(step.slicing.column), record.computed, step.slicing.zone)

    def _whole(self, audit: Audit) -> Audit:
        """The test as one that looks at the whole table, unless the rows before have passed it."""
        step = self.step
        if not audit.by_row or isinstance(step, AuditStep) or step.slicing is None:
            return audit
        base = self.records.get(step.slicing.base or "")
        passed = base.results.get(audit.key) if base is not None else None
        if passed is not None and audit.lasting and not any(passed.numbers):
            return audit
        return msgspec.structs.replace(audit, by_row=False)


def looks_back(audit: Audit) -> bool:
    """Whether a test compares with the builds before."""
    rule = audit.rule
    if isinstance(rule, Rows):
        return rule.low_share is not None or rule.high_share is not None
    return isinstance(rule, Drift)


def mark_of(record: BuildRecord) -> str:
    """Another one for each state of each build."""
    return f"{record.physical}@{record.revision}"


def _reading(audit: Audit, own: BuildRecord, records: Mapping[str, BuildRecord]) -> str | None:
    """All that a test reads besides the rows of the build itself, as it is now; None where that
    cannot be told: what is read where it lies may be other data each time."""
    pending = [physical_of(read) for read in audit.reads]
    if own.relation == "view":
        pending += own.inputs.values()
    found: list[str] = []
    while pending:
        record = records.get(pending.pop() or "")
        if record is None:
            return None
        if record.relation == "view":
            pending += record.inputs.values()
        found.append(mark_of(record))
    return " ".join(sorted(set(found)))


def _numbers(row: Sequence[Any]) -> tuple[Number, ...]:
    return tuple(_number(value) for value in row)


def _number(value: Any) -> Number:
    """A measured value as it can be kept."""
    if value is None or isinstance(value, int):
        return value
    number = float(value)
    return number if math.isfinite(number) else None

"""One step, carried out in a worker thread: build, test, note what has passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias, TypeVar

import msgspec

from xform.base.codes import TEST_BROKEN
from xform.base.diagnostics import diagnose
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.plan.contract import Breach
from xform.plan.freshness import Standing
from xform.plan.plan import AuditStep, BuildStep, Conduct, PythonBody, SeedBody
from xform.project.checksum import Checksum
from xform.run import cutoff
from xform.run.contract import breaches
from xform.run.errors import build_diagnostic, contract_diagnostics
from xform.run.events import CheckDone, Log
from xform.run.history import Statement
from xform.run.outcome import Judge, Outcome, Rehearse, Tests, rehearse_nothing, timed_out
from xform.run.ports import (
    BadRows,
    BuildRecord,
    ColumnsDiffer,
    Engine,
    EngineError,
    Host,
    Kept,
    Note,
    Session,
    Settle,
    Sums,
)
from xform.run.testing import Tester, mark_of
from xform.run.versions import FilesRead, versions_read
from xform.run.watch import Watch, Watches

Value = TypeVar("Value")

Testing: TypeAlias = Callable[[BuildStep], Tester]
"""Gives what carries out the tests of a step."""

LONG = 2.0
"""Seconds from which on a build is committed before it is tested."""
_REMEMBERED = 4
"""Of what a build also holds, so many before the last are remembered."""


def _as_it_is(record: BuildRecord) -> BuildRecord:
    return record


@dataclass(slots=True)
class Workshop:
    """What the workers of a run share. All of it may be used from any thread."""

    engine: Engine
    host: Host
    run_id: str
    post: Callable[[Kept], None]
    judge: Judge
    rehearse: Rehearse = rehearse_nothing
    watches: Watches = field(default_factory=Watches)
    environment: str = ""
    force: bool = False
    """Whether tests run whose result is known."""
    keeping: bool = False
    """Whether failing rows are kept of every test."""
    _sums: dict[tuple[str, Checksum], Sums | None] = field(default_factory=dict)
    """Checksums of builds, as far as they were asked for."""

    def build(
        self,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        earlier: Sequence[BuildRecord] = (),
        past: BuildRecord | None = None,
    ) -> Outcome:
        """`records` are builds by physical name; `earlier` those of the step's asset; `past` is
        the one that the environment shows, or the last."""
        begun = self.host.monotonic()
        rehearsal = self._rehearsal(step)
        if rehearsal.blocked:
            return rehearsal.outcome(step.asset, self.host.monotonic() - begun, None)
        watch: Watch | None = None
        try:
            with self._watched(step) as (session, watch):
                again = self._patient(step, watch)
                testers: list[Tester] = []

                def tester(step: BuildStep) -> Tester:
                    testers.append(self._tester(session, watch, records, past, step))
                    return testers[-1]

                kept = self._standing(session, step, records, earlier)
                if kept is not None:
                    done = again(partial(self._keep, session, step, kept, begun, tester))
                else:
                    try:
                        done = again(partial(self._at_once, session, step, records, begun, tester))
                    except _TestBrokenError:
                        work = partial(self._one_by_one, session, step, records, begun, tester)
                        done = again(work)
                self._keep_bad_rows(testers)
                return done
        except EngineError as error:
            return self._broken(step, error, self.host.monotonic() - begun, watch)

    def _rehearsal(self, step: BuildStep) -> Tests:
        """The unit tests of the step's model, before anything of it is made."""
        tests = Tests()
        for found in self.rehearse(step.asset):
            self.post(
                CheckDone(step.asset, found.name, found.status, None, found.seconds, found.message)
            )
            tests.note_rehearsed(found)
        return tests

    @contextmanager
    def aside(self, name: AssetName) -> Iterator[Session]:
        """A session for what is no step, under a name."""
        with (
            self.engine.session(self.noting(name)) as session,
            self.watches.on(name, float("inf"), session),
        ):
            yield session

    def audit(
        self, step: AuditStep, records: Mapping[str, BuildRecord], past: BuildRecord | None = None
    ) -> Outcome:
        begun = self.host.monotonic()
        watch: Watch | None = None
        try:
            with self._watched(step) as (session, watch):
                tester = self._tester(session, watch, records, past, step)
                tests = self._stand(tester, records.get(step.physical))
                self._keep_bad_rows([tester])
        except EngineError as error:
            return self._broken(step, error, self.host.monotonic() - begun, watch)
        return tests.outcome(step.asset, self.host.monotonic() - begun, None)

    def _tester(
        self,
        session: Session,
        watch: Watch,
        records: Mapping[str, BuildRecord],
        past: BuildRecord | None,
        step: BuildStep | AuditStep,
    ) -> Tester:
        return Tester(
            session,
            step,
            self.judge,
            self.post,
            self.host.monotonic,
            records,
            past,
            self._patient(step, watch),
            self._is_stop,
            self.force,
            self.keeping,
            lambda: watch.timed_out,
        )

    def _keep_bad_rows(self, testers: Sequence[Tester]) -> None:
        """Write what the last one found, apart from the build: that may have been taken back."""
        if not testers or not testers[-1].bad:
            return
        last, at = testers[-1], self.host.now()
        last.session.keep_bad_rows(
            [
                BadRows(self.environment, last.step.asset, test, self.run_id, at, rows)
                for test, rows in last.bad.items()
            ]
        )

    def _stand(self, tester: Tester, record: BuildRecord | None) -> Tests:
        """The tests of a build that is there, and what it has passed with them."""
        step = tester.step
        if record is not None:
            _keep_contract(step, record)
        tests = tester.ask(record)
        passed = not tests.blocked and not tests.stopped
        digest = step.audits_digest if passed else None

        def change(now: BuildRecord) -> BuildRecord:
            if record is not None and mark_of(now) != mark_of(record):
                return now  # carried on meanwhile: nothing of this is of what it holds
            noted = tester.noted(now, self.host.now())
            return noted if digest is None else msgspec.structs.replace(noted, audits_digest=digest)

        stood = record is not None and record.audits_digest == digest
        if tests.numbers or (passed and not stood):
            tester.session.amend(step.physical, change)
        return tests

    def _standing(
        self,
        session: Session,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        earlier: Sequence[BuildRecord],
    ) -> BuildRecord | None:
        """A build that holds what the step would make, as the record of that."""
        if not earlier or step.relation != "table" or isinstance(step.body, SeedBody):
            return None
        files = FilesRead.now(step, self.host)
        origin = cutoff.origin_of(step, records, files.before)

        def sums(physical: str, how: Checksum) -> Sums | None:
            if (physical, how) not in self._sums:
                self._sums[physical, how] = session.sums(physical, how)
            return self._sums[physical, how]

        found = cutoff.standing(step, origin, earlier, records, sums)
        if found is None or origin is None:
            return None
        versions = versions_read(step, files, [], records)
        also = Standing(step.fingerprint, versions, step.inputs, origin.inputs, found.compared)
        return msgspec.structs.replace(found.record, also=(*found.record.also[-_REMEMBERED:], also))

    def _keep(
        self,
        session: Session,
        step: BuildStep,
        kept: BuildRecord,
        begun: float,
        testing: Testing,
    ) -> Outcome:
        """Let a build stand for what a step would make, tested as that would be."""
        _keep_contract(step, kept)
        audits = cutoff.audits_over(step.audits, {step.physical: kept.physical})
        tester = testing(msgspec.structs.replace(step, audits=audits))
        tests = tester.ask(kept)
        if tests.blocked or tests.stopped:
            return tests.outcome(step.asset, self.host.monotonic() - begun, None)
        kept = tester.noted(kept, self.host.now())
        kept = msgspec.structs.replace(
            kept, audits_digest=step.audits_digest, components=step.components
        )
        session.stand(kept)
        done = tests.outcome(step.asset, self.host.monotonic() - begun, kept)
        return replace(done, kept=True, message=cutoff.said_of(kept.also[-1].compared))

    def _at_once(
        self,
        session: Session,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        begun: float,
        testing: Testing,
    ) -> Outcome:
        """Make a build and test it before it is committed: what does not pass was never there.

        A build that took long is committed first, so that a request to stop costs the tests only.
        Raises _TestBrokenError where a test cannot be run: the transaction is lost with it.
        """
        tests: Tests | None = None

        def tested(record: BuildRecord) -> BuildRecord:
            nonlocal tests
            if record.seconds >= LONG and not step.in_place:
                return record
            tester = testing(step)
            try:
                tester.together(step.audits, record)
            except EngineError as error:
                if error.transient or error.kind == "interrupted":
                    raise
                raise _TestBrokenError(error.message, kind="audit") from error
            tests = tester.tests
            return self._settled(tester, record)

        try:
            record = self._make(session, step, records, tested if step.audits else _as_it_is)
        except _NotPassedError:
            assert tests is not None
            return tests.outcome(step.asset, self.host.monotonic() - begun, None)
        if tests is None:
            return self._after_commit(session, step, record, begun, testing)
        return tests.outcome(step.asset, self.host.monotonic() - begun, record)

    def _settled(self, tester: Tester, record: BuildRecord) -> BuildRecord:
        """The record of a build that has passed. Raises _NotPassedError where it has not."""
        tests = tester.tests
        if tests.blocked or tests.stopped:
            raise _NotPassedError("its tests have not passed", kind="audit")
        record = tester.noted(record, self.host.now())
        return msgspec.structs.replace(record, audits_digest=tester.step.audits_digest)

    def _one_by_one(
        self,
        session: Session,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        begun: float,
        testing: Testing,
    ) -> Outcome:
        """The same where a test cannot be run: it is to be found which. A new build is committed
        before; what changes one that stands is not."""
        if not step.in_place:
            record = self._make(session, step, records)
            return self._after_commit(session, step, record, begun, testing)
        tester = testing(step)

        def tested(record: BuildRecord) -> BuildRecord:
            tester.one_by_one(step.audits, record, until_broken=True)
            tester.tests.blocked = tester.tests.blocked or tester.tests.broken
            return self._settled(tester, record)

        made: BuildRecord | None = None
        with suppress(_NotPassedError):
            made = self._make(session, step, records, tested)
        return tester.tests.outcome(step.asset, self.host.monotonic() - begun, made)

    def _after_commit(
        self,
        session: Session,
        step: BuildStep,
        record: BuildRecord,
        begun: float,
        testing: Testing,
    ) -> Outcome:
        """Test a new build that is there; what does not pass goes again."""
        tester = testing(step)
        tests = tester.ask(record)
        if tests.blocked:
            session.discard(step.physical)
        elif step.audits and not tests.stopped:
            record = self._settled(tester, record)
            session.stand(record)
        return tests.outcome(step.asset, self.host.monotonic() - begun, record)

    @contextmanager
    def _watched(self, step: BuildStep | AuditStep) -> Iterator[tuple[Session, Watch]]:
        """A session that ends with its step's patience."""
        deadline = self.host.monotonic() + (step.conduct.timeout or float("inf"))
        with (
            self.engine.session(self.noting(step.asset)) as session,
            self.watches.on(step.asset, deadline, session) as watch,
        ):
            yield session, watch

    def noting(self, asset: AssetName) -> Note:
        """Notes each statement, with its time and what it failed with."""

        @contextmanager
        def note(sql: str) -> Iterator[None]:
            at, begun, said = self.host.now(), self.host.monotonic(), ""
            try:
                yield
            except Exception as error:
                said = str(error)
                raise
            finally:
                seconds = self.host.monotonic() - begun
                self.post(Statement(asset, sql, at, seconds, said))

        return note

    def _patient(
        self, step: BuildStep | AuditStep, watch: Watch
    ) -> Callable[[Callable[[], Value]], Value]:
        """Does a piece of work again after errors that may pass, as often as the step wants."""

        def do(work: Callable[[], Value]) -> Value:
            for number in range(step.conduct.retries):
                try:
                    return work()
                except EngineError as error:
                    if not error.transient or watch.halted.is_set():
                        raise
                    seconds = pause_before(number, step.conduct, self.host.random())
                    said = error.message.strip().splitlines()[0]
                    self.post(
                        Log(
                            "warning",
                            f"{step.asset}: {said}; trying again in {seconds:.1f}s "
                            f"({number + 1} of {step.conduct.retries})",
                        )
                    )
                    watch.pause(seconds)
            return work()

        return do

    def _make(
        self,
        session: Session,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        last: Settle = _as_it_is,
    ) -> BuildRecord:
        """`last` has the last word on the record."""
        begun = self.host.monotonic()
        files = FilesRead.now(step, self.host)

        def settle(record: BuildRecord) -> BuildRecord:
            moved = files.moved(step, self.host)
            for leaf in moved:
                self.post(
                    Log(
                        "warning",
                        f"the file of {leaf} changed while {step.asset} read it; "
                        f"{step.asset} will be built again next time",
                    )
                )
            settled = msgspec.structs.replace(
                record,
                versions=versions_read(step, files, moved, records),
                made_of=None if moved else cutoff.origin_of(step, records, files.before),
                seconds=self.host.monotonic() - begun,
                built_at=self.host.now(),
            )
            _keep_contract(step, settled)
            return last(settled)

        blank = BuildRecord(
            physical=step.physical,
            asset=step.asset,
            relation=step.relation,
            fingerprint=step.fingerprint,
            generation=step.generation,
            versions={},
            inputs=step.inputs,
            columns=(),
            rows=None,
            seconds=0.0,
            built_at="",
            run_id=self.run_id,
            components=step.components,
            # With nothing to test, there is nothing left to pass.
            audits_digest=Digest("") if step.audits else step.audits_digest,
            method=step.conduct.checksum,
        )
        with self.host.captured(lambda line: self.post(Log("info", f"{step.asset}: {line}"))):
            for hook in step.hooks.before:
                session.hook(hook)
            body = step.body
            python = (
                self.host.load_function(body.path, body.function)
                if isinstance(body, PythonBody)
                else None
            )
            return session.build(step, blank, python, settle)

    def _broken(
        self, step: BuildStep | AuditStep, error: EngineError, seconds: float, watch: Watch | None
    ) -> Outcome:
        if error.kind == "interrupted" and watch is not None and watch.timed_out:
            return timed_out(step, seconds)
        if self._is_stop(error):
            return Outcome(step.asset, "cancelled", seconds, None, "rolled back")
        if broken := _breaches(step, error):
            told = contract_diagnostics(step.asset, broken)
            said = "; ".join(breach.message for breach in broken)
            return Outcome(step.asset, "fail", seconds, None, said, told)
        if isinstance(step, BuildStep):
            found = build_diagnostic(step, error, self.host.read)
        else:
            found = diagnose(
                TEST_BROKEN,
                f"{step.asset}: {error.message}",
                step.audits[0].span if step.audits else "profiles.yml",
                "run the tests again",
                asset=step.asset,
            )
        said = found.message.removeprefix(f"{step.asset}: ")
        return Outcome(step.asset, "error", seconds, None, said, (found,))

    def _is_stop(self, error: EngineError) -> bool:
        return self.watches.stopping.is_set() and error.kind == "interrupted"


def pause_before(number: int, conduct: Conduct, chance: float) -> float:
    """Seconds to wait before trying again for the `number`-th time, from 0: twice as long each
    time, less up to half of it by `chance`, so that what failed together does not return so."""
    return float(conduct.wait * 2**number * (1 - chance / 2))


class _NotPassedError(EngineError):
    """Takes a change back."""


class _ContractBrokenError(EngineError):
    """A build has other columns or types than its contract declares: it is taken back."""

    def __init__(self, found: tuple[Breach, ...]) -> None:
        super().__init__("the contract is not kept", kind="contract")
        self.breaches = found


def _keep_contract(step: BuildStep | AuditStep, record: BuildRecord) -> None:
    """Raises _ContractBrokenError where a build does not keep the contract of its model."""
    if step.contract is not None and (found := tuple(breaches(step.contract, record.columns))):
        raise _ContractBrokenError(found)


def _breaches(step: BuildStep | AuditStep, error: EngineError) -> tuple[Breach, ...]:
    """How a contract was broken, where that is what went wrong."""
    if isinstance(error, _ContractBrokenError):
        return error.breaches
    if isinstance(error, ColumnsDiffer) and step.contract is not None:
        return tuple(breaches(step.contract, [(name, None) for name in error.found]))
    return ()


class _TestBrokenError(EngineError):
    """A test could not be run."""

"""One step, carried out in a worker thread: build, test, note what has passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

import msgspec

from xform.base.codes import TEST_BROKEN
from xform.base.diagnostics import diagnose
from xform.base.names import AssetName
from xform.plan.plan import AuditStep, BuildStep
from xform.run import cutoff
from xform.run.contracts import broken_contract, keep_contract
from xform.run.errors import build_diagnostic, contract_diagnostics
from xform.run.events import CheckDone
from xform.run.failures import EngineError
from xform.run.history import Kept, Statement
from xform.run.making import as_it_is, make
from xform.run.outcome import Judge, Outcome, Rehearse, Tests, rehearse_nothing, timed_out
from xform.run.patience import patient
from xform.run.ports import Engine, Host, Note, Session
from xform.run.records import BadRows, BuildRecord, Settle
from xform.run.standing import Comparison
from xform.run.testing import Tester, mark_of
from xform.run.watch import Watch, Watches

Testing: TypeAlias = Callable[[BuildStep], Tester]
"""Gives what carries out the tests of a step."""

LONG = 2.0
"""Seconds from which on a build is committed before it is tested."""


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
    _comparison: Comparison = field(init=False)

    def __post_init__(self) -> None:
        self._comparison = Comparison(self.host)

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
                again = patient(step, watch, self.host, self.post)
                testers: list[Tester] = []

                def tester(step: BuildStep) -> Tester:
                    testers.append(self._tester(session, watch, records, past, step))
                    return testers[-1]

                kept = self._comparison.standing(session, step, records, earlier)
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
            patient(step, watch, self.host, self.post),
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
            keep_contract(step, record)
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

    def _keep(
        self,
        session: Session,
        step: BuildStep,
        kept: BuildRecord,
        begun: float,
        testing: Testing,
    ) -> Outcome:
        """Let a build stand for what a step would make, tested as that would be."""
        keep_contract(step, kept)
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
            record = self._make(session, step, records, tested if step.audits else as_it_is)
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

    def _make(
        self,
        session: Session,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        last: Settle = as_it_is,
    ) -> BuildRecord:
        return make(self.host, self.post, self.run_id, session, step, records, last)

    def _broken(
        self, step: BuildStep | AuditStep, error: EngineError, seconds: float, watch: Watch | None
    ) -> Outcome:
        if error.kind == "interrupted" and watch is not None and watch.timed_out:
            return timed_out(step, seconds)
        if self._is_stop(error):
            return Outcome(step.asset, "cancelled", seconds, None, "rolled back")
        if broken := broken_contract(step, error):
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


class _NotPassedError(EngineError):
    """Takes a change back."""


class _TestBrokenError(EngineError):
    """A test could not be run."""

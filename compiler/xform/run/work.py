"""One step, carried out in a worker thread: build, test, note what has passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import msgspec

from xform.base.codes import TEST_BROKEN
from xform.base.diagnostics import diagnose
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.plan.freshness import Standing
from xform.plan.plan import Audit, AuditStep, BuildStep, Conduct, PythonBody, SeedBody
from xform.run import cutoff
from xform.run.errors import build_diagnostic
from xform.run.events import CheckDone, Log
from xform.run.history import Statement
from xform.run.outcome import Judge, Outcome, Rehearse, Tests, rehearse_nothing, timed_out
from xform.run.ports import BuildRecord, Engine, EngineError, Host, Kept, Note, Session, Settle
from xform.run.versions import FilesRead, versions_read
from xform.run.watch import Watch, Watches

Value = TypeVar("Value")

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
    _sums: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    """Checksums of builds, as far as they were asked for."""

    def build(
        self,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        earlier: Sequence[BuildRecord] = (),
    ) -> Outcome:
        """`records` are builds by physical name; `earlier` those of the step's asset."""
        begun = self.host.monotonic()
        rehearsal = self._rehearsal(step)
        if rehearsal.blocked:
            return rehearsal.outcome(step.asset, self.host.monotonic() - begun, None)
        watch: Watch | None = None
        try:
            with self._watched(step) as (session, watch):
                again = self._patient(step, watch)
                kept = self._standing(session, step, records, earlier)
                if kept is not None:
                    return again(partial(self._keep, session, step, kept, begun, watch))
                try:
                    done = again(partial(self._at_once, session, step, records, begun, watch))
                except _TestBrokenError:
                    done = None
                if done is None:
                    done = again(partial(self._one_by_one, session, step, records, begun, watch))
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

    def audit(self, step: AuditStep) -> Outcome:
        begun = self.host.monotonic()
        watch: Watch | None = None
        try:
            with self._watched(step) as (session, watch):
                tests = self._audit(session, step, watch)
                if not tests.blocked and not tests.stopped:
                    session.passed(step.physical, step.audits_digest)
        except EngineError as error:
            return self._broken(step, error, self.host.monotonic() - begun, watch)
        return tests.outcome(step.asset, self.host.monotonic() - begun, None)

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

        def sums(physical: str) -> tuple[str, str] | None:
            if physical not in self._sums:
                self._sums[physical] = session.sums(physical)
            return self._sums[physical]

        found = cutoff.standing(step, origin, earlier, records, sums)
        if found is None or origin is None:
            return None
        versions = versions_read(step, files, [], records)
        also = Standing(step.fingerprint, versions, step.inputs, origin.inputs)
        return msgspec.structs.replace(found, also=(*found.also[-_REMEMBERED:], also))

    def _keep(
        self, session: Session, step: BuildStep, kept: BuildRecord, begun: float, watch: Watch
    ) -> Outcome:
        """Let a build stand for what a step would make, tested as that would be."""
        looked = msgspec.structs.replace(
            step, audits=cutoff.audits_over(step.audits, {step.physical: kept.physical})
        )
        tests = self._audit(session, looked, watch) if looked.audits else Tests()
        if tests.blocked or tests.stopped:
            return tests.outcome(step.asset, self.host.monotonic() - begun, None)
        kept = msgspec.structs.replace(kept, audits_digest=step.audits_digest)
        session.stand(kept)
        done = tests.outcome(step.asset, self.host.monotonic() - begun, kept)
        return replace(done, kept=True)

    def _at_once(
        self,
        session: Session,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        begun: float,
        watch: Watch,
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
            tests = self._audit_together(session, step)
            if tests.blocked or tests.stopped:
                raise _NotPassedError("its tests have not passed", kind="audit")
            return msgspec.structs.replace(record, audits_digest=step.audits_digest)

        try:
            record = self._make(session, step, records, tested if step.audits else _as_it_is)
        except _NotPassedError:
            assert tests is not None
            return tests.outcome(step.asset, self.host.monotonic() - begun, None)
        if tests is None:
            return self._after_commit(session, step, record, begun, watch)
        return tests.outcome(step.asset, self.host.monotonic() - begun, record)

    def _one_by_one(
        self,
        session: Session,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        begun: float,
        watch: Watch,
    ) -> Outcome:
        """The same where a test cannot be run: it is to be found which. A new build is committed
        before; what changes one that stands is not."""
        if not step.in_place:
            record = self._make(session, step, records)
            return self._after_commit(session, step, record, begun, watch)
        tests = Tests()

        def tested(record: BuildRecord) -> BuildRecord:
            nonlocal tests
            tests = self._audit(session, step, watch, until_broken=True)
            tests.blocked = tests.blocked or tests.broken
            if tests.blocked or tests.stopped:
                raise _NotPassedError("its tests have not passed", kind="audit")
            return msgspec.structs.replace(record, audits_digest=step.audits_digest)

        made: BuildRecord | None = None
        with suppress(_NotPassedError):
            made = self._make(session, step, records, tested)
        return tests.outcome(step.asset, self.host.monotonic() - begun, made)

    def _after_commit(
        self,
        session: Session,
        step: BuildStep,
        record: BuildRecord,
        begun: float,
        watch: Watch,
    ) -> Outcome:
        """Test a new build that is there; what does not pass goes again."""
        tests = self._audit(session, step, watch)
        if tests.blocked:
            session.discard(step.physical)
        elif step.audits and not tests.stopped:
            session.passed(step.physical, step.audits_digest)
            record = msgspec.structs.replace(record, audits_digest=step.audits_digest)
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
            comparable=step.conduct.checksum,
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

    def _audit_together(self, session: Session, step: BuildStep) -> Tests:
        """All tests of a step by one statement."""
        tests = Tests()
        begun = self.host.monotonic()
        queries = ", ".join(f"(\n{audit.sql}\n)" for audit in step.audits)
        try:
            counts = session.query(f"select {queries}").rows[0]
        except EngineError as error:
            if error.transient or error.kind == "interrupted":
                raise
            raise _TestBrokenError(error.message, kind="audit") from error
        seconds = (self.host.monotonic() - begun) / len(step.audits)
        for audit, failures in zip(step.audits, counts, strict=True):
            status, message = self.judge(audit, int(failures or 0))
            self._told(tests, audit, status, message, int(failures or 0), seconds)
        return tests

    def _audit(
        self,
        session: Session,
        step: BuildStep | AuditStep,
        watch: Watch,
        *,
        until_broken: bool = False,
    ) -> Tests:
        """The tests of a step, one after the other."""
        tests = Tests()
        again = self._patient(step, watch)
        for audit in step.audits:
            begun = self.host.monotonic()
            failures: int | None = None

            def count(sql: str = audit.sql) -> int:
                return int(session.query(sql).rows[0][0] or 0)

            try:
                failures = again(count)
                status, message = self.judge(audit, failures)
            except EngineError as error:
                if watch.timed_out:
                    raise
                if self._is_stop(error):
                    tests.stopped = True
                    return tests
                status, message = "error", error.message.splitlines()[0]
            seconds = self.host.monotonic() - begun
            self._told(tests, audit, status, message, failures, seconds)
            if until_broken and tests.broken:
                break
        return tests

    def _told(
        self,
        tests: Tests,
        audit: Audit,
        status: str,
        message: str,
        failures: int | None,
        seconds: float,
    ) -> None:
        self.post(CheckDone(audit.asset, audit.name, status, failures, seconds, message))
        tests.note(audit, status, message)

    def _broken(
        self, step: BuildStep | AuditStep, error: EngineError, seconds: float, watch: Watch | None
    ) -> Outcome:
        if error.kind == "interrupted" and watch is not None and watch.timed_out:
            return timed_out(step, seconds)
        if self._is_stop(error):
            return Outcome(step.asset, "cancelled", seconds, None, "rolled back")
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


class _TestBrokenError(EngineError):
    """A test could not be run."""

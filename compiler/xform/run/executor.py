"""Carries out a plan.

Workers build and test; the calling thread starts them, polls, tells what happens, keeps the state
and publishes once at the end. It runs no query that may take long, so that a request to stop is
always heard (DuckDB 2.0 does not hear Ctrl-C in a thread that waits for a query).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

import msgspec

from xform.base.names import AssetName
from xform.plan.plan import AuditStep, BuildStep, HookSql, Plan, PublishStep
from xform.run.account import Account
from xform.run.builds import Builds
from xform.run.errors import body_path, publish_diagnostic
from xform.run.events import (
    Event,
    Log,
    NodeStart,
    Published,
    RunStart,
)
from xform.run.failures import EngineError
from xform.run.history import NOTHING_SAID, Asked
from xform.run.hooks import run_hooks
from xform.run.keeping import Keeper
from xform.run.leases import Hold
from xform.run.outcome import (
    Judge,
    Outcome,
    Rehearse,
    judge_by_count,
    rehearse_nothing,
    timed_out,
)
from xform.run.ports import Engine, Host, Signals, State
from xform.run.publishing import Chosen, choose
from xform.run.records import Occasion
from xform.run.result import RunResult
from xform.run.scheduler import Schedule, Skip, Work
from xform.run.work import Workshop
from xform.run.workers import Workers

POLL = 0.2
"""Seconds between looks at running steps and requests to stop."""

GRACE = 3.0
"""Seconds that running steps get after a second request to stop."""


def execute(
    plan: Plan,
    engine: Engine,
    state: State,
    host: Host,
    *,
    threads: int = 4,
    emit: Callable[[Event], None] = lambda event: None,
    fail_fast: bool = False,
    atomic: bool = False,
    judge: Judge = judge_by_count,
    asked: Asked = NOTHING_SAID,
    secrets: Sequence[str] = (),
    hold: Hold | None = None,
    rehearse: Rehearse = rehearse_nothing,
    force: bool = False,
    keeping: bool = False,
) -> RunResult:
    """Build, test and publish. Opens the engine where it is not open yet, and closes it.

    `hold` is the lease of the environment, whose owner the run is: without one it must be certain
    by other means that nobody else writes there. `rehearse` runs the unit tests of a model before
    it is built: it is not, where one does not pass. `force`: tests run also where their result is
    known; `keeping`: rows that fail them are kept. Events are emitted in the calling thread.
    `asked` and what happens are kept in the state, but for `secrets`. Failures of models become
    diagnostics of the result.
    Raises EngineBusy, EngineError and StateError where the run cannot even begin; then nothing
    has been emitted or written.
    """
    run = _Run(plan, engine, state, host, emit, fail_fast, atomic, secrets, hold)
    if not plan.steps:
        return run.nothing()
    engine.open()
    try:
        identity = engine.identity()
        engine.prepare(())
        run.enter()
        run.begin(judge, rehearse, threads, asked, identity, force=force, keeping=keeping)
        with host.signals() as signals:
            run.hooks("on_start", plan.on_start, signals)
            run.steps(signals, threads)
            run.publish(signals)
            run.hooks("on_end", plan.on_end, signals)
    finally:
        run.leave()
    return run.end()


class _Run:
    """A run in progress. Used by the calling thread only."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        state: State,
        host: Host,
        emit: Callable[[Event], None],
        fail_fast: bool,
        atomic: bool,
        secrets: Sequence[str],
        hold: Hold | None,
    ) -> None:
        self._plan = plan
        self._engine = engine
        self._state = state
        self._host = host
        self._emit = emit
        self._fail_fast = fail_fast
        self._atomic = atomic
        self._work: tuple[Work, ...] = tuple(
            step for step in plan.steps if isinstance(step, BuildStep | AuditStep)
        )
        self._builds = tuple(step for step in self._work if isinstance(step, BuildStep))
        self._hold = hold
        self._run_id = hold.owner if hold is not None else host.new_run_id()
        self._begun = host.monotonic()
        self._keeper = Keeper(state, self._run_id, emit, secrets)
        reasons = {
            action.asset: action.reasons[0].detail for action in plan.actions if action.reasons
        }
        self._account = Account(emit, self._keeper, reasons)
        self._schedule = Schedule.of((), {})
        self._known = Builds()
        self._running: dict[Future[Outcome], Work] = {}
        self._workers: Workers[Outcome] = Workers()
        self._workshop: Workshop | None = None
        self._chosen = Chosen((), (), ())
        self._cancelled = False
        self._publish_failed = False
        self._hook_failed = False
        self._abandoned: tuple[AssetName, ...] = ()

    def nothing(self) -> RunResult:
        """A plan without steps: tells its beginning and end, touches nothing."""
        self._emit(RunStart(self._run_id, self._plan.environment, (), 0, self._host.now()))
        return self._finish()

    def enter(self) -> None:
        """Shut out whoever had the environment before."""
        if self._hold is not None:
            self._hold.enter(self._engine)

    def begin(
        self,
        judge: Judge,
        rehearse: Rehearse,
        threads: int,
        asked: Asked,
        identity: str,
        *,
        force: bool,
        keeping: bool,
    ) -> None:
        """`identity` is that of the warehouse when it was opened. Where the state has the record
        of another moment, or of another warehouse, the ledger is asked."""
        snapshot = self._state.snapshot(self._plan.environment, components=False)
        found, shown = tuple(snapshot.builds.values()), snapshot.publications
        if snapshot.identity != identity or not self._of_before() <= snapshot.builds.keys():
            ledger = self._engine.ledger()
            found, shown = ledger.builds, ledger.publications
        self._known = Builds.of(found, shown, self._plan.environment)
        self._schedule = Schedule.of(self._work, snapshot.seconds)
        self._workshop = Workshop(
            self._engine,
            self._host,
            self._run_id,
            self._account.post,
            judge,
            rehearse,
            environment=self._plan.environment,
            force=force,
            keeping=keeping,
        )
        now = self._host.now()
        nodes = tuple(step.asset for step in self._work)
        asked = msgspec.structs.replace(asked, planned=nodes)
        self._keeper.begin(self._plan.environment, now, asked)
        self._emit(RunStart(self._run_id, self._plan.environment, nodes, threads, now))

    def hooks(self, name: str, hooks: Sequence[HookSql], signals: Signals) -> None:
        """Those at one end of the run. Where they fail at its start, nothing else is done."""
        if not hooks or self._hook_failed or signals.count > 0:
            return
        assert self._workshop is not None
        found = run_hooks(self._workshop, name, hooks, signals, POLL)
        self._account.tell_posted()
        if found is None or signals.count > 0:
            return
        self._hook_failed = True
        self._account.diagnostics.append(found)
        self._account.tell(Log("error", found.message))
        for asset in self._schedule.drain():
            self._account.skip(Skip(asset, asset), f"{name} failed")

    def steps(self, signals: Signals, threads: int) -> None:
        deadline = float("inf")
        while True:
            if signals.count > 0:
                self._cancel()
            self._start(max(threads, 1))
            if not self._running:
                break
            done = self._workers.ended(POLL)
            self._account.tell_posted()
            self._enforce_timeouts()
            for future in done:
                step = self._running.pop(future, None)
                if step is not None:
                    self._done(step, future.result())
            self._keeper.keep(now=self._host.monotonic())
            if signals.count > 1:
                deadline = min(deadline, self._host.monotonic() + GRACE)
                if self._host.monotonic() >= deadline:
                    self._abandon()
                    break
        self._account.tell_posted()
        self._keeper.keep()

    def publish(self, signals: Signals) -> None:
        if signals.count > 0:
            self._cancelled = True
        chosen = choose(
            self._plan, frozenset(self._account.bad), self._known.records, atomic=self._atomic
        )
        if self._cancelled or self._hook_failed:
            # Finished builds are kept for the next run, which then publishes all at once.
            reason = "the run was cancelled" if self._cancelled else "on_start failed"
            held = tuple((step.asset, reason) for step in chosen.publish)
            self._chosen = Chosen((), (), (*chosen.withheld, *held))
            return
        self._chosen = chosen
        if not chosen.publish and not chosen.drop:
            return
        begun = self._host.monotonic()
        publish = [self._known.publishing(step) for step in chosen.publish]
        try:
            if self._hold is not None:
                self._hold.check()
            assert self._workshop is not None
            note = self._workshop.noting
            occasion = Occasion("build", self._host.now(), self._run_id)
            self._engine.publish(self._plan.environment, publish, chosen.drop, note, occasion)
        except EngineError as error:
            paths = {step.asset: body_path(step) for step in self._builds}
            self._account.diagnostics.append(publish_diagnostic(error, paths))
            self._publish_failed = True
            held = tuple((step.asset, "publishing failed") for step in chosen.publish)
            self._chosen = Chosen((), (), (*chosen.withheld, *held))
            return
        self._account.tell_posted()
        self._account.tell(
            Published(
                tuple(step.asset for step in chosen.publish),
                tuple(step.asset for step in chosen.drop),
                self._host.monotonic() - begun,
            )
        )

    def leave(self) -> None:
        """Disconnect, whatever happened, and copy the warehouse's ledger into the state.

        Where steps were abandoned, the connection is still theirs; the state heals next time.
        """
        self._workers.close()
        if self._running and self._workshop is not None:
            self._workshop.watches.stop()
            _, stuck = wait(self._running, timeout=GRACE)
            if stuck:
                return
        if self._abandoned:
            return
        ledger = None
        try:
            ledger = self._engine.ledger()
        except EngineError as error:
            self._account.tell(Log("warning", f"the ledger cannot be read: {error.message}"))
        self._engine.close()
        if ledger is not None:
            identity = self._engine.identity()
            self._keeper.do(lambda: self._state.sync(ledger, identity))

    def end(self) -> RunResult:
        result = self._finish()
        self._keeper.end()
        return result

    def _finish(self) -> RunResult:
        account = self._account
        status = "success"
        if self._cancelled:
            status = "cancelled"
        elif account.failed or account.test_failed or self._publish_failed or self._hook_failed:
            status = "failed"
        seconds = self._host.monotonic() - self._begun
        builds = frozenset(step.asset for step in self._builds)
        account.close(self._run_id, status, builds, seconds, self._host.now())
        return RunResult(
            run_id=self._run_id,
            status=status,
            nodes=tuple(account.nodes),
            diagnostics=tuple(sorted(account.diagnostics, key=lambda found: found.order)),
            published=tuple(step.asset for step in self._chosen.publish),
            dropped=tuple(step.asset for step in self._chosen.drop),
            withheld=self._chosen.withheld,
            warned=account.warned,
            seconds=seconds,
            abandoned=self._abandoned,
            checks=tuple(account.checks),
        )

    def _of_before(self) -> set[str]:
        """Builds of earlier runs that this one reads or publishes."""
        used = {name for step in self._builds for name in step.inputs.values()}
        used |= {step.physical for step in self._plan.steps if isinstance(step, PublishStep)}
        return used - {step.physical for step in self._builds}

    def _start(self, threads: int) -> None:
        workshop = self._workshop
        assert workshop is not None
        while len(self._running) < threads:
            step = self._schedule.take()
            if step is None:
                return
            reason = self._account.reasons.get(step.asset, "")
            self._account.tell(NodeStart(step.asset, reason, self._host.now()))
            future = self._workers.submit(self._job(workshop, step))
            self._running[future] = step

    def _job(self, workshop: Workshop, step: Work) -> Callable[[], Outcome]:
        known = self._known
        match step:
            case BuildStep():
                over = known.building(step)
                earlier = known.earlier(step.asset)
                past = known.past(step.asset)
                return lambda: workshop.build(over, known.records, earlier, past)
            case AuditStep():
                looked = known.auditing(step)
                return lambda: workshop.audit(looked, known.records)

    def _done(self, step: Work, outcome: Outcome) -> None:
        if outcome.record is not None:
            self._known.note(step, outcome.record)
        self._account.done(step, outcome)
        if outcome.status == "success":
            self._schedule.succeeded(step.asset)
            return
        if outcome.status == "cancelled":
            return
        for skip in self._schedule.failed(step.asset):
            self._account.skip(skip, f"{skip.because} failed")
        if self._fail_fast:
            for asset in self._schedule.drain():
                self._account.skip(
                    Skip(asset, step.asset), f"{step.asset} failed, and the run stops there"
                )

    def _cancel(self) -> None:
        """Start nothing more and interrupt what runs; again at each poll."""
        assert self._workshop is not None
        if not self._cancelled:
            self._cancelled = True
            running = len(self._running)
            self._account.tell(Log("warning", f"stopping: interrupting {running} running"))
            for asset in self._schedule.drain():
                self._account.skip(Skip(asset, asset), "the run was cancelled")
        self._workshop.watches.stop()

    def _enforce_timeouts(self) -> None:
        """What does not heed its timeout (user code that hangs) is left behind."""
        assert self._workshop is not None
        stuck = self._workshop.watches.enforce(self._host.monotonic(), GRACE)
        for future, step in [item for item in self._running.items() if item[1].asset in stuck]:
            if not future.done():
                del self._running[future]
                self._abandoned += (step.asset,)
                self._done(step, timed_out(step, step.conduct.timeout or 0.0))

    def _abandon(self) -> None:
        for step in self._running.values():
            self._account.done(
                step, Outcome(step.asset, "cancelled", 0.0, None, "did not stop in time")
            )
        self._abandoned += tuple(step.asset for step in self._running.values())
        self._running.clear()

"""What has become of a run so far, and telling it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.run.events import CheckDone, Event, NodeDone, NodeSkip, RunEnd
from xform.run.history import Kept, Statement
from xform.run.keeping import Keeper
from xform.run.outcome import Outcome
from xform.run.result import NodeResult
from xform.run.scheduler import Skip, Work


@dataclass(slots=True)
class Account:
    """Used by the calling thread of a run only, but for `post`.

    `reasons` say why each asset has a step. What is told is kept as well.
    """

    emit: Callable[[Event], None]
    keeper: Keeper
    reasons: Mapping[AssetName, str]
    nodes: list[NodeResult] = field(default_factory=list)
    checks: list[CheckDone] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    bad: set[AssetName] = field(default_factory=set)
    """What failed or was not even tried."""
    warned: int = 0
    test_failed: bool = False
    """Whether a test failed that does not block."""
    _posted: queue.SimpleQueue[Kept] = field(default_factory=queue.SimpleQueue)

    def post(self, event: Kept) -> None:
        """To be told by `tell_posted`. May be called from any thread."""
        self._posted.put(event)

    def tell(self, event: Event) -> None:
        if isinstance(event, CheckDone):
            self.checks.append(event)
        self.keeper.add(event)
        self.emit(event)

    def tell_posted(self) -> None:
        while True:
            try:
                event = self._posted.get_nowait()
            except queue.Empty:
                return
            if isinstance(event, Statement):
                self.keeper.add(event)
            else:
                self.tell(event)

    def done(self, step: Work, outcome: Outcome) -> None:
        """A step has come to its end."""
        self.diagnostics.extend(outcome.diagnostics)
        self.warned += outcome.warned
        self.test_failed = self.test_failed or outcome.failed
        if outcome.status != "success":
            self.bad.add(step.asset)
        record = outcome.record
        build = record.physical if record is not None else None
        done = NodeDone(
            asset=step.asset,
            status=outcome.status,
            rows=record.rows if record is not None else None,
            seconds=outcome.seconds,
            build=build,
            reason=self.reasons.get(step.asset, ""),
            message=outcome.message,
            kept=outcome.kept,
        )
        self.nodes.append(
            NodeResult(
                done.asset,
                done.status,
                done.rows,
                done.seconds,
                build,
                done.reason,
                done.message,
                done.kept,
            )
        )
        self.tell(done)

    def skip(self, skip: Skip, reason: str) -> None:
        self.bad.add(skip.asset)
        self.nodes.append(NodeResult(skip.asset, "skipped", None, 0.0, None, reason))
        self.tell(NodeSkip(skip.asset, reason))

    @property
    def failed(self) -> int:
        """How many failed of themselves."""
        return sum(node.status in ("error", "fail") for node in self.nodes)

    def close(
        self, run_id: str, status: str, builds: frozenset[AssetName], seconds: float, at: str
    ) -> None:
        """Tell the end. `builds` are the assets that were to be built."""
        made = [
            node.asset in builds and not node.kept
            for node in self.nodes
            if node.status == "success"
        ]
        self.tell(
            RunEnd(
                run_id=run_id,
                status=status,
                built=sum(made),
                failed=self.failed,
                skipped=sum(node.status == "skipped" for node in self.nodes),
                warned=self.warned,
                seconds=seconds,
                at=at,
                kept=sum(node.kept for node in self.nodes),
            )
        )

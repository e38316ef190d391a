"""What a run has come to so far: events added up, for progress and summary to draw."""

from __future__ import annotations

from typing import assert_never

from xform.base.names import AssetName
from xform.run.events import (
    CheckDone,
    Event,
    Log,
    NodeDone,
    NodeSkip,
    NodeStart,
    Published,
    RunEnd,
    RunStart,
)


class RunView:
    """The state of one run. Times are readings of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        self.start: RunStart | None = None
        self.end: RunEnd | None = None
        self.began = 0.0
        self.running: dict[AssetName, float] = {}
        """Asset → when it started, the longest running first."""
        self.done: dict[AssetName, NodeDone] = {}
        self.skipped: dict[AssetName, NodeSkip] = {}
        self.checks: list[CheckDone] = []
        self.published: list[Published] = []

    def add(self, event: Event, now: float) -> None:
        match event:
            case RunStart():
                self.start = event
                self.began = now
            case NodeStart():
                self.running[event.asset] = now
            case NodeDone():
                self.running.pop(event.asset, None)
                self.done[event.asset] = event
            case NodeSkip():
                self.skipped[event.asset] = event
            case CheckDone():
                self.checks.append(event)
            case Published():
                self.published.append(event)
            case RunEnd():
                self.end = event
                self.running.clear()
            case Log():
                pass
            case _:
                assert_never(event)

    @property
    def nodes(self) -> tuple[AssetName, ...]:
        return self.start.nodes if self.start else ()

    @property
    def environment(self) -> str:
        return self.start.environment if self.start else ""

    @property
    def finished(self) -> int:
        return len(self.done) + len(self.skipped)

    @property
    def total(self) -> int:
        return max(len(self.nodes), self.finished)

    @property
    def built(self) -> list[NodeDone]:
        return [node for node in self.done.values() if node.status == "success"]

    @property
    def failed(self) -> list[AssetName]:
        """Assets that failed or whose tests did, in the order in which they did."""
        nodes = (node.asset for node in self.done.values() if node.status in ("error", "fail"))
        checks = (check.asset for check in self.failed_checks)
        return list(dict.fromkeys((*nodes, *checks)))

    @property
    def failed_checks(self) -> list[CheckDone]:
        return [check for check in self.checks if check.status in ("fail", "error")]

    @property
    def not_done(self) -> list[AssetName]:
        """Assets that were to run and have neither ended nor been skipped, or were stopped."""
        ended = {
            asset for asset, node in self.done.items() if node.status != "cancelled"
        } | self.skipped.keys()
        return [asset for asset in self.nodes if asset not in ended]

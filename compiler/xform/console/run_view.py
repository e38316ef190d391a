"""What a run has come to so far: events added up, for progress and summary to draw."""

from __future__ import annotations

from typing import assert_never

from xform.base.names import AssetName
from xform.console.cells import width
from xform.console.words import count
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
        self.name_width = 0
        """Cells of the longest name among the nodes."""
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
                self.name_width = max((width(name) for name in event.nodes), default=0)
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
        """What was computed; not builds that stood and were tested again."""
        done = self.done.values()
        return [
            node
            for node in done
            if node.status == "success" and node.build is not None and not node.kept
        ]

    @property
    def only_tests(self) -> bool:
        """Whether nothing was to be built (`xform test`): what is planned has a reason."""
        done = self.done.values()
        return bool(done) and not any(node.build or node.reason for node in done)

    @property
    def failed(self) -> list[AssetName]:
        """Assets that failed or whose tests did, in the order in which they did."""
        nodes = (node.asset for node in self.done.values() if node.status in ("error", "fail"))
        checks = (check.asset for check in self.failed_checks)
        return list(dict.fromkeys((*nodes, *checks)))

    def stands(self, asset: AssetName) -> bool:
        """Whether an asset came through, though a test of it may have failed."""
        node = self.done.get(asset)
        return node is not None and node.status == "success"

    @property
    def failed_checks(self) -> list[CheckDone]:
        return [check for check in self.checks if check.status in ("fail", "error")]

    @property
    def cancelled(self) -> bool:
        return self.end is not None and self.end.status == "cancelled"

    @property
    def not_done(self) -> list[AssetName]:
        """Of a cancelled run, the assets that neither ended nor wait for one that failed."""
        caused = {asset for assets in self.skips_by_failure().values() for asset in assets}
        return [
            asset
            for asset in self.nodes
            if asset not in caused
            and (asset not in self.done or self.done[asset].status == "cancelled")
        ]

    def skips_by_failure(self) -> dict[AssetName, list[AssetName]]:
        """Each failed asset with what was skipped because of it, at any distance."""
        failed = set(self.failed)
        found: dict[AssetName, list[AssetName]] = {}
        for asset in self.skipped:
            cause: AssetName | None = asset
            seen: set[AssetName] = set()
            while cause is not None and cause not in failed and cause not in seen:
                seen.add(cause)
                cause = self._blamed(cause, failed)
            if cause is not None and cause in failed:
                found.setdefault(cause, []).append(asset)
        return found

    def _blamed(self, asset: AssetName, failed: set[AssetName]) -> AssetName | None:
        """The asset that the reason of a skip names."""
        skip = self.skipped.get(asset)
        words = skip.reason.split() if skip else ()
        names = (AssetName(word.strip(".,;:'\"`()")) for word in words)
        return next(
            (name for name in names if name != asset and (name in failed or name in self.skipped)),
            None,
        )


def finding(check: CheckDone) -> str:
    """What a test found, in words where it has them: `id is NULL: 3 rows`."""
    if check.message:
        return check.message.split("\n")[0]
    rows = f": {count(check.failures, 'row')}" if check.failures is not None else ""
    return check.check + rows

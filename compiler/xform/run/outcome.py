"""What becomes of a step: how it ended, and what its tests found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from xform.base.codes import TEST_BROKEN, TEST_BROKEN_WARNED, TEST_FAILED, TEST_WARNED
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName
from xform.plan.plan import Audit, AuditStep, BuildStep
from xform.run.errors import timeout_diagnostic
from xform.run.ports import BuildRecord

Judge = Callable[[Audit, int], tuple[str, str]]
"""From a test and its failing rows to its status (pass, warn, fail) and the sentence to show."""


def judge_by_count(audit: Audit, failures: int) -> tuple[str, str]:
    if failures == 0:
        return "pass", ""
    found = audit.failure or f"not so: {audit.description or audit.name}"
    rows = "1 row" if failures == 1 else f"{failures:,} rows"
    return ("fail" if audit.blocking else "warn"), f"{found}: {rows}"


class Rehearsed(NamedTuple):
    """A test of a model over given rows. `status` is pass, fail or error."""

    name: str
    status: str
    seconds: float
    message: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()


Rehearse = Callable[[AssetName], Iterable[Rehearsed]]
"""Tests an asset over given rows, before it is built; callable from any thread."""


def rehearse_nothing(asset: AssetName) -> Iterable[Rehearsed]:
    return ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step. `status` is success, error, fail or cancelled (`NodeDone`).

    `record` is the build that stands, where one was made.
    """

    asset: AssetName
    status: str
    seconds: float
    record: BuildRecord | None = None
    message: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    warned: int = 0
    kept: bool = False
    """An earlier build stands: what the step reads came out as before."""


@dataclass(slots=True)
class Tests:
    """The tests of one step, as they come in."""

    blocked: bool = False
    broken: bool = False
    """A test could not be run."""
    stopped: bool = False
    warned: int = 0
    messages: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def note(self, audit: Audit, status: str, message: str) -> None:
        if status == "pass":
            return
        broken = status == "error"
        self.broken = self.broken or broken
        if audit.blocking:
            self.blocked = True
            self.messages.append(message)
            code = TEST_BROKEN if broken else TEST_FAILED
        else:
            self.warned += 1
            code = TEST_BROKEN_WARNED if broken else TEST_WARNED
        text = (
            "correct the test"
            if broken
            else f"mend {audit.asset} or the data it reads, or correct the test '{audit.name}'"
        )
        self.diagnostics.append(
            diagnose(code, f"{audit.asset}: {message}", audit.span, text, asset=audit.asset)
        )

    def note_rehearsed(self, found: Rehearsed) -> None:
        if found.status != "pass":
            self.blocked = True
            self.messages.append(found.message)
            self.diagnostics.extend(found.diagnostics)

    def outcome(self, asset: AssetName, seconds: float, record: BuildRecord | None) -> Outcome:
        found = tuple(self.diagnostics)
        if self.stopped:
            return Outcome(
                asset, "cancelled", seconds, record, "built, but not tested", found, self.warned
            )
        if self.blocked:
            said = "; ".join(self.messages)
            return Outcome(asset, "fail", seconds, None, said, found, self.warned)
        return Outcome(asset, "success", seconds, record, "", found, self.warned)


def timed_out(step: BuildStep | AuditStep, seconds: float) -> Outcome:
    found = timeout_diagnostic(step)
    said = found.message.removeprefix(f"{step.asset}: ")
    return Outcome(step.asset, "error", seconds, None, said, (found,))

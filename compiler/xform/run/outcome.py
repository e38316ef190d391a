"""What becomes of a step: how it ended, and what its tests found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from xform.base.codes import TEST_BROKEN, TEST_BROKEN_WARNED, TEST_FAILED, TEST_WARNED
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName
from xform.plan.audits import Audit, Number
from xform.plan.plan import AuditStep, BuildStep
from xform.run.errors import timeout_diagnostic
from xform.run.records import BuildRecord


class Verdict(NamedTuple):
    """Of a test: its status (pass, warn, fail, or error where it could not be run), the sentence to
    show, and how many rows fail."""

    status: str
    message: str
    failures: int | None = None


Judge = Callable[[Audit, Sequence[Number], Sequence[Sequence[Number]]], Verdict]
"""From a test, what it measured and what it measured of the builds before to the verdict."""


def judge_by_count(
    audit: Audit, numbers: Sequence[Number], before: Sequence[Sequence[Number]]
) -> Verdict:
    failures = int(numbers[0] or 0)
    if failures == 0:
        return Verdict("pass", "", 0)
    found = audit.failure or f"not so: {audit.description or audit.name}"
    rows = "1 row" if failures == 1 else f"{failures:,} rows"
    return Verdict("fail" if audit.severity == "error" else "warn", f"{found}: {rows}", failures)


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
    failed: bool = False
    """A test failed that does not block."""


@dataclass(slots=True)
class Tests:
    """The tests of one step, as they come in."""

    blocked: bool = False
    failed: bool = False
    """A test failed; it need not block."""
    broken: bool = False
    """A test could not be run."""
    stopped: bool = False
    warned: int = 0
    messages: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    numbers: dict[str, tuple[Number, ...]] = field(default_factory=dict)
    """What was measured, by `Audit.key`."""

    def note(self, audit: Audit, verdict: Verdict) -> None:
        if verdict.status == "pass":
            return
        broken = verdict.status == "error"
        self.broken = self.broken or broken
        severe = verdict.status == "fail" or (broken and audit.severity == "error")
        if severe:
            self.failed = True
            self.blocked = self.blocked or audit.blocking
            self.messages.append(verdict.message)
            code = TEST_BROKEN if broken else TEST_FAILED
        else:
            self.warned += 1
            code = TEST_BROKEN_WARNED if broken else TEST_WARNED
        text = (
            "correct the test"
            if broken
            else f"mend {audit.asset} or the data it reads, or correct the test '{audit.name}'"
        )
        said = f"{audit.asset}: {verdict.message}"
        self.diagnostics.append(diagnose(code, said, audit.span, text, asset=audit.asset))

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
        said = "; ".join(self.messages)
        return Outcome(
            asset, "success", seconds, record, said, found, self.warned, failed=self.failed
        )


def timed_out(step: BuildStep | AuditStep, seconds: float) -> Outcome:
    found = timeout_diagnostic(step)
    said = found.message.removeprefix(f"{step.asset}: ")
    return Outcome(step.asset, "error", seconds, None, said, (found,))

"""What the checks say of a test, in the form that the runner takes."""

from __future__ import annotations

from collections.abc import Sequence

from xform.checks.outcome import judge
from xform.plan.audits import Audit, Number
from xform.run.outcome import Verdict


def judged(audit: Audit, numbers: Sequence[Number], before: Sequence[Sequence[Number]]) -> Verdict:
    outcome = judge(audit, numbers, before)
    return Verdict(outcome.status, outcome.message, outcome.failures)

"""What the checks say of a test, in the form that the runner takes."""

from __future__ import annotations

from xform.checks.outcome import judge
from xform.plan.plan import Audit


def judged(audit: Audit, failures: int) -> tuple[str, str]:
    """(status, message) of a test with that many failing rows."""
    outcome = judge(audit, failures)
    return outcome.status, outcome.message

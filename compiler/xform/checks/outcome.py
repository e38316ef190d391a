"""What the number that a test yields means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xform.plan.plan import Audit


@dataclass(frozen=True, slots=True)
class Outcome:
    """`message` is a whole sentence without its full stop: `order_id is NULL: 3 rows`."""

    status: Literal["pass", "warn", "fail"]
    message: str


def judge(audit: Audit, failures: int) -> Outcome:
    """A test passes with no failing rows; else it fails where it is blocking, or warns."""
    if failures == 0:
        return Outcome("pass", audit.description)
    rows = "1 row" if failures == 1 else f"{failures:,} rows"
    found = f"{audit.failure or f'not so: {audit.description}'}: {rows}"
    return Outcome("fail" if audit.blocking else "warn", found)

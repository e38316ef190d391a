"""Time, and names that no two runs share."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime


def now() -> str:
    """UTC, ISO 8601 to the millisecond, with `Z`: sorts as it counts."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def monotonic() -> float:
    """Seconds from some beginning; never runs backwards."""
    return time.monotonic()


def random() -> float:
    """From 0 to below 1, other in each process."""
    return secrets.randbelow(1 << 30) / (1 << 30)


def new_run_id() -> str:
    """Sorts by time; `20260131T235959-1a2b3c`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"

"""Ctrl-C and SIGTERM as something to be counted.

A KeyboardInterrupt can come between any two instructions; a run that must leave nothing half-done
wants to look at its own moments instead.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LAST = 3
"""The request to stop at which patience ends: it raises KeyboardInterrupt after all."""


class StopRequests:
    """Requests to stop; `request` can also be called by a program instead of a signal."""

    def __init__(self) -> None:
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def request(self) -> None:
        self._count += 1


@contextmanager
def stop_requests() -> Iterator[StopRequests]:
    """Signals can only be handled in the main thread; elsewhere none is ever counted."""
    requests = StopRequests()
    if threading.current_thread() is not threading.main_thread():
        yield requests
        return

    def handle(number: int, frame: FrameType | None) -> None:
        requests.request()
        if requests.count >= LAST:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

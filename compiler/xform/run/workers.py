"""Threads that can be left behind.

A pool's threads are joined when the interpreter ends, and joining after Ctrl-C can abort the
process; user code that hangs would then hang xform. So every step gets a daemon thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Value = TypeVar("Value")


def submit(name: str, work: Callable[[], Value]) -> Future[Value]:
    """Start the work on a thread of its own."""
    future: Future[Value] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            value = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(value)

    threading.Thread(target=run, name=f"xform {name}", daemon=True).start()
    return future

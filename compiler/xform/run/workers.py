"""Threads that can be left behind.

A pool's threads are joined when the interpreter ends, and joining after Ctrl-C can abort the
process; user code that hangs would then hang xform. So work is done by daemon threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Value = TypeVar("Value")


def submit(name: str, work: Callable[[], Value]) -> Future[Value]:
    """Start the work on a thread of its own."""
    future = _begun(work)
    threading.Thread(
        target=_carry_out, args=(future, work), name=f"xform {name}", daemon=True
    ).start()
    return future


@dataclass(slots=True)
class Workers(Generic[Value]):
    """As many threads as there is work at once: one that is done takes the next. Used by one
    thread, which calls `close` in the end; what is left behind then is so for good."""

    _waiting: SimpleQueue[tuple[Future[Value], Callable[[], Value]] | None] = field(
        default_factory=SimpleQueue
    )
    _idle: SimpleQueue[None] = field(default_factory=SimpleQueue)
    """Has an item for each thread that has nothing to do."""
    _ended: SimpleQueue[Future[Value]] = field(default_factory=SimpleQueue)
    _threads: int = 0

    def submit(self, work: Callable[[], Value]) -> Future[Value]:
        """Start the work at once."""
        future = _begun(work)
        if self._idle.empty():
            self._threads += 1
            name = f"xform {self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        else:
            self._idle.get_nowait()
        future.add_done_callback(self._ended.put)
        self._waiting.put((future, work))
        return future

    def ended(self, seconds: float) -> list[Future[Value]]:
        """What has come to its end since this was asked last; waits so long for the first."""
        ended: list[Future[Value]] = []
        with suppress(Empty):
            ended.append(self._ended.get(timeout=seconds))
            while True:
                ended.append(self._ended.get_nowait())
        return ended

    def close(self) -> None:
        """Let the threads end when they have nothing to do."""
        for _ in range(self._threads):
            self._waiting.put(None)

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None:
            future, work = task
            _carry_out(future, work, self._idle)
            del task, future, work  # what it held is not to be kept until the next


def _begun(work: Callable[[], Value]) -> Future[Value]:
    future: Future[Value] = Future()
    future.set_running_or_notify_cancel()
    return future


def _carry_out(
    future: Future[Value], work: Callable[[], Value], idle: SimpleQueue[None] | None = None
) -> None:
    try:
        value = work()
    except BaseException as error:
        if idle is not None:
            idle.put(None)
        future.set_exception(error)
    else:
        if idle is not None:
            idle.put(None)
        future.set_result(value)

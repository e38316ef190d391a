"""Something done again and again while other work goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeated(work: Callable[[], None], seconds: float) -> Iterator[None]:
    """Do the work every so many seconds, in a thread of its own, until the body is done. The work
    must not raise."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(seconds):
            work()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

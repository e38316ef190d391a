"""What a project's own code prints, kept out of our stdout.

`contextlib.redirect_stdout` swaps the stream of the whole process, so threads would steal each
other's lines. Here one stream stands in for stdout and asks which thread is writing.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Sink = Callable[[str], None]

_lock = threading.Lock()
_users = 0


class _Lines:
    """Collects writes and hands on whole lines."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rest = ""

    def write(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._sink(line)

    def finish(self) -> None:
        if self._rest:
            self._sink(self._rest)


class _Router(io.TextIOBase):
    """Stands in for stdout: writes of capturing threads go to their sinks."""

    def __init__(self, real: TextIO) -> None:
        self.real = real
        self.local = threading.local()

    def write(self, text: str) -> int:
        lines: _Lines | None = getattr(self.local, "lines", None)
        if lines is None:
            return self.real.write(text)
        lines.write(text)
        return len(text)

    def flush(self) -> None:
        self.real.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return getattr(self.local, "lines", None) is None and self.real.isatty()

    def fileno(self) -> int:
        return self.real.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.real.encoding


@contextmanager
def captured(sink: Sink) -> Iterator[None]:
    """Lines that this thread prints meanwhile go to the sink."""
    router = _enter()
    lines = _Lines(sink)
    router.local.lines = lines
    try:
        yield
    finally:
        router.local.lines = None
        lines.finish()
        _leave(router)


def _enter() -> _Router:
    global _users  # noqa: PLW0603 - sys.stdout is one for the process, and so is its stand-in
    with _lock:
        _users += 1
        current = sys.stdout
        if isinstance(current, _Router):
            return current
        router = _Router(current)
        sys.stdout = router
        return router


def _leave(router: _Router) -> None:
    global _users  # noqa: PLW0603 - see _enter
    with _lock:
        _users -= 1
        if _users == 0 and sys.stdout is router:
            sys.stdout = router.real

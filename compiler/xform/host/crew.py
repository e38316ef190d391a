"""Processes that compute beside this one: copies of it, each of which answers one message after
the other until it is told no more.

A copy knows what its original knew when it was made; what it finds out it tells in its answers. It
never holds anything that has to be put in order, so it may be ended at any time. One that fails
answers with nothing, and what it was asked is left to the original.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

_TASKS = Path("/proc/self/task")
_AHEAD = 4
"""Messages that one process has at most, so that it need not wait for the next."""
_LENGTH = 8
_CHUNK = 1 << 16


def processors() -> int:
    """How many processes can run at once."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a copy of this process would be whole: threads are not copied, and elsewhere than on
    Linux the system's own libraries may have some."""
    return _TASKS.is_dir() and len(list(_TASKS.iterdir())) == 1


class Crew:
    """`size` processes that answer with `work`. To be closed, whatever happens."""

    def __init__(self, work: Callable[[bytes], bytes], size: int) -> None:
        self._mates: list[_Mate] = []
        sys.stdout.flush()
        sys.stderr.flush()
        for _ in range(size):
            self._mates.append(_fork(work, self._mates))

    @property
    def busy(self) -> bool:
        """Whether answers are still to come."""
        return any(mate.asked for mate in self._mates)

    @property
    def has_room(self) -> bool:
        """Whether anybody has less to do than would keep him busy."""
        return any(len(mate.asked) < _AHEAD for mate in self._mates)

    def ask(self, subject: str, message: bytes) -> None:
        """Give a message to whoever has least to do. There must be room."""
        mate = min(self._mates, key=lambda mate: len(mate.asked))
        mate.asked.append(subject)
        mate.outgoing += len(message).to_bytes(_LENGTH, "little") + message
        self._exchange(0)

    def answers(self, *, wait: bool) -> list[tuple[str, bytes]]:
        """(subject, answer) of those that have come; with `wait` at least one, where any is to
        come. An empty answer is none."""
        self._exchange(0)
        found = self._taken()
        while wait and not found and self.busy:
            self._exchange(None)
            found = self._taken()
        return found

    def close(self) -> None:
        for mate in self._mates:
            mate.end()
        self._mates = []

    def _taken(self) -> list[tuple[str, bytes]]:
        found = [answer for mate in self._mates for answer in mate.take()]
        self._mates = [mate for mate in self._mates if mate.lives]
        return found

    def _exchange(self, seconds: float | None) -> None:
        """Move bytes for as long as some can be moved; wait for the first at most `seconds`."""
        mates = {mate.socket: mate for mate in self._mates if mate.lives}
        while mates:
            writing = [end for end, mate in mates.items() if mate.outgoing]
            readable, writable, _ = select.select(list(mates), writing, [], seconds)
            if not readable and not writable:
                return
            for end in writable:
                mates[end].write()
            for end in readable:
                mates[end].read()
                if not mates[end].lives:
                    del mates[end]
            seconds = 0


class _Mate:
    """One process, as the original sees it."""

    def __init__(self, pid: int, end: socket.socket) -> None:
        self.pid = pid
        self.socket = end
        self.asked: deque[str] = deque()
        self.outgoing = bytearray()
        self.lives = True
        self._incoming = bytearray()
        end.setblocking(False)

    def write(self) -> None:
        try:
            sent = self.socket.send(self.outgoing)
        except BlockingIOError:
            return
        except OSError:
            self.outgoing.clear()  # it is gone, which reading will find
            return
        del self.outgoing[:sent]

    def read(self) -> None:
        try:
            data = self.socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._incoming += data
        self.lives = bool(data)

    def take(self) -> list[tuple[str, bytes]]:
        """The answers that have come whole; where it has died, nothing for all the others."""
        found: list[tuple[str, bytes]] = []
        at = 0
        while len(self._incoming) >= at + _LENGTH:
            end = at + _LENGTH + int.from_bytes(self._incoming[at : at + _LENGTH], "little")
            if end > len(self._incoming):
                break
            found.append((self.asked.popleft(), bytes(self._incoming[at + _LENGTH : end])))
            at = end
        del self._incoming[:at]
        if not self.lives:
            found.extend((subject, b"") for subject in self.asked)
            self.asked.clear()
            self.end()
        return found

    def end(self) -> None:
        self.socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _fork(work: Callable[[bytes], bytes], others: list[_Mate]) -> _Mate:
    here, there = socket.socketpair()
    # No signal may come between the copy's making and its first own line.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        pid = os.fork()
        if pid == 0:
            here.close()
            for other in others:
                other.socket.close()
            _answer_all(work, there, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    there.close()
    return _Mate(pid, here)


def _answer_all(
    work: Callable[[bytes], bytes], end: socket.socket, mask: Iterable[int]
) -> NoReturn:
    """The life of a copy. Ctrl-C is the original's to answer, which then closes the crew."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        gc.freeze()  # what was copied is not looked at, or it would have to be copied for good
        stream = end.makefile("rb")
        while head := stream.read(_LENGTH):
            message = stream.read(int.from_bytes(head, "little"))
            try:
                answer = work(message)
            except Exception:
                answer = b""
            end.sendall(len(answer).to_bytes(_LENGTH, "little") + answer)
    finally:
        os._exit(0)

"""Steps under way, and how they are made to end: all of them, or one that takes too long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from xform.base.names import AssetName
from xform.run.failures import EngineError
from xform.run.ports import Session


@dataclass(slots=True, eq=False)
class Watch:
    """One step under way. `deadline` is a reading of the host's monotonic clock."""

    asset: AssetName
    deadline: float
    timed_out: bool = False
    halted: threading.Event = field(default_factory=threading.Event)
    session: Session | None = None

    def halt(self) -> None:
        """To be repeated: a query may begin just behind an interrupt."""
        self.halted.set()
        session = self.session
        if session is not None:
            session.interrupt()

    def pause(self, seconds: float) -> None:
        """Wait. Raises EngineError (interrupted) where the step is to end meanwhile."""
        if self.halted.wait(seconds):
            raise EngineError("interrupted", kind="interrupted")


@dataclass(slots=True)
class Watches:
    """All steps under way. To be used from any thread."""

    stopping: threading.Event = field(default_factory=threading.Event)
    _current: set[Watch] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def on(self, asset: AssetName, deadline: float, session: Session) -> Iterator[Watch]:
        watch = Watch(asset, deadline, session=session)
        with self._lock:
            self._current.add(watch)
        try:
            if self.stopping.is_set():
                watch.halt()
            yield watch
        finally:
            watch.session = None
            with self._lock:
                self._current.discard(watch)

    def stop(self) -> None:
        """Interrupt whatever runs, now and in steps that begin later. To be repeated."""
        self.stopping.set()
        self._halt(lambda watch: True)

    def enforce(self, now: float, patience: float) -> list[AssetName]:
        """Interrupt what has passed its deadline. Returns what should have ended `patience`
        seconds ago and has not."""

        def late(watch: Watch) -> bool:
            if watch.deadline <= now:
                watch.timed_out = True
            return watch.timed_out

        return [watch.asset for watch in self._halt(late) if watch.deadline + patience <= now]

    def _halt(self, which: Callable[[Watch], bool]) -> list[Watch]:
        with self._lock:
            halted = [watch for watch in self._current if which(watch)]
            for watch in halted:
                watch.halt()
        return halted

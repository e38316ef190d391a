"""The history of a run, kept while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from xform.run.events import CheckDone, Event, Log, NodeDone
from xform.run.failures import StateError
from xform.run.history import Asked, Kept, Statement
from xform.run.ports import State

INTERVAL = 0.5
"""Seconds between writings while much happens."""
LONGEST = 100_000
"""Characters that are kept of a statement."""


@dataclass(slots=True)
class Keeper:
    """Writes down what happens, without secrets. Used by one thread.

    History is worth less than a build: where it cannot be written the run goes on, and that is
    said once. `secrets` are texts that must not be kept.
    """

    state: State
    run_id: str
    say: Callable[[Event], None]
    secrets: Sequence[str] = ()
    _unkept: list[Kept] = field(default_factory=list)
    _failed: bool = False
    _kept_at: float = 0.0

    def begin(self, environment: str, at: str, asked: Asked) -> None:
        """Raises StateError: a run that cannot even be begun there does not begin."""
        asked = msgspec.structs.replace(asked, command=self._masked(asked.command))
        self.state.start_run(self.run_id, environment, at, asked)

    def add(self, event: Kept) -> None:
        """To be written with the next `keep`."""
        self._unkept.append(self._clean(event))

    def keep(self, *, now: float | None = None) -> None:
        """Write what was added. With a time (in seconds), not more often than it is worth."""
        if now is not None:
            if now - self._kept_at < INTERVAL:
                return
            self._kept_at = now
        events, self._unkept = self._unkept, []
        self.do(lambda: self.state.record(self.run_id, events))

    def end(self) -> None:
        events, self._unkept = self._unkept, []
        self.do(lambda: self.state.end_run(self.run_id, events))

    def do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except StateError as error:
            if not self._failed:
                self.say(Log("warning", f"{error.message}; this run goes on without it"))
            self._failed = True

    def _clean(self, event: Kept) -> Kept:
        match event:
            case Statement():
                sql, message = self._masked(event.sql), self._masked(event.message)
                return msgspec.structs.replace(event, sql=_cut(sql), message=message)
            case NodeDone() | CheckDone() | Log():
                return msgspec.structs.replace(event, message=self._masked(event.message))
            case _:
                return event

    def _masked(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def _cut(sql: str) -> str:
    if len(sql) <= LONGEST:
        return sql
    return f"{sql[:LONGEST]}\n-- cut here: {len(sql):,} characters in all"

"""The right to write an environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from xform.run.ports import Engine


class Process(msgspec.Struct, frozen=True):
    """A process on a machine. `mark` tells it from all that have its number at other times or
    elsewhere; empty where the machine does not say."""

    host: str
    pid: int
    mark: str


class Lease(msgspec.Struct, frozen=True):
    """The right to write an environment, of one run or command at a time.

    `token` grows with every lease of the environment. `since` and `until` go by the clock of the
    store (UTC, ISO 8601).
    """

    environment: str
    token: int
    owner: str
    """The id of a run."""
    process: Process
    since: str
    until: str


class Leases(Protocol):
    """Who writes which environment. Raises StateError."""

    def take(
        self,
        environment: str,
        owner: str,
        process: Process,
        seconds: float,
        is_gone: Callable[[Process], bool],
    ) -> Lease:
        """The lease, where nobody has it, it is over, or the process that had it is gone; else
        that of the one who has it."""
        ...

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Have it for so much longer; False where somebody else has had it since."""
        ...

    def outgrow(self, lease: Lease, token: int) -> Lease | None:
        """The lease with a token greater than this one; None where it is not held any more."""
        ...

    def release(self, lease: Lease) -> None:
        """Give it back, if it is still held."""
        ...

    def held(self) -> tuple[Lease, ...]:
        """Those that were not given back, by environment."""
        ...


class Hold(Protocol):
    """A lease while it is held."""

    @property
    def owner(self) -> str: ...

    def enter(self, engine: Engine) -> None:
        """Fence the open engine. Raises LeaseLost."""
        ...

    def check(self) -> None:
        """Raises LeaseLost where it is known to be held no more."""
        ...

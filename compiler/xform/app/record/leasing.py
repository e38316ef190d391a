"""The right to write an environment: one run or command has it at a time, for as long as it works.

    with leased(workspace, "prod") as hold:
        patiently(workspace, workspace.engine.open)
        …

Others are waited for as long as `Workspace.patience` lasts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from xform.app.workspace import UserError, Workspace
from xform.base.codes import ENVIRONMENT_HELD, WAREHOUSE_BUSY
from xform.base.diagnostics import Diagnostic, diagnose
from xform.host.heartbeat import repeated
from xform.host.processes import is_gone, this_process
from xform.run.failures import EngineBusy, LeaseLost, StateError
from xform.run.leases import Lease, Leases
from xform.run.ports import Engine

LASTS = 60.0
"""Seconds for which a lease is had without being renewed."""
BEAT = LASTS / 4
GLANCE = 1.0
"""Seconds to wait for a warehouse that nobody builds in: somebody only looks into it."""
_BUSY = 75

Value = TypeVar("Value")


class Held:
    """A lease at work. See `run.leases.Hold`."""

    def __init__(self, leases: Leases, lease: Lease) -> None:
        self._leases = leases
        self._lease = lease

    @property
    def owner(self) -> str:
        return self._lease.owner

    def enter(self, engine: Engine) -> None:
        try:
            engine.fence(self._lease.environment, self._lease.token)
        except LeaseLost as lost:
            # The state may be younger than the warehouse; then it has counted from the start.
            grown = self._leases.outgrow(self._lease, lost.token)
            if grown is None:
                raise
            self._lease = grown
            engine.fence(grown.environment, grown.token)

    def check(self) -> None:
        # Where the state cannot be asked, the fence decides.
        with suppress(StateError):
            if not self._leases.renew(self._lease, LASTS):
                raise LeaseLost(self._lease.environment)

    def beat(self) -> None:
        """Renew the lease. That it is lost is found out where it matters: by `check`."""
        with suppress(StateError):
            self._leases.renew(self._lease, LASTS)

    def release(self) -> None:
        """A lease that cannot be given back ends with its process."""
        with suppress(StateError):
            self._leases.release(self._lease)


@contextmanager
def leased(workspace: Workspace, environment: str) -> Iterator[Held]:
    """The lease of an environment while the body runs. Raises UserError where another process has
    it for longer than there is patience, StateError."""
    leases, owner = workspace.state.leases, workspace.host.new_run_id()
    while True:
        lease = leases.take(environment, owner, this_process(), LASTS, is_gone)
        if lease.owner == owner:
            break
        if not workspace.patience.wait(f"waiting: {_held_by(lease)}"):
            raise UserError([_held_diagnostic(workspace, lease)], _BUSY)
    held = Held(leases, lease)
    try:
        with repeated(held.beat, BEAT):
            yield held
    finally:
        held.release()


def patiently(workspace: Workspace, work: Callable[[], Value]) -> Value:
    """Do what needs the warehouse; again, where it is in use, for as long as there is patience.
    What no lease speaks of is most likely over in a moment, so there is always some for that.
    Raises UserError or EngineBusy where it is still in use then."""
    begun = time.monotonic()
    while True:
        try:
            return work()
        except EngineBusy as error:
            lease = _lease_of(workspace, error)
            glance = 0.0 if lease is not None else begun + GLANCE - time.monotonic()
            if not workspace.patience.wait(f"waiting: {error.message}", glance):
                if lease is None:
                    raise
                raise UserError([_busy_diagnostic(error, lease)], _BUSY) from error


def _lease_of(workspace: Workspace, error: EngineBusy) -> Lease | None:
    """That of the process which has the warehouse, where it is one of ours."""
    this = this_process()
    for lease in workspace.state.leases.held():
        process = lease.process
        if process.host == this.host and process.pid == error.pid and not is_gone(process):
            return lease
    return None


def _held_by(lease: Lease) -> str:
    process = lease.process
    return (
        f"'{lease.environment}' is being written by process {process.pid} on '{process.host}' "
        f"since {lease.since} (run {lease.owner})"
    )


def _held_diagnostic(workspace: Workspace, lease: Lease) -> Diagnostic:
    return diagnose(ENVIRONMENT_HELD, _held_by(lease), workspace.state.place, _help(lease))


def _busy_diagnostic(error: EngineBusy, lease: Lease) -> Diagnostic:
    text = f"{error.message}, which writes '{lease.environment}' since {lease.since}"
    return diagnose(WAREHOUSE_BUSY, text, "profiles.yml", _help(lease))


def _help(lease: Lease) -> str:
    return f"wait until run {lease.owner} is done: --wait SECONDS does, then goes on"

"""Trying again after errors that may pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from xform.plan.plan import AuditStep, BuildStep, Conduct
from xform.run.events import Log
from xform.run.failures import EngineError
from xform.run.history import Kept
from xform.run.ports import Host
from xform.run.watch import Watch

Value = TypeVar("Value")


def patient(
    step: BuildStep | AuditStep, watch: Watch, host: Host, post: Callable[[Kept], None]
) -> Callable[[Callable[[], Value]], Value]:
    """Does a piece of work again after errors that may pass, as often as the step wants."""

    def do(work: Callable[[], Value]) -> Value:
        for number in range(step.conduct.retries):
            try:
                return work()
            except EngineError as error:
                if not error.transient or watch.halted.is_set():
                    raise
                seconds = pause_before(number, step.conduct, host.random())
                said = error.message.strip().splitlines()[0]
                post(
                    Log(
                        "warning",
                        f"{step.asset}: {said}; trying again in {seconds:.1f}s "
                        f"({number + 1} of {step.conduct.retries})",
                    )
                )
                watch.pause(seconds)
        return work()

    return do


def pause_before(number: int, conduct: Conduct, chance: float) -> float:
    """Seconds to wait before trying again for the `number`-th time, from 0: twice as long each
    time, less up to half of it by `chance`, so that what failed together does not return so."""
    return float(conduct.wait * 2**number * (1 - chance / 2))

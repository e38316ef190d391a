"""The hooks at both ends of a run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import wait

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.plan.plan import HookSql
from xform.run.errors import hook_diagnostic
from xform.run.failures import EngineError, HookFailed
from xform.run.ports import Signals
from xform.run.work import Workshop
from xform.run.workers import submit


def run_hooks(
    workshop: Workshop,
    name: str,
    hooks: Sequence[HookSql],
    signals: Signals,
    poll: float,
) -> Diagnostic | None:
    """Run them in a session of their own, one after the other; what the first failure is. Requests
    to stop are looked for every `poll` seconds."""

    def work() -> Diagnostic | None:
        try:
            with workshop.aside(AssetName(name)) as session:
                for hook in hooks:
                    session.hook(hook)
        except HookFailed as error:
            return hook_diagnostic(name, error)
        except EngineError as error:
            return hook_diagnostic(name, HookFailed(error, hooks[0]))
        return None

    future = submit(name, work)
    while not future.done():
        wait([future], timeout=poll)
        if signals.count > 0:
            workshop.watches.stop()
    return future.result()

"""The record of what is built and shown, brought up to date with the warehouse that it is of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from xform.app.workspace import Workspace
from xform.run.ports import EngineBusy, StateSnapshot


def refresh(workspace: Workspace) -> None:
    """Copy the warehouse's ledger into the state, if the warehouse may have changed since."""
    engine, state = workspace.engine, workspace.state
    identity = engine.identity()
    if identity == state.identity():
        return
    try:
        ledger = engine.ledger()
    except EngineBusy:
        return  # a build is running there; it will bring the state up to date
    state.sync(ledger, engine.identity())


def refreshed(workspace: Workspace) -> StateSnapshot:
    """The record after `refresh`, without the parts of fingerprints."""
    refresh(workspace)
    return workspace.state.snapshot(workspace.environment, components=False)


@contextmanager
def held(workspace: Workspace, *environments: str) -> Iterator[StateSnapshot]:
    """The record while environments and the warehouse are held for writing; what is done to names
    and builds meanwhile is in the record afterwards. Raises UserError where somebody else writes
    there; EngineBusy, EngineError, StateError."""
    from xform.app.leasing import leased, patiently

    engine, state = workspace.engine, workspace.state
    with ExitStack() as stack:
        holds = [stack.enter_context(leased(workspace, name)) for name in sorted(environments)]
        patiently(workspace, engine.open)
        try:
            engine.prepare(())
            for hold in holds:
                hold.enter(engine)
            state.sync(engine.ledger(), engine.identity())
            yield state.snapshot(workspace.environment, components=False)
            ledger = engine.ledger()
        finally:
            engine.close()
        state.sync(ledger, engine.identity())

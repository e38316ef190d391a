"""The record of what is built and shown, brought up to date with the warehouse that it is of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from xform.app.workspace import Workspace
from xform.run.failures import EngineBusy, StateError
from xform.run.records import Ledger
from xform.run.snapshots import StateSnapshot

_TRIES = 8
"""How often the record is looked at until it is that of this warehouse."""


def refresh(workspace: Workspace) -> str | None:
    """Copy the warehouse's ledger into the state, if the warehouse may have changed since. Gives
    the identity of what the state has now; None where a build is running there, which will bring
    the state up to date."""
    engine, state = workspace.engine, workspace.state
    identity = engine.identity()
    if identity == state.identity():
        return identity
    try:
        ledger = engine.ledger()
    except EngineBusy:
        return None
    identity = engine.identity()
    state.sync(ledger, identity)
    return identity


def refreshed(workspace: Workspace, *, components: bool = False) -> StateSnapshot:
    """The record after `refresh`; `components` as in `State.snapshot`. Raises StateError where it
    cannot be had, since others keep the record of another warehouse in the same state."""
    state = workspace.state
    for _ in range(_TRIES):
        identity = refresh(workspace)
        snapshot = state.snapshot(workspace.environment, components=components)
        if identity is None or snapshot.identity == identity:
            return snapshot
    raise StateError(
        "others write the record of another warehouse into this state, again and again",
        kind="busy",
        at=state.place,
        help="give each warehouse a state of its own: 'state' in profiles.yml",
    )


def as_in(ledger: Ledger, snapshot: StateSnapshot) -> StateSnapshot:
    """The record with the builds and names that a warehouse has itself. To be used while that is
    held: whatever others write into the state meanwhile, this is right."""
    builds = sorted(ledger.builds, key=lambda record: record.physical)
    shown = sorted(ledger.publications, key=lambda item: (item.environment, item.asset))
    return msgspec.structs.replace(
        snapshot, builds={record.physical: record for record in builds}, publications=tuple(shown)
    )


@contextmanager
def held(workspace: Workspace, *environments: str) -> Iterator[StateSnapshot]:
    """The record while environments and the warehouse are held for writing; what is done to names
    and builds meanwhile is in the record afterwards. Raises UserError where somebody else writes
    there; EngineBusy, EngineError, StateError."""
    from xform.app.record.leasing import leased, patiently

    engine, state = workspace.engine, workspace.state
    with ExitStack() as stack:
        holds = [stack.enter_context(leased(workspace, name)) for name in sorted(environments)]
        patiently(workspace, engine.open)
        try:
            engine.prepare(())
            for hold in holds:
                hold.enter(engine)
            ledger = engine.ledger()
            state.sync(ledger, engine.identity())
            yield as_in(ledger, state.snapshot(workspace.environment, components=False))
            ledger = engine.ledger()
        finally:
            engine.close()
        state.sync(ledger, engine.identity())

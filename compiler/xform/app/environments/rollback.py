"""The history of an environment, and the way back in it: names move, nothing is computed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from xform.app.environments.showing import Moved, move
from xform.app.record.reconciling import held
from xform.app.workspace import UserError, Workspace
from xform.base.codes import BUILDS_GONE, NO_PUBLISHING
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName
from xform.plan.plan import DropStep, PublishStep
from xform.run.records import Publication, Publishing


class Event(msgspec.Struct, frozen=True):
    """One publishing, in a list: how many names then showed something else, and how many went."""

    id: int
    at: str
    kind: str
    moved: int
    dropped: int
    run_id: str


def history_of(workspace: Workspace, environment: str) -> list[Event]:
    """The last first."""
    found = []
    for item in reversed(_of(workspace.engine.history(), environment)):
        moved = sum(
            move.after is not None
            and (move.before is None or move.before.physical != move.after.physical)
            for move in item.moves
        )
        gone = sum(move.after is None for move in item.moves)
        occasion = item.occasion
        found.append(Event(item.number, occasion.at, occasion.kind, moved, gone, occasion.run_id))
    return found


def rollback(
    workspace: Workspace, environment: str, to: int | None, *, dry: bool
) -> tuple[Moved, int]:
    """Let an environment show what it showed after a publishing; without `to`, after the last but
    one. What moved, and the number of that publishing. Raises UserError, EngineError.

    In one transaction; a rollback is itself a publishing, and can be taken back.
    """
    with held(workspace, environment) as snapshot:
        events = _of(workspace.engine.history(), environment)
        wanted = _wanted(events, environment, to)
        shown = snapshot.published(environment)
        target = _before(events, shown, wanted)
        gone = sorted(n for n, item in target.items() if item.physical not in snapshot.builds)
        if gone:
            raise UserError([_gone(gone, wanted)])
        steps = [
            PublishStep(asset, item.schema, item.name, item.physical, item.fingerprint)
            for asset, item in sorted(target.items())
            if asset not in shown or shown[asset] != item
        ]
        drops = [
            DropStep(asset, item.schema, item.name)
            for asset, item in sorted(shown.items())
            if asset not in target
        ]
        if not dry:
            move(workspace, environment, steps, drops, "rollback")
    return Moved(environment, tuple(s.asset for s in steps), tuple(d.asset for d in drops)), wanted


def _of(history: Sequence[Publishing], environment: str) -> list[Publishing]:
    return [item for item in history if item.environment == environment]


def _wanted(events: Sequence[Publishing], environment: str, to: int | None) -> int:
    numbers = [event.number for event in events]
    if to is None and len(numbers) > 1:
        return numbers[-2]
    if to is not None and to in numbers:
        return to
    said = (
        f"there is no publishing {to} of '{environment}'"
        if to is not None
        else f"'{environment}' shows nothing that came before what it shows now"
    )
    raise UserError(
        [diagnose(NO_PUBLISHING, said, "<command line>", "see which there are: xform env history")]
    )


def _before(
    events: Sequence[Publishing], shown: dict[AssetName, Publication], wanted: int
) -> dict[AssetName, Publication]:
    """What was shown after that publishing: later moves taken back, the last first."""
    target = dict(shown)
    for event in reversed(events):
        if event.number <= wanted:
            break
        for item in event.moves:
            if item.before is None:
                target.pop(item.asset, None)
            else:
                target[item.asset] = item.before
    return target


def _gone(gone: Sequence[AssetName], wanted: int) -> Diagnostic:
    listed = ", ".join(gone[:5]) + (f" and {len(gone) - 5} more" if len(gone) > 5 else "")
    return diagnose(
        BUILDS_GONE,
        f"publishing {wanted} cannot be shown again: the builds of {listed} are gone",
        "<command line>",
        "roll back less far, or build what the project said then",
    )

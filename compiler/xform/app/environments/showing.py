"""Environments as the record has them: which there are, what they show, how two differ; and moving
one to what another shows, or taking its names away. Nothing is built for any of it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, timedelta

import msgspec

from xform.app.planning.planning import PROD, published_schema
from xform.app.record.reconciling import held, refreshed
from xform.app.workspace import UserError, Workspace
from xform.base.codes import NO_ENVIRONMENT, PROD_STAYS
from xform.base.diagnostics import diagnose
from xform.base.names import AssetName, did_you_mean, table_of
from xform.plan.plan import DropStep, PublishStep
from xform.run.records import Occasion, Publication
from xform.run.snapshots import StateSnapshot


class EnvironmentForm(msgspec.Struct, frozen=True):
    """An environment in a list. `own` counts the builds that no other one shows; `built_at` is
    when the newest of its builds was made (UTC)."""

    name: str
    assets: int
    own: int
    built_at: str | None
    expires_at: str | None = None
    """When gc lets it go, unless something is published in it before."""


class ShownAsset(msgspec.Struct, frozen=True):
    """A published name. `also` are the other environments that show the same build."""

    asset: AssetName
    relation: str
    build: str
    built_at: str | None
    rows: int | None
    also: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True):
    """`change` is added, removed or changed, on the way from the first to the second; `code` says
    whether the builds differ in what they mean, and not in their data alone."""

    asset: AssetName
    change: str
    left: str | None
    right: str | None
    code: bool


class Moved(msgspec.Struct, frozen=True):
    """What a promotion or a drop did to an environment."""

    environment: str
    published: tuple[AssetName, ...]
    dropped: tuple[AssetName, ...]


def list_environments(workspace: Workspace) -> list[EnvironmentForm]:
    """All that publish something: prod first, then by name."""
    snapshot = refreshed(workspace)
    shown_by = _shown_by(snapshot)
    found = []
    for name in _names(snapshot):
        shown = snapshot.published(name).values()
        times = [built for item in shown if (built := _built_at(snapshot, item.physical))]
        own = sum(shown_by[item.physical] == {name} for item in shown)
        expires = expiry_of(workspace, name, max(times, default=None))
        found.append(EnvironmentForm(name, len(shown), own, max(times, default=None), expires))
    return found


def expiry_of(workspace: Workspace, name: str, last: str | None) -> str | None:
    """When an environment that was last published at a time expires; never, where None."""
    seconds = workspace.settings.keeping.expiry(name)
    if seconds is None or last is None or name == PROD:
        return None
    at = datetime.fromisoformat(last) + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show_environment(workspace: Workspace, name: str) -> list[ShownAsset]:
    """What an environment shows, by name. Raises UserError where it shows nothing."""
    snapshot = refreshed(workspace)
    shown_by = _shown_by(snapshot)
    found = []
    for asset, item in sorted(published_by(snapshot, name).items()):
        record = snapshot.builds.get(item.physical)
        found.append(
            ShownAsset(
                asset,
                f"{item.schema}.{item.name}",
                item.physical,
                record.built_at if record is not None else None,
                record.rows if record is not None else None,
                tuple(sorted(shown_by[item.physical] - {name}, key=_order)),
            )
        )
    return found


def compare_environments(workspace: Workspace, left: str, right: str) -> list[Difference]:
    """What would change for the readers of one environment if it showed what another does. Raises
    UserError where one of them shows nothing."""
    snapshot = refreshed(workspace)
    ours, theirs = published_by(snapshot, left), published_by(snapshot, right)
    found = []
    for asset in sorted({*ours, *theirs}):
        one, other = ours.get(asset), theirs.get(asset)
        if one is not None and other is not None:
            if one.physical != other.physical:
                code = one.fingerprint != other.fingerprint
                found.append(Difference(asset, "changed", one.physical, other.physical, code))
        elif one is not None:
            found.append(Difference(asset, "removed", one.physical, None, True))
        elif other is not None:
            found.append(Difference(asset, "added", None, other.physical, True))
    return found


def promote(
    workspace: Workspace, source: str, target: str, only: Set[AssetName] | None = None
) -> Moved:
    """Let an environment show what another does, in one transaction; of that `only` these assets,
    where they are given. Raises UserError, EngineError.

    Its own builds stay, and with them the way back: what it showed is still there to be built from.
    """
    published_by(refreshed(workspace), source)
    with held(workspace, target) as snapshot:
        shown, before = published_by(snapshot, source), snapshot.published(target)
        shown = {asset: item for asset, item in shown.items() if only is None or asset in only}
        steps = [
            PublishStep(
                asset,
                published_schema(asset, target),
                table_of(asset),
                item.physical,
                item.fingerprint,
            )
            for asset, item in sorted(shown.items())
            if asset not in before or before[asset].physical != item.physical
        ]
        drops = [_drop(item) for asset, item in sorted(before.items()) if asset not in shown]
        move(workspace, target, steps, drops, "promote")
    return Moved(target, tuple(s.asset for s in steps), tuple(d.asset for d in drops))


def drop(workspace: Workspace, name: str) -> Moved:
    """Take away all names of an environment, in one transaction. Raises UserError, EngineError."""
    if name == PROD:
        raise UserError(
            [
                diagnose(
                    PROD_STAYS,
                    f"'{PROD}' cannot be dropped",
                    "<command line>",
                    "take its models out of the project and build: their names go with them",
                )
            ]
        )
    published_by(refreshed(workspace), name)
    with held(workspace, name) as snapshot:
        return drop_held(workspace, snapshot, name)


def drop_held(workspace: Workspace, snapshot: StateSnapshot, name: str) -> Moved:
    """The same while the warehouse is held."""
    drops = [_drop(item) for _, item in sorted(published_by(snapshot, name).items())]
    move(workspace, name, [], drops, "drop")
    return Moved(name, (), tuple(step.asset for step in drops))


def move(
    workspace: Workspace,
    name: str,
    steps: Sequence[PublishStep],
    drops: Sequence[DropStep],
    kind: str,
) -> None:
    """Move names while the warehouse is held; `kind` is as in `Occasion`."""
    if not steps and not drops:
        return
    engine = workspace.engine
    engine.prepare(sorted({step.schema for step in steps}))
    engine.publish(name, steps, drops, occasion=Occasion(kind, workspace.host.now()))


def _drop(item: Publication) -> DropStep:
    return DropStep(item.asset, item.schema, item.name)


def published_by(snapshot: StateSnapshot, name: str) -> dict[AssetName, Publication]:
    """What an environment shows. Raises UserError where that is nothing."""
    shown = snapshot.published(name)
    if shown:
        return shown
    names = _names(snapshot)
    listed = f"there are: {', '.join(names)}" if names else "nothing is built yet: xform build"
    raise UserError(
        [
            diagnose(
                NO_ENVIRONMENT,
                f"no environment '{name}' shows anything",
                "<command line>",
                did_you_mean(name, names) or listed,
            )
        ]
    )


def environment_names(workspace: Workspace) -> list[str]:
    """Those that show something: prod first, then by name."""
    return _names(refreshed(workspace))


def _names(snapshot: StateSnapshot) -> list[str]:
    return sorted({item.environment for item in snapshot.publications}, key=_order)


def _order(name: str) -> tuple[bool, str]:
    return name != PROD, name


def _shown_by(snapshot: StateSnapshot) -> dict[str, set[str]]:
    """The environments that show each build."""
    found: dict[str, set[str]] = {}
    for item in snapshot.publications:
        found.setdefault(item.physical, set()).add(item.environment)
    return found


def _built_at(snapshot: StateSnapshot, physical: str) -> str | None:
    record = snapshot.builds.get(physical)
    return record.built_at if record is not None else None

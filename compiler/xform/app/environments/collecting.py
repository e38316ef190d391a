"""Garbage: builds that nothing shows any more, environments past their time, leftovers.

A build is kept while an environment shows it, while a view that is kept reads it, and for a time
of grace after it was made or last shown: somebody may be about to show it, reading it, or want to
go back to it. Rows that failed tests are kept for the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from xform.app.environments.showing import drop_held, expiry_of
from xform.app.planning.planning import PROD
from xform.app.record.reconciling import held, refreshed
from xform.app.workspace import Workspace
from xform.run.records import BuildRecord, Publishing
from xform.run.snapshots import StateSnapshot


class Garbage(msgspec.Struct, frozen=True):
    """What goes. `why` is in words."""

    build: str
    relation: str
    asset: str
    rows: int | None
    why: str


class Kept(msgspec.Struct, frozen=True):
    """What nothing shows, and stays for now."""

    build: str
    asset: str
    until: str


class Collected(msgspec.Struct, frozen=True):
    environments: tuple[str, ...]
    """Those that have expired."""
    dropped: tuple[Garbage, ...]
    kept: tuple[Kept, ...]
    bad_rows: tuple[str, ...] = ()
    """Tests whose bad rows were kept, and go: as `environment: test`."""


def collect(workspace: Workspace, grace: float | None, *, dry: bool) -> Collected:
    """Drop what is garbage; only tell, if `dry`. Each build goes in a transaction of its own, so
    one that is stopped has done a part. Raises EngineError."""
    seconds = workspace.settings.keeping.grace if grace is None else grace
    now = workspace.host.now()
    known = {item.environment for item in refreshed(workspace).publications}
    with held(workspace, *known) as snapshot:
        history = workspace.engine.history()
        expired = tuple(sorted(_expired(workspace, snapshot, history, now)))
        shown = [one.physical for one in snapshot.publications if one.environment not in expired]
        reached = _reached(shown, snapshot.builds)
        if not dry:
            for name in expired:
                drop_held(workspace, snapshot, name)
        limit = _earlier(now, seconds)
        last = _last_shown(history, now)
        for let_go in snapshot.publications:
            if let_go.environment in expired:
                end = _end_of(history, let_go.environment)
                last[let_go.physical] = max(last.get(let_go.physical, ""), end)
        dropped, kept = [], []
        for physical, record in sorted(snapshot.builds.items()):
            if physical in reached:
                continue
            since = max(record.built_at, last.get(physical, ""))
            if since > limit:
                kept.append(Kept(physical, record.asset, _later(since, seconds)))
                continue
            why = "nothing has shown it since" if physical in last else "it was never shown; made"
            dropped.append(
                Garbage(physical, record.relation, record.asset, record.rows, f"{why} {since[:10]}")
            )
        # What a build of this grace reads stays with it.
        staying = _reached([item.build for item in kept], snapshot.builds)
        dropped = [item for item in dropped if item.build not in staying]
        dropped += [
            Garbage(name, "", "", None, "left over: no build of that name is complete")
            for name in workspace.engine.leftovers()
        ]
        living = {one.environment for one in snapshot.publications} - set(expired)
        bad = [
            one
            for one in workspace.engine.bad_rows()
            if one.at <= limit or one.environment not in living
        ]
        if not dry:
            with workspace.engine.session() as session:
                for item in dropped:
                    session.discard(item.build)
                if bad:
                    session.keep_bad_rows([msgspec.structs.replace(one, rows=()) for one in bad])
    forgotten = tuple(f"{one.environment}: {one.test}" for one in bad)
    return Collected(expired, tuple(dropped), tuple(kept), forgotten)


def _reached(roots: Iterable[str], builds: Mapping[str, BuildRecord]) -> set[str]:
    """Builds, and what views among them read."""
    found: set[str] = set()
    pending = list(roots)
    while pending:
        physical = pending.pop()
        if physical in found:
            continue
        found.add(physical)
        record = builds.get(physical)
        if record is not None and record.relation == "view":
            pending += record.inputs.values()
    return found


def _last_shown(history: Sequence[Publishing], now: str) -> dict[str, str]:
    """When each build that was shown ceased to be, in the environment where that was last."""
    found: dict[str, str] = {}
    for event in history:
        for move in event.moves:
            if move.before is not None:
                found[move.before.physical] = event.occasion.at or now
    return found


def _end_of(history: Sequence[Publishing], environment: str) -> str:
    times = [event.occasion.at for event in history if event.environment == environment]
    return max(times, default="")


def _expired(
    workspace: Workspace, snapshot: StateSnapshot, history: Sequence[Publishing], now: str
) -> Iterable[str]:
    for name in {item.environment for item in snapshot.publications} - {PROD}:
        at = expiry_of(workspace, name, _end_of(history, name) or None)
        if at is not None and at <= now:
            yield name


def _earlier(at: str, seconds: float) -> str:
    return _moved(at, -seconds)


def _later(at: str, seconds: float) -> str:
    return _moved(at, seconds)


def _moved(at: str, seconds: float) -> str:
    moved = datetime.fromisoformat(at) + timedelta(seconds=seconds)
    return moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""The state against the warehouse, in both directions, and the state made equal to it.

The warehouse is right: what it holds was written in one transaction with its ledger, and the state
is a copy of that. Nothing here changes the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from xform.app.record.leasing import patiently
from xform.app.workspace import Workspace
from xform.host.processes import is_gone
from xform.run.leases import Lease
from xform.run.records import Ledger, Publication
from xform.run.snapshots import StateSnapshot

_GC = "xform gc"
_REPAIR = "xform state repair"


class Finding(msgspec.Struct, frozen=True):
    """A difference. `kind` names what differs, `name` the build, the published name or the
    environment that it is about; `help` is what mends it."""

    kind: str
    name: str
    message: str
    help: str


class Checked(msgspec.Struct, frozen=True):
    """`builds` and `publications` count those that the warehouse has."""

    builds: int
    publications: int
    findings: tuple[Finding, ...]


class Repaired(msgspec.Struct, frozen=True):
    """What was mended in the state, and what is left to others."""

    mended: tuple[Finding, ...]
    left: tuple[Finding, ...]


def check(workspace: Workspace) -> Checked:
    """Compare, and change nothing. Raises EngineBusy, EngineError, StateError, UserError."""
    return patiently(workspace, lambda: _check(workspace)[1])


def repair(workspace: Workspace) -> Repaired:
    """Copy the warehouse's ledger into the state, and take leases from processes that are gone.
    Raises as `check` does."""
    ledger, found = patiently(workspace, lambda: _check(workspace))
    workspace.state.sync(ledger, workspace.engine.identity())
    for lease in _dead(workspace):
        workspace.state.leases.release(lease)
    mended = tuple(item for item in found.findings if item.help == _REPAIR)
    return Repaired(mended, tuple(item for item in found.findings if item.help != _REPAIR))


def export(workspace: Workspace, write: Callable[[str], None]) -> None:
    """All of the state, a line of JSON for each row."""
    workspace.state.export(write)


def _check(workspace: Workspace) -> tuple[Ledger, Checked]:
    engine = workspace.engine
    snapshot = workspace.state.snapshot(workspace.environment, components=False)
    ledger, leftovers, strays = engine.ledger(), engine.leftovers(), engine.strays()
    findings = [
        *_builds(snapshot, ledger),
        *_publications(snapshot, ledger),
        *(
            Finding("leftover", name, "of relation and ledger row only one is there", _GC)
            for name in leftovers
        ),
        *map(_stray, strays),
        *(
            Finding(
                "lease",
                lease.environment,
                f"held by run {lease.owner}, whose process {lease.process.pid} is gone",
                _REPAIR,
            )
            for lease in _dead(workspace)
        ),
    ]
    return ledger, Checked(len(ledger.builds), len(ledger.publications), tuple(findings))


def _builds(snapshot: StateSnapshot, ledger: Ledger) -> Iterable[Finding]:
    there = {record.physical: record for record in ledger.builds}
    for name in sorted(snapshot.builds.keys() | there.keys()):
        known, found = snapshot.builds.get(name), there.get(name)
        if found is None:
            yield Finding("build", name, "in the state, not in the warehouse", _REPAIR)
        elif known is None:
            yield Finding("build", name, "in the warehouse, not in the state", _REPAIR)
        elif known.standing != found.standing:
            yield Finding("build", name, "the state says other things of it", _REPAIR)


def _publications(snapshot: StateSnapshot, ledger: Ledger) -> Iterable[Finding]:
    def by_name(items: Iterable[Publication]) -> dict[tuple[str, str], Publication]:
        return {(item.environment, f"{item.schema}.{item.name}"): item for item in items}

    known, there = by_name(snapshot.publications), by_name(ledger.publications)
    for key in sorted(known.keys() | there.keys()):
        environment, name = key
        if key not in there:
            message = f"shown in '{environment}' as the state has it, not in the warehouse"
        elif key not in known:
            message = f"shown in '{environment}', which the state does not know"
        elif known[key] != there[key]:
            message = f"shows {there[key].physical} in '{environment}', not {known[key].physical}"
        else:
            continue
        yield Finding("publication", name, message, _REPAIR)


def _stray(item: Publication) -> Finding:
    return Finding(
        "name",
        f"{item.schema}.{item.name}",
        f"does not show {item.physical}, which '{item.environment}' published there",
        f"drop what stands there, if anything, then: xform build --env {item.environment}",
    )


def _dead(workspace: Workspace) -> list[Lease]:
    return [lease for lease in workspace.state.leases.held() if is_gone(lease.process)]

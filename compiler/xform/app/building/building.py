"""Building: plan, run, test, publish."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from xform.app.building.again import Again
from xform.app.building.judging import judged
from xform.app.workspace import UserError, Workspace
from xform.base.names import AssetName
from xform.plan.plan import Plan
from xform.run.events import Event
from xform.run.executor import execute
from xform.run.failures import StateError
from xform.run.history import BUILD, Asked
from xform.run.leases import Hold
from xform.run.outcome import Rehearse, rehearse_nothing
from xform.run.records import Ledger
from xform.run.result import RunResult
from xform.run.snapshots import StateSnapshot

if TYPE_CHECKING:
    from xform.app.planning.environment import EnvironmentPlanner, Planned
    from xform.app.planning.plan_file import PlanFile


@dataclass(frozen=True)
class Wanted:
    """What a build is asked for."""

    selected: frozenset[AssetName] | None = None
    full_refresh: bool = False
    upstream: bool = False
    fail_fast: bool = False
    atomic: bool = False
    command: str = ""
    """The command line that asks for it."""
    again: Again = field(default_factory=Again)
    rehearse: Rehearse = rehearse_nothing
    """Runs the unit tests of a model before it is built."""
    keeping: bool = False
    """Whether rows that fail tests are kept."""

    @property
    def asked(self) -> Asked:
        chosen = None if self.selected is None else tuple(sorted(self.selected))
        return Asked(
            BUILD,
            self.command,
            chosen,
            self.full_refresh,
            self.fail_fast,
            self.atomic,
            span=self.again.span,
            downstream=self.again.downstream,
            allow_missing=self.again.allow_missing,
        )


WHOLE = Wanted()
"""Everything, in the usual way."""


def build(
    workspace: Workspace,
    planner: EnvironmentPlanner,
    planned: Planned,
    wanted: Wanted,
    emit: Callable[[Event], None],
) -> RunResult:
    """Carry out a plan.

    The plan was made without holding the warehouse. Once it is held, the record is looked at
    again; where somebody else has built in between, the plan is made anew. Raises UserError where
    somebody else writes the environment or the warehouse.
    """
    if not planned.plan.steps:
        return carry_out(workspace, planned.plan, emit, wanted)
    from xform.app.record.leasing import leased, patiently

    with leased(workspace, planned.plan.environment) as hold:
        patiently(workspace, workspace.engine.open)
        plan = _still(workspace, planner, planned, wanted)
        if not plan.steps:
            workspace.engine.close()
        return carry_out(workspace, plan, emit, wanted, hold)


def _still(
    workspace: Workspace, planner: EnvironmentPlanner, planned: Planned, wanted: Wanted
) -> Plan:
    """The plan as it has to be now that the warehouse is held."""
    if workspace.engine.identity() == planned.snapshot.identity:
        return planned.plan
    ledger = workspace.engine.ledger()
    if _is_known(ledger, planned.snapshot):
        return planned.plan
    workspace.state.sync(ledger, workspace.engine.identity())
    return planner.plan(
        wanted.selected,
        full_refresh=wanted.full_refresh,
        upstream=wanted.upstream,
        held=ledger,
    ).plan


def build_file(
    workspace: Workspace,
    planner: EnvironmentPlanner,
    then: PlanFile,
    wanted: Wanted,
    emit: Callable[[Event], None],
) -> RunResult:
    """Carry out just the plan of a file, while the warehouse is held. Raises UserError where it
    would not come out the same now, or somebody else writes there."""
    from xform.app.building.backfilling import refuse_gaps
    from xform.app.planning.plan_file import Wished, moved_since, plan_file
    from xform.app.record.leasing import leased, patiently

    selected = None if then.selected is None else frozenset(then.selected)
    wished = Wished(selected, then.full_refresh, then.upstream)
    wanted = replace(wanted, selected=selected, full_refresh=then.full_refresh)
    with ExitStack() as stack:
        hold = None
        if then.steps:
            hold = stack.enter_context(leased(workspace, workspace.environment))
            patiently(workspace, workspace.engine.open)
        try:
            planned = planner.plan(
                selected, full_refresh=then.full_refresh, upstream=then.upstream, certain=True
            )
            found = moved_since(then, plan_file(workspace, planned, wished), workspace.state.place)
            if found:
                raise UserError(found)
            if not wanted.again.allow_missing:
                refuse_gaps(planned.plan, planner.compilation)
        except BaseException:
            workspace.engine.close()
            raise
        return carry_out(workspace, planned.plan, emit, wanted, hold)


def carry_out(
    workspace: Workspace,
    plan: Plan,
    emit: Callable[[Event], None],
    wanted: Wanted = WHOLE,
    hold: Hold | None = None,
) -> RunResult:
    """Do what a plan says, with the lease of its environment where there is anything to do."""
    result = execute(
        plan,
        workspace.engine,
        workspace.state,
        workspace.host,
        threads=workspace.threads,
        emit=emit,
        fail_fast=wanted.fail_fast,
        atomic=wanted.atomic,
        judge=judged,
        asked=wanted.asked,
        secrets=workspace.known_secrets,
        hold=hold,
        rehearse=wanted.rehearse,
        keeping=wanted.keeping,
    )
    if plan.steps:
        forget_old_runs(workspace)
    return result


def forget_old_runs(workspace: Workspace) -> None:
    """Keep as much of the history as the project wants. History that cannot be written to now is
    cut another time."""
    history = workspace.settings.history
    since = ""
    if history.days is not None:
        now = datetime.fromisoformat(workspace.host.now())
        since = (now - timedelta(days=history.days)).isoformat()
    with suppress(StateError):
        workspace.state.prune_runs(history.runs, since)


def _is_known(ledger: Ledger, snapshot: StateSnapshot) -> bool:
    """Whether the record is what the warehouse says, though its file has been touched."""
    builds = {record.physical: record.standing for record in ledger.builds}
    known = {name: record.standing for name, record in snapshot.builds.items()}
    return builds == known and set(ledger.publications) == set(snapshot.publications)

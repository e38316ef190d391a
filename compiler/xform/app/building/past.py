"""Runs that are over: finding one, and what of it is to be done again."""

from __future__ import annotations

from xform.app.workspace import UserError, Workspace
from xform.base.codes import NO_RUN
from xform.base.diagnostics import diagnose
from xform.base.names import AssetName
from xform.run.history import BUILD, PastRun
from xform.run.snapshots import StateSnapshot

ENOUGH = 1_000
"""Runs that are looked through for the last build."""


def find_run(workspace: Workspace, run_id: str | None) -> PastRun | None:
    """A run by its id, or by how that begins; the last one for None, None where there is none.
    Raises UserError."""
    environment = workspace.options.environment
    if run_id is None:
        found = workspace.state.runs(environment, 1)
        return found[0] if found else None
    found = workspace.state.find_runs(run_id)
    if len(found) == 1:
        return found[0]
    text = f"{len(found)} runs begin with '{run_id}'" if found else f"there is no run '{run_id}'"
    advice = "see which there are: xform runs"
    raise UserError([diagnose(NO_RUN, text, workspace.state.place, advice)])


def last_build(workspace: Workspace) -> PastRun | None:
    """The last run of the environment that built."""
    runs = workspace.state.runs(workspace.environment, ENOUGH)
    return next((run for run in runs if run.asked.kind == BUILD), None)


def left_undone(run: PastRun, snapshot: StateSnapshot) -> frozenset[AssetName]:
    """What a whole run was to do and did not: what failed, was skipped or never ended, and what
    was built but not published. Not among it is what a later run has done: its name shows a build
    that was made since."""
    published = snapshot.published(run.environment)
    made = {node.asset: node.build for node in run.nodes if node.status == "success"}

    def is_done(asset: AssetName) -> bool:
        shown = published.get(asset)
        if asset in made and made[asset] in (None, shown.physical if shown is not None else ""):
            return True
        build = snapshot.builds.get(shown.physical) if shown is not None else None
        return build is not None and build.built_at >= run.started_at

    planned = {*run.asked.planned, *(node.asset for node in run.nodes)}
    return frozenset(asset for asset in planned if not is_done(asset))

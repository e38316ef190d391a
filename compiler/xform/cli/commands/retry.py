"""`xform retry`: what a run has left undone, and nothing else."""

from __future__ import annotations

from typing import Annotated

from xform.app.building.again import Again
from xform.app.building.past import find_run, last_build, left_undone
from xform.app.record.reconciling import refreshed
from xform.app.workspace import UserError, Workspace
from xform.base.codes import NO_RUN
from xform.base.diagnostics import Diagnostic, diagnose
from xform.cli.commands.build import Asked, build_chosen
from xform.cli.context import Context, reporting
from xform.cli.options import Option
from xform.cli.waiting import Wait, wait_for
from xform.console.text import line
from xform.run.history import BUILD, PastRun


@reporting
def run(
    context: Context,
    run_id: Annotated[
        str | None, Option("--run", help="The run, by its id or how that begins.")
    ] = None,
    fail_fast: Annotated[bool, Option("--fail-fast", help="Stop at the first failure.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Show the plan and stop.")] = False,
    wait: Wait = 0,
    events: Annotated[
        str | None,
        Option(
            "--events", metavar="FILE", help="Write events as NDJSON to a file, or - for stdout."
        ),
    ] = None,
) -> None:
    """Build what failed, was skipped or did not end in the last build; what has been repaired
    meanwhile is reused."""
    wait_for(context, wait)
    workspace = context.workspace
    past = last_build(workspace) if run_id is None else find_run(workspace, run_id)
    if past is None or past.asked.kind != BUILD or past.environment != workspace.environment:
        raise UserError([_no_build(past, workspace)])
    undone = left_undone(workspace.state.whole_run(past), refreshed(workspace))
    compilation = context.compile(strict=False)
    chosen = frozenset(name for name in undone if name in compilation.assets)
    if not chosen and not context.json and not context.reporting:
        context.terminal.talk(
            [line(f"nothing to retry: run {past.run_id} has left nothing undone")]
        )
        return
    before = past.asked
    by_time = any(compilation.declared[name].time_range is not None for name in chosen)
    again = Again(before.span if by_time else None, before.downstream, before.allow_missing)
    asked = Asked(before.full_refresh, False, fail_fast, before.atomic, dry_run, events, again)
    build_chosen(context, compilation, chosen, asked, widen=False)


def _no_build(past: PastRun | None, workspace: Workspace) -> Diagnostic:
    environment = workspace.environment
    if past is None:
        text, advice = f"nothing has been built in '{environment}' yet", "build: xform build"
    elif past.asked.kind != BUILD:
        text, advice = f"run '{past.run_id}' only ran tests", f"do it again: {past.asked.command}"
    else:
        text = f"run '{past.run_id}' was in '{past.environment}', not in '{environment}'"
        advice = f"retry it there: xform retry --run {past.run_id} --env {past.environment}"
    return diagnose(NO_RUN, text, workspace.state.place, advice)

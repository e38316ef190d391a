"""`xform runs`: the runs that are over, and all that happened in one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from xform.app.building.past import find_run
from xform.cli.context import Context, command
from xform.cli.options import Argument, Option, UsageMistake
from xform.console.runs import run_lines, runs_lines


@command
def run(
    context: Context,
    action: Annotated[str, Argument(help="list or show.")] = "list",
    run_id: Annotated[
        str | None, Argument(help="Of show: the run, by its id or how that begins.")
    ] = None,
    limit: Annotated[int, Option("--limit", minimum=1, help="How many to list.")] = 20,
) -> None:
    """List the last runs, or show one with its models and statements: the last, unless named."""
    if action not in ("list", "show"):
        raise UsageMistake(f"'{action}' is neither list nor show")
    if action == "list" and run_id is not None:
        raise UsageMistake(f"list takes no run: xform runs show {run_id}")
    workspace = context.workspace
    if action == "list":
        found = workspace.state.runs(workspace.options.environment, limit)
        if context.json:
            context.print_json({"version": 1, "runs": [_brief(run) for run in found]})
        else:
            context.terminal.data(runs_lines(found, context.terminal.out))
        return
    named = find_run(workspace, run_id)
    whole = workspace.state.whole_run(named) if named is not None else None
    if context.json:
        context.print_json({"version": 1, "run": msgspec.to_builtins(whole)})
    elif whole is None:
        context.terminal.data(runs_lines((), context.terminal.out))
    else:
        context.terminal.data(run_lines(whole, context.terminal.out))


def _brief(run: msgspec.Struct) -> dict[str, object]:
    form = msgspec.to_builtins(run)
    return {
        key: value
        for key, value in form.items()
        if key not in ("nodes", "checks", "statements", "logs")
    }

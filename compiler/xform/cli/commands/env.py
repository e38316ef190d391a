"""`xform env`: which environments there are, what they show, how they differ; promote, drop."""

from __future__ import annotations

from typing import Annotated

import msgspec

from xform.app.environments import showing as environments
from xform.app.environments.rollback import history_of
from xform.cli.context import Context, command
from xform.cli.options import Argument, UsageMistake
from xform.cli.waiting import Wait, wait_for
from xform.console.environments import (
    difference_lines,
    history_lines,
    list_lines,
    moved_line,
    show_lines,
)

NAMES = {"list": 0, "show": 1, "diff": 2, "history": 0, "promote": 2, "drop": 1}
"""What can be done, and of how many environments."""


@command
def run(
    context: Context,
    action: Annotated[str, Argument(help="list, show, diff, history, promote or drop.")] = "list",
    first: Annotated[
        str | None, Argument(help="The environment; of diff and promote, the one to go from.")
    ] = None,
    second: Annotated[str | None, Argument(help="Of diff and promote, the one to go to.")] = None,
    wait: Wait = 0,
) -> None:
    """List environments, show or compare what they show, promote one to another, drop one."""
    names = [name for name in (first, second) if name is not None]
    if action not in NAMES:
        raise UsageMistake(f"'{action}' is none of {', '.join(NAMES)}")
    if len(names) != NAMES[action]:
        takes = ("no environment", "one environment", "two environments")[NAMES[action]]
        raise UsageMistake(f"{action} takes {takes}: xform env {action}{' NAME' * NAMES[action]}")
    wait_for(context, wait)
    workspace, data = context.workspace, context.terminal.data
    match action, names:
        case "list", _:
            listed = environments.list_environments(workspace)
            if not _json(context, {"environments": msgspec.to_builtins(listed)}):
                data(list_lines(listed))
        case "show", [name]:
            shown = environments.show_environment(workspace, name)
            form = {"environment": name, "assets": msgspec.to_builtins(shown)}
            if not _json(context, form):
                data(show_lines(shown))
        case "history", _:
            events = history_of(workspace, workspace.environment)
            form = {
                "environment": workspace.environment,
                "publishings": msgspec.to_builtins(events),
            }
            if not _json(context, form):
                data(history_lines(events))
        case "diff", [left, right]:
            found = environments.compare_environments(workspace, left, right)
            form = {"from": left, "to": right, "differences": msgspec.to_builtins(found)}
            if not _json(context, form):
                data(difference_lines(found, left, right))
        case _:
            if action == "promote":
                moved = environments.promote(workspace, names[0], names[1])
            else:
                moved = environments.drop(workspace, names[0])
            if not _json(context, msgspec.to_builtins(moved)):
                data([moved_line(moved)])


def _json(context: Context, form: dict[str, object]) -> bool:
    """Write the answer as JSON, where that is asked for."""
    if context.json:
        context.print_json({"version": 1, **form})
    return context.json

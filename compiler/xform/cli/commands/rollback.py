"""`xform rollback`: show again what an environment showed before."""

from __future__ import annotations

from typing import Annotated

import msgspec

from xform.app.environments.rollback import rollback
from xform.cli.context import Context, command
from xform.cli.options import Option
from xform.cli.waiting import Wait, wait_for
from xform.console.environments import rollback_lines


@command
def run(
    context: Context,
    to: Annotated[
        int | None,
        Option(
            "--to",
            metavar="PLAN",
            help="The publishing after which it was so (xform env history).",
            minimum=1,
            shown_default="the last but one",
        ),
    ] = None,
    wait: Wait = 0,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would move, and stop.")] = False,
) -> None:
    """Show again what was shown after an earlier publishing, at once. Nothing is computed."""
    wait_for(context, wait)
    workspace = context.workspace
    moved, number = rollback(workspace, workspace.environment, to, dry=dry_run)
    if context.json:
        context.print_json({"version": 1, "to": number, **msgspec.to_builtins(moved)})
    else:
        context.terminal.data(rollback_lines(moved, number, dry=dry_run))

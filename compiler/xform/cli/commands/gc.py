"""`xform gc`: drop builds that nothing shows any more, and environments past their time."""

from __future__ import annotations

from typing import Annotated

import msgspec

from xform.app.environments.collecting import collect
from xform.cli.context import Context, command
from xform.cli.options import Option, UsageMistake
from xform.cli.waiting import Wait, wait_for
from xform.console.garbage import collected_lines
from xform.project.running import seconds_of


@command
def run(
    context: Context,
    grace: Annotated[
        str | None,
        Option(
            "--grace",
            help="How long a build is kept after nothing shows it: 12h, 7d.",
            shown_default="7d, or what the project's settings say",
        ),
    ] = None,
    wait: Wait = 0,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would go, and stop.")] = False,
) -> None:
    """Drop builds that no environment has shown for a time, and environments that expired."""
    seconds = None if grace is None else seconds_of(grace)
    if grace is not None and seconds is None:
        raise UsageMistake(f"'{grace}' is no duration: write 12h or 7d", option="--grace")
    wait_for(context, wait)
    found = collect(context.workspace, seconds, dry=dry_run)
    if context.json:
        context.print_json({"version": 1, **msgspec.to_builtins(found)})
    else:
        context.terminal.data(collected_lines(found, dry=dry_run))

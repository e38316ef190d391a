"""`xform state`: compare the state with the warehouse, mend it, write it out."""

from __future__ import annotations

from typing import Annotated

import msgspec

from xform.app.record import checking as state_check
from xform.cli.context import FAILED, Context, command
from xform.cli.options import Argument, UsageMistake
from xform.cli.waiting import Wait, wait_for
from xform.console.state import checked_lines, repaired_lines


@command
def run(
    context: Context,
    action: Annotated[str, Argument(help="check, export or repair.")] = "check",
    wait: Wait = 0,
) -> None:
    """Compare the state with the warehouse, make it equal to it, or write it out as NDJSON."""
    wait_for(context, wait)
    workspace, data = context.workspace, context.terminal.data
    match action:
        case "check":
            checked = state_check.check(workspace)
            if context.json:
                context.print_json({"version": 1, **msgspec.to_builtins(checked)})
            else:
                data(checked_lines(checked))
            if checked.findings:
                context.exit(FAILED)
        case "repair":
            repaired = state_check.repair(workspace)
            if context.json:
                context.print_json({"version": 1, **msgspec.to_builtins(repaired)})
            else:
                data(repaired_lines(repaired))
        case "export":
            state_check.export(workspace, context.print_text)
        case _:
            raise UsageMistake(f"'{action}' is none of check, export, repair")

"""`xform sources`: which sources hold new data."""

from __future__ import annotations

from typing import Annotated

import msgspec

from xform.cli.context import Context, command
from xform.cli.options import Argument, UsageMistake


@command
def run(
    context: Context,
    action: Annotated[str, Argument(help="check.")] = "check",
) -> None:
    """Show the version of each source that was read last, and the one that is there now."""
    if action != "check":
        raise UsageMistake(f"'{action}' is none of check")
    from xform.app.data.sources import check_sources
    from xform.app.planning.environment import EnvironmentPlanner
    from xform.console.sources import source_lines

    compilation = context.compile(strict=False)
    planned = EnvironmentPlanner(context.workspace, compilation).plan()
    policies = {name: asset.versioning.policy for name, asset in compilation.declared.items()}
    found = check_sources(planned, policies)
    context.report(planned.notices)
    if context.json:
        context.print_json({"version": 1, "sources": msgspec.to_builtins(found)})
    else:
        context.terminal.data(source_lines(found))

"""`xform debug`: what is installed and in use, and whether it works."""

from __future__ import annotations

import msgspec

from xform.app.debugging import findings
from xform.cli.context import USAGE, Context, command
from xform.console.text import Fragment, Style, line

STYLES = {"ok": Style.GOOD, "warn": Style.WARNING, "fail": Style.ERROR}


@command
def run(context: Context) -> None:
    """Show versions, the project, the target and the warehouse, and what is wrong with them."""
    found = findings(context.workspace)
    failed = any(finding.state == "fail" for finding in found)
    if context.json:
        context.print_json({"version": 1, "findings": msgspec.to_builtins(found)})
    else:
        width = max(len(finding.topic) for finding in found)
        for finding in found:
            state = Fragment(f"{finding.state:<4}", STYLES[finding.state])
            context.terminal.data([line(state, f"  {finding.topic:<{width}}  {finding.text}")])
            if finding.help:
                context.terminal.data([line(f"{'':<{width + 8}}help: {finding.help}")])
    if failed:
        context.exit(USAGE)

"""`xform plan`: what a build would do, and why."""

from __future__ import annotations

from typing import Annotated

from xform.app.environment import EnvironmentPlanner
from xform.app.forms import plan_form
from xform.cli.context import CHANGED, Context, reporting
from xform.cli.options import Option
from xform.cli.selection import (
    Exclude,
    Indirect,
    Select,
    SelectorName,
    request_of,
    selector_of,
)
from xform.console.plan import plan_lines


@reporting
def run(
    context: Context,
    select: Select = None,
    exclude: Exclude = None,
    selector: SelectorName = None,
    indirect_selection: Indirect = "eager",
    full_refresh: Annotated[
        bool, Option("--full-refresh", help="Build even what is fresh.")
    ] = False,
    offline: Annotated[
        bool, Option("--offline", help="Ask no warehouse: go by the recorded state.")
    ] = False,
    explain: Annotated[
        bool, Option("--explain", help="Every reason in full, unchanged assets too.")
    ] = False,
    exit_code: Annotated[
        bool, Option("--exit-code", help="Exit with 3 where there is anything to do.")
    ] = False,
) -> None:
    """Show what a build would do and why. Nothing is changed."""
    compilation = context.compile(strict=False)
    request = request_of(select, exclude, selector, indirect_selection)
    chooser = selector_of(context, compilation)
    chosen = chooser.chosen(request)
    context.check(compilation, chosen)
    planner = EnvironmentPlanner(context.workspace, compilation)
    planned = planner.plan(chosen, full_refresh=full_refresh, offline=offline)
    context.report([*chooser.diagnostics, *compilation.diagnostics, *planned.notices])
    if context.json:
        context.print_json(plan_form(planned.plan))
    elif not context.reporting:
        surface = context.terminal.out
        context.terminal.data(plan_lines(planned.plan, surface, explain=explain))
    if exit_code and planned.plan.actions:
        context.exit(CHANGED)

"""`xform plan`: what a build would do, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from xform.app.compiling.collector import only_young_garbage
from xform.cli.context import CHANGED, Context, reporting
from xform.cli.options import Option, UsageMistake
from xform.cli.selection import (
    Exclude,
    Indirect,
    Select,
    SelectorName,
    Upstream,
    request_of,
    selector_of,
)

if TYPE_CHECKING:
    from xform.graph.selection.request import Request
    from xform.plan.plan import Plan


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
    upstream: Upstream = False,
    offline: Annotated[
        bool, Option("--offline", help="Ask no warehouse: go by the recorded state.")
    ] = False,
    explain: Annotated[
        bool, Option("--explain", help="Every reason in full, unchanged assets too.")
    ] = False,
    out: Annotated[
        Path | None,
        Option(
            "--out",
            metavar="FILE",
            help="Write the plan to a file, to be built just so: xform build FILE.",
        ),
    ] = None,
    exit_code: Annotated[
        bool, Option("--exit-code", help="Exit with 3 where there is anything to do.")
    ] = False,
) -> None:
    """Show what a build would do and why. Nothing is changed."""
    standing = None
    if out is not None and offline:
        raise UsageMistake("a plan to be built must have seen the warehouse", option="--out")
    if not (select or exclude or selector or full_refresh or offline or out):
        standing = context.workspace.standing_plan()
    if standing is not None:
        plan = standing.plan
        context.report(standing.diagnostics)
    else:
        request = request_of(select, exclude, selector, indirect_selection)
        how = How(full_refresh, upstream, offline, explain, out)
        plan = _made(context, request, how)
    if context.json:
        from xform.app.output.forms import plan_form

        context.print_json(plan_form(plan))
    elif not context.reporting:
        from xform.console.plan import plan_lines

        context.terminal.data(plan_lines(plan, context.terminal.out, explain=explain))
    if exit_code and plan.actions:
        context.exit(CHANGED)


class How(NamedTuple):
    """The options of a plan besides its selection."""

    full_refresh: bool = False
    upstream: bool = False
    offline: bool = False
    explain: bool = False
    out: Path | None = None

    @property
    def is_usual(self) -> bool:
        return self == How()


@only_young_garbage()
def _made(context: Context, request: Request, how: How) -> Plan:
    """A plan made anew; what is to be said of the project besides is said."""
    from xform.app.planning.environment import EnvironmentPlanner
    from xform.app.planning.replanning import replanned

    compilation = context.compile(strict=False)
    chooser = selector_of(context, compilation)
    chosen = chooser.chosen(request)
    context.check(compilation, chosen)
    if chosen is None and how.is_usual:
        again = replanned(context.workspace, compilation)
        if again is not None:
            context.workspace.keep_plan(again.basis, again.plan, compilation.diagnostics)
            context.report([*chooser.diagnostics, *compilation.diagnostics])
            return again.plan
    planner = EnvironmentPlanner(context.workspace, compilation)
    planned = planner.plan(
        chosen,
        full_refresh=how.full_refresh,
        upstream=how.upstream,
        offline=how.offline,
        certain=how.out is not None,
    )
    if chosen is None and planned.basis is not None:
        context.workspace.keep_plan(planned.basis, planned.plan, compilation.diagnostics)
    context.report([*chooser.diagnostics, *compilation.diagnostics, *planned.notices])
    if how.out is not None:
        from xform.app.planning.plan_file import Wished, plan_file, write_plan

        wished = Wished(chosen, how.full_refresh, how.upstream)
        write_plan(how.out, plan_file(context.workspace, planned, wished))
    if how.explain:
        import msgspec

        from xform.app.planning.sparing import spared

        found = spared(compilation, planned, context.workspace.inputs.engine)
        return msgspec.structs.replace(planned.plan, spared=found)
    return planned.plan

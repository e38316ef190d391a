"""`xform why`: why an asset is fresh or stale, down to the first part that differs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from xform.app.lineage.columns import find_asset
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.planning.explaining import explain_asset
from xform.app.workspace import UserError
from xform.cli.context import CHANGED, Context, command
from xform.cli.options import Argument, Option
from xform.console.why import explanation_lines


@command
def run(
    context: Context,
    asset: Annotated[str, Argument(help="A model, seed or source.")],
    explain: Annotated[
        bool, Option("--explain", help="All that differs, not only the first.")
    ] = False,
    offline: Annotated[
        bool, Option("--offline", help="Ask no warehouse: go by the recorded state.")
    ] = False,
    exit_code: Annotated[
        bool, Option("--exit-code", help="Exit with 3 where the asset is stale.")
    ] = False,
) -> None:
    """Explain why an asset is fresh or stale. Exits with 3 for a stale one with --exit-code."""
    compilation = context.compile(strict=False)
    name, found = find_asset(compilation, asset)
    if name is None:
        raise UserError(found)
    context.check(compilation, frozenset((name,)))
    planner = EnvironmentPlanner(context.workspace, compilation)
    planned = planner.plan(offline=offline, components=True)
    context.report(planned.notices)
    engine = context.workspace.inputs.engine
    explanation = explain_asset(compilation, planned, name, engine)
    if context.json:
        context.print_json({"version": 1, **msgspec.to_builtins(explanation)})
    else:
        surface = context.terminal.out
        context.terminal.data(explanation_lines(explanation, surface, explain=explain))
    if exit_code and not explanation.fresh:
        context.exit(CHANGED)

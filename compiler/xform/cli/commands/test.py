"""`xform test`: the data tests of what is published."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

from xform.app.environment import EnvironmentPlanner
from xform.app.testing import run_tests, test_plan
from xform.cli.commands.build import StoreFailures, emitter, finish
from xform.cli.context import Context, reporting
from xform.cli.options import Option
from xform.cli.selection import (
    Exclude,
    Indirect,
    Select,
    SelectorName,
    request_of,
    selector_of,
)
from xform.console.text import line


@reporting
def run(
    context: Context,
    select: Select = None,
    exclude: Exclude = None,
    selector: SelectorName = None,
    indirect_selection: Indirect = "eager",
    force: Annotated[
        bool, Option("--force", help="Also run tests whose result is known: nothing has changed.")
    ] = False,
    store_failures: StoreFailures = False,
) -> None:
    """Run the data tests of what is published. Nothing is built."""
    compilation = context.compile(strict=False)
    request = request_of(select, exclude, selector, indirect_selection)
    chooser = selector_of(context, compilation)
    selected = chooser.select(request)
    context.check(compilation, frozenset(test.asset for test in selected.tests))
    context.report(chooser.diagnostics)
    planner = EnvironmentPlanner(context.workspace, compilation)
    plan = test_plan(planner, selected.tests)
    if not plan.steps and not context.json:
        if not context.reporting:
            context.terminal.talk([line("no tests selected")])
        return
    with ExitStack() as stack:
        emit = emitter(context, stack, None)
        result = run_tests(
            context.workspace,
            plan,
            emit,
            context.command_line,
            force=force,
            keeping=store_failures,
        )
    finish(context, result)

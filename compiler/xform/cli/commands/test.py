"""`xform test`: the unit tests of models, and the data tests of what is published."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

from xform.app.building.testing import run_tests, test_plan
from xform.app.planning.environment import EnvironmentPlanner
from xform.cli.commands.build import StoreFailures, emitter, finish
from xform.cli.context import FAILED, OK, Context, reporting
from xform.cli.options import Option
from xform.cli.selection import (
    Exclude,
    Indirect,
    Select,
    SelectorName,
    request_of,
    selector_of,
)
from xform.cli.unit_tests import generate_test, results_form, run_unit_tests
from xform.console.text import line


@reporting
def run(
    context: Context,
    select: Select = None,
    exclude: Exclude = None,
    selector: SelectorName = None,
    indirect_selection: Indirect = "eager",
    unit: Annotated[bool, Option("--unit", help="Run unit tests alone: no warehouse.")] = False,
    engine: Annotated[
        bool, Option("--engine", help="Run unit tests on the warehouse's engine.")
    ] = False,
    generate: Annotated[
        str | None,
        Option("--generate", metavar="MODEL", help="Write a unit test of a model from real rows."),
    ] = None,
    force: Annotated[
        bool, Option("--force", help="Also run tests whose result is known: nothing has changed.")
    ] = False,
    store_failures: StoreFailures = False,
) -> None:
    """Run unit tests, then the data tests of what is published. Nothing is built."""
    compilation = context.compile(strict=False)
    if generate is not None:
        generate_test(context, compilation, generate)
        return
    request = request_of(select, exclude, selector, indirect_selection)
    chooser = selector_of(context, compilation)
    selected = chooser.select(request)
    units = [test for test in selected.tests if test.unit]
    data = tuple(test for test in selected.tests if not test.unit)
    context.check(
        compilation, frozenset(test.asset for test in (units if unit else selected.tests))
    )
    context.report(chooser.diagnostics)
    results = run_unit_tests(context, compilation, units, on_engine=engine, force=force, alone=unit)
    failed = any(result.status != "pass" for result in results)
    if unit:
        if context.json:
            context.print_json({"version": 1, "unit_tests": results_form(results)})
        context.exit(FAILED if failed else OK)
    planner = EnvironmentPlanner(context.workspace, compilation)
    plan = test_plan(planner, data)
    if not plan.steps and not context.json:
        if not context.reporting and not results:
            context.terminal.talk([line("no tests selected")])
        context.exit(FAILED if failed else OK)
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
    more = {"unit_tests": results_form(results)} if results else {}
    finish(context, result, more, failed=failed)

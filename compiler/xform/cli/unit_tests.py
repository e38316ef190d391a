"""Unit tests on the command line: those of a selection, and those that come before a build."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from xform.app.compiling.compiled import Compilation
    from xform.app.unit_tests.running import UnitResult, UnitTester
    from xform.cli.context import Context
    from xform.graph.nodes import TestNode


def run_unit_tests(
    context: Context,
    compilation: Compilation,
    selected: Collection[TestNode],
    *,
    on_engine: bool,
    force: bool,
    alone: bool,
) -> list[UnitResult]:
    """Run these unit tests, and show what came out. `alone`: nothing else is to be tested, so that
    none at all is to be said."""
    if not selected:
        if alone and not context.json and not context.reporting:
            from xform.console.text import line

            context.terminal.talk([line("no unit tests selected")])
        return []
    from xform.app.unit_tests.running import UnitTester

    wanted = {(test.asset, test.name) for test in selected}
    with UnitTester(context.workspace, compilation, on_engine=on_engine, force=force) as tester:
        tests = [
            test
            for model, own in tester.by_model.items()
            for test in own
            if (model, test.name) in wanted
        ]
        results = list(tester.run(tests))
    show_results(context, results)
    return results


def show_results(context: Context, results: Sequence[UnitResult]) -> None:
    if not context.json and not context.reporting and results:
        from xform.console.unit_tests import unit_lines

        passed = all(result.status == "pass" for result in results)
        tell = context.terminal.talk if passed else context.terminal.complain
        tell(unit_lines(results, context.terminal.err))
    context.report([found for result in results for found in result.diagnostics])


def before_building(
    context: Context, compilation: Compilation, stack: ExitStack
) -> UnitTester | None:
    """What runs the unit tests of models that are to be built, until the stack ends."""
    if not compilation.unit_tests:
        return None
    from xform.app.unit_tests.running import UnitTester

    return stack.enter_context(UnitTester(context.workspace, compilation))


def show_failed(context: Context, tester: UnitTester | None) -> None:
    """The cells that differ, of tests that kept models from being built."""
    if tester is not None and tester.failed and not context.json and not context.reporting:
        from xform.console.text import EMPTY
        from xform.console.unit_tests import failure_lines

        context.terminal.complain([EMPTY, *failure_lines(tester.failed, context.terminal.err)])


def results_form(results: Sequence[UnitResult]) -> list[dict[str, Any]]:
    """Unit tests in JSON."""
    import msgspec

    from xform.app.output.forms import diagnostics_form

    forms = []
    for result in results:
        form = {
            "name": result.name,
            "model": result.model,
            "path": result.span.path,
            "line": result.span.line,
            "status": result.status,
            "unchanged": result.again,
            "seconds": round(result.seconds, 6),
            "difference": msgspec.to_builtins(result.difference),
            "diagnostics": diagnostics_form(result.diagnostics),
        }
        forms.append(form)
    return forms


def generate_test(context: Context, compilation: Compilation, written: str) -> None:
    """Write a unit test of a model from what is published; its path is the answer."""
    from xform.app.lineage.columns import find_asset
    from xform.app.unit_tests.sampling import sampled
    from xform.app.unit_tests.writing import write_test
    from xform.app.workspace import UserError

    name, found = find_asset(compilation, written)
    if name is None:
        raise UserError(found)
    context.check(compilation, frozenset((name,)))
    sample = sampled(context.workspace, compilation, name)
    path = write_test(context.workspace.root, sample)
    if context.json:
        context.print_json({"version": 1, "path": path, "name": sample.name, "model": name})
    elif not context.reporting:
        context.print_text(path)

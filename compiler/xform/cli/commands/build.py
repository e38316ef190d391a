"""`xform build`: plan, run, test, publish."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn, TextIO

from xform.app.building.again import Again
from xform.base.codes import TEST_BROKEN_WARNED, TEST_WARNED
from xform.cli.context import FAILED, INTERRUPTED, Context, reporting
from xform.cli.options import Argument, Option, UsageMistake
from xform.cli.selection import (
    Exclude,
    Indirect,
    Select,
    SelectorName,
    Upstream,
    request_of,
    selector_of,
)
from xform.cli.spans import AllowMissing, End, Start, span_of
from xform.cli.unit_tests import before_building, show_failed
from xform.cli.waiting import Wait, wait_for

if TYPE_CHECKING:
    from xform.app.compiling.compiled import Compilation
    from xform.app.planning.environment import Planned
    from xform.base.diagnostics import Diagnostic
    from xform.base.names import AssetName
    from xform.graph.selection.request import Request
    from xform.plan.plan import Plan
    from xform.run.events import Event
    from xform.run.result import RunResult

WARNED = (TEST_WARNED.id, TEST_BROKEN_WARNED.id)

Emit = Callable[["Event"], None]

StoreFailures = Annotated[
    bool,
    Option(
        "--store-failures", help="Keep rows that fail tests: a sample, without what is tagged pii."
    ),
]


@reporting
def run(
    context: Context,
    plan_file: Annotated[
        Path | None, Argument(help="A plan that was written with plan --out: build just that.")
    ] = None,
    select: Select = None,
    exclude: Exclude = None,
    selector: SelectorName = None,
    indirect_selection: Indirect = "eager",
    full_refresh: Annotated[
        bool, Option("--full-refresh", help="Build even what is fresh.")
    ] = False,
    upstream: Upstream = False,
    fail_fast: Annotated[bool, Option("--fail-fast", help="Stop at the first failure.")] = False,
    atomic: Annotated[bool, Option("--atomic", help="Publish all or nothing.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Show the plan and stop.")] = False,
    start: Start = None,
    end: End = None,
    allow_missing: AllowMissing = False,
    store_failures: StoreFailures = False,
    wait: Wait = 0,
    events: Annotated[
        str | None,
        Option(
            "--events", metavar="FILE", help="Write events as NDJSON to a file, or - for stdout."
        ),
    ] = None,
) -> None:
    """Build what is stale, test it, and publish it all at once."""
    if events == "-" and context.format != "text":
        raise UsageMistake(
            f"events go to stdout and so does --format {context.format}: use one of them,"
            " or --events FILE",
            option="--events",
        )
    wait_for(context, wait)
    again = Again(span_of(start, end), allow_missing=allow_missing)
    asked = Asked(full_refresh, upstream, fail_fast, atomic, dry_run, events, again, store_failures)
    if plan_file is not None:
        if select or exclude or selector or full_refresh or upstream or start or end:
            raise UsageMistake("a plan has been made already: what it builds cannot be chosen anew")
        _build_file(context, plan_file, asked)
        return
    standing = None
    if not (select or exclude or selector or full_refresh or start or end):
        standing = context.workspace.standing_plan()
    if standing is None:
        request = request_of(select, exclude, selector, indirect_selection)
        planned_and_built(context, request, asked)
        return
    context.report(standing.diagnostics)
    if dry_run:
        _show(context, standing.plan)
        return
    from xform.app.building.building import carry_out

    with ExitStack() as stack:
        result = carry_out(context.workspace, standing.plan, emitter(context, stack, events))
    finish(context, result)


class Asked(NamedTuple):
    """The options of a build besides its selection."""

    full_refresh: bool
    upstream: bool
    fail_fast: bool
    atomic: bool
    dry_run: bool
    events: str | None
    again: Again = Again()
    store_failures: bool = False


def planned_and_built(context: Context, request: Request, asked: Asked) -> None:
    compilation = context.compile(strict=False)
    chooser = selector_of(context, compilation)
    chosen = chooser.chosen(request)
    build_chosen(context, compilation, chosen, asked, chooser.diagnostics)


def build_chosen(
    context: Context,
    compilation: Compilation,
    chosen: frozenset[AssetName] | None,
    asked: Asked,
    found: Sequence[Diagnostic] = (),
    *,
    widen: bool = True,
) -> None:
    """Plan and build the chosen assets, None for all. `found` is to be said besides. `widen`:
    also the readers that what is computed again goes on to, where that is asked for."""
    from xform.app.building.backfilling import refuse_gaps, restated
    from xform.app.building.building import Wanted, build
    from xform.app.planning.environment import EnvironmentPlanner
    from xform.app.record.leasing import patiently
    from xform.console.plan import plan_lines
    from xform.console.text import EMPTY

    context.check(compilation, chosen)
    planner = EnvironmentPlanner(context.workspace, compilation)
    if asked.again.span is not None:
        touched = restated(planner, chosen, asked.again)
        chosen = touched if widen else chosen

    def plan() -> Planned:
        return planner.plan(
            chosen,
            full_refresh=asked.full_refresh,
            upstream=asked.upstream,
            certain=not asked.dry_run,
        )

    planned = patiently(context.workspace, plan)
    if chosen is None and planned.basis is not None:
        context.workspace.keep_plan(planned.basis, planned.plan, compilation.diagnostics)
    context.report([*found, *compilation.diagnostics, *planned.notices])
    if asked.dry_run:
        _show(context, planned.plan)
        return
    if not asked.again.allow_missing:
        refuse_gaps(planned.plan, planner.compilation)
    wanted = Wanted(
        chosen,
        asked.full_refresh,
        asked.upstream,
        asked.fail_fast,
        asked.atomic,
        context.command_line,
        asked.again,
        keeping=asked.store_failures,
    )
    if planned.plan.actions and context.format == "text" and asked.events != "-":
        context.terminal.talk([*plan_lines(planned.plan, context.terminal.err), EMPTY])
    with ExitStack() as stack:
        tester = before_building(context, compilation, stack)
        if tester is not None:
            wanted = replace(wanted, rehearse=tester.rehearse)
        emit = emitter(context, stack, asked.events)
        result = build(context.workspace, planner, planned, wanted, emit)
    show_failed(context, tester)
    finish(context, result)


def _build_file(context: Context, path: Path, asked: Asked) -> None:
    """Build just the plan of a file."""
    from xform.app.building.building import Wanted, build_file
    from xform.app.planning.environment import EnvironmentPlanner
    from xform.app.planning.plan_file import check_place, read_plan

    then = read_plan(path)
    check_place(then, path, context.workspace)
    if asked.dry_run:
        raise UsageMistake("a plan shows what it does by itself", option="--dry-run")
    compilation = context.compile(strict=False)
    context.check(compilation, None if then.selected is None else frozenset(then.selected))
    context.report(compilation.diagnostics)
    planner = EnvironmentPlanner(context.workspace, compilation)
    wanted = Wanted(
        fail_fast=asked.fail_fast,
        atomic=asked.atomic,
        command=context.command_line,
        again=asked.again,
        keeping=asked.store_failures,
    )
    with ExitStack() as stack:
        tester = before_building(context, compilation, stack)
        if tester is not None:
            wanted = replace(wanted, rehearse=tester.rehearse)
        emit = emitter(context, stack, asked.events)
        result = build_file(context.workspace, planner, then, wanted, emit)
    show_failed(context, tester)
    finish(context, result)


def _show(context: Context, plan: Plan) -> None:
    if context.json:
        from xform.app.output.forms import plan_form

        context.print_json(plan_form(plan))
    elif not context.reporting:
        from xform.console.plan import plan_lines

        context.terminal.data(plan_lines(plan, context.terminal.out))


def emitter(context: Context, stack: ExitStack, events: str | None) -> Emit:
    """Where events go: to the screen, and as NDJSON where that was asked for."""
    from xform.console.progress import Progress

    progress = stack.enter_context(Progress(context.terminal))
    sinks: list[Emit] = [progress]
    if events is not None:
        stream = stack.enter_context(_stream(context, events))
        import msgspec.json

        encoder = msgspec.json.Encoder()

        def write(event: Event) -> None:
            stream.write(encoder.encode(event).decode() + "\n")
            stream.flush()

        sinks.append(write)

    def emit(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return emit


@contextmanager
def _stream(context: Context, path: str) -> Iterator[TextIO]:
    if path == "-":
        yield context.terminal.stdout
    else:
        with Path(path).open("w", encoding="utf-8") as file:
            yield file


def finish(
    context: Context,
    result: RunResult,
    more: Mapping[str, Any] | None = None,
    *,
    failed: bool = False,
) -> None:
    """Report a run and end the command. `more` goes into its JSON; `failed`: something beside it
    has."""
    if context.json:
        from xform.app.output.forms import run_form

        context.print_json({**run_form(result), **(more or {})})
    # Tests that only warn stand in the summary already, with their counts.
    context.report([d for d in result.diagnostics if context.reporting or d.code not in WARNED])
    code = {"success": FAILED if failed else 0, "cancelled": INTERRUPTED}.get(result.status, FAILED)
    if result.abandoned:
        leave(context, code)
    context.exit(code)


def leave(context: Context, code: int) -> NoReturn:
    """End the process where steps were abandoned: their threads cannot be waited for; with the
    process their work is rolled back."""
    context.finish()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

"""`xform lint`: what the compiler finds, file by file, and fixes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from xform.app.output.forms import diagnostics_form
from xform.app.rewriting.fixing import SAFE, UNSAFE, Fix, fix_all, fixable, told
from xform.base.diagnostics import Diagnostic, has_errors
from xform.cli.context import FAILED, OK, USAGE, Context, reporting
from xform.cli.options import Option, UsageMistake
from xform.cli.paths import Paths, lies_in, within_project
from xform.cli.selection import Exclude, Select, chosen_assets
from xform.console.text import Line, line
from xform.console.words import count

LEVELS = ("error", "warning", "info")
"""From loud to quiet."""


@reporting
def run(
    context: Context,
    paths: Paths = None,
    select: Select = None,
    exclude: Exclude = None,
    level: Annotated[
        str, Option("--level", help="What makes it exit 1: error, warning or info.")
    ] = "warning",
    fix: Annotated[
        bool, Option("--fix", help="Mend what an edit mends, where models stay what they are.")
    ] = False,
    unsafe_fixes: Annotated[
        bool, Option("--unsafe-fixes", help="Also by edits that change what is built.")
    ] = False,
) -> None:
    """Say what the compiler finds in files or models; mend some of it with --fix."""
    if level not in LEVELS:
        raise UsageMistake(f"use {', '.join(LEVELS[:-1])} or {LEVELS[-1]}", option="--level")
    if unsafe_fixes and not fix:
        raise UsageMistake("goes with --fix", option="--unsafe-fixes")
    places = within_project(context.workspace.root, paths) if paths else None
    compilation = context.compile(strict=False)
    chosen = chosen_assets(context, compilation, select, exclude)

    def wanted(found: Diagnostic) -> bool:
        return (places is None or lies_in(found.span.path, places)) and (
            chosen is None or found.asset in chosen
        )

    made: list[Diagnostic] = []
    refused: list[Diagnostic] = []
    if fix:
        codes = SAFE | UNSAFE if unsafe_fixes else SAFE
        done = fix_all(context.workspace, compilation, wanted, codes)
        context.workspace, compilation = done.workspace, done.compilation
        made, refused = done.made, done.refused
    found = [each for each in compilation.diagnostics if wanted(each)]
    if context.json:
        form = {"diagnostics": diagnostics_form(found), "fixed": diagnostics_form(made)}
        context.print_json({"version": 1, **form})
    context.report([*found, *told(refused)])
    if context.format == "text":
        mendable = [] if fix else fixable(context.workspace, compilation, found, SAFE)
        context.terminal.talk(_told(found, made, mendable))
    if has_errors(found):
        context.exit(USAGE)
    loud = LEVELS[: LEVELS.index(level) + 1]
    context.exit(FAILED if any(each.severity in loud for each in found) else OK)


def _told(
    found: list[Diagnostic], made: list[Diagnostic], mendable: Sequence[Fix]
) -> Iterator[Line]:
    if made:
        files = len({each.span.path for each in made})
        yield line(f"{count(len(made), 'finding')} mended in {count(files, 'file')}")
    elif not found:
        yield line("nothing found")
    if mendable:
        yield line(f"{count(len(mendable), 'finding')} can be mended: xform lint --fix")

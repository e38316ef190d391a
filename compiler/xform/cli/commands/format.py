"""`xform format`: SQL models in their one form."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from typing import Annotated

from xform.app.output.forms import diagnostics_form
from xform.app.rewriting.formatting import (
    Formatted,
    format_models,
    format_text,
    sql_models,
    write_formatted,
)
from xform.base.diagnostics import has_errors
from xform.cli.context import FAILED, OK, USAGE, Context, command
from xform.cli.options import Option, UsageMistake
from xform.cli.paths import Paths, lies_in, within_project
from xform.cli.selection import Exclude, Select, chosen_assets
from xform.console.text import line
from xform.console.words import count

STDIN = "-"


@command
def run(
    context: Context,
    paths: Paths = None,
    select: Select = None,
    exclude: Exclude = None,
    check: Annotated[
        bool, Option("--check", help="Change nothing; exit 1 where something would be.")
    ] = False,
    diff: Annotated[bool, Option("--diff", help="The same, and show what would change.")] = False,
    stdin_filename: Annotated[
        str | None, Option("--stdin-filename", help="Which file it is that stdin (-) holds.")
    ] = None,
) -> None:
    """Lay out the SQL of models in one form; - reads stdin and writes stdout."""
    if STDIN in (paths or ()):
        if paths != [STDIN] or select or exclude:
            raise UsageMistake("'-' stands alone")
        files = [_from_stdin(context, stdin_filename)]
    else:
        files = _of_project(context, paths, select, exclude)
    changed = [each for each in files if each.changed]
    problems = [problem for each in files for problem in each.problems]
    writes = not (check or diff)
    if writes and paths != [STDIN]:
        write_formatted(context.workspace, changed)
    if context.json:
        context.print_json(_form(files))
    elif paths == [STDIN] and writes and not has_errors(problems):
        context.terminal.stdout.write(files[0].after)
    elif diff:
        context.terminal.stdout.write("".join(_diff(each) for each in changed))
    elif paths != [STDIN]:
        context.terminal.data([line(each.path) for each in changed])
    context.report(problems)
    if paths != [STDIN] and context.format == "text":
        context.terminal.talk([line(_told(len(changed), len(files), writes=writes))])
    if has_errors(problems):
        context.exit(USAGE)
    context.exit(FAILED if changed and not writes else OK)


def _of_project(
    context: Context, paths: Paths, select: Select, exclude: Exclude
) -> list[Formatted]:
    """The models that are named, in their form."""
    places = within_project(context.workspace.root, paths) if paths else None
    compilation = context.compile(strict=False)
    chosen = chosen_assets(context, compilation, select, exclude)
    assets = [
        asset
        for asset in sql_models(compilation)
        if (places is None or lies_in(asset.path, places))
        and (chosen is None or asset.name in chosen)
    ]
    return format_models(context.workspace, compilation, assets)


def _from_stdin(context: Context, name: str | None) -> Formatted:
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise UsageMistake("stdin is not UTF-8") from None
    path = name or "<stdin>"
    if name is not None:
        place = context.workspace.root
        known = (place / name).resolve()
        path = known.relative_to(place).as_posix() if known.is_relative_to(place) else name
    return format_text(context.workspace, text, path)


def _form(files: Sequence[Formatted]) -> dict[str, object]:
    problems = [problem for each in files for problem in each.problems]
    return {
        "version": 1,
        "files": [{"path": each.path, "status": _status(each)} for each in files],
        "diagnostics": diagnostics_form(problems),
    }


def _status(each: Formatted) -> str:
    return "left" if each.problems else "changed" if each.changed else "unchanged"


def _diff(each: Formatted) -> str:
    lines = difflib.unified_diff(
        each.before.splitlines(keepends=True),
        each.after.splitlines(keepends=True),
        each.path,
        each.path,
    )
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in lines)


def _told(changed: int, files: int, *, writes: bool) -> str:
    if not changed:
        return f"{count(files, 'file')} in form"
    verb = "laid out" if writes else "would be laid out"
    return f"{count(changed, 'file')} {verb}, {count(files - changed, 'file')} in form"

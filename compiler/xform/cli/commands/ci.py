"""`xform ci`: what a change means, as a check on a pull request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from xform.app.collector import only_young_garbage
from xform.cli.context import FAILED, OK, REPORTS, Context, in_forms
from xform.cli.options import Option, UsageMistake

if TYPE_CHECKING:
    from xform.ci.checking import Limits
    from xform.ci.posting import Place
    from xform.plan.changes import ProjectChange

BY_ENDING = {".json": "json", ".md": "markdown", ".xml": "junit", ".sarif": "sarif"}
"""The form of a file, by the end of its name."""
FAIL_ON = ("breaking", "values", "additive", "never")


@in_forms(
    "text, json, markdown, junit; sarif, github or line give the findings alone.",
    "markdown",
    "junit",
)
def run(
    context: Context,
    base: Annotated[
        str | None,
        Option(
            "--base",
            metavar="REV",
            help="The branch or revision that the change would be merged into.",
            shown_default="the pull request's, else the remote's usual branch",
        ),
    ] = None,
    head: Annotated[
        str | None,
        Option(
            "--head",
            metavar="REV",
            help="The revision to look at.",
            shown_default="the files as they are now",
        ),
    ] = None,
    write: Annotated[
        list[str] | None,
        Option(
            "--write",
            metavar="FILE",
            help="Write it to a file too, in the form of its name: .md .json .sarif .xml",
        ),
    ] = None,
    fail_on: Annotated[
        str,
        Option(
            "--fail-on",
            metavar="LEVEL",
            help="The least that fails: breaking, values, additive or never.",
        ),
    ] = "breaking",
    max_models: Annotated[
        int | None, Option("--max-models", minimum=0, help="Fail where more models would run.")
    ] = None,
    untrusted: Annotated[
        bool,
        Option(
            "--untrusted", help="The change may be anybody's: run nothing of it, within bounds."
        ),
    ] = False,
    comment: Annotated[
        bool, Option("--comment", help="In a job on GitHub: comment on the pull request.")
    ] = False,
    check_run: Annotated[
        bool, Option("--check-run", help="In a job on GitHub: make a check run of the commit.")
    ] = False,
    explain: Annotated[bool, Option("--explain", help="Everything in full.")] = False,
) -> None:
    """Say what a change means: what it breaks, whose values change, what would run. No warehouse
    is needed, and nothing is built."""
    if fail_on not in FAIL_ON:
        raise UsageMistake(f"use {', '.join(FAIL_ON[:-1])} or {FAIL_ON[-1]}", option="--fail-on")
    files = [Path(name) for name in write or ()]
    for path in files:
        if path.suffix not in BY_ENDING:
            known = ", ".join(BY_ENDING)
            raise UsageMistake(f"'{path}' ends in none of {known}", option="--write")
    from xform.ci.checking import Limits, failed
    from xform.plan.changes import Weight

    place = _place(comment or check_run)
    found = _checked(context, base, head, untrusted=untrusted)
    limits = Limits(None if fail_on == "never" else Weight(fail_on), max_models)
    _show(context, found, limits, explain=explain)
    for path in files:
        path.write_text(_text(BY_ENDING[path.suffix], context, found, limits), "utf-8")
    fails = failed(found, limits)
    if place is not None:
        _post(context, place, found, limits, comment=comment, check_run=check_run, fails=fails)
    context.exit(FAILED if fails else OK)


def _post(
    context: Context,
    place: Place,
    found: ProjectChange,
    limits: Limits,
    *,
    comment: bool,
    check_run: bool,
    fails: bool,
) -> None:
    """Put it where reviewers see it. Where that fails, the verdict still stands."""
    from xform.app.repository import prefix_of
    from xform.ci.checking import findings
    from xform.ci.posting import post_check, post_comment

    prefix = prefix_of(context.workspace.root)
    said = post_comment(place, found, prefix) if comment else []
    if check_run:
        told = context.masked(list(findings(found, limits)))
        said += post_check(place, found, told, prefix, failed=fails)
    context.report(said)


def _place(wanted: bool) -> Place | None:
    """Where to post it. Raises UsageMistake where the environment does not say."""
    if not wanted:
        return None
    from importlib.util import find_spec

    if find_spec("httpx") is None:
        raise UsageMistake("install what talks to GitHub: pip install 'xform-sql[github]'")
    from xform.ci.posting import Place

    place = Place.of(os.environ)
    if isinstance(place, str):
        raise UsageMistake(f"the environment has no {place}: this is for jobs on GitHub")
    return place


@only_young_garbage()
def _checked(
    context: Context, base: str | None, head: str | None, *, untrusted: bool
) -> ProjectChange:
    from xform.ci.checking import base_name, check

    if not untrusted:
        return check(context.workspace, base, head)
    from xform.ci.confined import check_confined

    context.workspace.confined = True
    return check_confined(context.options, base or base_name(context.workspace), head)


def _show(context: Context, found: ProjectChange, limits: Limits, *, explain: bool) -> None:
    from xform.ci.checking import findings

    if context.format in REPORTS:
        context.report(tuple(findings(found, limits)), limit=None)
    elif context.format != "text":
        context.print_text(_text(context.format, context, found, limits))
    else:
        from xform.console.changes import change_lines

        context.report(found.diagnostics)
        terminal = context.terminal
        terminal.data(change_lines(found, terminal.out, explain=explain))


def _text(form: str, context: Context, found: ProjectChange, limits: Limits) -> str:
    match form:
        case "json":
            from xform.ci.forms import json_text

            return json_text(found)
        case "markdown":
            from xform.app.repository import prefix_of
            from xform.ci.markdown import markdown_text

            return markdown_text(found, prefix_of(context.workspace.root))
        case "junit":
            from xform.ci.junit import junit_text

            return junit_text(found, limits)
        case _:
            from xform.ci.checking import findings
            from xform.cli.reports import report_text

            said = context.masked(list(findings(found, limits)))
            return report_text(form, said, context.workspace.root)

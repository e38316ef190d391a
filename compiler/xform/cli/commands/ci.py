"""`xform ci`: what a change means, as a check on a pull request."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from msgspec import to_builtins
from msgspec.structs import replace

from xform.app.compiling.collector import only_young_garbage
from xform.cli.commands.build import finish, leave
from xform.cli.context import FAILED, OK, REPORTS, Context, in_forms
from xform.cli.options import Option, UsageMistake
from xform.cli.waiting import Wait, wait_for
from xform.console.text import dim, line

if TYPE_CHECKING:
    from xform.app.environments.preview import Preview
    from xform.ci.checking import Limits
    from xform.ci.posting import Place
    from xform.plan.changes import ProjectChange
    from xform.run.result import RunResult

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
    max_seconds: Annotated[
        int | None,
        Option(
            "--max-seconds",
            minimum=0,
            help="Fail where a build takes more seconds of work, by the history of runs.",
        ),
    ] = None,
    build: Annotated[
        bool,
        Option(
            "--build",
            help="Build what changed in an environment of its own, test it, and compare its rows.",
        ),
    ] = False,
    pr: Annotated[
        int | None,
        Option(
            "--pr",
            minimum=1,
            metavar="N",
            help="The pull request: it is built in pr_N.",
            shown_default="the job's on GitHub or GitLab; --env names another environment",
        ),
    ] = None,
    base_env: Annotated[
        str | None,
        Option(
            "--base-env",
            metavar="NAME",
            help="The environment that is compared with, and whose builds are used.",
            shown_default="the target's",
        ),
    ] = None,
    cleanup: Annotated[
        bool,
        Option("--cleanup", help="Drop the environment of the pull request, and do nothing else."),
    ] = False,
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
    wait: Wait = 0,
) -> None:
    """Say what a change means: what it breaks, whose values change, what would run. No warehouse
    is needed, and nothing is built, unless that is asked for (--build)."""
    if fail_on not in FAIL_ON:
        raise UsageMistake(f"use {', '.join(FAIL_ON[:-1])} or {FAIL_ON[-1]}", option="--fail-on")
    files = [Path(name) for name in write or ()]
    for path in files:
        if path.suffix not in BY_ENDING:
            known = ", ".join(BY_ENDING)
            raise UsageMistake(f"'{path}' ends in none of {known}", option="--write")
    from xform.ci.checking import Limits, failed
    from xform.plan.changes import Weight

    if cleanup:
        _clean_up(context, pr, base_env, wait, untrusted=untrusted)
        return
    place = _place(comment or check_run)
    limits = Limits(None if fail_on == "never" else Weight(fail_on), max_models, max_seconds)
    run, preview = None, None
    if build:
        environment = _environment(context, pr)
        if untrusted:
            from xform.app.environments.previews import refuse_untrusted

            refuse_untrusted()
        context.options = replace(context.options, environment=environment)
        wait_for(context, wait)
        found, preview, run = _built(context, base, head, base_env, limits)
    else:
        found = _checked(context, base, head, untrusted=untrusted)
    _show(context, found, limits, preview, explain=explain)
    for path in files:
        path.write_text(_text(BY_ENDING[path.suffix], context, found, limits, preview), "utf-8")
    fails = failed(found, limits, preview)
    if place is not None:
        wanted = Posted(place, comment=comment, check_run=check_run)
        _post(context, wanted, found, limits, preview, fails=fails)
    if run is not None and run.abandoned:
        leave(context, FAILED)
    context.exit(FAILED if fails else OK)


class Posted(NamedTuple):
    """What is to be put where."""

    place: Place
    comment: bool
    check_run: bool


def _post(
    context: Context,
    wanted: Posted,
    found: ProjectChange,
    limits: Limits,
    preview: Preview | None,
    *,
    fails: bool,
) -> None:
    """Put it where reviewers see it. Where that fails, the verdict still stands."""
    from xform.app.repository import prefix_of
    from xform.ci.checking import findings, passed_limits
    from xform.ci.posting import post_check, post_comment

    prefix, place = prefix_of(context.workspace.root), wanted.place
    over = tuple(passed_limits(found, limits))
    said = post_comment(place, found, prefix, preview, over) if wanted.comment else []
    if wanted.check_run:
        told = context.masked(list(findings(found, limits, preview)))
        said += post_check(place, found, told, prefix, failed=fails, preview=preview, over=over)
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


# Building ----------------------------------------------------------------------------------------


def _environment(context: Context, pr: int | None) -> str:
    """Where the change is built. Raises UsageMistake where nobody says."""
    from xform.ci.jobs import number_of

    named = context.options.environment
    if named is not None and pr is not None:
        raise UsageMistake("name the pull request or an environment: not both", option="--pr")
    number = pr if pr is not None or named is not None else number_of(os.environ)
    if named is None and number is None:
        raise UsageMistake(
            "this is no job of a pull request: name it, or an environment of its own: --pr N or "
            "--env NAME",
            option="--pr",
        )
    return named if named is not None else f"pr_{number}"


def _built(
    context: Context, base: str | None, head: str | None, base_env: str | None, limits: Limits
) -> tuple[ProjectChange, Preview, RunResult | None]:
    """Compare two revisions, and build what that means."""
    from xform.app.environments.previews import base_environment
    from xform.ci.building import build_change, too_much
    from xform.ci.checking import checked, passed_limits
    from xform.console.progress import Progress

    compared_with = base_environment(context.workspace, base_env)
    say = context.terminal.talk if context.terminal.err.interactive else lambda lines: None
    with checked(context.workspace, base, head) as found, ExitStack() as stack:
        if any(passed_limits(found.change, limits)):
            return found.change, too_much(context.workspace.environment, compared_with), None
        built = build_change(
            found,
            compared_with,
            stack.enter_context(Progress(context.terminal, summary=False)),
            lambda asset, number, of: say([line(dim(f"comparing {asset} ({number} of {of})"))]),
            context.command_line,
        )
        change = found.change
    if built.run is not None and built.run.status == "cancelled":
        finish(context, built.run)
    return change, masked(context, built.preview), built.run


def masked(context: Context, preview: Preview) -> Preview:
    """The same without secrets: an engine may repeat a setting of the profile."""
    return replace(
        preview,
        assets=tuple(replace(item, why=context.mask(item.why)) for item in preview.assets),
        tests=tuple(replace(item, message=context.mask(item.message)) for item in preview.tests),
        diagnostics=tuple(context.masked(preview.diagnostics)),
    )


def _clean_up(
    context: Context, pr: int | None, base_env: str | None, wait: int, *, untrusted: bool
) -> None:
    from xform.app.environments.previews import Dropped, base_environment, drop_preview
    from xform.console.preview import dropped_lines

    environment = _environment(context, pr)
    if untrusted:  # such a change is never built, and its profile is not believed
        dropped = Dropped(environment, existed=False)
    else:
        context.options = replace(context.options, environment=environment)
        base_environment(context.workspace, base_env)
        wait_for(context, wait)
        dropped = drop_preview(context.workspace, environment)
    if context.json:
        context.print_json({"version": 1, **to_builtins(dropped)})
    elif not context.reporting:
        context.terminal.data(dropped_lines(dropped))
    context.exit(OK)


# Showing -----------------------------------------------------------------------------------------


def _show(
    context: Context,
    found: ProjectChange,
    limits: Limits,
    preview: Preview | None,
    *,
    explain: bool,
) -> None:
    from xform.ci.checking import findings, passed_limits

    if context.format in REPORTS:
        context.report(tuple(findings(found, limits, preview)), limit=None)
    elif context.format != "text":
        context.print_text(_text(context.format, context, found, limits, preview))
    else:
        from xform.console.changes import change_lines

        said = preview.diagnostics if preview is not None else ()
        context.report((*found.diagnostics, *said, *passed_limits(found, limits)))
        terminal = context.terminal
        terminal.data(change_lines(found, terminal.out, explain=explain))
        if preview is not None:
            from xform.console.preview import preview_lines

            terminal.data(preview_lines(preview, terminal.out))


def _text(
    form: str, context: Context, found: ProjectChange, limits: Limits, preview: Preview | None
) -> str:
    match form:
        case "json":
            from xform.ci.forms import json_text

            return json_text(found, preview)
        case "markdown":
            from xform.app.repository import prefix_of
            from xform.ci.checking import passed_limits
            from xform.ci.markdown import markdown_text

            over = tuple(passed_limits(found, limits))
            return markdown_text(found, prefix_of(context.workspace.root), preview, over)
        case "junit":
            from xform.ci.junit import junit_text

            return junit_text(found, limits, preview)
        case _:
            from xform.ci.checking import findings
            from xform.cli.reports import report_text

            said = context.masked(list(findings(found, limits, preview)))
            return report_text(form, said, context.workspace.root)

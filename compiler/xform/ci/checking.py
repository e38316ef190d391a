"""The check of a change: two revisions opened, compared, and judged by the limits that are set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from xform.app.environments.preview import Preview
from xform.app.revisions import Revisions
from xform.app.workspace import Workspace
from xform.base.codes import BREAKING_CHANGE, CHANGE_LIMIT
from xform.base.diagnostics import Diagnostic, diagnose
from xform.ci.comparing import compare_and_plan
from xform.ci.cost import cost_of
from xform.ci.per_target import per_target
from xform.ci.running import Running
from xform.ci.side import Side
from xform.ci.trying import tried
from xform.plan.changes import WEIGHTS, Category, ProjectChange, Weight
from xform.plan.wording import about

WORKING_TREE = "the working tree"
_SHORT = 10


class Limits(msgspec.Struct, frozen=True):
    """`fail_on` is the least weight that fails the check; None: none does."""

    fail_on: Weight | None = Weight.BREAKING
    models: int | None = None
    seconds: int | None = None
    """Of work, as `Cost` has it."""


class Checked(NamedTuple):
    """A change, the two versions it lies between, and what would run because of it."""

    change: ProjectChange
    base: Side
    head: Side
    running: Running


def check(workspace: Workspace, base: str | None, head: str | None) -> ProjectChange:
    """Compare a revision, or the files as they are now, with where it left `base`. Raises
    UserError."""
    workspace.lenient = True
    with checked(workspace, base, head) as found:
        return found.change


@contextmanager
def checked(workspace: Workspace, base: str | None, head: str | None) -> Iterator[Checked]:
    """The same, with both versions at hand for as long as this lasts. Raises UserError."""
    revisions = Revisions(workspace)
    name = base or _default_base(revisions, workspace.environ)
    commit = revisions.base_of(name, head or "HEAD")
    called = f"{name} ({commit[:_SHORT]})"
    with revisions.opened(commit, "base") as before:
        if head is None:
            after = revisions.head_of(before)
            yield _compared(workspace, before, after, (called, WORKING_TREE))
            return
        tip = revisions.commit(head)
        with revisions.opened(tip, "head") as laid_out:
            laid_out.trusted = before.root if laid_out.confined else None
            yield _compared(workspace, before, laid_out, (called, f"{head} ({tip[:_SHORT]})"))


def _compared(
    workspace: Workspace, before: Workspace, after: Workspace, names: tuple[str, str]
) -> Checked:
    base, head = Side(before), Side(after)
    change, running = compare_and_plan(base, head, names)
    change = tried(base, head, per_target(base, head, change))
    change = msgspec.structs.replace(change, cost=cost_of(running, workspace))
    return Checked(change, base, head, running)


def base_name(workspace: Workspace) -> str:
    """What a change is compared with where nobody says. Raises UserError."""
    return _default_base(Revisions(workspace), workspace.environ)


def _default_base(revisions: Revisions, environ: Mapping[str, str]) -> str:
    """What a change would be merged into: as GitHub and GitLab say, else the remote's usual
    branch, else main or master."""
    branch = environ.get("GITHUB_BASE_REF") or environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    if branch:
        return f"origin/{branch}"
    usual = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
    return next((name for name in usual if revisions.knows(name)), "main")


def findings(
    change: ProjectChange, limits: Limits, preview: Preview | None = None
) -> Iterator[Diagnostic]:
    """What is to be said at files: new diagnostics, what breaks, what went wrong where it was
    built, and limits that are passed."""
    yield from change.diagnostics
    for item in change.changes:
        if item.category is Category.BROKEN and not item.own:
            continue  # which is told where it is broken
        for why in item.breaks:
            yield diagnose(
                BREAKING_CHANGE,
                f"'{item.was or item.asset}': {why}",
                item.path,
                "make a new version beside it, or keep what was there until nobody reads it; set "
                "access: private where nobody outside of the project does",
                asset=item.asset,
            )
    yield from failing_tests(change)
    if preview is not None:
        yield from preview.diagnostics
    yield from passed_limits(change, limits)


def passed_limits(change: ProjectChange, limits: Limits) -> Iterator[Diagnostic]:
    """Limits that are passed, or of which nobody can tell whether they are."""
    runs, cost = change.verdict.runs, change.cost
    if limits.models is not None and runs > limits.models:
        yield _over(
            f"{runs:,} models would run, and {limits.models:,} may",
            "make a smaller change, or raise --max-models",
        )
    if limits.seconds is None or not change.computes:
        return
    if cost is None or not cost.recorded:
        why = "no state with runs is here" if cost is None else "none of what would run ever ran"
        yield _over(
            f"whether a build takes longer than {limits.seconds:,} seconds cannot be told: {why}",
            "give the job the state of an environment that is built (state: in profiles.yml), "
            "or leave out --max-seconds",
        )
    elif cost.work > limits.seconds:
        yield _over(
            f"a build takes {about(cost.work)} of work, and may take {limits.seconds:,} s",
            "make a smaller change, or raise --max-seconds",
        )


def failing_tests(change: ProjectChange) -> Iterator[Diagnostic]:
    """What keeps unit tests from passing; what compiling says already, it says."""
    told = {(item.code, item.message) for item in change.diagnostics}
    for test in change.units.failing if change.units is not None else ():
        before = "the test is new" if test.added else "it passed before the change"
        for item in test.diagnostics:
            if (item.code, item.message) not in told:
                yield msgspec.structs.replace(item, message=f"{item.message} ({before})")


def _over(message: str, advice: str) -> Diagnostic:
    return diagnose(CHANGE_LIMIT, message, "<command line>", advice)


def failed(change: ProjectChange, limits: Limits, preview: Preview | None = None) -> bool:
    """Whether the change may not be merged as it is."""
    if change.errors or change.verdict.failing or any(passed_limits(change, limits)):
        return True
    if preview is not None and preview.failed:
        return True
    if limits.fail_on is None:
        return False
    least = WEIGHTS.index(limits.fail_on)
    return any(WEIGHTS.index(item.weight) <= least for item in change.changes)

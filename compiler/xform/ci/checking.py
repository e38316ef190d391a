"""The check of a change: two revisions opened, compared, and judged by the limits that are set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from xform.app.revisions import Revisions
from xform.app.workspace import Workspace
from xform.base.codes import BREAKING_CHANGE, CHANGE_LIMIT
from xform.base.diagnostics import Diagnostic, diagnose
from xform.ci.comparing import compare
from xform.ci.per_target import per_target
from xform.ci.side import Side
from xform.ci.trying import tried
from xform.plan.changes import WEIGHTS, Category, ProjectChange, Weight

WORKING_TREE = "the working tree"
_SHORT = 10


class Limits(msgspec.Struct, frozen=True):
    """`fail_on` is the least weight that fails the check; None: none does."""

    fail_on: Weight | None = Weight.BREAKING
    models: int | None = None


def check(workspace: Workspace, base: str | None, head: str | None) -> ProjectChange:
    """Compare a revision, or the files as they are now, with where it left `base`. Raises
    UserError."""
    workspace.lenient = True
    revisions = Revisions(workspace)
    name = base or _default_base(revisions, workspace.environ)
    commit = revisions.base_of(name, head or "HEAD")
    called = f"{name} ({commit[:_SHORT]})"
    with revisions.opened(commit, "base") as before:
        if head is None:
            return _compared(before, revisions.head_of(before), (called, WORKING_TREE))
        tip = revisions.commit(head)
        with revisions.opened(tip, "head") as after:
            after.trusted = before.root if after.confined else None
            return _compared(before, after, (called, f"{head} ({tip[:_SHORT]})"))


def _compared(before: Workspace, after: Workspace, names: tuple[str, str]) -> ProjectChange:
    base, head = Side(before), Side(after)
    change = per_target(base, head, compare(base, head, names))
    return tried(base, head, change)


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


def findings(change: ProjectChange, limits: Limits) -> Iterator[Diagnostic]:
    """What is to be said at files: new diagnostics, what breaks, and limits that are passed."""
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
    runs = change.verdict.runs
    if limits.models is not None and runs > limits.models:
        yield diagnose(
            CHANGE_LIMIT,
            f"{runs:,} models would run, and {limits.models:,} may",
            "<command line>",
            "make a smaller change, or raise --max-models",
        )


def failing_tests(change: ProjectChange) -> Iterator[Diagnostic]:
    """What keeps unit tests from passing; what compiling says already, it says."""
    told = {(item.code, item.message) for item in change.diagnostics}
    for test in change.units.failing if change.units is not None else ():
        before = "the test is new" if test.added else "it passed before the change"
        for item in test.diagnostics:
            if (item.code, item.message) not in told:
                yield msgspec.structs.replace(item, message=f"{item.message} ({before})")


def failed(change: ProjectChange, limits: Limits) -> bool:
    """Whether the change may not be merged as it is."""
    if change.errors or change.verdict.failing:
        return True
    if limits.models is not None and change.verdict.runs > limits.models:
        return True
    if limits.fail_on is None:
        return False
    least = WEIGHTS.index(limits.fail_on)
    return any(WEIGHTS.index(item.weight) <= least for item in change.changes)

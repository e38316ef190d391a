"""A verdict put where reviewers see it: one comment of the pull request, which the next verdict
replaces, and a check run with its findings at their lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from xform.app.environments.preview import Preview
from xform.app.repository import is_file, within
from xform.base.codes import POSTING
from xform.base.diagnostics import Diagnostic, Severity, diagnose
from xform.ci.jobs import pull_of
from xform.ci.markdown import mark_of, markdown_text
from xform.host.github import API, GitHub, GitHubError
from xform.plan.changes import ProjectChange
from xform.plan.wording import headline

PER_REQUEST = 50
"""Annotations that GitHub takes at once."""

_LEVELS = {Severity.ERROR: "failure", Severity.WARNING: "warning", Severity.INFO: "notice"}
_HELP = {
    "forbidden": "let the job write: permissions with pull-requests: write and checks: write; the "
    "token of a fork never may",
    "limited": "run the job again later",
    "refused": "see what GitHub says of it",
    "missing": "check GITHUB_REPOSITORY, and that the token may see it",
    "unreachable": "run the job again; GITHUB_API_URL says where the API is",
}


class Place(msgspec.Struct, frozen=True):
    """Where a verdict belongs: the pull request and the commit, of a repository."""

    repository: str
    token: str
    url: str
    pull: int | None
    commit: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Place | str:
        """As the environment of a job on GitHub says it; else what is missing there."""
        token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or ""
        repository = environ.get("GITHUB_REPOSITORY", "")
        if not token or not repository:
            return "GITHUB_TOKEN" if not token else "GITHUB_REPOSITORY"
        pull = pull_of(environ)
        number = pull.get("number")
        head = pull.get("head")
        commit = head.get("sha", "") if isinstance(head, dict) else ""
        return cls(
            repository,
            token,
            environ.get("GITHUB_API_URL") or API,
            number if isinstance(number, int) else None,
            commit or environ.get("GITHUB_SHA", ""),
        )


def post_comment(
    place: Place,
    change: ProjectChange,
    prefix: str,
    preview: Preview | None = None,
    over: Sequence[Diagnostic] = (),
) -> list[Diagnostic]:
    """Write the comment, in the place of the last one. What went wrong is said, and no more."""
    if place.pull is None:
        return [_told("this is no job of a pull request", "run it on: pull_request")]
    mark = mark_of(prefix)
    text = markdown_text(change, prefix, preview, over)
    try:
        with GitHub(place.repository, place.token, place.url) as hub:
            ours = (
                item["id"]
                for item in hub.comments(place.pull)
                if str(item.get("body", "")).startswith(mark)
            )
            number = next(ours, None)
            if number is None:
                hub.comment(place.pull, text)
            else:
                hub.change_comment(int(number), text)
    except GitHubError as error:
        return [_refused("the comment", error)]
    return []


def post_check(
    place: Place,
    change: ProjectChange,
    findings: Sequence[Diagnostic],
    prefix: str,
    *,
    failed: bool,
    preview: Preview | None = None,
    over: Sequence[Diagnostic] = (),
) -> list[Diagnostic]:
    """Make a check run of the commit, with all findings that lie in files."""
    notes = [_annotation(item, prefix) for item in findings if is_file(item.span.path)]
    batches = [notes[at : at + PER_REQUEST] for at in range(0, len(notes), PER_REQUEST)] or [[]]
    output = {
        "title": headline(change.verdict),
        "summary": markdown_text(change, prefix, preview, over),
    }
    form = {
        "name": "xform" + (f" ({prefix})" if prefix else ""),
        "head_sha": place.commit,
        "status": "completed",
        "conclusion": "failure" if failed else "success",
        "output": {**output, "annotations": batches[0]},
    }
    try:
        with GitHub(place.repository, place.token, place.url) as hub:
            number = hub.create_check(form)
            for batch in batches[1:]:
                hub.change_check(number, {"output": {**output, "annotations": batch}})
    except GitHubError as error:
        return [_refused("the check run", error)]
    return []


def _annotation(item: Diagnostic, prefix: str) -> dict[str, Any]:
    span = item.span
    columns = (
        {"start_column": span.column, "end_column": max(span.column, span.end_column)}
        if span.line == span.end_line
        else {}
    )
    return {
        "path": within(prefix, span.path),
        "start_line": span.line,
        "end_line": max(span.line, span.end_line),
        **columns,
        "annotation_level": _LEVELS[item.severity],
        "title": item.code,
        "message": f"{item.message}\n{item.help}".strip(),
    }


def _refused(what: str, error: GitHubError) -> Diagnostic:
    return _told(f"GitHub did not take {what}: {error.message}", _HELP[error.kind])


def _told(message: str, help: str) -> Diagnostic:  # noqa: A002 - as diagnostics call it
    return diagnose(POSTING, message, "<command line>", help)

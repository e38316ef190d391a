"""A verdict on GitHub: its comment and its check run, over a server that behaves as the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from edits import DAILY, ORDERS
from hub import Hub, running
from repository import Shop

from xform.base.codes import BREAKING_CHANGE
from xform.base.diagnostics import diagnose
from xform.ci.posting import Place, post_check, post_comment
from xform.host.github import GitHub, GitHubError
from xform.plan.changes import ProjectChange, Verdict

TOKEN = "ghs_not_to_be_seen"
CHANGE = ProjectChange("main", "topic", Verdict(0, 1, 0, 0, 1, 2), ())


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running() as hub:
        yield hub


def place(hub: Hub, pull: int | None = 7) -> Place:
    return Place("ann/shop", TOKEN, hub.url, pull, "c0ffee")


def client(hub: Hub, waits: list[float]) -> GitHub:
    return GitHub("ann/shop", TOKEN, hub.url, waits.append)


def test_one_comment_is_kept_up_to_date(hub: Hub) -> None:
    assert post_comment(place(hub), CHANGE, "") == []
    assert post_comment(place(hub), CHANGE, "") == []

    assert len(hub.comments) == 1
    assert hub.comments[0]["body"].startswith("<!-- xform ci -->\n")
    assert [method for method, _ in hub.asked] == ["GET", "POST", "GET", "PATCH"]
    assert hub.tokens == {f"Bearer {TOKEN}"}


def test_the_comment_is_found_behind_many_others(hub: Hub) -> None:
    hub.comments = [{"id": number, "body": "well done"} for number in range(1, 231)]
    post_comment(place(hub), CHANGE, "")
    hub.asked.clear()

    post_comment(place(hub), CHANGE, "")

    assert len(hub.comments) == 231
    assert [method for method, _ in hub.asked] == ["GET", "GET", "GET", "PATCH"]


def test_projects_of_one_repository_have_a_comment_each(hub: Hub) -> None:
    for prefix in ("sales", "web", "sales"):
        post_comment(place(hub), CHANGE, prefix)

    assert [item["body"].splitlines()[0] for item in hub.comments] == [
        "<!-- xform ci sales -->",
        "<!-- xform ci web -->",
    ]


def test_a_limit_is_waited_for_as_long_as_it_is_said(hub: Hub) -> None:
    hub.answers = [
        (403, {"Retry-After": "3"}, {"message": "You have exceeded a secondary rate limit"}),
        (429, {"Retry-After": "5"}, {"message": "Too many requests"}),
    ]
    waits: list[float] = []

    with client(hub, waits) as github:
        github.comment(7, "hello")

    assert waits == [3.0, 5.0]
    assert [item["body"] for item in hub.comments] == ["hello"]


def test_a_limit_that_lasts_too_long_is_not_waited_for(hub: Hub) -> None:
    hub.answers = [(403, {"Retry-After": "3600"}, {"message": "API rate limit exceeded"})]
    waits: list[float] = []

    with client(hub, waits) as github, pytest.raises(GitHubError) as error:
        github.comment(7, "hello")

    assert error.value.kind == "limited"
    assert waits == []


def test_what_passes_by_itself_is_tried_again_and_then_given_up(hub: Hub) -> None:
    hub.answers = [(502, {}, {"message": "Server Error"})] * 4
    waits: list[float] = []

    with client(hub, waits) as github, pytest.raises(GitHubError) as error:
        github.comment(7, "hello")

    assert error.value.kind == "unreachable"
    assert waits == [2.0, 4.0, 8.0]
    assert len(hub.asked) == 4


def test_a_server_that_is_not_there(hub: Hub) -> None:
    waits: list[float] = []
    github = GitHub("ann/shop", TOKEN, "http://127.0.0.1:1", waits.append)
    with github, pytest.raises(GitHubError) as error:
        github.comment(7, "hello")

    assert error.value.kind == "unreachable"
    assert TOKEN not in str(error.value)


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (403, "Resource not accessible by integration", "pull-requests: write"),
        (401, "Bad credentials", "pull-requests: write"),
        (404, "Not Found", "GITHUB_REPOSITORY"),
        (422, "Validation Failed", "see what GitHub says"),
    ],
)
def test_what_is_refused_is_said_and_no_more(
    hub: Hub, status: int, message: str, told: str
) -> None:
    hub.answers = [(status, {}, {"message": message, "errors": [{"code": "invalid"}]})]

    (found,) = post_comment(place(hub), CHANGE, "")

    assert (found.code, found.severity) == ("XF0904", "warning")
    assert message in found.message
    assert told in found.help
    assert len(hub.asked) == 1


def test_a_next_page_elsewhere_is_not_followed(hub: Hub) -> None:
    elsewhere = {"Link": '<http://elsewhere.example/comments?page=2>; rel="next"'}
    hub.answers = [(200, elsewhere, {})]

    with client(hub, []) as github:
        assert list(github.comments(7)) == []


def test_a_check_run_takes_its_annotations_fifty_at_a_time(hub: Hub) -> None:
    findings = [
        diagnose(BREAKING_CHANGE, f"'a.b{number}': it is gone", f"models/a/b{number}.sql", "")
        for number in range(120)
    ]

    said = post_check(place(hub), CHANGE, findings, "shop", failed=True)

    assert said == []
    (check,) = hub.checks
    assert (check["name"], check["head_sha"]) == ("xform (shop)", "c0ffee")
    assert check["conclusion"] == "failure"
    notes = check["output"]["annotations"]
    assert len(notes) == 120
    assert notes[0]["path"] == "shop/models/a/b0.sql"
    assert notes[0]["annotation_level"] == "failure"
    assert [method for method, _ in hub.asked] == ["POST", "PATCH", "PATCH"]


# The whole way ------------------------------------------------------------------------------------


def event(tmp_path: Path) -> str:
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": "c0ffee"}}}))
    return str(path)


def job(hub: Hub, tmp_path: Path) -> dict[str, str]:
    return {
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": "ann/shop",
        "GITHUB_API_URL": hub.url,
        "GITHUB_EVENT_PATH": event(tmp_path),
        "GITHUB_BASE_REF": "",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "RUNNER_TEMP": str(tmp_path),
    }


def test_a_job_comments_and_checks(hub: Hub, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.branch("topic", {ORDERS: ("  c.region,\n", "")})
    words = ("ci", "--base", "main", "--comment", "--check-run")

    done = shop.xform(*words, environ=job(hub, tmp_path))

    assert done.returncode == 1, done.stderr
    (comment,) = hub.comments
    assert "🔴 xform: 2 breaking" in comment["body"]
    (check,) = hub.checks
    assert check["head_sha"] == "c0ffee"
    assert {note["path"] for note in check["output"]["annotations"]} == {
        "models/marts/orders.sql",
        "models/marts/ranks.sql",
    }
    assert TOKEN not in done.stdout + done.stderr
    for path in shop.root.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


def test_a_token_that_may_not_write_leaves_the_verdict(hub: Hub, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.branch("topic", {DAILY: ("sum(euros)", "max(euros)")})
    hub.answers = [(403, {}, {"message": "Resource not accessible by integration"})]

    done = shop.xform("ci", "--base", "main", "--comment", environ=job(hub, tmp_path))

    assert done.returncode == 0
    assert "2 value changes" in done.stdout
    assert "XF0904" in done.stderr


def test_outside_of_a_job_it_says_what_is_missing(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    nothing = {"GITHUB_TOKEN": "", "GH_TOKEN": ""}

    done = shop.xform("ci", "--base", "main", "--comment", environ=nothing)

    assert done.returncode == 2
    assert "GITHUB_TOKEN" in done.stderr

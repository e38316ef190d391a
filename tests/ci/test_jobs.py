"""The action for GitHub and the template for GitLab do what they say, step by step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from edits import DAILY
from hub import Hub, running
from repository import Shop

REPOSITORY = Path(__file__).parents[2]
TOKEN = "ghs_not_to_be_seen"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running() as hub:
        yield hub


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    shop.branch("topic", {DAILY: ("sum(euros)", "max(euros)")})
    return shop


class Action:
    """The check of action.yml, as GitHub runs it, with its expressions filled in."""

    def __init__(self, shop: Shop, hub: Hub, place: Path) -> None:
        self.shop = shop
        self.hub = hub
        self.place = place
        self.text = (REPOSITORY / "action.yml").read_text("utf-8")
        tools = place / "bin"
        tools.mkdir()
        (tools / "xform").write_text(
            f'#!/bin/sh\necho "$@" >> "{place}/calls"\nexec "{sys.executable}" -m xform "$@"\n'
        )
        (tools / "xform").chmod(0o755)

    def run(self, event: str, **given: str) -> subprocess.CompletedProcess[str]:
        action = yaml.safe_load(self.text)
        step = next(step for step in action["runs"]["steps"] if step.get("name") == "check")
        inputs = {name: str(item["default"]) for name, item in action["inputs"].items()}
        inputs |= {"base": "main", "token": TOKEN, **given}
        values = {f"${{{{ inputs.{name} }}}}": value for name, value in inputs.items()}
        values["${{ github.event.action }}"] = event
        told = {"action": event, "pull_request": {"number": 7, "head": {"sha": "c0ffee"}}}
        (self.place / "event.json").write_text(json.dumps(told))
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.shop.project,
            env={
                **os.environ,
                "GITHUB_REPOSITORY": "ann/shop",
                "GITHUB_API_URL": self.hub.url,
                "GITHUB_EVENT_PATH": str(self.place / "event.json"),
                "GITHUB_STEP_SUMMARY": str(self.place / "summary.md"),
                "RUNNER_TEMP": str(self.place),
                **{name: values[value] for name, value in step["env"].items()},
                "PATH": f"{self.place / 'bin'}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
        )

    @property
    def calls(self) -> list[str]:
        path = self.place / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def action(shop: Shop, hub: Hub, tmp_path: Path) -> Action:
    return Action(shop, hub, tmp_path)


def test_the_action_does_what_its_job_asks(action: Action, hub: Hub) -> None:
    done = action.run("synchronize", arguments="--fail-on values")

    assert done.returncode == 1, done.stderr
    assert len(hub.comments) == 1
    assert (action.place / "summary.md").read_text("utf-8") == hub.comments[0]["body"]


def test_the_action_builds_and_drops_what_it_built(action: Action, hub: Hub) -> None:
    (action.shop.project / "models" / "sources.yml").unlink()
    for name in ("staging/stg_payments.sql", "marts/events.sql", "marts/forecast.py"):
        (action.shop.project / "models" / name).unlink()

    built = action.run("synchronize", build="true", arguments="--fail-on never")
    closed = action.run("closed", build="true", arguments="--fail-on never")

    assert built.returncode == 0, built.stderr
    assert "Built in `pr_7`" in hub.comments[0]["body"]
    assert closed.returncode == 0, closed.stderr
    assert closed.stdout.startswith("pr_7: ")
    assert " names dropped" in closed.stdout
    assert action.calls[1] == "ci --project-dir . --cleanup --fail-on never"
    assert len(hub.comments) == 1


def test_the_action_has_nothing_to_do_where_nothing_was_built(action: Action, hub: Hub) -> None:
    done = action.run("closed")

    assert (done.returncode, done.stdout, action.calls, hub.comments) == (0, "", [], [])


# GitLab ------------------------------------------------------------------------------------------


def template() -> dict[str, Any]:
    text = (REPOSITORY / "templates" / "xform-ci.yml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def run_job(shop: Shop, name: str) -> subprocess.CompletedProcess[str]:
    """The script of a job, where GitLab's variables are set and xform is installed."""
    jobs = template()
    job = jobs[name]
    above = jobs.get(job.get("extends"), {})
    script = "\n".join(job.get("script") or above["script"])
    return subprocess.run(
        ["bash", "-ec", script.replace("xform ci", f"'{sys.executable}' -m xform ci")],
        cwd=shop.project,
        env={
            **os.environ,
            **jobs["variables"],
            **above.get("variables", {}),
            **job.get("variables", {}),
            "GITHUB_BASE_REF": "",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "trunk",
            "CI_MERGE_REQUEST_IID": "9",
        },
        capture_output=True,
        text=True,
    )


def test_the_template_for_gitlab_runs(shop: Shop) -> None:
    shop.git("update-ref", "refs/remotes/origin/trunk", "main")

    done = run_job(shop, "xform")

    assert done.returncode == 0, done.stderr
    assert (shop.project / "xform.xml").read_text("utf-8").startswith("<?xml")
    assert (shop.project / "xform.md").is_file()


def test_the_template_for_gitlab_builds_and_drops(shop: Shop) -> None:
    for name in ("sources.yml", "staging/stg_payments.sql", "marts/events.sql"):
        (shop.project / "models" / name).unlink()
    (shop.project / "models/marts/forecast.py").unlink()
    shop.git("update-ref", "refs/remotes/origin/trunk", "main")

    built = run_job(shop, "xform-build")
    dropped = run_job(shop, "xform-cleanup")

    assert built.returncode == 1, built.stderr  # what was taken out above is breaking
    assert "Built in `pr_9`" in (shop.project / "xform.md").read_text("utf-8")
    assert dropped.returncode == 0, dropped.stderr
    assert dropped.stdout.startswith("pr_9: ")


def test_the_jobs_for_gitlab_go_together() -> None:
    """GitLab runs the job that stops an environment when its merge request ends."""
    jobs = template()
    build, cleanup = jobs["xform-build"], jobs["xform-cleanup"]

    assert build["environment"]["on_stop"] == "xform-cleanup"
    assert cleanup["environment"] == {"name": build["environment"]["name"], "action": "stop"}
    assert cleanup["rules"][0]["if"] == build["rules"][0]["if"]
    assert cleanup["rules"][0]["when"] == "manual"

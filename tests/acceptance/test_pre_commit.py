"""The hooks for pre-commit, run by pre-commit itself in a git repository: changed files alone."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command_line import REPOSITORY, Answer, Project, plain_environment, project

HOOKS = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))
UNUSED = "with u as (select 1 as x)\nselect 2 as y\n"


class Repository:
    """A project in a git repository, with both hooks installed. `folder` is where in it."""

    def __init__(self, root: Path, folder: str = "") -> None:
        self.root = root
        files = {"models/m/old.sql": UNUSED, ".gitignore": ".xform\n"}
        self.project: Project = project(root / folder, files)
        arguments = ["--project-dir", folder] if folder else []
        hooks = [
            {
                **hook,
                "entry": hook["entry"].replace("xform", f"{sys.executable} -m xform", 1),
                "language": "system",
                "args": arguments,
            }
            for hook in HOOKS
        ]
        config = yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]})
        (root / ".pre-commit-config.yaml").write_text(config, "utf-8")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "first")
        self._call(sys.executable, "-m", "pre_commit", "install")

    def git(self, *arguments: str) -> Answer:
        who = ("-c", "user.name=ann", "-c", "user.email=ann@shop.example")
        return self._call("git", *who, *arguments)

    def commit(self) -> Answer:
        self.git("add", ".")
        return self.git("commit", "-q", "-m", "next")

    def _call(self, *command: str) -> Answer:
        more = {
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "PRE_COMMIT_HOME": str(self.root / ".git" / "hooks-of-tests"),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        done = subprocess.run(
            command,
            cwd=self.root,
            env=plain_environment(**more),
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("folder", ["", "analytics"])
def test_a_commit_is_stopped_until_its_files_are_in_order(tmp_path: Path, folder: str) -> None:
    """The old file has a finding too: it is not in the commit, and nobody is held up by it."""
    place = Repository(tmp_path, folder)
    place.project.write("models/m/new.sql", f"SELECT  1 AS a -- {folder}\n")
    stopped = place.commit()
    assert stopped.code == 1, stopped.err
    assert "xform format" in stopped.err
    assert "1 file laid out, 0 files in form" in stopped.err
    assert place.project.read("models/m/new.sql").startswith("select 1 as a  --")
    assert place.commit().code == 0
    assert place.git("status", "--porcelain").out == ""

    place.project.write("models/m/other.sql", UNUSED)
    stopped = place.commit()
    assert stopped.code == 1
    assert "XF0426" in stopped.err
    assert "models/m/other.sql" in stopped.err
    assert "old.sql" not in stopped.err


def test_other_files_meet_no_hook(tmp_path: Path) -> None:
    place = Repository(tmp_path)
    place.project.write("README.md", "SELECT  1\n")
    place.project.write("macros/m.sql", "{% macro m() %}SELECT  1{% endmacro %}\n")
    done = place.commit()
    assert done.code == 0, done.err
    assert done.err.count("(no files to check)") == len(HOOKS)


def test_what_the_hooks_call_is_there() -> None:
    from xform.cli.commands import COMMANDS

    for hook in HOOKS:
        program, command, *options = shlex.split(hook["entry"])
        assert (program, options) == ("xform", [])
        assert command in COMMANDS
        assert hook["id"] == f"xform-{command}"

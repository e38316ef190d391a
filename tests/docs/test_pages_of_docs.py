"""The pages under docs/ do what they say: their files are written and their commands run in
order, on the example."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from test_readme import EXAMPLE, REPOSITORY, as_run, blocks_of

PAGES = [
    "environments",
    "incremental",
    "sources",
    "running",
    "state",
    "planner",
    "recovery",
    "lint-format",
    "diff",
    "tests",
    "unit-tests",
    "ci",
    "contracts",
]
"""Pages with commands that go from one to the next."""


@pytest.mark.parametrize("page", PAGES)
def test_every_command_runs(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for name in EXAMPLE:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy2
        copy(REPOSITORY / name, tmp_path / name)
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    text = (REPOSITORY / "docs" / f"{page}.md").read_text("utf-8")
    if "STATE_URL" in text:
        environment["STATE_URL"] = request.getfixturevalue("postgres").url
    for block in blocks_of(text):
        if block.path:
            file = tmp_path / block.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, "utf-8")
        if block.language != "sh":
            continue
        told = ""
        for line in block.text.splitlines():
            done = subprocess.run(
                ["bash", "-c", as_run(line)],
                cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=300,
            )  # fmt: skip
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            told += done.stdout + done.stderr
        if block.then is not None:
            assert block.then.strip() in told, f"{block.text}\n{told}"

"""The README does what it says: every command in it is run, in its order, on the example."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from xform.cli.app import application
from xform.cli.commands import COMMANDS

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text("utf-8")
EXAMPLE = ("models", "macros", "seeds", "profiles.yml", "pyproject.toml")
INSTALLING = "python3 -m venv .venv && .venv/bin/pip install -q "
"""How the two lines begin that install first; the gate runs them in a fresh environment."""


@dataclass(frozen=True)
class Block:
    """A fenced block; one with a path is a file. `then` is the `text` block right behind it."""

    language: str
    path: str
    text: str
    then: str | None = None


def blocks() -> Iterator[Block]:
    return blocks_of(README)


def blocks_of(page: str) -> Iterator[Block]:
    found = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for number, (language, path, text) in enumerate(found):
        behind = found[number + 1] if number + 1 < len(found) else ("", "", "")
        yield Block(language, path, text, behind[2] if behind[0] == "text" else None)


def lines() -> list[str]:
    return [
        line for block in blocks() if block.language == "sh" for line in block.text.splitlines()
    ]


def as_run(line: str) -> str:
    """The line with this interpreter's xform in place of an installed one."""
    return re.sub(r"(?:\.venv/bin/)?\bxform (?=[a-z])", f"'{sys.executable}' -m xform ", line)


def commands() -> dict[str, Any]:
    """The commands as typer has them, by name."""
    group: Any = typer.main.get_command(application())
    return dict(group.commands)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a clone holds of the example."""
    root = tmp_path_factory.mktemp("readme")
    for name in EXAMPLE:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, root / name)
    return root


def test_every_command_runs(example: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    first = True
    for block in blocks():
        if block.language != "sh":
            continue
        told = ""
        for line in block.text.splitlines():
            if line.startswith(INSTALLING):
                _, _, line = line.removeprefix(INSTALLING).partition(" && ")
                if not first:
                    continue  # the tests themselves
                first = False
            done = subprocess.run(
                ["bash", "-c", as_run(line)],
                cwd=example,
                env=environment,
                capture_output=True,
                encoding="utf-8",
                timeout=300,
            )
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            told += done.stdout + done.stderr
        if block.then is not None:
            assert block.then.strip() in told, block.text


def test_the_example_is_left_as_it_was(example: Path) -> None:
    """What the tour changes it takes back."""
    for folder in ("models", "macros"):
        for path in (REPOSITORY / folder).rglob("*.sql"):
            assert (example / path.relative_to(REPOSITORY)).read_text() == path.read_text(), path


def test_the_two_lines_that_install_are_there() -> None:
    installing = [line for line in lines() if line.startswith(INSTALLING)]
    assert [line.removeprefix(INSTALLING) for line in installing] == [
        ". && .venv/bin/xform build && .venv/bin/xform show anomaly_days",
        "uv && .venv/bin/uv run pytest -n auto",
    ]


def test_a_text_block_is_the_output_of_a_command() -> None:
    found = list(blocks())
    for before, block in itertools.pairwise(found):
        assert block.language != "text" or before.language == "sh"


def test_the_table_names_just_the_commands_there_are() -> None:
    _, _, behind = README.partition("## Commands")
    assert tuple(re.findall(r"^\| `([a-z]+)` \|", behind, re.MULTILINE)) == COMMANDS
    assert set(commands()) == set(COMMANDS)


def test_every_file_that_it_points_at_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (REPOSITORY / target).exists(), target


def test_kinds_and_tests_are_those_that_there_are() -> None:
    from xform.project.assets import Kind, TestKind

    (line,) = re.findall(r"^- Kinds: .*?\.\n(?=\n)", README, re.MULTILINE | re.DOTALL)
    kinds, _, tests = line.partition("Tests:")
    assert set(re.findall(r"`(\w+)`", kinds)) == {*Kind} - {Kind.EXPOSURE}
    written = {TestKind.CUSTOM, TestKind.FILE}
    assert set(re.findall(r"`(\w+)`", tests)) == {*TestKind} - written


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_in_the_help(name: str) -> None:
    command = commands()[name]
    told = CliRunner().invoke(application((name,)), [name, "--help"]).stdout
    options = [item for item in command.params if item.param_type_name == "option"]
    assert command.help
    for option in options:
        assert option.help, option.name
        for written in option.opts:
            assert re.search(rf"(?<![\w-]){re.escape(written)}(?![\w-])", told), written
    assert {"--project-dir", "--format", "--no-color"} <= {
        written for option in options for written in option.opts
    }

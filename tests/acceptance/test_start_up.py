"""What is imported before anything happens: start-up must stay quick."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Project, example, plain_environment

HEAVY = {"sqlglot", "duckdb", "networkx", "rich", "jinja2", "typer", "polars", "pandas", "pyarrow"}


def imported(*command: str, cwd: Path | None = None) -> set[str]:
    """The top-level packages that a command imports, by `python -X importtime`."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        cwd=cwd,
        env=plain_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_import_xform_imports_nothing_heavy() -> None:
    assert not imported("-c", "import xform") & {*HEAVY, "yaml", "msgspec", "sqlite3"}


def test_version_imports_nothing_heavy() -> None:
    assert not imported("-m", "xform", "--version") & {*HEAVY, "yaml", "msgspec", "sqlite3"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = example(tmp_path_factory.mktemp("example"))
    assert made.run("build").code == 0
    return made


@pytest.mark.parametrize("command", ["build", "plan", "ls"])
def test_with_nothing_to_do_no_parser_and_no_engine_is_imported(
    built: Project, command: str
) -> None:
    assert not imported("-m", "xform", command, cwd=built.root) & HEAVY


def test_plain_output_of_a_build_does_not_import_rich(built: Project, tmp_path: Path) -> None:
    copy = example(tmp_path)
    used = imported("-m", "xform", "build", "--select", "stg_airlines", cwd=copy.root)
    assert {"duckdb", "sqlglot"} <= used
    # (DuckDB 1.5 itself looks at pandas and pyarrow where they are installed.)
    assert not used & {"rich", "networkx"}


def test_the_second_build_says_that_nothing_ran(built: Project) -> None:
    answer = built.run("build")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("done: 0 models run, everything is up to date")


def test_no_library_for_command_lines_is_imported_for_a_well_formed_call(built: Project) -> None:
    used = imported("-m", "xform", "ls", "--select", "stg_airlines", cwd=built.root)
    assert not used & {"typer", "click", "pydantic", "rich", "argparse"}

"""What is imported before anything happens: start-up must stay quick."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import REPOSITORY, Project, example, plain_environment

HEAVY = {"sqlglot", "duckdb", "networkx", "rich", "jinja2", "typer", "polars", "pandas", "pyarrow"}


def imported(*command: str, cwd: Path | None = None, **environ: str) -> set[str]:
    """The top-level packages that a command imports, by `python -X importtime`."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        cwd=cwd,
        env=plain_environment(**environ),
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
    slow = {*HEAVY, "statistics", "zoneinfo"}
    assert not imported("-m", "xform", command, cwd=built.root) & slow


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


def modules(project: Project, *command: str) -> set[str]:
    """Our own modules that a command imports."""
    code = (
        "import sys\n"
        "from xform.__main__ import main\n"
        "try: main()\n"
        "finally: sys.stderr.write(' '.join(['modules', *sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=project.root,
        env=plain_environment(),
        capture_output=True,
        text=True,
    )
    marker, _, told = done.stderr.splitlines()[-1].partition(" ")
    assert marker == "modules", done.stderr
    return {name for name in told.split(" ") if name.startswith("xform.")}


STAGES = ("template", "sql", "sema", "graph", "fingerprint", "checks", "query")


def test_a_plan_that_stands_imports_no_stage_of_the_compiler(built: Project) -> None:
    settle(built)
    used = modules(built, "plan")
    stages = {name.split(".")[1] for name in used} & set(STAGES)
    # What templates read is listed by its type, and components of fingerprints have a type.
    assert stages <= {"template", "fingerprint"}
    assert not used & {
        "xform.app.compiling.compiled",
        "xform.app.compiling.compiler",
        "xform.app.planning.environment",
        "xform.plan.planner",
        "xform.project.profiles",
        "xform.project.settings",
        "xform.state.store",
        "xform.template.render",
        "xform.fingerprint.evaluate",
    }


def settle(made: Project) -> None:
    """A plan stands once the times of files tell all of their changes."""
    time.sleep(2.1)
    assert made.run("plan").code == 0


def test_a_plan_that_stands_reads_no_file_of_the_project(built: Project) -> None:
    settle(built)
    code = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0]))"
        " if event == 'open' and args else None)\n"
        "from xform.__main__ import main\n"
        "try: main()\n"
        "finally: sys.stderr.write('\\n'.join(['files', *opened]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "plan"],
        cwd=built.root,
        env=plain_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    opened = done.stderr.rpartition("files\n")[2].splitlines()
    assert opened
    root = built.root.resolve()
    paths = [root / path for path in opened]
    mine = {str(path.relative_to(root)) for path in paths if path.is_relative_to(root)}
    assert {path for path in mine if not path.startswith(".xform/")} == set()
    cached = {path for path in mine if path.startswith(".xform/cache")}
    assert {path.partition("-v")[0] for path in cached} == {".xform/cache/index"}


THIS_TREE = {"PYTHONPATH": str(REPOSITORY / "compiler")}
"""Commands that are newer than what is installed."""


def test_lint_with_nothing_new_imports_no_parser_and_no_engine(built: Project) -> None:
    call = ("-m", "xform", "lint", "models/marts")
    imported(*call, cwd=built.root, **THIS_TREE)  # compiles, where this tree is newer
    used = imported(*call, cwd=built.root, **THIS_TREE)
    assert not used & {*HEAVY, "yaml"}


def test_format_imports_a_tokenizer_and_no_engine(built: Project) -> None:
    used = imported("-m", "xform", "format", "--check", cwd=built.root, **THIS_TREE)
    assert "sqlglot" in used
    assert not used & (HEAVY - {"sqlglot", "jinja2"})

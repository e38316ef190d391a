"""The pages of codes: every code has one, and what its example shows is what xform says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from xform.app.pages import page_of
from xform.base.codes import CODES
from xform.base.diagnostics import Diagnostic, Severity
from xform.base.spans import Span
from xform.cli.app import application
from xform.cli.context import Context
from xform.console.diagnostics import concise_lines

FOLDER = files("xform.app").joinpath("pages_of_codes")
PAGES = sorted(entry.name.removesuffix(".md") for entry in FOLDER.iterdir())
SECTIONS = ["What it means", "Why it matters", "Example", "How to mend it"]

UNREACHABLE = {
    "XF0612": "it takes two builds, gc and a rollback (tests/acceptance/test_history.py)",
    "XF0608": "it takes a plan, an edit and a build",
    "XF0609": "it takes a plan, an edit and a build",
    "XF0610": "it takes a plan and two builds",
    "XF0621": "it takes two processes (tests/acceptance/test_two_processes.py)",
    "XF0622": "it takes two processes (tests/acceptance/test_two_processes.py)",
    "XF0631": "it takes two builds, with a day between (tests/acceptance/test_incremental.py)",
    "XF0614": "it takes two builds and a table that is gone (tests/acceptance/test_diff.py)",
    "XF0713": "only an engine that fails while it publishes raises it",
    "XF0732": "it takes a server (tests/state/test_postgres_state.py)",
    "XF0733": "it takes an installation without the driver (tests/state/test_postgres_state.py)",
    "XF0902": "it takes two revisions (tests/ci)",
    "XF0903": "it takes two revisions (tests/ci)",
    "XF0904": "it takes a job on GitHub (tests/ci/test_posting.py)",
    "XF0905": "it takes a change that crashes the compiler (tests/ci/test_untrusted.py)",
    "XF0906": "it takes two revisions (tests/ci/test_untrusted.py)",
    "XF0910": "it takes two revisions (tests/ci/test_build.py)",
    "XF0911": "it takes two revisions (tests/ci/test_build.py)",
    "XF0912": "it takes two revisions and a build (tests/ci/test_build.py)",
    "XF0801": "the compiler finds the unknown name first, as XF0401",
}
"""Codes that no small example raises, and why. Their pages say `command: none`."""

COMPANIONS = {
    "XF0141": {"XF0301"},
    "XF0142": {"XF0302"},
    "XF0222": {"XF0201"},
}
"""Other codes that an example raises as well."""

SETTINGS = 'name = "shop"\n'
PROFILES = "shop:\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb}\n"

_BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INFO = re.compile(
    r"(?P<language>\w+)(?: (?P<path>\S+)(?P<fixed> fixed(?: \(was (?P<was>\S+)\))?)?)?"
)
_COMMAND = re.compile(r"^<!-- (command|mended): (.*) -->$", re.MULTILINE)
_HOLDER = re.compile(r"process \d+ \([^)]*\)")
STDIN = "<stdin>"
PROCESS = "<process>"
"""In the place of a path: a program that runs beside the command until it has ended."""


@dataclass(frozen=True)
class Block:
    """A fenced block. One with a path is a file; of the project as mended where `fixed`, and
    then perhaps in the place of the file `was`."""

    language: str
    path: str
    text: str
    fixed: bool
    was: str | None


@dataclass(frozen=True)
class Page:
    code: str
    sections: list[str]
    command: str
    """As typed behind `xform`; `none` where nothing can be run."""
    mended_command: str
    """The same for the example as mended."""
    shown: str
    """The diagnostics that the page shows, one a line."""
    files: tuple[Block, ...]

    def broken(self) -> dict[str, Block]:
        return {block.path: block for block in self.files if not block.fixed}

    def mended(self) -> dict[str, Block]:
        project = self.broken()
        for block in self.files:
            if block.fixed:
                project.pop(block.was or block.path, None)
                project[block.path] = block
        return project

    @property
    def is_mended(self) -> bool:
        return self.mended_command != self.command or any(block.fixed for block in self.files)


def read_page(code: str) -> Page:
    text = FOLDER.joinpath(f"{code}.md").read_text("utf-8")
    blocks: list[Block] = []
    for found in _BLOCK.finditer(text):
        info = _INFO.fullmatch(found["info"])
        assert info is not None, f"{code}: a block begins with {found['info']!r}"
        blocks.append(
            Block(
                info["language"],
                info["path"] or "",
                found["text"],
                info["fixed"] is not None,
                info["was"],
            )
        )
    commands: dict[str, str] = dict(_COMMAND.findall(text))
    command = commands.get("command", "compile")
    shown = [block.text for block in blocks if block.language == "text" and not block.path]
    assert len(shown) == 1, f"{code}: one block 'text' shows the diagnostic"
    return Page(
        code,
        re.findall(r"^## (.*)$", text, re.MULTILINE),
        command,
        commands.get("mended", command),
        shown[0],
        tuple(block for block in blocks if block.path),
    )


def write_project(root: Path, project: dict[str, Block]) -> None:
    for path, block in project.items():
        if path in (STDIN, PROCESS):
            continue
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        match block.language:
            case "bytes":  # with escapes for what is no text
                plain = block.text.removesuffix("\n").encode("ascii").decode("unicode_escape")
                place.write_bytes(plain.encode("latin-1"))
            case "link":
                place.symlink_to(block.text.strip())
            case "sql" if path.endswith(".duckdb"):  # what the warehouse holds already
                import duckdb

                with duckdb.connect(str(place)) as connection:
                    connection.execute(block.text)
            case _:
                place.write_text(block.text, "utf-8")


Run: TypeAlias = Callable[[str, dict[str, Block]], tuple[list[Diagnostic], int]]


@contextmanager
def beside(program: Block | None, root: Path) -> Iterator[None]:
    """Runs a program in the project until the end, when it has done what it says."""
    if program is None:
        yield
        return
    command = [sys.executable, "-c", f"{program.text}\nprint(flush=True)\ninput()"]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        yield
        process.communicate("\n")


@pytest.fixture
def run_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a project: what it reported, and its exit code."""
    for name in ("XFORM_PROFILES_DIR", "DBT_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)
    reported: list[Diagnostic] = []
    report = Context.report

    def record(context: Context, diagnostics: list[Diagnostic], **options: int | None) -> None:
        reported.extend(diagnostics)
        report(context, diagnostics, **options)

    monkeypatch.setattr(Context, "report", record)

    def run(command: str, project: dict[str, Block]) -> tuple[list[Diagnostic], int]:
        root = tmp_path / "shop"
        while root.exists():
            root = root.with_name(f"{root.name}_")
        root.mkdir()
        monkeypatch.chdir(root)
        arguments = shlex.split(command)
        if arguments[0] != "init":
            given = project.keys()
            if "xform.toml" not in given and "pyproject.toml" not in given:
                (root / "xform.toml").write_text(SETTINGS)
            if "profiles.yml" not in given:
                (root / "profiles.yml").write_text(PROFILES)
        write_project(root, project)
        del reported[:]
        given_input = project[STDIN].text if STDIN in project else None
        with beside(project.get(PROCESS), root):
            result = CliRunner().invoke(application(), arguments, input=given_input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        if "json" in arguments or "--jsonl" in arguments:
            reported[:] = in_json(result.stdout)
        return [of_anywhere(found, root) for found in reported], result.exit_code

    return run


def in_json(output: str) -> list[Diagnostic]:
    form = json.loads(output)
    return [
        Diagnostic(
            each["code"],
            Severity(each["severity"]),
            each["message"],
            Span(*(each[key] for key in ("path", "line", "column", "end_line", "end_column"))),
            each["help"],
        )
        for each in form["diagnostics"]
    ]


def of_anywhere(found: Diagnostic, root: Path) -> Diagnostic:
    """The diagnostic as a page can know it: paths from the project on, one certain process."""
    place = f"{root}/"
    span = replace(found.span, path=found.span.path.replace(place, ""))
    message = _HOLDER.sub("process 4711 (python)", found.message.replace(place, ""))
    return replace(found, message=message, span=span)


def one_line_forms(diagnostics: list[Diagnostic]) -> str:
    return "".join(f"{line.text}\n" for line in concise_lines(diagnostics))


RUNNABLE = [code for code in PAGES if code in CODES and code not in UNREACHABLE]


def test_every_code_has_a_page_and_no_page_is_without_a_code() -> None:
    assert sorted(CODES) == PAGES


@pytest.mark.parametrize("code", PAGES)
def test_a_page_has_its_sections_and_shows_its_code(code: str) -> None:
    page = read_page(code)
    assert page.sections == SECTIONS
    assert f" {code} " in page.shown
    assert (page.command == "none") == (code in UNREACHABLE)


def test_a_page_is_shown_below_its_title() -> None:
    text = page_of(CODES["XF0403"])
    assert text.startswith("# XF0403: unknown column (error)\n\n## What it means\n")


@pytest.mark.parametrize("code", RUNNABLE)
def test_the_example_says_what_the_page_shows(code: str, run_in: Run) -> None:
    page = read_page(code)
    reported, exit_code = run_in(page.command, page.broken())
    assert one_line_forms([found for found in reported if found.code == code]) == page.shown
    assert {found.code for found in reported} - {code} == COMPANIONS.get(code, set())
    assert all(found.help for found in reported)
    if "--jsonl" not in page.command:  # there every line has an answer, and all are given
        assert (exit_code != 0) == any(found.severity is Severity.ERROR for found in reported)


@pytest.mark.parametrize("code", [code for code in RUNNABLE if read_page(code).is_mended])
def test_the_mended_example_says_nothing(code: str, run_in: Run) -> None:
    page = read_page(code)
    reported, exit_code = run_in(page.mended_command, page.mended())
    assert one_line_forms(reported) == ""
    assert exit_code == 0

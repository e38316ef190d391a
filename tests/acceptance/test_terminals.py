"""What a terminal shows and what a pipe gets."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Project, plain_environment, project

fcntl = pytest.importorskip("fcntl")
pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TABLE = "/* @model\nkind: table\n*/\n"
FILES = {
    "seeds/raw/numbers.csv": "n\n1\n2\n3\n",
    "models/staging/stg_numbers.sql": "select n, n * 2 as twice from raw.numbers\n",
    "models/marts/a_rather_long_name_of_a_model.sql": (
        "/* @model\nkind: table\ncolumns:\n"
        "  n: {tests: [{accepted_values: {values: [1, 2], severity: warn}}]}\n*/\n"
        "select n, twice from stg_numbers\n"
    ),
    "models/marts/totals.sql": TABLE + "select sum(twice) as t from stg_numbers\n",
}


def in_terminal(
    place: Project, *args: str, columns: int = 80, no_color: str = ""
) -> tuple[int, str]:
    """Run a command with a terminal for all its streams; the exit code and all that came."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "xform", *args],
        cwd=place.root,
        env=plain_environment(TERM="xterm-256color", NO_COLOR=no_color),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    chunks = []
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(master)
    return process.wait(), b"".join(chunks).decode("utf-8").replace("\r\n", "\n")


def screen(text: str) -> list[str]:
    """The lines that stay when all has been drawn: cursor up and erase are followed."""
    lines = [""]
    row = 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x1b]+", text):
        if part.startswith("\x1b"):
            number = int(part[2:-1]) if part[2:-1].isdigit() else 1
            if part.endswith("A"):
                row -= number
            elif part.endswith("K"):
                lines[row] = ""
            continue
        for piece in re.findall(r"\n|\r|[^\n\r]+", part):
            if piece == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif piece != "\r":
                lines[row] += piece
    return lines


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, FILES)


@pytest.mark.parametrize("columns", [80, 120])
def test_a_plan_and_a_build_fit_the_terminal(place: Project, columns: int) -> None:
    for command in ("plan", "build"):
        code, text = in_terminal(place, command, columns=columns)
        assert code == 0
        assert COLOUR.search(text)
        assert max(len(line) for line in screen(text)) <= columns
        assert "\x1b[?25l" not in text or "\x1b[?25h" in text  # the cursor is back


def test_a_terminal_keeps_finished_models_and_no_bar(place: Project) -> None:
    _, text = in_terminal(place, "build")
    assert "━" in text.replace("\n", "")
    shown = "\n".join(screen(text))
    kept = shown[shown.index("ok ") : shown.index("done: ")]
    assert kept.count("ok  ") == 4
    assert "━" not in kept
    assert "/4" not in kept


def test_no_colour_where_it_is_not_wanted(place: Project) -> None:
    for arguments, no_color in ((("plan", "--no-color"), ""), (("plan",), "1")):
        _, text = in_terminal(place, *arguments, no_color=no_color)
        assert not COLOUR.search(text), arguments


def test_quiet_in_a_terminal_says_nothing(place: Project) -> None:
    assert in_terminal(place, "build", "-q") == (0, "")


def test_a_pipe_gets_plain_lines(place: Project) -> None:
    answer = place.run("build")
    assert not ESCAPE.search(answer.err)
    stamped = re.findall(r"^\d\d:\d\d:\d\d +\d/4  ok ", answer.err, re.MULTILINE)
    assert len(stamped) == 4
    assert not ESCAPE.search(place.run("plan", "--explain").out)


def test_a_pipe_may_be_forced_to_colours(place: Project) -> None:
    assert COLOUR.search(place.run("plan", FORCE_COLOR="1").out)


def test_a_terminal_without_unicode_gets_ascii(place: Project) -> None:
    answer = place.run("plan", PYTHONIOENCODING="ascii")
    assert answer.code == 0
    assert answer.out.isascii()
    assert "`- + " in answer.out

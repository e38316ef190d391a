"""What a stream is taken for, and what is written to it."""

from __future__ import annotations

import io

import pytest

from xform.console.terminal import PLAIN_WIDTH, Surface, Terminal
from xform.console.text import Fragment, Style, line


class Stream(io.TextIOWrapper):
    """A stream in memory that says of itself whether it is a terminal."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO()
        self.tty = tty
        super().__init__(self.bytes, encoding=encoding, newline="")

    def isatty(self) -> bool:
        return self.tty


def surface(
    environ: dict[str, str],
    *,
    tty: bool = True,
    encoding: str = "utf-8",
    no_color: bool = False,
    platform: str = "linux",
) -> Surface:
    stream = Stream(tty=tty, encoding=encoding)
    return Terminal(stream, stream, environ, no_color=no_color, platform=platform).out


@pytest.mark.parametrize(
    ("environ", "tty", "no_color", "expected"),
    [
        ({}, True, False, True),
        ({}, False, False, False),
        ({"NO_COLOR": "1"}, True, False, False),
        ({"NO_COLOR": ""}, True, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False, False),
        ({"FORCE_COLOR": "1"}, False, False, True),
        ({"FORCE_COLOR": "0"}, True, False, False),
        ({"FORCE_COLOR": "1"}, False, True, False),
        ({"TERM": "dumb"}, True, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, False, True),
        ({"CI": "true"}, False, False, False),
    ],
)
def test_colour(environ: dict[str, str], tty: bool, no_color: bool, expected: bool) -> None:
    assert surface(environ, tty=tty, no_color=no_color).colour is expected


def test_colour_on_an_old_windows_console_waits_for_a_sign() -> None:
    assert not surface({}, platform="win32").colour
    assert surface({"WT_SESSION": "1"}, platform="win32").colour


@pytest.mark.parametrize(
    ("environ", "tty", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"CI": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_lines_change_only_where_someone_watches(
    environ: dict[str, str], tty: bool, expected: bool
) -> None:
    assert surface(environ, tty=tty).interactive is expected


def test_width_comes_from_columns_then_from_the_terminal() -> None:
    assert surface({"COLUMNS": "57"}).width == 57
    assert surface({"COLUMNS": "many"}, tty=False).width == PLAIN_WIDTH
    assert surface({}, tty=False).width == PLAIN_WIDTH
    assert surface({}, tty=True).width == 80
    assert surface({"COLUMNS": "1"}).width == 20


def test_ascii_where_the_encoding_has_no_branches() -> None:
    assert surface({}, encoding="ascii").symbols.branch == "|- "
    assert surface({}, encoding="latin-1").symbols.ellipsis == "..."
    assert surface({}).symbols.branch == "├─ "


def test_text_that_the_encoding_lacks_is_escaped_and_not_an_error() -> None:
    stream = Stream(tty=False, encoding="ascii")
    Terminal(stream, stream, {}).data([line("naïve")])
    assert stream.bytes.getvalue() == b"na\\xefve\n"


def test_quiet_leaves_data_and_complaints() -> None:
    out, err = Stream(tty=False), Stream(tty=False)
    terminal = Terminal(out, err, {}, quiet=True)
    terminal.data([line("data")])
    terminal.talk([line("talk")])
    terminal.complain([line("complaint")])
    assert (out.bytes.getvalue(), err.bytes.getvalue()) == (b"data\n", b"complaint\n")


def test_colour_is_decided_for_each_stream_by_itself() -> None:
    out, err = Stream(tty=False), Stream(tty=True)
    terminal = Terminal(out, err, {}, platform="linux")
    good = line(Fragment("ok", Style.GOOD), "  ")
    terminal.data([good])
    terminal.talk([good])
    assert out.bytes.getvalue() == b"ok\n"
    assert err.bytes.getvalue() == b"\x1b[32mok\x1b[0m\n"

"""Progress where there is no terminal, and the moving part of one; the clock is the test's."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from textwrap import dedent

import pytest

from xform.base.names import AssetName
from xform.console.paint import plain
from xform.console.progress import Clock, Progress, event_lines, frame_lines
from xform.console.run_view import RunView
from xform.console.terminal import Surface, Terminal
from xform.run.events import (
    CheckDone,
    Event,
    Log,
    NodeDone,
    NodeSkip,
    NodeStart,
    Published,
    RunEnd,
    RunStart,
)

FLIGHTS, PLANES, FACTS = map(
    AssetName, ("staging.stg_flights", "staging.stg_planes", "marts.fct_departures")
)
START = RunStart("r1", "prod", (FLIGHTS, PLANES, FACTS), 2, "2026-07-01T12:00:00Z")


def test_a_failed_test_is_said_once() -> None:
    view = RunView()
    check = CheckDone(FLIGHTS, "unique_key", "fail", 2, 0.1, "key is not unique: 2 rows")
    node = NodeDone(FLIGHTS, "fail", None, 0.1, None, "new", "key is not unique: 2 rows")
    rows = [
        plain(row) for event in (check, node) for row in event_lines(event, view, Surface(width=80))
    ]
    assert sum("key is not unique" in row for row in rows) == 1


def done(asset: AssetName, rows: int | None, seconds: float) -> NodeDone:
    return NodeDone(asset, "success", rows, seconds, "b", "code")


def end(
    status: str, *, built: int = 0, failed: int = 0, skipped: int = 0, warned: int = 0
) -> RunEnd:
    return RunEnd("r1", status, built, failed, skipped, warned, 4.2, "2026-07-01T12:00:04Z")


GOOD: tuple[Event, ...] = (
    START,
    NodeStart(FLIGHTS, "new", ""),
    NodeStart(PLANES, "new", ""),
    done(PLANES, None, 0.03),
    CheckDone(FLIGHTS, "tail_number is in stg_planes", "warn", 13403, 0.1),
    CheckDone(FLIGHTS, "flight_key is unique", "pass", 0, 0.1),
    done(FLIGHTS, 80789, 0.12),
    NodeStart(FACTS, "new", ""),
    Log("warning", "memory is short"),
    done(FACTS, 80789, 1.5),
    Published((FLIGHTS, PLANES, FACTS), (), 0.01),
    end("success", built=3, warned=1),
)

BAD: tuple[Event, ...] = (
    START,
    NodeStart(FLIGHTS, "new", ""),
    NodeDone(FLIGHTS, "error", None, 0.1, None, "new", "no column 'x'\n  select x\n         ^"),
    CheckDone(PLANES, "tail_number is unique", "fail", 1, 0.1),
    NodeDone(PLANES, "fail", 9, 0.2, None, "new"),
    NodeSkip(FACTS, "staging.stg_flights failed"),
    end("failed", failed=2, skipped=1),
)


def clock() -> Clock:
    ticks = iter(range(1000))
    return Clock(lambda: "12:03:11", lambda: next(ticks) / 4)


def said(events: tuple[Event, ...], *, quiet: bool = False) -> str:
    out, err = io.StringIO(), io.StringIO()
    with Progress(Terminal(out, err, {}, quiet=quiet), clock()) as progress:
        for event in events:
            progress(event)
    assert out.getvalue() == ""
    return err.getvalue()


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_plain_lines() -> None:
    assert said(GOOD).partition("\n\n")[0] + "\n" == expected("""
        12:03:11  1/3  ok     staging.stg_planes                    0.03s
        12:03:11       warn   staging.stg_flights   tail_number is in stg_planes: 13,403 rows
        12:03:11  2/3  ok     staging.stg_flights      80,789 rows  0.12s
        12:03:11       warn   memory is short
        12:03:11  3/3  ok     marts.fct_departures     80,789 rows  1.50s
    """)  # fmt: skip


def test_failures_are_told_at_once_with_their_message() -> None:
    assert said(BAD).partition("\n\n")[0] + "\n" == expected("""
        12:03:11  1/3  ERROR  staging.stg_flights                   0.10s
                              | no column 'x'
                              |   select x
                              |          ^
        12:03:11       FAIL   staging.stg_planes    tail_number is unique: 1 row
        12:03:11  2/3  FAIL   staging.stg_planes            9 rows  0.20s
        12:03:11  3/3  skip   marts.fct_departures  staging.stg_flights failed
    """)


def test_a_very_long_message_is_cut() -> None:
    message = "\n".join(f"line {number}" for number in range(50))
    text = said((START, NodeDone(FLIGHTS, "error", None, 0.1, None, "new", message)))
    assert text.endswith("| line 19\n" + " " * 22 + "| 30 more lines\n")


def test_quiet_says_nothing_of_what_went_well() -> None:
    assert said(GOOD, quiet=True) == ""


def test_quiet_still_says_what_failed() -> None:
    text = said(BAD, quiet=True)
    assert "skip " not in text
    assert text.count("ERROR  staging.stg_flights") == 1
    assert "\nfailed: 0 built · 2 failed" in text


def test_the_moving_part_shows_bar_time_and_what_runs() -> None:
    view = RunView()
    view.add(START, 10.0)
    view.add(NodeStart(FLIGHTS, "new", ""), 10.5)
    view.add(done(FLIGHTS, 1, 1.5), 12.0)
    view.add(NodeStart(PLANES, "new", ""), 12.0)
    view.add(NodeStart(FACTS, "new", ""), 15.0)
    assert [plain(row) for row in frame_lines(view, 75.0, Surface(width=40))] == [
        "━━━━━━━━──────────────────  1/3  1m 05s",
        "  staging.stg_planes    1m 03s",
        "  marts.fct_departures  1m 00s",
    ]


def test_the_moving_part_stays_small_with_many_threads() -> None:
    view = RunView()
    names = tuple(AssetName(f"marts.model_with_a_long_name_{number}") for number in range(32))
    view.add(RunStart("r1", "prod", names, 32, ""), 0.0)
    for name in names:
        view.add(NodeStart(name, "new", ""), 0.0)
    rows = [plain(row) for row in frame_lines(view, 1.0, Surface(width=30))]
    assert len(rows) == 10
    assert rows[-1] == "  and 24 more"
    assert max(map(len, rows)) <= 30


def watched(run: Callable[[Progress], None]) -> str:
    """All that a pseudo-terminal receives while `run` uses the progress."""
    reader, writer = os.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        terminal = Terminal(io.StringIO(), stream, {"COLUMNS": "80", "TERM": "xterm"})
        assert terminal.err.interactive
        run(Progress(terminal, clock()))
    received = b""
    with suppress(OSError):  # Linux reports the other end's closing as an error
        while chunk := os.read(reader, 1 << 16):
            received += chunk
    os.close(reader)
    return received.decode()


needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


@needs_pty
def test_in_a_terminal_finished_lines_stay_and_the_bar_goes() -> None:
    def run(progress: Progress) -> None:
        with progress:
            for event in GOOD:
                progress(event)

    received = watched(run)
    assert received.rindex(SHOW_CURSOR) > received.rindex(HIDE_CURSOR)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", received)
    assert "━" in text.partition("done: 3 built")[0]
    assert "ok     staging.stg_flights      80,789 rows  0.12s" in text
    assert "12:03:11" not in text


@needs_pty
def test_the_terminal_is_left_clean_when_a_run_breaks_off() -> None:
    def run(progress: Progress) -> None:
        with progress:
            progress(START)
            progress(NodeStart(FLIGHTS, "new", ""))
            raise KeyboardInterrupt

    def broken_off(progress: Progress) -> None:
        with pytest.raises(KeyboardInterrupt):
            run(progress)

    received = watched(broken_off)
    assert received.rindex(SHOW_CURSOR) > received.rindex(HIDE_CURSOR)


@needs_pty
def test_a_run_with_nothing_to_do_moves_nothing() -> None:
    def run(progress: Progress) -> None:
        with progress:
            progress(RunStart("r1", "prod", (), 2, ""))
            progress(end("success"))

    assert HIDE_CURSOR not in watched(run)

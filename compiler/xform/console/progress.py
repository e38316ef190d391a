"""Progress of a run: takes its events and says on stderr what happens.

In a terminal finished models scroll by above a bar and the models that run; elsewhere each event
is one plain line, with the time of day. At the end comes the summary.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, assert_never

from xform.console.cells import cut_middle, pad, width
from xform.console.run_view import RunView, finding
from xform.console.summary import summary_lines
from xform.console.terminal import Surface, Terminal
from xform.console.text import EMPTY, Fragment, Line, Style, dim, frame, line, wrap
from xform.console.words import count, duration
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

if TYPE_CHECKING:
    from xform.console.live import LiveDisplay

_ROWS = len("1,234,567 rows")
_SECONDS = len("59.9s")
_MOST_MESSAGE_LINES = 20
_MOST_RUNNING = 8


@dataclass(frozen=True, slots=True)
class Clock:
    """`time_of_day` yields `12:03:11`; `seconds` only ever grows."""

    time_of_day: Callable[[], str]
    seconds: Callable[[], float]


def system_clock() -> Clock:
    return Clock(lambda: time.strftime("%H:%M:%S"), time.monotonic)


class Progress:
    """Call it with every event of a run, from any thread; use it as a context manager, so that
    the terminal is left clean whatever happens.

    Quiet: only what failed is said, and the summary only of a run that did not succeed.
    """

    def __init__(
        self, terminal: Terminal, clock: Clock | None = None, *, summary: bool = True
    ) -> None:
        """`summary`: whether it is told at the end what came of it, if it came to its end."""
        self._summary = summary
        self._terminal = terminal
        self._clock = clock or system_clock()
        self._view = RunView()
        # Two locks: the display's own thread takes `_state` while it draws, so nothing may be
        # drawn under it; `_order` keeps lines in the order of their events.
        self._state = threading.Lock()
        self._order = threading.Lock()
        self._live: LiveDisplay | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def __call__(self, event: Event) -> None:
        with self._order:
            if self._terminal.quiet and not _is_bad(event) and not isinstance(event, RunEnd):
                with self._state:
                    self._view.add(event, self._clock.seconds())
                return
            surface = self._terminal.err
            with self._state:
                self._view.add(event, self._clock.seconds())
                lines = event_lines(event, self._view, surface)
            moving = surface.interactive and surface.unicode and not self._terminal.quiet
            if moving and isinstance(event, NodeStart) and self._live is None:
                self._start_live()
            if moving and isinstance(event, NodeSkip):
                lines = []  # one failure may skip hundreds; the summary says which and why
            if moving:
                lines = [row for full in lines for row in wrap(full, surface.width, hang=9)]
            elif lines:
                lines = self._stamped(event, lines)
            self._say(lines, loud=_is_bad(event))
            if isinstance(event, RunEnd):
                self._finish(event)

    def _start_live(self) -> None:
        from xform.console.live import LiveDisplay

        self._live = LiveDisplay(self._terminal, self._frame)

    def _frame(self) -> list[Line]:
        with self._state:
            return frame_lines(self._view, self._clock.seconds(), self._terminal.err)

    def _stamped(self, event: Event, lines: list[Line]) -> list[Line]:
        """`12:03:11   3/18  …`; the count only with what it counts."""
        digits = len(str(self._view.total))
        counted = f"{self._view.finished:>{digits}}/{self._view.total}"
        ends_node = isinstance(event, NodeDone | NodeSkip)
        number = counted if ends_node else " " * len(counted)
        stamp = line(dim(f"{self._clock.time_of_day()}  {number}  "))
        return [stamp + lines[0], *(line(" " * stamp.width) + more for more in lines[1:])]

    def _say(self, lines: list[Line], *, loud: bool) -> None:
        if not lines:
            return
        if self._live is not None:
            self._live.print_above(lines)
        elif loud:
            self._terminal.complain(lines)
        else:
            self._terminal.talk(lines)

    def _finish(self, event: RunEnd) -> None:
        self._stop()
        if not self._summary and event.status != "cancelled":
            return
        summary = summary_lines(self._view, self._terminal.err)
        if self._view.nodes:
            summary.insert(0, EMPTY)
        self._say(summary, loud=event.status != "success")

    def _stop(self) -> None:
        if self._live is not None:
            self._live.close()
            self._live = None


def event_lines(event: Event, view: RunView, surface: Surface) -> list[Line]:
    """What is said of an event at once; nothing of those that only count."""
    match event:
        case NodeDone():
            return _node_done(event, view, surface)
        case NodeSkip():
            return [_event_line("skip", Style.DIM, event.asset, event.reason, view, surface)]
        case CheckDone():
            return _check_done(event, view, surface)
        case Log():
            style = _LOG_STYLES.get(event.level, Style.NOTE)
            word = "warn" if event.level == "warning" else event.level
            first, *more = event.message.split("\n")
            return [line(Fragment(f"{word:<5}  ", style), first), *_message(more)]
        case RunStart() | NodeStart() | Published() | RunEnd():
            return []
        case _:
            assert_never(event)


_LOG_STYLES = {"error": Style.ERROR, "warning": Style.WARNING}

_NODE_WORDS = {
    "success": ("ok", Style.GOOD),
    "error": ("ERROR", Style.ERROR),
    "fail": ("FAIL", Style.ERROR),
    "cancelled": ("stop", Style.WARNING),
}

_CHECK_WORDS = {
    "warn": ("warn", Style.WARNING),
    "fail": ("FAIL", Style.ERROR),
    "error": ("ERROR", Style.ERROR),
}


def _is_bad(event: Event) -> bool:
    match event:
        case NodeDone() | CheckDone():
            return event.status in ("error", "fail")
        case Log():
            return event.level == "error"
        case _:
            return False


def _node_done(event: NodeDone, view: RunView, surface: Surface) -> list[Line]:
    word, style = _NODE_WORDS.get(event.status, (event.status, Style.PLAIN))
    if event.kept:
        word, style = "kept", Style.DIM
    rows = count(event.rows, "row") if event.rows is not None else ""
    figures = f"{rows:>{_ROWS}}  {duration(event.seconds):>{_SECONDS}}"
    lines = [_event_line(word, style, event.asset, figures, view, surface)]
    # Of tests that failed, each has said so itself.
    if event.kept or event.status not in ("success", "fail"):
        lines += _message(event.message.split("\n"))
    return lines


def _check_done(event: CheckDone, view: RunView, surface: Surface) -> list[Line]:
    if event.status not in _CHECK_WORDS:
        return []
    word, style = _CHECK_WORDS[event.status]
    lines = [_event_line(word, style, event.asset, finding(event), view, surface)]
    return [*lines, *_message(event.message.split("\n")[1:])]


def _event_line(
    word: str, style: Style, asset: str, rest: str, view: RunView, surface: Surface
) -> Line:
    names = min(view.name_width, max(surface.width - 40, 16))
    return line(Fragment(f"{word:<5}", style), f"  {pad(asset, names)}  {rest}")


def _message(rows: list[str]) -> list[Line]:
    """The lines of a message, indented; of a very long one the first."""
    full = [row for row in rows if row.strip()]
    lines = [line(frame("       | "), row) for row in full[:_MOST_MESSAGE_LINES]]
    if len(full) > _MOST_MESSAGE_LINES:
        more = count(len(full) - _MOST_MESSAGE_LINES, "more line")
        lines.append(line(frame("       | "), dim(more)))
    return lines


def frame_lines(view: RunView, now: float, surface: Surface) -> list[Line]:
    """The moving part: the bar with count and time, and what runs, the longest first."""
    symbols = surface.symbols
    figures = f"  {view.finished}/{view.total}  {duration(now - view.began)}"
    cells = max(min(surface.width - len(figures) - 1, 40), 8)
    full = cells * view.finished // max(view.total, 1)
    style = Style.ERROR if view.failed else Style.GOOD
    lines = [
        line(Fragment(symbols.bar * full, style), dim(symbols.track * (cells - full)), figures)
    ]
    running = list(view.running.items())
    names = max((width(asset) for asset, _ in running[:_MOST_RUNNING]), default=0)
    names = min(names, surface.width - 12)
    for asset, since in running[:_MOST_RUNNING]:
        name = pad(cut_middle(asset, names, symbols.ellipsis), names)
        lines.append(line(f"  {name}  ", dim(duration(now - since))))
    if len(running) > _MOST_RUNNING:
        lines.append(line(dim(f"  and {len(running) - _MOST_RUNNING} more")))
    return lines

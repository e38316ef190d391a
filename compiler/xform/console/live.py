"""The part of a terminal that changes while a run goes on. Loads rich."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.console import Console, Group
from rich.live import Live

from xform.console.paint import rich_text
from xform.console.terminal import Terminal
from xform.console.text import Line

_PER_SECOND = 8


class LiveDisplay:
    """Draws `frame()` anew several times a second, on stderr, below all lines printed above it.

    `frame` is called from a thread of its own.
    """

    def __init__(self, terminal: Terminal, frame: Callable[[], list[Line]]) -> None:
        colour = terminal.err.colour
        self._console = Console(
            file=terminal.stderr,
            force_terminal=True,
            color_system="standard" if colour else None,
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
        )
        # stdout stays as it is: it may carry data.
        self._live = Live(
            console=self._console,
            get_renderable=lambda: Group(*(rich_text(line) for line in frame())),
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
        )
        self._live.start(refresh=True)

    def print_above(self, lines: Iterable[Line]) -> None:
        for line in lines:
            text = rich_text(line)
            text.no_wrap = False
            text.overflow = "fold"
            self._console.print(text)

    def close(self) -> None:
        """Take the moving part away; what was printed stays."""
        self._live.stop()

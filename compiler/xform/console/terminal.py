"""What kind of terminal there is: how wide, whether it moves, colours, and knows Unicode.

stdout is data, stderr is talk (DESIGN §5). Each stream is looked at by itself, since either may
be sent to a file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TextIO

from xform.console.paint import ansi, plain
from xform.console.text import Line

PLAIN_WIDTH = 120
"""Columns where there is no terminal to ask."""

NARROWEST = 20


@dataclass(frozen=True, slots=True)
class Symbols:
    """The characters that draw: all Unicode or all ASCII, by what the stream can encode."""

    branch: str
    last: str
    rail: str
    rule: str
    ellipsis: str
    dot: str
    left: str
    right: str
    bar: str
    track: str
    data: str
    move: str


UNICODE = Symbols("├─ ", "└─ ", "│  ", "─", "…", "·", "←", "→", "━", "─", "↻", "→")
ASCII = Symbols("|- ", "`- ", "|  ", "-", "...", "-", "<-", "->", "=", "-", "@", ">")


@dataclass(frozen=True, slots=True)
class Surface:
    """What one stream can show. `width` is in cells; `interactive` allows lines that change."""

    width: int = PLAIN_WIDTH
    interactive: bool = False
    colour: bool = False
    unicode: bool = True

    @property
    def symbols(self) -> Symbols:
        return UNICODE if self.unicode else ASCII


class Terminal:
    """The two streams of a command.

    `no_color` is the option `--no-color`; `quiet` is `--quiet`, which leaves data and errors.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        *,
        no_color: bool = False,
        quiet: bool = False,
        platform: str = sys.platform,
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.quiet = quiet
        self._environ = environ
        self._no_color = no_color
        self._platform = platform

    @property
    def out(self) -> Surface:
        """Of stdout, as it is now: a window may change its size."""
        return self._surface(self.stdout)

    @property
    def err(self) -> Surface:
        return self._surface(self.stderr)

    def data(self, lines: Iterable[Line]) -> None:
        """Write the answer to stdout."""
        self._write(self.stdout, lines)

    def talk(self, lines: Iterable[Line]) -> None:
        """Write what is said besides to stderr; nothing when quiet."""
        if not self.quiet:
            self._write(self.stderr, lines)

    def complain(self, lines: Iterable[Line]) -> None:
        """Write what must be heard to stderr, quiet or not."""
        self._write(self.stderr, lines)

    def _write(self, stream: TextIO, lines: Iterable[Line]) -> None:
        paint = ansi if self._colour(_is_terminal(stream)) else plain
        text = "".join(f"{paint(line)}\n" for line in lines)
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()

    def _surface(self, stream: TextIO) -> Surface:
        terminal = _is_terminal(stream)
        return Surface(
            width=max(self._width(stream, terminal), NARROWEST),
            interactive=terminal and not self._dumb and not self._environ.get("CI"),
            colour=self._colour(terminal),
            unicode=_encodes_symbols(stream.encoding or "utf-8"),
        )

    @property
    def _dumb(self) -> bool:
        return self._environ.get("TERM") in ("dumb", "unknown")

    def _width(self, stream: TextIO, terminal: bool) -> int:
        columns = self._environ.get("COLUMNS", "")
        if columns.isascii() and columns.isdigit() and int(columns) > 0:
            return int(columns)
        if terminal:
            try:
                size = os.get_terminal_size(stream.fileno())
            except (OSError, ValueError):
                return 80
            return size.columns or 80
        return PLAIN_WIDTH

    def _colour(self, terminal: bool) -> bool:
        """`--no-color`, then NO_COLOR (no-color.org), then FORCE_COLOR, then the stream."""
        if self._no_color or self._environ.get("NO_COLOR"):
            return False
        forced = self._environ.get("FORCE_COLOR")
        if forced:
            return forced.lower() not in ("0", "false")
        if self._dumb or not terminal:
            return False
        # The old Windows console shows escape sequences as text; newer ones announce themselves.
        return self._platform != "win32" or any(
            name in self._environ for name in ("WT_SESSION", "TERM", "ANSICON", "ConEmuANSI")
        )


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


@lru_cache
def _encodes_symbols(encoding: str) -> bool:
    needed = "".join(str(getattr(UNICODE, name)) for name in UNICODE.__slots__)
    try:
        needed.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True

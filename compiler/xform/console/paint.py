"""Lines to text: without colour, with a terminal's colour codes, or for rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xform.console.text import Line, Style

if TYPE_CHECKING:
    from rich.text import Text

# Select Graphic Rendition parameters (ECMA-48, 8.3.117); only the eight base colours, which
# every colour scheme keeps readable.
_CODES: dict[Style, str] = {
    Style.PLAIN: "",
    Style.STRONG: "1",
    Style.DIM: "2",
    Style.FRAME: "34",
    Style.ERROR: "1;31",
    Style.WARNING: "33",
    Style.NOTE: "36",
    Style.GOOD: "32",
    Style.NEW: "32",
    Style.CHANGED: "33",
    Style.DATA: "36",
    Style.GONE: "31",
}

_RICH: dict[Style, str] = {
    Style.PLAIN: "",
    Style.STRONG: "bold",
    Style.DIM: "dim",
    Style.FRAME: "blue",
    Style.ERROR: "bold red",
    Style.WARNING: "yellow",
    Style.NOTE: "cyan",
    Style.GOOD: "green",
    Style.NEW: "green",
    Style.CHANGED: "yellow",
    Style.DATA: "cyan",
    Style.GONE: "red",
}


def plain(line: Line) -> str:
    return line.text.rstrip(" ")


def ansi(line: Line) -> str:
    """The line with colour codes, each ended before the line ends."""
    kept = len(plain(line))
    parts: list[str] = []
    for text, style in line.fragments:
        text, kept = text[:kept], kept - min(len(text), kept)
        if text:
            code = _CODES[style]
            parts.append(f"\x1b[{code}m{text}\x1b[0m" if code else text)
    return "".join(parts)


def rich_text(line: Line) -> Text:
    """The line as rich draws it; loads rich."""
    from rich.text import Text

    drawn = Text(no_wrap=True, overflow="ellipsis")
    for text, style in line.fragments:
        drawn.append(text, _RICH[style])
    return drawn

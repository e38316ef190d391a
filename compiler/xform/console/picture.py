"""A picture of a plan, as SVG: what the terminal shows, for pages that have none.

The same plan gives the same bytes: nothing of the machine, the clock or the environment enters.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable

from xform.console.paint import rich_text
from xform.console.plan import plan_lines
from xform.console.terminal import Surface
from xform.console.text import Line
from xform.plan.plan import Plan


def plan_svg(plan: Plan, *, width: int = 100, title: str = "xform plan") -> str:
    """The plan as `xform plan` draws it in a terminal of `width` columns."""
    return lines_svg(plan_lines(plan, Surface(width=width, colour=True)), width, title)


def lines_svg(lines: Iterable[Line], width: int, title: str) -> str:
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        record=True,
        width=width,
        height=25,  # without a height rich may take the width from the environment
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        no_color=False,
        force_jupyter=False,
        highlight=False,
    )
    for line in lines:
        console.print(rich_text(line))
    console.print()  # the last line's descenders would be cut off
    svg = console.export_svg(title=title, unique_id="xform")
    # The picture would load a font from elsewhere, which the pages that show it forbid; without
    # it they take the reader's own monospace font.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return _TEXT.sub(_without_blanks, svg)


_BLANK = "&#160;"
_TEXT = re.compile(
    rf'x="([\d.]+)"( y="[\d.]+") textLength="([\d.]+)"([^>]*>)((?:{_BLANK})*)([^<]*)<'
)


def _without_blanks(found: re.Match[str]) -> str:
    """Text placed where its first letter stands: some renderers drop blanks at the ends."""
    x, y, length, rest, blanks, text = found.groups()
    before = len(blanks) // len(_BLANK)
    shown = text.removesuffix(_BLANK)
    while shown != text:
        text, shown = shown, shown.removesuffix(_BLANK)
    width = len(html.unescape(text))
    cell = float(length) / max(before + len(html.unescape(found[6])), 1)
    return f'x="{float(x) + before * cell:g}"{y} textLength="{width * cell:g}"{rest}{text}<'

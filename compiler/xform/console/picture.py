"""A picture of a plan, as SVG: what the terminal shows, for pages that have none.

The same plan gives the same bytes: nothing of the machine, the clock or the environment enters.
"""

from __future__ import annotations

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
    svg = console.export_svg(title=title, unique_id="xform")
    # The picture would load a font from elsewhere, which the pages that show it forbid; without
    # it they take the reader's own monospace font.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)

"""The options of a stretch of time, shared by the commands that have one."""

from __future__ import annotations

from typing import Annotated

from xform.cli.options import Option, UsageMistake

Start = Annotated[
    str | None,
    Option("--start", metavar="TIME", help="Compute incremental models again from this time on."),
]
End = Annotated[
    str | None, Option("--end", metavar="TIME", help="And up to this time, which is not in it.")
]
AllowMissing = Annotated[
    bool, Option("--allow-missing", help="Also where an input lacks intervals that are read.")
]


def span_of(start: str | None, end: str | None) -> tuple[str, str] | None:
    """(start, end), where one of them is given. A text that is no time is a mistake."""
    if start is None and end is None:
        return None
    from xform.plan.intervals import moment

    found = []
    for text, option in ((start, "--start"), (end, "--end")):
        at = moment(text) if text is not None else ""
        if at is None:
            raise UsageMistake(f"'{text}' is no time: write it as 2024-01-31", option=option)
        found.append(at)
    low, high = found
    if low and high and low >= high:
        raise UsageMistake(f"the end is not after the start ({start})", option="--end")
    return low, high

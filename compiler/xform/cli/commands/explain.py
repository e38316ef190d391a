"""`xform explain`: the page of a diagnostic code."""

from __future__ import annotations

from typing import Annotated

from xform.app.pages import page_of
from xform.base.codes import CODES
from xform.base.names import nearest
from xform.cli.context import Context, command
from xform.cli.options import Argument, UsageMistake


@command
def run(
    context: Context,
    code: Annotated[str | None, Argument(help="A code as diagnostics show it: XF0403.")] = None,
) -> None:
    """Explain a diagnostic code: what it means, why, an example, how to mend it."""
    if code is None:
        if context.json:
            context.print_json(
                {
                    "version": 1,
                    "codes": [
                        {"code": item.id, "title": item.title, "severity": item.severity}
                        for item in CODES.values()
                    ],
                }
            )
        else:
            context.print_text(
                "\n".join(f"{item.id}  {item.level:<7}  {item.title}" for item in CODES.values())
            )
        return
    known = CODES.get(code.upper())
    if known is None:
        near = nearest(code.upper(), CODES) or ["`xform explain` lists all codes"]
        raise UsageMistake(f"no code is called '{code}'; nearest: {', '.join(near)}")
    if context.json:
        context.print_json(
            {
                "version": 1,
                "code": known.id,
                "title": known.title,
                "severity": known.severity,
                "page": page_of(known),
            }
        )
    else:
        context.print_text(page_of(known))

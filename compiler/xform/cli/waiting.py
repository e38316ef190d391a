"""The option of waiting for others, shared by the commands that write."""

from __future__ import annotations

from typing import Annotated

from xform.app.patience import Patience
from xform.cli.context import Context
from xform.cli.options import Option
from xform.console.text import line

Wait = Annotated[
    int, Option("--wait", minimum=0, help="Seconds to wait where another process writes.")
]


def wait_for(context: Context, seconds: int) -> None:
    """Let what follows wait for others, in all for so long."""
    if seconds:
        say = context.terminal.talk
        context.workspace.patience = Patience(seconds, lambda text: say([line(text)]))

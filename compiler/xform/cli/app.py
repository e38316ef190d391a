"""The command line: its commands and its entrance."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from xform.cli.commands import build, compile, debug, explain, init, lineage, ls, plan, show, why
from xform.cli.commands import test as test_command

app = typer.Typer(
    name="xform",
    help="A SQL-first transformation compiler: builds only what really changed, and says why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for name, module in {
    "init": init,
    "compile": compile,
    "plan": plan,
    "build": build,
    "test": test_command,
    "ls": ls,
    "lineage": lineage,
    "why": why,
    "show": show,
    "explain": explain,
    "debug": debug,
}.items():
    app.command(name)(module.run)


def _version(wanted: bool) -> None:
    if wanted:
        from xform import __version__

        sys.stdout.write(f"xform {__version__}\n")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    """A SQL-first transformation compiler: builds only what really changed, and says why."""


def run() -> None:
    """The console script."""
    app()

"""The command line: its commands and its entrance.

Only the module of the command that was called is imported: a listing need not load the runner.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from xform.cli.several import Command

COMMANDS = (
    "init",
    "compile",
    "plan",
    "build",
    "test",
    "ls",
    "lineage",
    "why",
    "show",
    "explain",
    "debug",
)
"""In the order of the help text; each has a module of its name in `commands` with a `run`."""


def application(commands: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(
        name="xform",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_main)
    for name in commands:
        app.command(name, cls=Command)(import_module(f"xform.cli.commands.{name}").run)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from xform import __version__

        sys.stdout.write(f"xform {__version__}\n")
        raise typer.Exit


def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    """A SQL-first transformation compiler: builds only what really changed, and says why."""


def run() -> None:
    """The console script."""
    gc.set_threshold(50_000, 20, 20)  # compiling makes many small objects that live on
    called = sys.argv[1] if len(sys.argv) > 1 else ""
    application((called,) if called in COMMANDS else COMMANDS)()

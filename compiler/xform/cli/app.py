"""The command line as typer has it, for what `calls.py` does not read: help and errors."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Any, get_args

import typer
from typer.core import TyperCommand

from xform.cli.calls import spread
from xform.cli.commands import COMMANDS
from xform.cli.context import Command
from xform.cli.options import REQUIRED, Argument, Ended, Parameter, UsageMistake


class SpreadCommand(TyperCommand):
    """A command some of whose options may be followed by more than one value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args))


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
        command: Command = import_module(f"xform.cli.commands.{name}").run
        app.command(name, cls=SpreadCommand)(_function(command))
    return app


def _function(command: Command) -> Any:
    """The command with its parameters as typer reads them."""

    @functools.wraps(command.function)
    def run(**values: Any) -> None:
        try:
            command(**values)
        except Ended as end:
            raise typer.Exit(end.code) from None
        except UsageMistake as mistake:
            raise typer.BadParameter(mistake.message, param_hint=mistake.option) from None

    signature = inspect.Signature([_typed(item) for item in command.parameters])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {item.name: item.annotation for item in signature.parameters.values()}
    return run


def _typed(parameter: Parameter) -> inspect.Parameter:
    mark = parameter.mark
    shown: Any = True if mark.shown_default is None else mark.shown_default
    info = (
        typer.Argument(help=mark.help, metavar=_metavar(parameter), show_default=shown)
        if isinstance(mark, Argument)
        else typer.Option(
            *mark.names,
            help=mark.help,
            metavar=_metavar(parameter),
            min=mark.minimum,
            show_default=shown,
        )
    )
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if parameter.default is REQUIRED else parameter.default,
        annotation=Annotated[parameter.type, info],
    )


def _metavar(parameter: Parameter) -> str | None:
    """What the help calls the value: `DIR` of `--project-dir`, `N` for a number, `SELECT...` of
    what may be given more than once; None for a flag, which has none."""
    kinds = get_args(parameter.type) or (parameter.type,)
    mark = parameter.mark
    if bool in kinds:
        return None
    if isinstance(mark, Argument):
        return mark.metavar or parameter.name.upper()
    last_word = max(mark.names, key=len).rpartition("-")[2].upper()
    name = mark.metavar or ("N" if int in kinds else last_word)
    several = parameter.type == list[str] or list[str] in kinds
    return f"{name}..." if several else name


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

"""The entrance of the command line. Only the module of the command that was called is imported:
a listing need not load the runner, and a well-formed call no library for command lines.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from xform.cli.calls import read_call
from xform.cli.commands import COMMANDS
from xform.cli.options import Ended, UsageMistake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xform.cli.context import Command


def run() -> None:
    """The console script."""
    try:
        Path.cwd()
    except FileNotFoundError:
        sys.stderr.write("error: the current folder no longer exists; change into one that does\n")
        sys.exit(2)
    gc.set_threshold(50_000, 20, 20)  # compiling makes many small objects that live on
    answer(sys.argv[1:])


def answer(words: Sequence[str]) -> NoReturn:
    """Do what a command line asks for. Raises `SystemExit` with the exit code."""
    called = words[0] if words else ""
    if called in COMMANDS:
        command: Command = import_module(f"xform.cli.commands.{called}").run
        values = read_call(command.parameters, words[1:])
        if values is not None:
            with contextlib.suppress(UsageMistake):  # typer shows it, with the usage
                sys.exit(_ended(command, values))
    from xform.cli.app import application

    application((called,) if called in COMMANDS else COMMANDS)(list(words))
    sys.exit(0)


def _ended(command: Command, values: dict[str, object]) -> int:
    """The exit code of a command that is run."""
    try:
        command(**values)
        sys.stdout.flush()
    except Ended as end:
        return end.code
    except BrokenPipeError:
        # Whoever read the answer has had enough; the interpreter must not flush at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0

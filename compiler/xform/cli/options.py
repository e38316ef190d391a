"""How commands declare what may be asked of them: options and arguments as annotations.

Read by `calls.py`, which takes well-formed calls, and by `app.py`, which gives the same to typer:
that is loaded only where help or an error is to be shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_type_hints

REQUIRED = object()
"""The default of a parameter that has none."""


class Option:
    """An option by its names. `minimum` is that of a whole number; `shown_default` what the help
    says in place of the default, `metavar` what it calls the value, which else is called by the
    last word of the option's name."""

    __slots__ = ("help", "metavar", "minimum", "names", "shown_default")

    def __init__(
        self,
        *names: str,
        help: str,  # noqa: A002 - the word of every command line library
        minimum: int | None = None,
        shown_default: str | None = None,
        metavar: str | None = None,
    ) -> None:
        self.names = names
        self.help = help
        self.metavar = metavar
        self.minimum = minimum
        self.shown_default = shown_default


class Argument:
    """A value that stands by itself; the last one may be a list, of all that follow. `metavar` is
    what the help calls it, in place of its name."""

    __slots__ = ("help", "metavar", "shown_default")

    def __init__(
        self,
        *,
        help: str,  # noqa: A002 - as above
        shown_default: str | None = None,
        metavar: str | None = None,
    ) -> None:
        self.help = help
        self.metavar = metavar
        self.shown_default = shown_default


class Parameter:
    """One parameter of a command. `type` is `bool`, `str`, `int`, `Path`, one of these or None,
    or `list[str] | None` for what may be repeated."""

    __slots__ = ("default", "mark", "name", "type")

    def __init__(self, name: str, type: Any, mark: Option | Argument, default: Any) -> None:  # noqa: A002
        self.name = name
        self.type = type
        self.default = default
        self.mark = mark


class UsageMistake(Exception):  # noqa: N818 - a fact of the call
    """A value that its option does not take. Raised before a command has done anything."""

    def __init__(self, message: str, option: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.option = option


class Ended(Exception):  # noqa: N818 - no error
    """Ends a command with an exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def declared(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a function that are marked as options or arguments, in order."""
    hints = get_type_hints(function, include_extras=True)
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(given) :], given, strict=True))
    found = []
    for name in names:
        match get_args(hints.get(name)):
            case (kind, Option() | Argument() as mark):
                found.append(Parameter(name, kind, mark, defaults.get(name, REQUIRED)))
            case _:
                pass
    return tuple(found)

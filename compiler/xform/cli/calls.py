"""Reads a well-formed call of a command without a library for command lines.

It takes only what has one meaning: known options, each with its value, and no more arguments than
the command has. All else (help, a misspelt option, a value that is missing) is typer's, which is
not loaded before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from xform.cli.options import REQUIRED, Argument, Option, Parameter

SEVERAL = ("--select", "-s", "--exclude", "--resource-type", "--exclude-resource-type")
"""Options that take several values: `--select a b`, as dbt has it. Arguments of a command stand
before them."""


def spread(args: Sequence[str]) -> list[str]:
    """`--select a b` as `--select a --select b`."""
    found: list[str] = []
    option, has_value = "", False
    for arg in args:
        if arg.startswith("-"):
            option, _, value = arg.partition("=")
            has_value = bool(value)
        elif option in SEVERAL:
            if has_value:
                found.append(option)
            has_value = True
        found.append(arg)
    return found


def read_call(parameters: Sequence[Parameter], args: Sequence[str]) -> dict[str, Any] | None:
    """The value of every parameter; None where the call is not well-formed."""
    options = _options(parameters)
    arguments = [item for item in parameters if isinstance(item.mark, Argument)]
    values: dict[str, Any] = {}
    rest = iter(spread(args))
    for arg in rest:
        if not arg.startswith("-"):
            if not arguments:
                return None
            parameter, text = arguments[0], arg
            if not _takes_several(parameter):
                del arguments[0]
        else:
            name, equals, text = arg.partition("=")
            known = options.get(name)
            if known is None or (equals and not name.startswith("--")):
                return None
            parameter, flag = known
            if flag is not None:
                if equals:
                    return None
                values[parameter.name] = flag
                continue
            text = text if equals else next(rest, "")
        if not _put(values, parameter, text):
            return None
    for parameter in parameters:
        if values.setdefault(parameter.name, parameter.default) is REQUIRED:
            return None
    return values


def _options(parameters: Sequence[Parameter]) -> dict[str, tuple[Parameter, bool | None]]:
    """Each written name: its parameter and, for one without a value, what it stands for."""
    found: dict[str, tuple[Parameter, bool | None]] = {}
    for parameter in parameters:
        if isinstance(parameter.mark, Option):
            for name, flag in _names(parameter.mark, is_flag=parameter.type is bool):
                found[name] = parameter, flag
    return found


def _names(option: Option, *, is_flag: bool) -> Iterator[tuple[str, bool | None]]:
    for written in option.names:
        on, _, off = written.partition("/")
        yield on, True if is_flag else None
        if off:
            yield off, False


def _takes_several(parameter: Parameter) -> bool:
    kinds = get_args(parameter.type) or (parameter.type,)
    return list in (get_origin(kind) for kind in kinds)


def _put(values: dict[str, Any], parameter: Parameter, text: str) -> bool:
    """Add a value; whether it is one that the parameter takes."""
    kinds = get_args(parameter.type) or (parameter.type,)
    if not text or text.startswith("-"):
        return False
    if _takes_several(parameter):
        values.setdefault(parameter.name, []).append(text)
        return True
    if parameter.name in values:
        return False
    if int in kinds:
        minimum = getattr(parameter.mark, "minimum", None)
        if not (text.isascii() and text.isdigit()) or int(text) < (minimum or 0):
            return False
        values[parameter.name] = int(text)
    else:
        values[parameter.name] = Path(text) if Path in kinds else text
    return True

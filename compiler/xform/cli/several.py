"""Options that take several values: `--select a b`, as dbt has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

SEVERAL = ("--select", "-s", "--exclude", "--resource-type", "--exclude-resource-type")


class Command(TyperCommand):
    """A command whose options of SEVERAL may be followed by more than one value. None of the
    commands that have them has an argument, which such a value might be taken for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args))


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

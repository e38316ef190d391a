"""Files of the project named on the command line: arguments of `lint` and `format`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from xform.cli.options import Argument, UsageMistake

Paths = Annotated[
    list[str] | None,
    Argument(help="Files or folders, from the current folder on.", shown_default="the project"),
]


def within_project(root: Path, given: Sequence[str]) -> list[str]:
    """The files or folders as the project names them (the root is empty), without those that lie
    outside of it. Raises UsageMistake for what is not there."""
    found = []
    for path in given:
        if not Path(path).exists():
            raise UsageMistake(f"there is no file or folder '{path}'")
        real = Path(path).resolve()
        if real.is_relative_to(root):
            found.append(real.relative_to(root).as_posix().removeprefix("."))
    return found


def lies_in(path: str, places: Iterable[str]) -> bool:
    """Whether a path of the project is one of these, or lies in one."""
    return any(not place or path == place or path.startswith(f"{place}/") for place in places)

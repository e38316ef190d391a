"""`xform init`: a new project that builds at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from xform.app.initialise import create_project
from xform.cli.context import Context, command
from xform.cli.options import Argument
from xform.console.text import line


@command
def run(
    context: Context,
    directory: Annotated[Path, Argument(help="Where to make it.", shown_default="here")] = Path(),
) -> None:
    """Make a new project: two models over a seed, a profile for DuckDB, tests."""
    place = context.options.project_dir / directory
    written = create_project(place)
    context.terminal.talk([line(f"  {path}") for path in written])
    here = "" if place == Path() else f"cd {place} && "
    context.terminal.talk([line(f"a project of {len(written)} files; build it: {here}xform build")])

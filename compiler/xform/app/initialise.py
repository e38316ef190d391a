"""`init`: a small project that builds at once, out of files that ship with xform."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from xform.app.workspace import UserError
from xform.base.codes import FOLDER_IN_USE
from xform.base.diagnostics import diagnose

STARTER = "starter"
DOTTED = {"gitignore": ".gitignore"}


def create_project(directory: Path) -> list[str]:
    """Write the starter project; the paths written, sorted. Refuses to overwrite anything."""
    starter = files("xform.app").joinpath(STARTER)
    wanted = dict(sorted(_files(starter, "")))
    taken = [path for path in wanted if (directory / path).exists()]
    if "xform.toml" not in taken and (directory / "pyproject.toml").exists():
        text = (directory / "pyproject.toml").read_text("utf-8", "replace")
        if "[tool.xform" in text:
            taken.append("pyproject.toml")
    if taken:
        raise UserError(
            [
                diagnose(
                    FOLDER_IN_USE,
                    f"'{taken[0]}' is there already",
                    str(directory / taken[0]),
                    "make the project in an empty folder: xform init my_project",
                )
            ]
        )
    for path, content in wanted.items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return sorted(wanted)


def _files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for child in folder.iterdir():
        if child.name.startswith("__"):
            continue
        if child.is_dir():
            found += _files(child, f"{prefix}{child.name}/")
        else:
            found.append((prefix + DOTTED.get(child.name, child.name), child.read_bytes()))
    return found

"""The compiler as it lies on this machine: another one after each update or edit of it."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

from xform.base.hashing import Digest, digest_text

PARSER = "sqlglot"


def installed() -> Digest:
    """Of the names, sizes and times of all files of this package, and of what tells the parser's
    version. Nothing is imported and nothing read."""
    marks = [sys.version]
    folders = [str(Path(__file__).parent.parent)]
    while folders:
        with os.scandir(folders.pop()) as listing:
            children = sorted(listing, key=lambda child: child.name)
        for child in children:
            if not child.is_dir():
                marks.append(_mark(child.path, child.stat()))
            elif child.name != "__pycache__":
                folders.append(child.path)
    found = PathFinder.find_spec(PARSER)
    if found is not None and found.origin is not None:
        origin = Path(found.origin)
        marks += [_mark(str(path), path.stat()) for path in origin.parent.glob("_version*")]
    return digest_text("\n".join(marks))


@cache
def parser_version() -> str:
    """The version of the parser, by the name of the folder that says what is installed; that is
    sooner read than what is in it."""
    found = PathFinder.find_spec(PARSER)
    if found is not None and found.origin is not None:
        named = [path.name for path in Path(found.origin).parents[1].glob(f"{PARSER}-*.dist-info")]
        if len(named) == 1:
            return named[0].removeprefix(f"{PARSER}-").removesuffix(".dist-info")
    from importlib.metadata import version

    return version(PARSER)


def _mark(path: str, status: os.stat_result) -> str:
    return f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"

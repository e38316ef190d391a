"""Where a project lies in its repository: tools that read diagnostics know paths from its root."""

from __future__ import annotations

import posixpath
from pathlib import Path


def prefix_of(root: Path) -> str:
    """The folder of a project from the root of its git repository: `analytics/shop`; empty where
    it is that root, or where there is no repository."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():  # a folder; in a worktree or submodule a file
            return "" if folder == root else root.relative_to(folder).as_posix()
    return ""


def within(prefix: str, path: str) -> str:
    """A path of the project from the root of the repository on. Absolute ones stay."""
    return posixpath.normpath(posixpath.join(prefix, path))


def is_file(path: str) -> bool:
    """Whether the path of a diagnostic is one: `<command line>` and the like are none."""
    return not path.startswith("<")

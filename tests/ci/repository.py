"""The shop in a git repository of its own, with branches."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from edits import File
from shop import SHOP
from test_edits import write

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@shop.example",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@shop.example",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


class Shop:
    """A repository in `root`; the project lies in `folder` of it."""

    def __init__(self, root: Path, folder: str = "") -> None:
        self.root = root
        self.project = root / folder
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", ".")
        write(self.project, SHOP)
        (root / ".gitignore").write_text(".xform/\ntarget/\n__pycache__/\n")
        self.commit("the shop")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self.root,
            env={**os.environ, **IDENTITY},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def branch(self, name: str, files: Mapping[str, File]) -> None:
        """A branch off main with one commit; it stays checked out."""
        self.git("checkout", "-q", "-b", name, "main")
        write(self.project, files)
        self.commit(name)

    def xform(
        self, *words: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "xform", *words],  # nothing is imported from the project
            cwd=self.project,
            env={**os.environ, "NO_COLOR": "1", **(environ or {})},
            capture_output=True,
            text=True,
        )

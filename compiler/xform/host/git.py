"""Git, by its own command: which revision a name means, and its files in a folder.

Nothing of the user's repository is changed: a revision is laid into a folder of ours, with an
index of our own beside it, so that the next revision writes only the files that differ.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_BEYOND = re.compile(r"shallow|not a valid|unknown revision|bad revision|ambiguous argument")
_WAIT = 300.0
"""Seconds after which a command of git is given up."""

_INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
"""What git sets for its hooks: it would lead to another repository or index than ours."""


class GitError(Exception):
    """Git could not answer. `kind` is missing (no git, or no repository), unknown (no such
    revision), shallow (the history does not reach that far), owner (git does not trust a folder
    that another user owns) or other."""

    def __init__(self, message: str, kind: str = "other") -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind


class Repository:
    """The repository that a folder lies in."""

    def __init__(self, folder: Path) -> None:
        """Raises GitError where there is none."""
        self._folder = folder
        try:
            self.root = Path(self._git("rev-parse", "--show-toplevel"))
        except GitError as error:
            if error.kind == "owner":
                raise
            kind = "missing" if error.kind == "other" else error.kind
            raise GitError("the project is in no git repository", kind) from None

    def commit(self, name: str) -> str:
        """The commit that a name means. Raises GitError."""
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except GitError:
            raise GitError(f"git knows no revision '{name}'", "unknown") from None

    def fork_point(self, one: str, other: str) -> str:
        """The last commit that two have in common. Raises GitError, of kind shallow where the
        history ends before it."""
        try:
            return self._git("merge-base", one, other)
        except GitError as error:
            if self._git("rev-parse", "--is-shallow-repository") == "true":
                raise GitError("the history here ends before the two meet", "shallow") from None
            raise GitError(error.message or f"'{one}' has no history in common", "other") from None

    def tree(self, commit: str, folder: str) -> str | None:
        """What a commit has in a folder, as the id of a tree; None where it has no such folder."""
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{commit}:{folder}")
        except GitError:
            return None

    def empty_tree(self) -> str:
        """The tree without files."""
        return self._git("hash-object", "-t", "tree", "-w", "--stdin")

    def lay_out(self, tree: str, place: Path) -> None:
        """Make `place` hold the files of a tree, and no others that git had laid there. Files that
        are the same are not touched."""
        index = place.with_name(f"{place.name}.index")
        place.mkdir(parents=True, exist_ok=True)
        given = {"GIT_INDEX_FILE": str(index)}
        for attempt in (1, 2):
            try:
                self._git(
                    *("-c", "core.fsmonitor=false"),
                    *("-c", "core.sparseCheckout=false", "-c", "core.hooksPath=/dev/null"),
                    *("--work-tree", str(place), "read-tree", "--reset", "-u", tree),
                    given=given,
                )
                return
            except GitError:
                if attempt == 2:
                    raise
                # Somebody else's leftovers: from the beginning.
                shutil.rmtree(place, ignore_errors=True)
                for left in (index, index.with_name(f"{index.name}.lock")):
                    left.unlink(missing_ok=True)
                place.mkdir(parents=True, exist_ok=True)

    def _git(self, *words: str, given: dict[str, str] | None = None) -> str:
        directory = [] if given is None else ["--git-dir", self._directory()]
        environ = {key: value for key, value in os.environ.items() if key not in _INHERITED}
        environ |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
        return _run([*directory, *words], self._folder, environ | (given or {}))

    def _directory(self) -> str:
        return self._git("rev-parse", "--absolute-git-dir")


def _run(words: Sequence[str], folder: Path, environ: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WAIT,
            check=False,
        )
    except FileNotFoundError:
        raise GitError("git is not installed", "missing") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git did not answer: {type(error).__name__}") from None
    if done.returncode:
        if "dubious ownership" in done.stderr:
            raise GitError("the repository belongs to another user", "owner")
        said = done.stderr.strip().splitlines()
        message = said[-1].removeprefix("fatal: ").removeprefix("error: ") if said else ""
        raise GitError(message, "unknown" if _BEYOND.search(message) else "other")
    return done.stdout.strip()

"""A project as a revision of git has it, beside the one that is worked on.

It is compiled as the project itself is: from files, laid out in the project's own folder of caches,
with the same engine over the same warehouse. So what differs between the two is what was edited.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xform.app.workspace import UserError, Workspace
from xform.base.codes import NO_REVISION
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.spans import file_span
from xform.host.git import GitError, Repository
from xform.project.layout import PYPROJECT, XFORM_TOML
from xform.project.profile import FILE, Target

if TYPE_CHECKING:
    from xform.state.store import StateStore

SETTINGS = (PYPROJECT, XFORM_TOML)
"""One of them makes a folder a project."""

PLACE = "ci"
"""Under the folder of caches: where revisions are laid out."""


class RevisionWorkspace(Workspace):
    """The project of `workspace` as it was laid out in `place`."""

    def __init__(self, workspace: Workspace, place: Path) -> None:
        given = workspace.options
        own_profile = given.profiles_dir is None and (place / FILE).is_file()
        options = msgspec.structs.replace(
            given,
            project_dir=place,
            profiles_dir=None if own_profile else _folder_of_profile(workspace),
            home=None,
        )
        super().__init__(options, workspace.environ)
        self.lenient = workspace.lenient
        self.confined = workspace.confined
        self.trusted = place if workspace.confined else None
        self.results = workspace.results
        self._at_home = workspace.root

    @cached_property
    def target(self) -> Target:
        """The revision's own, over the warehouse of the project that is worked on."""
        found = super().target
        path = found.settings.get("path")
        if not isinstance(path, str) or ":" in path or Path(path).is_absolute():
            return found
        settings = {**found.settings, "path": str(self._at_home / path)}
        return msgspec.structs.replace(found, settings=settings)

    @cached_property
    def state(self) -> StateStore:
        """That of the project that is worked on."""
        from xform.state.opening import open_state

        return open_state(self.target.state, self._at_home)


def _folder_of_profile(workspace: Workspace) -> str | None:
    profile = workspace.profile_path
    return str(profile.resolve().parent) if profile is not None else None


class Revisions:
    """The revisions of a project. Raises UserError where it is in no repository."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        try:
            self._repository = Repository(workspace.root)
        except GitError as error:
            raise UserError([_said(error)]) from None
        self._prefix = os.path.relpath(workspace.root, self._repository.root.resolve())

    def head_of(self, base: RevisionWorkspace) -> Workspace:
        """The project as its files are. Where these may be anybody's, the profile and the Python
        macros that count are those of the base."""
        workspace = self._workspace
        if not workspace.confined:
            return workspace
        options = msgspec.structs.replace(
            workspace.options, profiles_dir=_folder_of_profile(base) or str(base.root)
        )
        head = Workspace(options, workspace.environ)
        head.lenient, head.confined = workspace.lenient, True
        head.trusted, head.results = base.root, workspace.results
        return head

    def base_of(self, name: str, head: str = "HEAD") -> str:
        """The commit that a change is compared with: where `head` left the revision `name`."""
        try:
            commit = self._repository.commit(name)
            return self._repository.fork_point(commit, self._repository.commit(head))
        except GitError as error:
            raise UserError([_said(error)]) from None

    def knows(self, name: str) -> bool:
        try:
            self._repository.commit(name)
        except GitError:
            return False
        return True

    def commit(self, name: str) -> str:
        """The commit that a name means. Raises UserError."""
        try:
            return self._repository.commit(name)
        except GitError as error:
            raise UserError([_said(error)]) from None

    @contextlib.contextmanager
    def opened(self, commit: str, role: str) -> Iterator[RevisionWorkspace]:
        """The project as a commit has it, for as long as this lasts. `role` names the place it is
        laid out in: a commit of the same role takes it over."""
        place = self._workspace.home / PLACE / role
        folder = "" if self._prefix == "." else self._prefix.replace(os.sep, "/")
        with _alone(place):
            try:
                tree = self._repository.tree(commit, folder)
                if tree is None:
                    place.mkdir(parents=True, exist_ok=True)
                    tree = self._repository.empty_tree()
                self._repository.lay_out(tree, place)
            except GitError as error:
                raise UserError([_said(error)]) from None
            if not any((place / name).is_file() for name in SETTINGS):
                place = self._nothing(place)
            yield RevisionWorkspace(self._workspace, place)

    def _nothing(self, place: Path) -> Path:
        """A project without assets, for revisions from before there was one: with the settings
        of now."""
        empty = place.with_name(f"no-{place.name}")
        empty.mkdir(parents=True, exist_ok=True)
        for name in SETTINGS:
            (empty / name).unlink(missing_ok=True)
            if (self._workspace.root / name).is_file():
                (empty / name).write_bytes((self._workspace.root / name).read_bytes())
        return empty


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """While another process works in a place, wait."""
    try:
        import fcntl
    except ImportError:  # not on Windows, where git's own lock has to do
        yield
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


_HELP: Mapping[str, str] = {
    "missing": "run it where the project's repository is checked out, with git installed",
    "unknown": "fetch it first (git fetch origin main), or name another one with --base",
    "shallow": "fetch the whole history: actions/checkout with fetch-depth: 0, or git fetch "
    "--unshallow",
    "owner": 'let git trust it: git config --global --add safe.directory "$PWD"',
    "other": "see what git says of it: git status, git fsck",
}


def _said(error: GitError) -> Diagnostic:
    at = file_span("<command line>")
    return diagnose(NO_REVISION, error.message, at, _HELP[error.kind])

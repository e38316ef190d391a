"""A project as it compiles for another target of its profile, whether or not that target's engine
is installed: what is asked of data is answered by the engine at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from xform.app.workspace import Workspace, dialect_of
from xform.base.hashing import digest_text
from xform.project.profile import Target

if TYPE_CHECKING:
    from xform.run.ports import Engine

PLACE = "targets"
"""Under the folder of caches: what is remembered for each other target."""


class OtherTarget(Workspace):
    """The files of `workspace`, to be compiled for the target of this name and engine."""

    def __init__(self, workspace: Workspace, name: str, engine: str) -> None:
        home = workspace.home / PLACE / digest_text(name)
        options = msgspec.structs.replace(workspace.options, target=name, home=home)
        super().__init__(options, workspace.environ)
        self.lenient = True
        self.confined, self.trusted = workspace.confined, workspace.trusted
        self.results = workspace.results
        self._first, self._name, self._type = workspace, name, engine

    @cached_property
    def target(self) -> Target:
        first = self._first.target
        if self._type == first.type:
            return msgspec.structs.replace(first, name=self._name, written={})
        return msgspec.structs.replace(
            first, name=self._name, type=self._type, settings={"path": ""}, written={}
        )

    @cached_property
    def engine(self) -> Engine:
        return self._first.engine


def targets_of(workspace: Workspace) -> Mapping[str, str]:
    """Engine types by the names of the targets that the project's profile has, of engines whose
    SQL can be read."""
    from xform.project.other_targets import engines_of_targets
    from xform.sql.parse import find_dialect

    path = workspace.profile_path
    try:
        text = path.read_text("utf-8-sig") if path is not None else ""
    except (OSError, UnicodeDecodeError):
        return {}
    target = workspace.target
    found = engines_of_targets(text, str(path), target.profile, workspace.environ)
    return {
        name: engine
        for name, engine in found.items()
        if find_dialect(dialect_of(engine))[0] is not None
    }

"""A project through a history of edits, built in one folder; failures tell the history."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from fuzz_edits import Edit
from fuzz_project import Project
from fuzz_warehouse import Files, Oracle, Place, built, same
from hypothesis import settings

USUAL = 100
"""Examples of a test in hypothesis' own default; profiles that look further have more."""

DEEP = settings().max_examples > USUAL


def examples(count: int) -> settings:
    """So many examples in the default profile, and twice in proportion more in those that look
    further: that of each gate is kept short."""
    further = 2 if DEEP else 1
    return settings(max_examples=further * count * settings().max_examples // USUAL)


class History:
    """What was done to a project so far, in words and files."""

    def __init__(self, project: Files) -> None:
        self.lines: list[str] = ["— begin —", _shown(project.files())]
        self._files = project.files()

    def note(self, line: str) -> None:
        self.lines.append(f"— {line} —")

    def edit(self, edit: Edit) -> None:
        self.become(edit.what, edit.project)

    def become(self, what: str, project: Files) -> None:
        """What was done, and what it made of the project."""
        self.note(what)
        files = project.files()
        changed = {path: text for path, text in files.items() if self._files.get(path) != text}
        gone = [path for path in self._files if path not in files]
        if changed == {} and not gone:
            self.lines.append(f"(no file; --vars {project.variables()})")
        self.lines.append(_shown(changed) + "".join(f"\ngone: {path}" for path in gone))
        self._files = files


def _shown(files: dict[str, str]) -> str:
    skipped = ("xform.toml", "profiles.yml")
    return "\n".join(
        f"[{path}]\n{text.rstrip()}" for path, text in files.items() if path not in skipped
    )


@contextmanager
def told(history: History) -> Iterator[None]:
    """Whatever goes wrong within tells the history."""
    try:
        yield
    except Exception as error:
        error.add_note("\n".join(history.lines))
        raise


@contextmanager
def places(*, remember: bool = False) -> Iterator[tuple[Place, Place]]:
    """A folder to work in, and one to build cleanly in. `remember`: what was compiled and planned
    is remembered though it was made just now, and used however much an edit touches."""
    with ExitStack() as stack:
        if remember:  # the profile is written once, so nothing hides behind its times
            stack.enter_context(patch("xform.app.remembering.circumstances.RACY_NS", 0))
            stack.enter_context(patch("xform.app.planning.replanning.LARGEST", 1.0))
        yield from _places(remember)


def _places(remember: bool) -> Iterator[tuple[Place, Place]]:
    with tempfile.TemporaryDirectory(prefix="xform-fuzz-", ignore_cleanup_errors=True) as folder:
        made = []
        for name in ("work", "clean"):
            (Path(folder) / name).mkdir()
            made.append(Place(Path(folder) / name, remember))
        try:
            yield made[0], made[1]
        finally:
            for place in made:
                place.engine.detach()


def build_and_compare(place: Place, project: Project, oracle: Oracle) -> frozenset[str]:
    """Build what is stale; assert that all that is published is right. Returns what was built."""
    place.write(project)
    plan = place.build()
    same(place.published(), oracle.contents(project), project)
    return built(plan)

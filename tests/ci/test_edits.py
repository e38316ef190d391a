"""Edits of a small shop, and what each is said to mean."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from edits import EDITS, Edit, File
from edits_of_tests import OF_TESTS
from shop import SHOP

from xform.app.workspace import Options, Workspace
from xform.ci.comparing import compare
from xform.ci.side import Side
from xform.plan.changes import AssetChange, ProjectChange, Sort, Weight
from xform.plan.plan import COMPUTING


def write(root: Path, files: Mapping[str, File]) -> None:
    for path, text in files.items():
        file = root / path
        if text is None:
            file.unlink()
            continue
        if isinstance(text, tuple):
            old, new = text
            was = file.read_text()
            assert was.count(old) == 1, f"{path} has {old!r} {was.count(old)} times"
            text = was.replace(old, new)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def told(change: AssetChange) -> str:
    """One asset in one line."""
    parts = [
        f"{part.name} {part.was + ' ' if part.was else ''}{part.how}"
        for part in (*change.rows, *change.columns)
    ]
    parts += [
        f"{test.sort} {test.what} {test.how}" for test in change.tests if test.sort is not Sort.DATA
    ]
    own = "own" if change.own else "reached"
    return f"{change.weight} {change.category} {own}" + (": " + ", ".join(parts) if parts else "")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Side:
    root = tmp_path_factory.mktemp("base")
    write(root, SHOP)
    return Side(Workspace(Options(project_dir=root), {}))


def changed(base: Side, root: Path, files: Mapping[str, File]) -> ProjectChange:
    """The shop after an edit, laid out in `root`, against the shop as it is."""
    shutil.copytree(base.workspace.root, root, dirs_exist_ok=True)
    write(root, files)
    return compare(base, Side(Workspace(Options(project_dir=root), {})))


@pytest.mark.parametrize("edit", [*EDITS, *OF_TESTS], ids=lambda edit: edit.name)
def test_an_edit_is_told_by_what_it_means(edit: Edit, base: Side, tmp_path: Path) -> None:
    found = changed(base, tmp_path, edit.files)

    assert {item.asset: told(item) for item in found.changes} == edit.expected
    runs = sorted(
        item.asset
        for item in found.changes
        if item.impact.action in COMPUTING and item.kind != "seed"
    )
    assert tuple(runs) == edit.runs
    assert found.verdict.runs == len(edit.runs)
    shown = {name for item in found.changes for name in item.radius.exposures}
    assert tuple(sorted(shown)) == edit.exposures
    assert tuple(item.code for item in found.diagnostics) == edit.found


@pytest.mark.parametrize("edit", [*EDITS, *OF_TESTS], ids=lambda edit: edit.name)
def test_what_reads_nothing_of_a_change_is_told_apart(
    edit: Edit, base: Side, tmp_path: Path
) -> None:
    found = changed(base, tmp_path, edit.files)

    felt = {item.asset for item in found.changes if item.weight is not Weight.NONE}
    for item in found.edited:
        assert felt.isdisjoint(item.radius.downstream)
        assert set(item.radius.affected) <= felt
    reached = {name for item in found.edited for name in item.radius.affected}
    assert {item.asset for item in found.affected} <= reached

"""Soundness: after any edits, an incremental build publishes what a clean build would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fuzz_draw import Chooser
from fuzz_edits import draw_edit
from fuzz_history import History, build_and_compare, places, told
from fuzz_project import draw_project
from fuzz_warehouse import Oracle, same
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    made = Oracle()
    yield made
    made.close()


@given(st.data())
@settings(max_examples=150)
def test_incremental_builds_equal_clean_ones(oracle: Oracle, data: st.DataObject) -> None:
    """After each edit DuckDB alone, given plain SQL, is the judge; after the last also a build of
    xform in another folder, without state and caches."""
    choose = Chooser(data.draw)
    project = draw_project(choose, 3, 6)
    history = History(project)
    earlier = [project]
    with told(history), places() as (work, clean):
        build_and_compare(work, project, oracle)
        for _ in range(choose.count(1, 4)):
            edit = draw_edit(choose, project, earlier[:-1])
            history.edit(edit)
            project = edit.project
            earlier.append(project)
            build_and_compare(work, project, oracle)
        clean.write(project)
        clean.build()
        same(clean.published(), work.published(), project)
        assert work.plan().actions == (), "a second build would do something"

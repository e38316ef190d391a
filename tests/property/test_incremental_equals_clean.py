"""Soundness: after any edits, an incremental build publishes what a clean build would."""

from __future__ import annotations

from random import Random

from fuzz_draw import Chooser, choices
from fuzz_edits import draw_edit
from fuzz_history import DEEP, History, build_and_compare, examples, places, told
from fuzz_project import draw_project
from fuzz_warehouse import same, the_oracle
from hypothesis import given


@given(choices)
@examples(50)
def test_incremental_builds_equal_clean_ones(random: Random) -> None:
    """After each edit DuckDB alone, given plain SQL, is the judge; after the last also a build of
    xform in another folder, without state and caches."""
    choose = Chooser(random)
    oracle = the_oracle()
    project = draw_project(choose, 2, 7 if DEEP else 5)
    history = History(project)
    earlier = [project]
    with told(history), places() as (work, clean):
        build_and_compare(work, project, oracle)
        for _ in range(choose.count(1, 6 if DEEP else 3)):
            edit = draw_edit(choose, project, earlier[:-1])
            history.edit(edit)
            project = edit.project
            earlier.append(project)
            build_and_compare(work, project, oracle)
        clean.write(project)
        clean.build()
        same(clean.published(), work.published(), project)
        again = work.plan()
        assert again.actions == (), f"a second build would do {again.actions}"

"""Soundness of the planner with data: what it leaves alone really is as it was."""

from __future__ import annotations

from random import Random

from fuzz_draw import Chooser, choices
from fuzz_edits import change_data
from fuzz_history import History, examples, places, told
from fuzz_project import draw_project
from fuzz_warehouse import built, the_oracle
from hypothesis import given


@given(choices)
@examples(20)
def test_tables_that_new_data_do_not_build_hold_the_same(random: Random) -> None:
    choose = Chooser(random)
    oracle = the_oracle()
    project = draw_project(choose, 2, 6)
    history = History(project)
    with told(history), places() as (work, _):
        work.write(project)
        work.build()
        was = oracle.contents(project)
        for _ in range(3):
            edit = change_data(choose, project)
            if edit is None:
                continue
            history.edit(edit)
            work.write(edit.project)
            ran = built(work.plan())
            now = oracle.contents(edit.project)
            for model in project.models:
                if model.kind == "table" and model.asset not in ran:
                    assert was[model.asset] == now[model.asset], (
                        f"{model.asset} is not built\n"
                        f"before: {was[model.asset]}\nafter: {now[model.asset]}"
                    )

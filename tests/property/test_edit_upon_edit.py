"""A plan brought up to date from the last one is that of planning anew (`Place.plan` compares)."""

from __future__ import annotations

from random import Random

from fuzz_draw import Chooser, choices
from fuzz_edits import draw_edit
from fuzz_history import History, examples, places, told
from fuzz_life import with_growth
from fuzz_project import draw_project
from hypothesis import event, given


@given(choices)
@examples(15)
def test_edit_upon_edit(random: Random) -> None:
    choose = Chooser(random)
    life = with_growth(choose, draw_project(choose, 2, 6))
    history = History(life)
    earlier = [life]
    with told(history), places(remember=True) as (work, _):
        work.write(life)
        work.build()
        work.plan()
        for _ in range(5):
            if choose.chance(20):
                life = choose.pick(earlier)
            else:
                edit = draw_edit(choose, life.project)
                life = with_growth(choose, edit.project, life.grown)
            history.become("an edit", life)
            earlier.append(life)
            work.write(life)
            work.plan()
            if choose.chance(15):
                history.note("a build")
                work.build()
                work.plan()
        event(f"plans brought up to date: {work.replanned}")

"""Selection: builds of a part of the project never make a later full build wrong."""

from __future__ import annotations

from random import Random

from fuzz_draw import Chooser, choices
from fuzz_edits import draw_edit
from fuzz_history import History, build_and_compare, examples, places, told
from fuzz_project import Project, draw_project
from fuzz_warehouse import Place, the_oracle
from hypothesis import given


@given(choices)
@examples(25)
def test_full_build_after_partial_ones_is_right(random: Random) -> None:
    """A part is some assets, or some with all that they read: then these are right at once.

    Otherwise a model may ask for columns that the standing builds of its inputs do not have, and
    fail; that must not spoil anything either.
    """
    choose = Chooser(random)
    oracle = the_oracle()
    project = draw_project(choose, 3, 5)
    history = History(project)
    earlier = [project]
    with told(history), places() as (work, _):
        if choose.chance(60):
            build_and_compare(work, project, oracle)
        for _ in range(choose.count(1, 3)):
            if choose.chance(70):
                edit = draw_edit(choose, project, earlier[:-1])
                history.edit(edit)
                project = edit.project
                earlier.append(project)
            work.write(project)
            chosen = some_assets(choose, project)
            whole = choose.chance(40)
            if whole:
                chosen |= upstream(work, chosen)
            history.note(f"build --select {' '.join(sorted(chosen))}")
            work.build(chosen, sure=whole)
            published = work.published()
            expected = oracle.contents(project) if whole else {}
            for asset in (chosen & project.stored) if whole else ():
                assert published[asset] == expected[asset], (
                    f"{asset}: {published[asset]}\nclean: {expected[asset]}"
                )
        history.note("build")
        build_and_compare(work, project, oracle)
        again = work.plan()
        assert again.actions == (), f"a second build would do {again.actions}"


def some_assets(choose: Chooser, project: Project) -> frozenset[str]:
    names = [seed.asset for seed in project.seeds] + [model.asset for model in project.models]
    return frozenset([name for name in names if choose.chance(35)] or [choose.pick(names)])


def upstream(place: Place, assets: frozenset[str]) -> frozenset[str]:
    """All that the assets read, directly or not."""
    compilation = place.compile()
    found = set(assets)
    for asset in reversed(compilation.slim.assets):
        if asset.name in found:
            found.update(asset.depends_on)
    return frozenset(found)

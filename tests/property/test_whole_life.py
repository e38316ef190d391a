"""A project's whole life: edits, new data, environments, reverts, faults. What a build publishes is
what a clean one would, and a build that fails leaves what was published, whole."""

from __future__ import annotations

from random import Random

from fuzz_draw import Chooser, choices
from fuzz_edits import change_data, draw_edit
from fuzz_history import DEEP, History, examples, places, told
from fuzz_life import Life, fault_at, of_environment, with_growth
from fuzz_project import draw_project
from fuzz_warehouse import Content, Place, same, the_oracle
from hypothesis import given

from xform.app.environments.collecting import collect
from xform.app.environments.rollback import rollback
from xform.app.workspace import UserError

STEPS = 12 if DEEP else 6


@given(choices)
@examples(25)
def test_whatever_happens_what_is_published_is_right(random: Random) -> None:
    choose = Chooser(random)
    oracle = the_oracle()
    life = with_growth(choose, draw_project(choose, 1, 4))
    history = History(life)
    earlier = [life]
    shown: dict[str, dict[str, Content]] = {"prod": {}, "dev": {}}
    with told(history), places(remember=True) as (work, _):
        work.write(life)
        for _ in range(STEPS):
            environment = choose.pick(("prod", "prod", "dev"))
            match choose.below(8):
                case 0 | 1:
                    edit = draw_edit(choose, life.project)
                    life = with_growth(choose, edit.project, life.grown)
                    history.become(edit.what, life)
                    earlier.append(life)
                case 2:
                    found = change_data(choose, life.project)
                    if found is None:
                        continue
                    life = Life(found.project, life.grown)
                    history.become(found.what, life)
                case 3 if len(earlier) > 1:
                    life = choose.pick(earlier[:-1])
                    history.become("back to an earlier state", life)
                case 4:
                    number = choose.count(1, 60)
                    history.note(f"a build of {environment} with a fault at statement {number}")
                    broken_build(
                        work, environment, number, shown[environment], oracle.contents(life)
                    )
                    shown[environment] = of_environment(work.published(), environment)
                    continue
                case 5:
                    history.note("gc")
                    with work.workspace() as workspace:
                        collect(workspace, 0.0, dry=False)
                    for name, content in shown.items():
                        unmoved(of_environment(work.published(), name), content, f"{name} after gc")
                    continue
                case 6:
                    history.note(f"rollback of {environment}")
                    if step_back(work, environment):
                        shown[environment] = of_environment(work.published(), environment)
                    continue
                case _:
                    pass
            work.write(life)
            history.note(f"build {environment}")
            work.build(environment=environment)
            published = work.published()
            same(of_environment(published, environment), oracle.contents(life), life)
            assert work.plan(environment=environment).actions == ()
            other = "dev" if environment == "prod" else "prod"
            unmoved(of_environment(published, other), shown[other], f"{other}, not built")
            shown[environment] = of_environment(published, environment)


def step_back(work: Place, environment: str) -> bool:
    """A rollback, where there is anything to go back to that is still there."""
    with work.workspace(environment) as workspace:
        try:
            rollback(workspace, environment, None, dry=False)
        except UserError:
            return False
    return True


def broken_build(
    work: Place,
    environment: str,
    number: int,
    before: dict[str, Content],
    clean: dict[str, Content],
) -> None:
    """A build whose n-th statement fails: each name holds what it held, or what it should."""
    work.compile()  # what it asks of the engine is remembered: faults are to fall into the build
    with fault_at(work.engine, number):
        try:
            work.build(environment=environment, sure=False)
        except Exception as error:
            if "injected" not in str(error):
                raise
    for name, content in of_environment(work.published(), environment).items():
        assert content in (before.get(name), clean.get(name)), f"{name} holds neither"


def unmoved(now: dict[str, Content], before: dict[str, Content], whose: str) -> None:
    assert now.keys() == before.keys(), f"names of {whose}"
    for name, content in now.items():
        assert content == before[name], f"{name} of {whose}"

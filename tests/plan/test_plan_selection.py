"""Plans for a part of the project: what comes along, what is left, and what is noted of it."""

from __future__ import annotations

from plan_world import World, actions, built, external, model, reasons, seed, step_of, view

from xform.base.names import AssetName
from xform.plan.plan import PublishStep


def chain() -> World:
    return built(seed("raw.s"), model("m.x", "raw.s"), model("m.y", "m.x"), model("m.z", "m.y"))


def test_what_was_never_built_upstream_comes_along() -> None:
    world = World(seed("raw.s"), model("m.x", "raw.s"), model("m.y", "m.x"), model("m.z", "m.y"))
    assert set(actions(world.plan("m.y"))) == {"raw.s", "m.x", "m.y"}


def test_what_a_test_compares_with_comes_along() -> None:
    world = World(
        seed("raw.s"), seed("raw.p"), model("m.x", "raw.s", tests=1, compares=(AssetName("raw.p"),))
    )
    assert set(actions(world.plan("m.x"))) == {"raw.s", "raw.p", "m.x"}


def test_what_is_not_selected_stays_as_it_is() -> None:
    world = chain()
    world.put(model("m.x", "raw.s", a=2))
    plan = world.plan("m.x")
    assert actions(plan) == {"m.x": "build"}
    assert set(plan.unchanged) == {"raw.s", "m.y", "m.z"}


def test_a_build_on_what_is_behind_is_never_counted_as_fresh() -> None:
    world = chain()
    world.put(model("m.x", "raw.s", a=2))
    plan = world.plan("m.y")
    assert actions(plan) == {"m.y": "build"}
    assert step_of(plan, "m.y").pins == {"behind:m.x": "behind"}
    assert world.run(plan)
    full = world.plan()
    assert set(actions(full)) == {"m.x", "m.y", "m.z"}
    assert reasons(full, "m.y") == [("data", "was built on older builds of m.x", ())]
    assert world.run(full)
    assert world.shown() == world.clean()


def test_being_behind_passes_on_through_tables_built_in_the_same_plan() -> None:
    """m.z does not read m.x, but what it is built on does: else it would be taken for fresh."""
    world = chain()
    world.put(model("m.x", "raw.s", a=2))
    assert world.run(world.plan("m.y", "m.z"))
    full = world.plan()
    assert actions(full) == {"m.x": "build", "m.y": "build", "m.z": "build"}
    assert world.run(full)
    assert world.shown() == world.clean()


def test_being_behind_passes_on_through_views() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s"), view("m.v", "m.x"), model("m.z", "m.v"))
    world.put(model("m.x", "raw.s", a=2))
    assert world.run(world.plan("m.v", "m.z"))
    assert "m.z" in actions(world.plan())


def test_what_is_fresh_stays_although_its_input_is_behind() -> None:
    """Its input got a column that it does not read: its own build holds just what it should."""
    world = chain()
    source = AssetName("raw.s")
    more = {name: (1, ((source, inner),)) for name, inner in (("a", "a"), ("b", "b"), ("c", "a"))}
    world.put(model("m.x", "raw.s", columns=more))
    assert actions(world.plan("m.y")) == {}
    assert actions(world.plan("m.y", "m.z")) == {}


def test_a_build_on_what_is_behind_is_not_made_twice() -> None:
    world = chain()
    world.put(model("m.x", "raw.s", a=2))
    assert world.run(world.plan("m.y"))
    assert actions(world.plan("m.y")) == {}


def test_a_build_on_what_is_behind_is_made_again_where_other_data_lie_open() -> None:
    world = built(
        seed("raw.s"), external("raw.e"), model("m.x", "raw.s"), model("m.y", "m.x", "raw.e")
    )
    world.put(model("m.x", "raw.s", a=2))
    assert world.run(world.plan("m.y"))
    world.data["raw.e"] = 2
    assert actions(world.plan("m.y")) == {"m.y": "build"}


def test_new_data_upstream_that_were_not_selected_are_read_later() -> None:
    world = chain()
    world.data["raw.s"] = 2
    assert actions(world.plan("m.y")) == {}  # it would be built of the very same builds
    assert world.run(world.plan())
    assert world.shown() == world.clean()


# Views -------------------------------------------------------------------------------------------


def test_views_follow_what_they_read() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s"), view("m.v", "m.x"), view("m.w", "m.v"))
    world.data["raw.s"] = 2
    plan = world.plan()
    assert actions(plan) == {
        "raw.s": "build",
        "m.x": "build",
        "m.v": "publish",
        "m.w": "publish",
    }
    assert reasons(plan, "m.w") == [("dependency", "follows m.v", ("m.v",))]


def test_a_view_that_is_not_selected_follows() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s"), view("m.v", "m.x"), view("m.w", "m.v"))
    world.put(model("m.x", "raw.s", rows=1, a=1, b=1))
    plan = world.plan("m.x", full_refresh=True)
    assert actions(plan) == {"m.x": "build", "m.v": "publish", "m.w": "publish"}


def test_a_view_follows_back_to_builds_that_stand() -> None:
    """The view on the earlier build exists as well: it is shown again, not left behind."""
    world = built(seed("raw.s"), model("m.x", "raw.s"), view("m.v", "m.x"))
    world.data["raw.s"] = 2
    assert world.run(world.plan())
    world.data["raw.s"] = 1
    assert world.run(world.plan("raw.s"))
    plan = world.plan("m.x")
    assert actions(plan) == {"m.x": "reuse", "m.v": "reuse"}
    assert reasons(plan, "m.v") == [("dependency", "follows m.x", ("m.x",))]


def test_a_view_whose_meaning_changed_does_not_follow_unselected() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s"), view("m.v", "m.x"))
    world.data["raw.s"] = 2
    world.put(view("m.v", "m.x", a=2))
    assert set(actions(world.plan("raw.s", "m.x"))) == {"raw.s", "m.x"}


def test_a_view_stays_where_the_plan_moves_nothing_that_it_reads() -> None:
    """m.x is back at an earlier build, but not selected: m.v goes on showing what m.x shows."""
    world = built(seed("raw.s"), model("m.x", "raw.s"), view("m.v", "m.x"), model("m.o", "raw.s"))
    world.put(model("m.x", "raw.s", b=2))
    assert world.run(world.plan())
    world.put(model("m.x", "raw.s", b=1), view("m.v", "m.x"), model("m.o", "raw.s", a=2))
    assert actions(world.plan("m.o")) == {"m.o": "build"}


def test_a_following_view_is_not_made_again_and_again() -> None:
    """One of its inputs is behind and stays so; it was pointed at the other one already."""
    world = built(
        seed("raw.s"), model("m.x", "raw.s"), model("m.u", "raw.s"), view("m.v", "m.x", "m.u")
    )
    world.put(model("m.u", "raw.s", rows=1, columns={"z": (1, ())}))
    assert world.run(world.plan("m.x", full_refresh=True))
    assert actions(world.plan("m.x")) == {}


def test_a_view_does_not_follow_onto_a_build_that_is_gone() -> None:
    world = built(
        seed("raw.s"), model("m.x", "raw.s"), model("m.u", "raw.s"), view("m.v", "m.x", "m.u")
    )
    world.drop_from_warehouse("m.u")
    assert actions(world.plan("m.x", full_refresh=True)) == {"m.x": "build"}


def test_a_view_on_a_build_that_is_gone_is_mended_for_its_reader() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s"), view("m.v", "m.x"), model("m.y", "m.v"))
    world.drop_from_warehouse("m.x")
    world.put(model("m.y", "m.v", a=2))
    plan = world.plan("m.y")
    assert actions(plan) == {"m.x": "build", "m.v": "publish", "m.y": "build"}
    assert world.run(plan)


# Tests -------------------------------------------------------------------------------------------


def test_nothing_is_built_on_an_untested_build_that_is_not_published() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s", tests=1), model("m.y", "m.x"))
    shown = world.published["prod"][AssetName("m.x")].physical
    world.put(model("m.x", "raw.s", a=2, tests=1))
    assert not world.run(world.plan("m.x"), stop_after=1)
    assert step_of(world.plan("m.y"), "m.y").inputs == {AssetName("m.x"): shown}


def test_an_untested_build_is_tested_before_it_is_shown() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s", tests=1), model("m.y", "m.x"))
    world.put(model("m.x", "raw.s", a=2, tests=1))
    assert not world.run(world.plan("m.x"), stop_after=1)
    plan = world.plan()
    assert actions(plan) == {"m.x": "reuse", "m.y": "build"}
    assert step_of(plan, "m.y").waits_for == ("m.x",)
    assert not world.run(plan, failing_tests=frozenset({"m.x"}))
    assert world.shown()[AssetName("m.x")]["a"] != world.clean()[AssetName("m.x")]["a"]


def test_an_empty_selection_does_nothing() -> None:
    world = chain()
    world.put(model("m.x", "raw.s", a=2))
    plan = world.plan("m.nothing")
    assert (plan.actions, plan.steps) == ((), ())


def test_only_what_was_selected_is_published() -> None:
    world = chain()
    world.put(model("m.x", "raw.s", a=2))
    published = [step for step in world.plan("m.x").steps if isinstance(step, PublishStep)]
    assert [step.asset for step in published] == ["m.x"]

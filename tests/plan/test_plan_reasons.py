"""Each decision with its reasons, one cause at a time."""

from __future__ import annotations

import dataclasses

from plan_world import World, actions, built, external, model, reasons, seed, step_of, view

from xform.base.names import AssetName
from xform.project.assets import Kind


def small() -> World:
    """A seed, a table on it, and a table on that."""
    return built(seed("raw.s"), model("m.x", "raw.s"), model("m.y", "m.x"))


def test_what_was_never_built_is_new() -> None:
    world = World(seed("raw.s"), model("m.x", "raw.s"), view("m.v", "m.x"))
    plan = world.plan()
    assert actions(plan) == {"raw.s": "build", "m.x": "build", "m.v": "build"}
    assert reasons(plan, "m.v") == [("new", "not built yet", ())]
    assert plan.unchanged == ()


def test_nothing_is_left_to_do_after_a_build() -> None:
    plan = small().plan()
    assert (plan.actions, plan.steps) == ((), ())
    assert plan.unchanged == ("raw.s", "m.x", "m.y")


def test_changed_code_names_the_columns() -> None:
    world = small()
    world.put(model("m.y", "m.x", a=2))
    assert reasons(world.plan(), "m.y") == [("code", "column a changed", ("a",))]


def test_an_added_and_a_removed_column_are_told_apart() -> None:
    world = small()
    x = AssetName("m.x")
    world.put(model("m.y", "m.x", columns={"a": (1, ((x, "a"),)), "c": (1, ((x, "b"),))}))
    assert reasons(world.plan(), "m.y") == [
        ("code", "column c added; column b removed", ("c", "b"))
    ]


def test_a_changed_row_clause_names_no_column() -> None:
    world = small()
    world.put(model("m.y", "m.x", rows=2))
    assert reasons(world.plan(), "m.y") == [("code", "rows changed", ())]


def test_another_kind_is_configuration() -> None:
    world = small()
    world.put(view("m.y", "m.x"))
    plan = world.plan()
    assert reasons(plan, "m.y") == [("config", "table → view", ())]
    assert step_of(plan, "m.y").relation == "view"


def test_a_reader_names_the_columns_upstream_that_changed() -> None:
    world = small()
    world.put(model("m.x", "raw.s", b=2))
    plan = world.plan()
    assert actions(plan) == {"m.x": "build", "m.y": "build"}
    assert reasons(plan, "m.y") == [("dependency", "reads m.x.b, changed", ("m.x.b",))]


def test_a_column_that_nobody_reads_builds_its_model_only() -> None:
    world = small()
    source = AssetName("raw.s")
    columns = {
        name: (1, ((source, inner),)) for name, inner in (("a", "a"), ("b", "b"), ("c", "a"))
    }
    world.put(model("m.x", "raw.s", columns=columns))
    assert actions(world.plan()) == {"m.x": "build"}


def test_new_data_go_down_to_every_reader() -> None:
    world = small()
    world.data["raw.s"] = 2
    plan = world.plan()
    assert actions(plan) == {"raw.s": "build", "m.x": "build", "m.y": "build"}
    assert reasons(plan, "m.y") == [("data", "new data in raw.s", ())]


def test_code_and_data_are_both_named() -> None:
    world = small()
    world.data["raw.s"] = 2
    world.put(model("m.x", "raw.s", a=2))
    assert [kind for kind, _, _ in reasons(world.plan(), "m.x")] == ["code", "data"]


def test_a_day_that_went_by_builds_what_asks_for_the_date() -> None:
    world = built(
        seed("raw.s"), model("m.x", "raw.s", clocks=("clock:day",)), model("m.y", "raw.s")
    )
    assert actions(world.plan()) == {}
    world.day += 1
    plan = world.plan()
    assert actions(plan) == {"m.x": "build"}
    assert reasons(plan, "m.x") == [("data", "asks for today's date, and the day changed", ())]


def test_chance_is_asked_anew_each_time() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s", clocks=("clock:run",)), model("m.y", "m.x"))
    plan = world.plan()
    assert actions(plan) == {"m.x": "build", "m.y": "build"}
    assert reasons(plan, "m.x") == [
        ("data", "calls a function that gives another value each time", ())
    ]


def test_a_view_that_asks_for_the_time_is_not_made_again() -> None:
    world = built(seed("raw.s"), view("m.v", "raw.s", clocks=("clock:run",)), model("m.y", "m.v"))
    assert actions(world.plan()) == {"m.y": "build"}


def test_a_build_that_is_gone_is_missing() -> None:
    world = small()
    world.drop_from_warehouse("m.x")
    plan = world.plan()
    assert actions(plan) == {"m.x": "build"}
    assert reasons(plan, "m.x") == [("missing", "its build is gone from the warehouse", ())]


def test_what_replaces_a_lost_build_has_a_name_that_nothing_shows() -> None:
    """Else it would be seen under the published name before it is tested."""
    world = built(seed("raw.s"), model("m.x", "raw.s", tests=1), view("m.v", "m.x"))
    lost = world.published["prod"][AssetName("m.x")].physical
    world.drop_from_warehouse("m.x")
    plan = world.plan()
    assert step_of(plan, "m.x").physical != lost
    assert actions(plan) == {"m.x": "build", "m.v": "publish"}


def test_a_lost_build_that_another_environment_shows_is_not_made_again_by_that_name() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s"))
    lost = world.published["prod"][AssetName("m.x")].physical
    world.drop_from_warehouse("m.x")
    assert step_of(world.plan(env="dev"), "m.x").physical != lost


def test_a_lost_build_is_replaced_by_another_that_holds_the_same() -> None:
    world = small()
    first = dict(world.records)
    assert world.run(world.plan("m.x", full_refresh=True))
    world.drop_from_warehouse("m.x")
    plan = world.plan()
    assert actions(plan) == {"m.x": "reuse"}
    assert reasons(plan, "m.x") == [
        ("missing", "its build is gone from the warehouse; another one holds the same", ())
    ]
    assert world.run(plan)
    assert world.published["prod"][AssetName("m.x")].physical in first


def test_what_failed_last_time_says_so() -> None:
    world = small()
    world.put(model("m.y", "m.x", a=2))
    assert not world.run(world.plan(), fail=frozenset({"m.y"}))
    assert [reason[:2] for reason in reasons(world.plan(), "m.y")] == [
        ("failed", "the last run of it failed"),
        ("code", "column a changed"),
    ]


def test_a_first_build_that_failed_is_not_new() -> None:
    world = World(seed("raw.s"), model("m.x", "raw.s"))
    assert not world.run(world.plan(), fail=frozenset({"m.x"}))
    assert reasons(world.plan(), "m.x") == [("failed", "the last run of it failed", ())]


def test_a_full_refresh_builds_what_is_fresh() -> None:
    world = small()
    plan = world.plan(full_refresh=True)
    assert actions(plan) == {"raw.s": "build", "m.x": "build", "m.y": "build"}
    assert reasons(plan, "m.x") == [("forced", "full refresh", ())]
    assert step_of(plan, "m.x").generation == 2


def test_a_full_refresh_is_of_what_was_selected() -> None:
    """What has to come along, because this environment does not show it yet, need not be built."""
    plan = small().plan("m.y", env="dev", full_refresh=True)
    assert actions(plan) == {"raw.s": "reuse", "m.x": "reuse", "m.y": "build"}


def test_reverted_code_is_shown_again_without_a_build() -> None:
    world = small()
    world.put(model("m.x", "raw.s", a=2))
    assert world.run(world.plan())
    world.put(model("m.x", "raw.s", a=1))
    plan = world.plan()
    assert actions(plan) == {"m.x": "reuse", "m.y": "reuse"}
    why = "its meaning is back at an earlier one; built before"
    assert reasons(plan, "m.x") == [("code", why, ())]
    assert world.run(plan)
    assert world.shown() == world.clean()


def test_reverted_data_are_shown_again_without_a_build() -> None:
    world = small()
    world.data["raw.s"] = 2
    assert world.run(world.plan())
    world.data["raw.s"] = 1
    plan = world.plan()
    assert set(actions(plan).values()) == {"reuse"}
    why = "its data are back at an earlier version; built before"
    assert reasons(plan, "m.y") == [("data", why, ())]


def test_a_fresh_build_is_shown_on_even_where_a_newer_one_holds_the_same() -> None:
    """A full refresh in one environment gives the others nothing to do."""
    world = small()
    assert world.run(world.plan(env="dev"))
    assert world.run(world.plan(env="dev", full_refresh=True))
    assert actions(world.plan()) == {}


def test_another_environment_shows_the_builds_that_stand() -> None:
    world = small()
    plan = world.plan(env="dev")
    assert set(actions(plan).values()) == {"reuse"}
    assert reasons(plan, "m.y") == [("new", "not published here yet; the build exists", ())]
    assert world.run(plan)
    assert world.published["dev"][AssetName("m.y")].schema == "m__dev"
    assert world.shown("dev") == world.shown("prod")


def test_two_assets_of_one_meaning_have_builds_of_their_own() -> None:
    """Each has tests of its own to pass."""
    world = built(seed("raw.s"), model("m.x", "raw.s", tests=1))
    world.put(model("m.z", "raw.s", tests=2))
    plan = world.plan()
    assert actions(plan) == {"m.z": "build"}
    assert world.run(plan)
    assert actions(world.plan()) == {}


def test_a_removed_asset_is_dropped() -> None:
    world = small()
    world.remove("m.y")
    plan = world.plan()
    assert reasons(plan, "m.y") == [("config", "no longer in the project", ())]
    assert actions(plan) == {"m.y": "drop"}
    assert world.run(plan)
    assert set(world.shown()) == {"raw.s", "m.x"}


def test_an_asset_that_is_ephemeral_now_is_dropped() -> None:
    world = small()
    world.put(dataclasses.replace(world.defs[AssetName("m.y")], kind=Kind.EPHEMERAL))
    assert actions(world.plan()) == {"m.y": "drop"}


def test_a_selection_drops_nothing() -> None:
    world = small()
    world.remove("m.y")
    assert actions(world.plan("m.x")) == {}


def test_a_source_of_another_place_is_followed() -> None:
    """A view names the external's place in its text."""
    world = built(external("raw.e"), view("m.v", "raw.e"))
    world.put(dataclasses.replace(external("raw.e"), relation="elsewhere"))
    plan = world.plan()
    assert reasons(plan, "m.v") == [("dependency", "follows raw.e", ("raw.e",))]

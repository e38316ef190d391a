"""What steps hold: names, pins, what they wait for, tests."""

from __future__ import annotations

import dataclasses

import pytest
from plan_world import World, actions, built, external, model, reasons, seed, step_of, view

from xform.base.hashing import digest_text
from xform.base.names import AssetName
from xform.plan.names import physical_name, sql_name
from xform.plan.plan import AuditStep, Plan, PublishStep
from xform.project.assets import Kind

X, P = AssetName("m.x"), AssetName("m.p")


def audit_of(plan: Plan, asset: str) -> AuditStep:
    (found,) = [s for s in plan.steps if isinstance(s, AuditStep) and s.asset == asset]
    return found


# Data versions -----------------------------------------------------------------------------------


def test_a_seed_pins_its_file() -> None:
    step = step_of(World(seed("raw.s")).plan(), "raw.s")
    assert (step.pins, step.file_pins) == ({"raw.s": "v1"}, {"raw.s": "raw.s"})


def test_a_reader_of_tables_pins_nothing() -> None:
    """It reads builds, which never change: their own records say which data they hold."""
    step = step_of(World(seed("raw.s"), model("m.x", "raw.s")).plan(), "m.x")
    assert (step.leaves, step.pins, step.file_pins) == (("raw.s",), {}, {})


def test_what_is_read_where_it_lies_is_pinned_also_through_views() -> None:
    world = World(
        external("raw.e"), external("raw.f", file=True), view("m.v", "raw.e", "raw.f"),
        view("m.w", "m.v"), model("m.x", "m.w"), model("m.y", "m.x"),
    )  # fmt: skip
    plan = world.plan()
    step = step_of(plan, "m.x")
    assert step.pins == {"raw.e": "v1", "raw.f": "v1"}
    assert step.file_pins == {"raw.f": "raw.f"}
    assert step_of(plan, "m.y").pins == {}


def test_an_external_is_named_by_the_sql_that_reads_it() -> None:
    step = step_of(World(external("raw.e"), model("m.x", "raw.e")).plan(), "m.x")
    assert step.inputs == {"raw.e": "read(raw.e)"}
    assert step.body.sql == "read(raw.e)"  # type: ignore[union-attr]


def test_new_data_behind_a_view_build_its_readers_and_leave_the_view() -> None:
    world = built(external("raw.e"), view("m.v", "raw.e"), model("m.x", "m.v"))
    world.data["raw.e"] = 2
    assert actions(world.plan()) == {"m.x": "build"}


# Order -------------------------------------------------------------------------------------------


def test_a_build_waits_for_what_is_built_of_what_it_reads() -> None:
    world = built(seed("raw.s"), seed("raw.t"), model("m.x", "raw.s"), model("m.y", "m.x", "raw.t"))
    world.put(model("m.x", "raw.s", a=2))
    assert step_of(world.plan(), "m.y").waits_for == ("m.x",)


def test_a_build_waits_for_what_its_tests_compare_with() -> None:
    other = AssetName("raw.p")
    world = World(seed("raw.s"), seed("raw.p"), model("m.x", "raw.s", tests=1, compares=(other,)))
    assert step_of(world.plan(), "m.x").waits_for == ("raw.p", "raw.s")


def test_tests_of_a_standing_build_wait_for_what_they_compare_with() -> None:
    world = compared()
    world.put(model("m.p", "raw.s", a=2))
    step = audit_of(world.plan(), "m.x")
    assert step.waits_for == ("m.p",)
    assert sql_name(step_of(world.plan(), "m.p").physical) in step.audits[0].sql


def test_a_build_waits_for_the_tests_of_a_standing_build_that_it_reads() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s", tests=1), model("m.y", "m.x"))
    world.put(model("m.x", "raw.s", tests=2), model("m.y", "m.x", a=2))
    assert step_of(world.plan(), "m.y").waits_for == ("m.x",)


def test_publishing_comes_last() -> None:
    steps = World(seed("raw.s"), model("m.x", "raw.s")).plan().steps
    assert [type(step).__name__ for step in steps] == [*["BuildStep"] * 2, *["PublishStep"] * 2]


# Tests -------------------------------------------------------------------------------------------


def compared() -> World:
    """m.x is compared with m.p."""
    return built(
        seed("raw.s"), model("m.p", "raw.s"), model("m.x", "raw.s", tests=1, compares=(P,))
    )


def test_changed_tests_are_run_on_the_build_that_stands() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s", tests=1))
    world.put(model("m.x", "raw.s", tests=2))
    plan = world.plan()
    assert actions(plan) == {"m.x": "test"}
    why = "its tests, or what they compare with, changed"
    assert reasons(plan, "m.x") == [("config", why, ())]
    assert not [step for step in plan.steps if isinstance(step, PublishStep)]
    assert world.run(plan)
    assert actions(world.plan()) == {}


def test_first_tests_are_run_on_the_build_that_stands() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s"))
    world.put(model("m.x", "raw.s", tests=1))
    assert reasons(world.plan(), "m.x") == [("config", "not tested yet", ())]


def test_tests_taken_away_leave_nothing_to_do() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s", tests=1))
    world.put(model("m.x", "raw.s"))
    assert actions(world.plan()) == {}


def test_tests_that_failed_are_run_again() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s", tests=1))
    world.put(model("m.x", "raw.s", tests=2))
    assert not world.run(world.plan(), failing_tests=frozenset({"m.x"}))
    assert actions(world.plan()) == {"m.x": "test"}


def test_a_new_build_of_what_is_compared_with_tests_again() -> None:
    world = compared()
    world.put(model("m.p", "raw.s", a=2))
    assert actions(world.plan()) == {"m.p": "build", "m.x": "test"}


def test_new_data_of_an_external_that_is_compared_with_test_again() -> None:
    world = built(
        seed("raw.s"), external("raw.e"),
        model("m.x", "raw.s", tests=1, compares=(AssetName("raw.e"),)),
    )  # fmt: skip
    assert actions(world.plan()) == {}
    world.data["raw.e"] = 2
    assert actions(world.plan()) == {"m.x": "test"}


def test_new_data_under_a_view_test_it_again() -> None:
    world = built(external("raw.e"), view("m.v", "raw.e", tests=1))
    assert actions(world.plan()) == {}
    world.data["raw.e"] = 2
    plan = world.plan()
    assert actions(plan) == {"m.v": "test"}
    assert world.run(plan)
    assert actions(world.plan()) == {}


def test_tests_of_a_view_on_tables_are_not_run_without_cause() -> None:
    world = built(seed("raw.s"), view("m.v", "raw.s", tests=1), model("m.x", "raw.s"))
    world.put(model("m.x", "raw.s", a=2))
    assert actions(world.plan()) == {"m.x": "build"}


def test_a_build_without_tests_has_none_to_pass() -> None:
    step = step_of(World(seed("raw.s")).plan(), "raw.s")
    assert (step.audits, step.audits_digest) == ((), "")


# Names -------------------------------------------------------------------------------------------

ONE, TWO = digest_text("one"), digest_text("two")


def test_names_are_readable() -> None:
    assert physical_name(X, ONE, 3) == f"m__x__{ONE[:12]}_3"


@pytest.mark.parametrize(
    "name",
    ["staging." + "long_" * 30, "Ünïcode.naïve name", "m.a-b", "m.Orders", "数据.表", 'm.q"uote'],
)
def test_names_are_63_bytes_of_plain_letters_at_most(name: str) -> None:
    physical = physical_name(AssetName(name), ONE, 12345)
    assert len(physical.encode()) <= 63
    assert set(physical) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert physical.endswith("_12345")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.a-b", "m.a_b"),
        ("m.a b", "m.a-b"),
        ("m.Orders", "m.orders"),
        ("a.b__c", "a__b.c"),
        ("a_.b", "a._b"),
        ("m." + "x" * 80 + "1", "m." + "x" * 80 + "2"),
        ("数.据", "据.数"),
    ],
)
def test_assets_of_one_meaning_never_share_a_name(one: str, other: str) -> None:
    assert physical_name(AssetName(one), ONE, 1) != physical_name(AssetName(other), ONE, 1)


def test_meanings_and_generations_have_names_of_their_own() -> None:
    names = {physical_name(X, meaning, number) for meaning in (ONE, TWO) for number in (1, 2, 10)}
    assert len(names) == 6


def test_generations_count_up_by_meaning() -> None:
    world = built(seed("raw.s"), model("m.x", "raw.s"))
    world.data["raw.s"] = 2
    assert step_of(world.plan(), "m.x").generation == 2
    world.put(model("m.x", "raw.s", a=2))
    assert step_of(world.plan(), "m.x").generation == 1


def test_an_environment_has_schemas_of_its_own() -> None:
    world = built(seed("raw.s"))
    (publish,) = world.plan(env="dev").steps
    assert isinstance(publish, PublishStep)
    assert (publish.schema, publish.name) == ("raw__dev", "s")


def test_exposures_and_ephemerals_have_no_steps() -> None:
    ephemeral = dataclasses.replace(model("m.e", "raw.s"), kind=Kind.EPHEMERAL)
    plan = World(seed("raw.s"), ephemeral).plan()
    assert actions(plan) == {"raw.s": "build"}

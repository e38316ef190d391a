"""Builds in which something fails: what is published, what is said, how the next one goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, project

TABLE = "/* @model\nkind: table\n{}*/\n"
LEFT = "models/m/left_side.sql"
RIGHT = "models/m/right_side.sql"
FILES = {
    "seeds/raw/numbers.csv": "n\n1\n2\n3\n",
    "models/m/base.sql": TABLE.format("") + "select n from raw.numbers\n",
    LEFT: TABLE.format("columns:\n  n: {tests: [{range: {max: 99}}]}\n") + "select n from base\n",
    "models/m/left_reader.sql": TABLE.format("") + "select sum(n) as total from left_side\n",
    "models/m/left_view.sql": "select total * 2 as twice from left_reader\n",
    RIGHT: TABLE.format("") + "select n * 10 as n from base\n",
    "models/m/right_reader.sql": TABLE.format("") + "select sum(n) as total from right_side\n",
}

EDITS = {
    "a model that fails": (
        "select n from base",
        "select n + 7 as n, case when n = 2 then error('two is bad') end as failed from base",
        "two is bad",
    ),
    "a test that fails": ("select n from base", "select n * 100 as n from base", "n"),
}
SHOWN = {
    "m.left_side": "select sum(n) from m.left_side",
    "m.left_reader": "select total from m.left_reader",
    "m.left_view": "select twice from m.left_view",
    "m.right_side": "select sum(n) from m.right_side",
    "m.right_reader": "select total from m.right_reader",
}


@pytest.fixture
def place(tmp_path: Path) -> Project:
    made = project(tmp_path, FILES)
    made.ok("build")
    return made


def shown(place: Project) -> dict[str, object]:
    return {name: place.value(sql) for name, sql in SHOWN.items()}


BEFORE = {
    "m.left_side": 6,
    "m.left_reader": 6,
    "m.left_view": 12,
    "m.right_side": 60,
    "m.right_reader": 60,
}
RIGHT_NEW = {"m.right_side": 120, "m.right_reader": 120}


def spoil(place: Project, edit: str) -> str:
    """Break the left side and change the right one; the message to expect."""
    old, new, message = EDITS[edit]
    place.replace(LEFT, old, new)
    place.replace(RIGHT, "n * 10", "n * 20")
    return message


@pytest.mark.parametrize("edit", EDITS)
def test_a_failure_stops_its_readers_only(place: Project, edit: str) -> None:
    message = spoil(place, edit)
    answer = place.call("build")
    assert answer.code == 1
    assert shown(place) == {**BEFORE, **RIGHT_NEW}
    assert message in answer.err
    assert "skipped because of it: m.left_reader" in answer.err
    assert "published 2 names in prod: m.right_side, m.right_reader" in answer.err
    assert "next: mend m.left_side, then: xform build" in answer.err.replace("\n  ", " ")
    error = "error[XF0703]" if edit == "a model that fails" else "error[XF0708]"
    assert error in answer.err
    assert f"--> {LEFT}:" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("edit", EDITS)
def test_after_mending_only_the_rest_is_built(place: Project, edit: str) -> None:
    spoil(place, edit)
    assert place.call("build").code == 1
    # What failed is tried again, for it still differs.
    assert (
        {"m.left_side", "m.left_reader"}
        <= place.stale()
        <= {f"m.left_{x}" for x in ("side", "reader", "view")}
    )
    reasons = {a["asset"]: a["reasons"] for a in place.json("plan")["actions"]}
    assert "failed" in [reason["kind"] for reason in reasons["m.left_side"]]
    place.write(LEFT, FILES[LEFT].replace("select n from", "select n + 1 as n from"))
    built = place.json("build")
    nodes = {node["asset"]: node["status"] for node in built["nodes"]}
    assert nodes == {
        "m.left_side": "success",
        "m.left_reader": "success",
        "m.left_view": "success",
    }
    assert shown(place) == {
        "m.left_side": 9,
        "m.left_reader": 9,
        "m.left_view": 18,
        **RIGHT_NEW,
    }
    assert place.actions() == {}


def test_going_back_after_a_failure_leaves_nothing_to_do(place: Project) -> None:
    place.replace(LEFT, "select n from base", "select n * 100 as n from base")
    assert place.call("build").code == 1
    place.write(LEFT, FILES[LEFT])
    assert place.actions() == {}
    assert shown(place) == BEFORE


@pytest.mark.parametrize("edit", EDITS)
def test_atomic_publishes_all_or_nothing(place: Project, edit: str) -> None:
    spoil(place, edit)
    answer = place.call("build", "--atomic")
    assert answer.code == 1
    assert shown(place) == BEFORE
    assert "nothing was published: prod shows what it did before" in answer.err
    # What was built stays built.
    actions = place.actions()
    assert {actions["m.right_side"], actions["m.right_reader"]} == {"reuse"}
    place.write(LEFT, FILES[LEFT])
    assert place.json("build", "--atomic")["nodes"] == []
    assert shown(place) == {**BEFORE, **RIGHT_NEW}


def test_fail_fast_starts_nothing_more(place: Project) -> None:
    place.replace("models/m/base.sql", "select n from", "select n + 0 as n from")
    place.replace(LEFT, "select n from base", "select error('at once') as n from base")
    place.write(
        RIGHT,
        TABLE.format("") + "select n * 10 as n from base where n in (select n from slow)\n",
    )
    place.write(
        "models/m/slow.py",
        "import time\n\nfrom xform import model\n\n\n"
        '@model(columns={"n": "bigint"})\n'
        "def slow(base):\n    time.sleep(1)\n    return base\n",
    )
    answer = place.call("build", "--fail-fast", "--threads", "2", "--format", "json")
    assert answer.code == 1
    statuses = {node["asset"]: node["status"] for node in answer.data["nodes"]}
    assert statuses["m.left_side"] == "error"
    assert statuses["m.right_side"] == statuses["m.right_reader"] == "skipped"
    assert shown(place) == BEFORE


def test_a_test_that_warns_stops_nothing(place: Project) -> None:
    place.replace(LEFT, "range: {max: 99}", "range: {max: 2, severity: warn}")
    place.replace(LEFT, "select n from base", "select n + 10 as n from base")
    answer = place.call("build")
    assert answer.code == 0
    assert "1 warning" in answer.err
    assert "3 rows" in answer.err
    assert place.value(SHOWN["m.left_reader"]) == 36


def test_a_sharper_test_is_run_on_what_stands(place: Project) -> None:
    place.replace(LEFT, "range: {max: 99}", "range: {max: 2}")
    assert place.actions() == {"m.left_side": "test"}
    answer = place.call("build")
    assert answer.code == 1
    assert "1 row" in answer.err
    assert shown(place) == BEFORE
    assert place.call("build").code == 1
    place.write(LEFT, FILES[LEFT])
    assert place.ok("build").err.startswith("done: 0 models run") or place.actions() == {}


def test_new_data_that_fail_a_test_are_not_published(place: Project) -> None:
    place.write("seeds/raw/numbers.csv", "n\n1\n200\n")
    assert place.call("build").code == 1
    assert shown(place) == {**BEFORE, "m.right_side": 2010, "m.right_reader": 2010}
    place.write("seeds/raw/numbers.csv", FILES["seeds/raw/numbers.csv"])
    place.ok("build")
    assert shown(place) == BEFORE
    assert place.actions() == {}


def test_a_python_model_that_raises_is_shown_at_its_line(place: Project) -> None:
    place.write(
        "models/m/broken.py",
        "from xform import model\n\n\n@model\ndef broken(base):\n    return base.nope()\n",
    )
    answer = place.run("build")
    assert answer.code == 1
    assert "error[XF0704]: m.broken: broken() raised AttributeError: " in answer.err
    assert "--> models/m/broken.py:6:" in answer.err
    assert "Traceback" not in answer.err
    assert shown(place) == BEFORE


def test_test_fails_with_1_and_publishes_nothing_new(place: Project) -> None:
    place.replace(LEFT, "range: {max: 99}", "range: {max: 2}")
    answer = place.call("test")
    assert answer.code == 1
    assert "error[XF0708]" in answer.err
    assert shown(place) == BEFORE


def test_an_error_in_one_model_does_not_stand_in_the_way_of_others(place: Project) -> None:
    place.replace(LEFT, "select n from base", "select m from base")
    place.replace(RIGHT, "n * 10", "n * 20")
    assert place.call("plan").code == 2
    answer = place.call("plan", "--select", "right_side+", "--format", "json")
    assert answer.code == 0
    assert {a["asset"] for a in answer.data["actions"]} == {"m.right_side", "m.right_reader"}
    assert place.call("plan", "--select", "left_reader").code == 2
    assert place.call("build", "--select", "right_side+").code == 0
    assert shown(place) == {**BEFORE, **RIGHT_NEW}

"""Unit tests from the command line: alone, beside data tests, and before a build."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, project

TABLE = "/* @model\nkind: table\n*/\n"
FILES = {
    "seeds/raw/orders.csv": "id,amount\n1,10\n2,20\n",
    "models/m/doubled.sql": "/* @model\nkind: table\ncolumns:\n  id: {tests: [unique]}\n*/\n"
    "select id, amount * 2 as amount from raw.orders\n",
    "models/m/reader.sql": TABLE + "select sum(amount) as total from doubled\n",
    "models/m/other.sql": TABLE + "select count(*) as n from raw.orders\n",
    "tests/unit/doubled.yml": "unit_tests:\n  - name: doubles\n    model: doubled\n"
    "    given: {orders: [{id: 1, amount: 4}]}\n    expect: [{id: 1, amount: 8}]\n",
}


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, FILES)


def checks_of(place: Project) -> list[tuple[str, str]]:
    form = place.json("build")
    return [(item["check"], item["status"]) for item in form["checks"]]


def test_a_failing_unit_test_keeps_its_model_and_readers_from_being_built(place: Project) -> None:
    place.ok("build")
    place.replace("models/m/doubled.sql", "amount * 2", "amount * 3")
    place.replace("models/m/other.sql", "count(*)", "count(*) + 1")
    answer = place.call("build")
    assert answer.code == 1
    assert "skipped because of it: m.reader" in answer.err
    assert "-   1   - 8" in answer.err
    assert "+   1   + 12" in answer.err
    assert place.value("select total from m.reader") == 60
    assert place.value("select n from m.other") == 3
    place.replace("models/m/doubled.sql", "amount * 3", "amount + amount")
    place.ok("build")


def test_a_unit_test_that_passed_is_not_run_again(place: Project) -> None:
    assert ("doubles", "pass") in checks_of(place)
    place.write("seeds/raw/orders.csv", "id,amount\n1,11\n2,20\n")
    assert [check for check, _ in checks_of(place)] == ["unique_m_doubled_id"]
    place.replace("models/m/doubled.sql", "amount * 2", "2 * amount + 0")
    assert ("doubles", "pass") in checks_of(place)


def test_unit_tests_alone_need_no_warehouse(place: Project) -> None:
    answer = place.ok("test", "--unit")
    assert "done: 1 unit test passed" in answer.err
    assert not (place.root / "warehouse.duckdb").exists()
    assert "no unit tests selected" not in answer.err
    assert place.ok("test", "--unit", "--select", "other").err == "no unit tests selected\n"


def test_unit_tests_come_before_data_tests(place: Project) -> None:
    place.ok("build")
    form = place.json("test")
    assert [item["name"] for item in form["unit_tests"]] == ["doubles"]
    assert [item["check"] for item in form["checks"]] == ["unique_m_doubled_id"]
    place.replace("tests/unit/doubled.yml", "amount: 8", "amount: 9")
    answer = place.call("test", "--format", "json")
    assert answer.code == 1
    (unit,) = answer.data["unit_tests"]
    assert unit["status"] == "fail"
    assert unit["difference"]["changes"] == [
        {"expected": ["1", "9"], "actual": ["1", "8"], "differ": [1]}
    ]
    assert answer.data["status"] == "success"


def test_a_mistake_in_a_unit_test_is_of_its_model_alone(place: Project) -> None:
    place.replace("tests/unit/doubled.yml", "amount: 8", "amonut: 8")
    answer = place.call("build")
    assert answer.code == 2
    assert "XF0853" in answer.err
    place.ok("build", "--select", "other", "raw.orders")

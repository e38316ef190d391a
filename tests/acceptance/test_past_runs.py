"""Runs that are over: what is remembered of them, and how they are done again."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from command_line import Project, project

TABLE = "/* @model\nkind: table\n*/\n"
BROKEN, MENDED = "cast('x' as integer)", "7"
FILES = {
    "models/m/good.sql": TABLE + "select 1 as n\n",
    "models/m/bad.sql": TABLE + f"select {BROKEN} as n\n",
    "models/m/reader.sql": TABLE + "select n + 1 as n from bad\n",
}


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, FILES)


def mend(place: Project) -> None:
    file = place.root / "models/m/bad.sql"
    file.write_text(file.read_text().replace(BROKEN, MENDED))


def nodes_of(place: Project, *args: str) -> dict[str, str]:
    run = place.json("runs", "show", *args)["run"]
    return {node["asset"]: node["status"] for node in run["nodes"]}


def test_a_run_is_shown_with_its_statements(place: Project) -> None:
    assert place.call("build", "--select", "good", "bad+", "--threads", "1").code == 1
    run = place.json("runs", "show")["run"]
    assert run["status"] == "failed"
    assert {node["asset"]: node["status"] for node in run["nodes"]}["m.bad"] == "error"
    assert run["asked"]["command"].startswith("xform build --select good --select bad+ ")
    assert run["asked"]["command"].endswith("--threads 1")
    statements = {each["asset"]: each for each in reversed(run["statements"])}
    assert statements["m.bad"]["sql"].startswith('create table "_xform"."m__bad_')
    assert "Could not convert string 'x'" in statements["m.bad"]["message"]
    assert statements["m.good"]["message"] == ""
    published = [each["sql"] for each in run["statements"] if each["asset"] == "m.good"][-1]
    assert published.startswith('create or replace view "m"."good" as select * from "_xform".')
    text = place.ok("runs", "show").out
    assert "do it again: xform build --select good" in text
    assert "select 1 as n" in text


def test_runs_are_listed_the_last_first(place: Project) -> None:
    assert place.ok("runs").out == "no run is remembered yet: xform build\n"
    place.ok("build", "--select", "good")
    place.call("build", "--env", "dev")
    place.ok("build", "--select", "good")  # nothing to do: not remembered
    found = [(run["environment"], run["status"]) for run in place.json("runs")["runs"]]
    assert found == [("dev", "failed"), ("prod", "success")]
    assert len(place.ok("runs", "--limit", "1").out.splitlines()) == 1
    assert [run["environment"] for run in place.json("runs", "--env", "prod")["runs"]] == ["prod"]


def test_a_run_is_named_by_how_its_id_begins(place: Project) -> None:
    place.ok("build", "--select", "good")
    (run,) = place.json("runs")["runs"]
    assert place.json("runs", "show", run["run_id"][:-3])["run"]["run_id"] == run["run_id"]
    answer = place.call("runs", "show", "1999")
    assert (answer.code, "XF0606" in answer.err) == (2, True)


def test_retry_does_what_failed_or_was_skipped(place: Project) -> None:
    assert place.call("build").code == 1
    mend(place)
    (place.root / "models/m/good.sql").write_text(TABLE + "select 2 as n\n")
    place.ok("retry")
    assert nodes_of(place) == {"m.bad": "success", "m.reader": "success"}
    assert place.value("select n from m.reader") == 8
    assert place.value("select n from m.good") == 1
    assert "has left nothing undone" in place.ok("retry").err


def test_retry_takes_a_run_by_its_id(place: Project) -> None:
    assert place.call("build", "--select", "bad").code == 1
    (run,) = place.json("runs")["runs"]
    place.ok("build", "--select", "good")
    mend(place)
    place.ok("retry", "--run", run["run_id"])
    assert nodes_of(place) == {"m.bad": "success"}


def test_retry_reuses_what_was_repaired_meanwhile(place: Project) -> None:
    assert place.call("build", "--full-refresh").code == 1
    (run,) = place.json("runs")["runs"]
    mend(place)
    place.ok("build", "--select", "bad")
    place.ok("retry", "--run", run["run_id"])
    assert nodes_of(place) == {"m.reader": "success"}


def test_retry_publishes_what_an_atomic_run_held_back(place: Project) -> None:
    assert place.call("build", "--atomic").code == 1
    mend(place)
    place.ok("retry")
    assert nodes_of(place) == {"m.bad": "success", "m.reader": "success"}
    assert place.value("select n from m.good") == 1


def test_retry_goes_on_where_a_run_was_killed(place: Project) -> None:
    place.write("models/m/bad.py", "import os\nfrom xform import model\n\n\n"
                "@model\ndef bad(good):\n    os._exit(9)\n")  # fmt: skip
    (place.root / "models/m/bad.sql").unlink()
    assert place.run("build").code == 9
    assert place.json("runs")["runs"][0]["status"] == "running"
    (place.root / "models/m/bad.py").unlink()
    place.write("models/m/bad.sql", TABLE + "select n from good\n")
    place.ok("retry")
    assert place.value("select n from m.reader") == 2
    assert nodes_of(place).keys() == {"m.bad", "m.reader"}


def test_what_cannot_be_retried_is_told(place: Project) -> None:
    answer = place.call("retry")
    assert (answer.code, "nothing has been built in 'prod' yet" in answer.err) == (2, True)
    place.ok("build", "--select", "good", "--env", "dev")
    place.ok("build", "--select", "good")
    first = place.json("runs")["runs"][-1]
    assert "was in 'dev', not in 'prod'" in place.call("retry", "--run", first["run_id"]).err


def test_secrets_are_not_remembered(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMORY", "1234567KB")
    place.write(
        "profiles.yml",
        "demo:\n  outputs:\n    dev:\n      type: duckdb\n      path: warehouse.duckdb\n"
        "      settings: {memory_limit: \"{{ env_var('MEMORY') }}\"}\n",
    )
    place.write("models/m/good.sql", TABLE + "select '{{ env_var(\"MEMORY\") }}' as n\n")
    place.ok("build", "--select", "good", "--vars", '{"limit": "1234567KB"}')
    run = place.json("runs", "show")["run"]
    assert "select '***' as n" in run["statements"][0]["sql"]
    assert "***" in run["asked"]["command"]
    with sqlite3.connect(place.root / ".xform/state.db") as connection:
        assert "1234567KB" not in "\n".join(connection.iterdump())


def test_only_the_last_runs_are_remembered(place: Project) -> None:
    place.write("pyproject.toml", "[tool.xform]\nname = 'demo'\nhistory = {runs = 2}\n")
    ids: list[Any] = []
    for number in range(4):
        place.write("models/m/good.sql", TABLE + f"select {number} as n\n")
        place.ok("build", "--select", "good")
        ids.insert(0, place.json("runs")["runs"][0]["run_id"])
    assert [run["run_id"] for run in place.json("runs")["runs"]] == ids[:2]
    with sqlite3.connect(place.root / ".xform/state.db") as connection:
        kept = connection.execute("select distinct run_id from statements").fetchall()
    assert {run for (run,) in kept} == set(ids[:2])

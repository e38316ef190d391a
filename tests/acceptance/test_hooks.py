"""Hooks: before and after models, at both ends of a run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from command_line import Project, project

MODEL = "models/m/a.sql"
START = '"create schema if not exists audit", "create table if not exists audit.log (said text)"'
SETTINGS = f"""
[tool.xform]
name = "demo"
[tool.xform.hooks]
on_start = [{START}, "insert into audit.log values ('start')"]
on_end = "insert into audit.log select 'end ' || n from {{{{ ref('a') }}}}"
[tool.xform.defaults."m/**"]
before = "set variable limit_of = {{{{ var('limit', 5) }}}}"
after = "insert into audit.log select 'folder ' || n from {{{{ this }}}}"
[tool.xform.vars]
limit = 5
"""
AFTER = "\"insert into audit.log values ('model')\""
BODY = "select cast(getvariable('limit_of') as integer) as n"
SQL = f"/* @model\nkind: table\nvolatile: ignore\nafter: {AFTER}\n*/\n{BODY}\n"


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, {"pyproject.toml": SETTINGS, MODEL: SQL})


def log(place: Project) -> list[str]:
    return [said for (said,) in place.rows("select said from audit.log")]


def test_hooks_run_around_models_and_runs(place: Project) -> None:
    place.ok("build")
    assert place.value("select n from m.a") == 5
    assert log(place) == ["start", "folder 5", "model", "end 5"]
    place.ok("build")  # nothing to do
    assert len(log(place)) == 4


def test_what_runs_before_shapes_the_build_and_what_runs_after_does_not(place: Project) -> None:
    place.ok("build")
    place.replace(MODEL, "'model'", "'other'")
    place.replace("pyproject.toml", "'start'", "'begin'")
    assert place.stale() == set()
    assert place.stale("--vars", "{limit: 6}") == {"m.a"}
    place.replace("pyproject.toml", "limit = 5", "limit = 7")
    reason = place.json("plan")["actions"][0]["reasons"][0]
    assert reason["kind"] == "config"
    place.ok("build")
    assert place.value("select n from m.a") == 7


def test_a_change_of_a_hook_alone_is_seen_by_a_compilation_from_the_last(place: Project) -> None:
    place.ok("build")
    place.replace(MODEL, "kind: table", "kind: table\nbefore: set variable limit_of = 9")
    place.ok("build")
    assert place.value("select n from m.a") == 9
    place.replace(MODEL, "as n", "+ 1 as n")
    place.ok("build")
    assert place.value("select n from m.a") == 10


def test_a_failing_hook_fails_its_model_and_leaves_nothing(place: Project) -> None:
    place.replace(MODEL, AFTER, "[\"insert into audit.log values ('gone')\", select error('no')]")
    place.write("models/m/b.sql", "select 1 as n")
    place.write("models/m/reader.sql", "select n from a")
    answer = place.call("build")
    assert answer.code == 1
    assert "error[XF0720]: m.a: a hook failed: no" in answer.err
    assert f"{MODEL}:4:" in answer.err
    assert place.published() == {"m.b"}
    assert "gone" not in log(place)
    place.write(MODEL, SQL)
    place.ok("retry")
    assert place.published() == {"m.a", "m.b", "m.reader"}
    assert "model" in log(place)


def test_where_the_start_fails_nothing_is_done(place: Project) -> None:
    place.replace("pyproject.toml", "values ('start')", "select error('closed')")
    answer = place.call("build")
    assert answer.code == 1
    assert "on_start: a hook failed: closed" in answer.err
    assert "pyproject.toml:5:" in answer.err
    assert place.published() == set()
    run = place.json("runs", "show")["run"]
    assert run["nodes"][0]["message"] == "on_start failed"


def test_where_the_end_fails_all_is_published(place: Project) -> None:
    place.replace("pyproject.toml", "select 'end '", "select cast('late' as int) || 'end '")
    answer = place.call("build")
    assert (
        answer.code,
        "on_end: a hook failed: Could not convert string 'late'" in answer.err,
    ) == (1, True)
    assert place.published() == {"m.a"}
    assert place.json("runs", "show")["run"]["status"] == "failed"


def test_hooks_stand_in_the_history_as_written(place: Project) -> None:
    place.ok("build")
    run = place.json("runs", "show")["run"]
    written = [each["sql"] for each in run["statements"] if each["asset"] == "m.a"]
    assert written[0] == "set variable limit_of = {{ var('limit', 5) }}"
    assert written[2] == "insert into audit.log select 'folder ' || n from {{ this }}"
    assert {each["asset"] for each in run["statements"]} == {"m.a", "on_start", "on_end"}


def test_values_of_the_environment_are_kept_nowhere(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "tr0ub4dor")
    place.replace(
        MODEL, "kind: table", "kind: table\nbefore: set variable k = '{{ env_var(\"KEY\") }}'"
    )
    file = place.path("plan.json")
    place.ok("plan", "--out", str(file))
    place.ok("build", str(file))
    assert "tr0ub4dor" not in file.read_text()
    with sqlite3.connect(place.root / ".xform/state.db") as connection:
        assert "tr0ub4dor" not in "\n".join(map(str, connection.execute(
            "select record, components from builds").fetchall()))  # fmt: skip
        assert "tr0ub4dor" not in "\n".join(connection.iterdump())
    monkeypatch.setenv("KEY", "other")
    assert place.stale() == {"m.a"}


def test_a_changed_hook_is_a_changed_plan(place: Project) -> None:
    file = str(place.path("plan.json"))
    place.ok("plan", "--out", file)
    place.replace(MODEL, "'model'", "'other'")
    assert "'m.a' has other settings" in place.call("build", file).err
    place.ok("plan", "--out", file)
    place.replace("pyproject.toml", "'start'", "'begin'")
    assert "the hooks of the project changed" in place.call("build", file).err


def test_a_python_model_has_hooks_too(place: Project) -> None:
    place.path(MODEL).unlink()
    place.replace("pyproject.toml", "on_end", "#")
    place.write(
        "models/m/p.py",
        "import pyarrow as pa\nfrom xform import model\n\n\n"
        "@model(after='insert into audit.log select sum(n) from {{ this }}')\n"
        "def p():\n    return pa.table({'n': [3, 4]})\n",
    )
    place.ok("build")
    assert log(place)[-1] == "7"

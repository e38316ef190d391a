"""Tables that others make in the warehouse: their columns, their data, and a warehouse that is
new, gone or in use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from command_line import Project, project

FILES = {
    "models/sources.yml": "sources:\n  - name: src\n    tables:\n      - name: t\n",
    "models/m/named.sql": "/* @model\nkind: table\n*/\nselect x from src.t\n",
    "models/m/all_of_it.sql": "/* @model\nkind: table\n*/\nselect * from src.t\n",
}


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, FILES)


def change(place: Project, *statements: str) -> None:
    with duckdb.connect(str(place.path("warehouse.duckdb"))) as connection:
        for statement in statements:
            connection.execute(statement)


def make_table(place: Project) -> None:
    change(place, "create schema src", "create table src.t as select 1 as x, 2 as y")


def test_a_table_that_comes_later_is_seen(place: Project) -> None:
    assert "XF0416" in place.call("plan").err
    make_table(place)
    place.ok("build")
    assert place.rows("select * from m.all_of_it") == [(1, 2)]
    assert place.actions() == {}


def test_columns_of_the_warehouse_are_looked_at_again(place: Project) -> None:
    make_table(place)
    place.ok("build")
    change(place, "alter table src.t rename column x to z")
    answer = place.call("compile")
    assert answer.code == 2
    assert "error[XF0403]: unknown column 'x'" in answer.err
    change(place, "alter table src.t rename column z to x")
    assert place.call("compile").code == 0


def test_new_data_build_the_readers(place: Project) -> None:
    make_table(place)
    place.ok("build")
    change(place, "insert into src.t values (3, 4)")
    assert place.stale() == {"m.named", "m.all_of_it"}
    place.ok("build")
    assert place.rows("select x from m.named order by 1") == [(1,), (3,)]
    assert place.actions() == {}


def test_an_offline_plan_goes_by_what_was_read_last(place: Project) -> None:
    make_table(place)
    place.ok("build")
    change(place, "insert into src.t values (3, 4)")
    assert place.actions("--offline") == {}


def test_tables_that_nobody_reads_change_nothing(place: Project) -> None:
    make_table(place)
    place.ok("build")
    change(place, "create table src.t2 as select 1 as x, 2 as y")
    assert place.actions() == {}


def test_columns_are_known_while_another_process_holds_the_warehouse(place: Project) -> None:
    make_table(place)
    place.ok("build")
    place.replace("models/m/named.sql", "select x", "select x + 1 as x")
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(place.path("warehouse.duckdb"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        for command in ("compile", "ls", "lineage named.x", "why named"):
            answer = place.run(*command.split())
            assert answer.code == 0, f"{command}: {answer.err}"
        assert place.stale() == {"m.named"}
        assert "warning[XF0718]" in place.call("plan").err
        assert place.call("build").code == 75
        other.communicate("\n")
    assert place.stale() == {"m.named"}


def test_a_warehouse_that_is_gone_is_built_anew(tmp_path: Path) -> None:
    place = project(tmp_path, {"models/m/a.sql": "/* @model\nkind: table\n*/\nselect 1 as x\n"})
    place.ok("build")
    place.path("warehouse.duckdb").unlink()
    assert place.actions() == {"m.a": "build"}
    for command in ("show a", "debug", "why a", "ls"):
        assert "Traceback" not in place.call(*command.split()).err
    place.ok("build")
    assert place.value("select x from m.a") == 1


def test_builds_that_somebody_dropped_are_made_again(tmp_path: Path) -> None:
    place = project(
        tmp_path,
        {
            "models/m/a.sql": "/* @model\nkind: table\n*/\nselect 1 as x\n",
            "models/m/b.sql": "/* @model\nkind: table\n*/\nselect x from a\n",
        },
    )
    place.ok("build")
    ((name,),) = place.rows(
        "select table_name from duckdb_tables() where table_name like 'm__a__%'"
    )
    change(place, f'drop table _xform."{name}"')
    assert place.stale() == {"m.a"}
    place.ok("build")
    assert place.value("select x from m.a") == 1
    assert place.actions() == {}


def test_state_and_caches_can_be_deleted(tmp_path: Path) -> None:
    place = project(tmp_path, {"models/m/a.sql": "/* @model\nkind: table\n*/\nselect 1 as x\n"})
    place.ok("build")
    for path in place.path(".xform").rglob("*"):
        if path.is_file():
            path.unlink()
    assert place.actions() == {}
    for path in place.path(".xform").rglob("*"):
        if path.is_file():
            path.write_bytes(b"not what it was" * 100)
    answer = place.call("plan", "--format", "json")
    assert answer.code == 0, answer.err
    assert answer.data["actions"] == []


def test_a_name_that_is_taken_is_not_overwritten(tmp_path: Path) -> None:
    place = project(tmp_path, {"models/m/a.sql": "/* @model\nkind: table\n*/\nselect 1 as x\n"})
    change(place, "create schema m", "create table m.a as select 'mine' as x")
    answer = place.call("build")
    assert answer.code == 1
    assert "error[XF0712]" in answer.err
    assert place.value("select x from m.a") == "mine"
    change(place, "drop table m.a")
    assert place.json("build")["nodes"] == []
    assert place.value("select x from m.a") == 1

"""Sources: several files as one, and how new data are told."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from command_line import Project, project

READER = "/* @model\nkind: table\n*/\nselect count(*) as n, max(x) as x from src.t\n"


def files_of(to: Path, table: str) -> Project:
    made = project(
        to,
        {
            "models/m/sources.yml": f"sources:\n  - name: src\n    tables:\n      - {table}\n",
            "models/m/reader.sql": READER,
            "data/in/a.csv": "x\n1\n",
            "data/in/b.csv": "x\n2\n",
        },
    )
    made.ok("build")
    return made


@pytest.mark.parametrize(
    "table", ["{name: t, path: 'data/in/*.csv'}", "{name: t, path: data/in/, format: csv}"]
)
def test_several_files_are_one_source(table: str, tmp_path: Path) -> None:
    place = files_of(tmp_path, table)
    assert place.rows("select n, x from m.reader") == [(2, 2)]
    assert place.actions() == {}
    place.write("data/in/c.csv", "x\n7\n")
    assert place.stale() == {"m.reader"}
    place.ok("build")
    assert place.rows("select n, x from m.reader") == [(3, 7)]
    place.write("data/in/a.csv", "x\n9\n")
    assert place.stale() == {"m.reader"}
    place.ok("build")
    place.path("data/in/b.csv").unlink()
    assert place.stale() == {"m.reader"}
    place.ok("build")
    assert place.rows("select n, x from m.reader") == [(2, 9)]
    assert place.actions() == {}


def test_a_pattern_that_names_nothing(tmp_path: Path) -> None:
    place = files_of(tmp_path, "{name: t, path: 'data/in/*.csv'}")
    for name in ("a", "b"):
        place.path(f"data/in/{name}.csv").unlink()
    answer = place.call("plan")
    assert "there is no file 'data/in/*.csv'" in answer.err


def table_of(to: Path, settings: str) -> Project:
    made = project(
        to,
        {
            "models/m/sources.yml": "sources:\n  - name: src\n    tables:\n"
            f"      - {{name: t, {settings}}}\n",
            "models/m/reader.sql": READER,
        },
    )
    change(made, "create schema src", "create table src.t as select 1 as x, 1 as at_")
    made.ok("build")
    assert made.actions() == {} or "always" in settings
    return made


def change(place: Project, *statements: str) -> None:
    with duckdb.connect(str(place.path("warehouse.duckdb"))) as connection:
        for statement in statements:
            connection.execute(statement)


def test_by_the_newest_value_of_a_column(tmp_path: Path) -> None:
    place = table_of(tmp_path, "loaded_at_field: at_")
    change(place, "update src.t set x = 5")
    assert place.stale() == set(), "what came was not said to have"
    change(place, "update src.t set at_ = 2")
    assert place.stale() == {"m.reader"}


def test_by_a_query(tmp_path: Path) -> None:
    place = table_of(tmp_path, "version: {query: 'select max(at_) from src.t'}")
    change(place, "insert into src.t values (4, 1)")
    assert place.stale() == set()
    change(place, "insert into src.t values (4, 3)")
    assert place.stale() == {"m.reader"}


def test_each_time_and_never(tmp_path: Path) -> None:
    place = table_of(tmp_path / "always", "version: always")
    assert place.stale() == {"m.reader"}
    place = table_of(tmp_path / "never", "version: never")
    change(place, "insert into src.t values (4, 3)")
    assert place.stale() == set()


def test_check_shows_both_versions(tmp_path: Path) -> None:
    place = table_of(tmp_path, "version: checksum")
    (before,) = place.json("sources", "check")["sources"]
    assert (before["status"], before["recorded"]) == ("same", before["current"])
    change(place, "insert into src.t values (4, 3)")
    (found,) = place.json("sources", "check")["sources"]
    assert found["source"] == "src.t"
    assert found["status"] == "changed"
    assert found["recorded"] == before["current"] != found["current"]
    assert found["read_by"] == ["m.reader"]
    assert "src.t  changed" in place.ok("sources").out


def test_a_column_must_be_named(tmp_path: Path) -> None:
    place = table_of(tmp_path, "version: checksum")
    place.replace("models/m/sources.yml", "checksum", "loaded_at")
    answer = place.call("compile")
    assert answer.code == 2
    assert "'version: loaded_at' needs a column" in answer.err

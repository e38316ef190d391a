"""Descriptions as comments of published names."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, project

MODEL = "models/m/a.sql"
HEADER = """/* @model
persist_docs: true
description: all that's there
columns:
  N: {description: a number}
  gone: {description: not there}
*/
"""
COMMENTS = "select comment from duckdb_views() where schema_name = 'm'"
COLUMNS = "select column_name, comment from duckdb_columns() where schema_name = 'm' order by all"


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, {MODEL: HEADER + "select 1 as n, 2 as plain\n"})


def test_descriptions_go_with_what_is_published(place: Project) -> None:
    place.ok("build")
    assert place.rows(COMMENTS) == [("all that's there",)]
    assert place.rows(COLUMNS) == [("n", "a number"), ("plain", None)]
    ran = [each["sql"] for each in place.json("runs", "show")["run"]["statements"]]
    assert ran[-1] == """comment on column "m"."a"."n" is 'a number'"""


def test_a_description_alone_builds_nothing(place: Project) -> None:
    place.ok("build")
    place.replace(MODEL, "all that's there", "something else")
    assert place.call("plan", "--exit-code").code == 0
    place.ok("build")
    assert place.rows(COMMENTS) == [("all that's there",)]
    place.replace(MODEL, "2 as plain", "3 as plain")
    place.ok("build")
    assert place.rows(COMMENTS) == [("something else",)]


def test_dbt_names_what_is_to_be_described(place: Project) -> None:
    place.replace(MODEL, "persist_docs: true", "persist_docs: {columns: true}")
    place.ok("build")
    assert place.rows(COMMENTS) == [(None,)]
    assert ("n", "a number") in place.rows(COLUMNS)


def test_without_the_setting_nothing_is_written(place: Project) -> None:
    place.replace(MODEL, "persist_docs: true\n", "")
    place.ok("build")
    assert place.rows(COMMENTS) == [(None,)]
    assert place.rows(COLUMNS) == [("n", None), ("plain", None)]


def test_grants_are_said_once(place: Project) -> None:
    place.write("pyproject.toml", "[tool.xform]\nname = 'demo'\n"
                "[tool.xform.grants]\nselect = ['ann']\n")  # fmt: skip
    place.write("models/m/b.sql", "select 1 as x\n")
    for _ in range(2):
        said = place.ok("compile").err
        assert said.count("XF0177") == 1
        assert "'grants' of 'm.a' and of 1 more are not given" in said
        place.replace("models/m/b.sql", "1 as", "11 as")

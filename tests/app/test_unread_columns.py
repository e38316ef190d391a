"""Columns that nothing reads, over a whole project."""

from __future__ import annotations

from pathlib import Path

import pytest
from compile_steps import PROFILES, Site

SETTINGS = '[tool.xform]\nname = "demo"\nprofile = "demo"\n'
ON = SETTINGS + '[tool.xform.lint]\nXF0428 = "warning"\n'
BASE = "models/m/base.sql"
FILES = {
    "pyproject.toml": ON,
    "profiles.yml": PROFILES,
    BASE: "select 1 as id, 2 as amount, 3 as spare\n",
    "models/m/top.sql": "select id, amount from base\n",
}


def site_with(root: Path, **models: str) -> Site:
    site = Site(root, FILES)
    for name, text in models.items():
        site.write(f"models/m/{name}.sql", text)
    return site


def unread(site: Site) -> list[str]:
    """`asset.column` of each."""
    found = site.compile().diagnostics
    assert {item.code for item in found} <= {"XF0428"}, found
    return [f"{item.asset}.{item.message.split(chr(39))[1]}" for item in found]


def test_a_column_that_nothing_reads_is_said_where_it_stands(tmp_path: Path) -> None:
    (problem,) = site_with(tmp_path).compile().diagnostics
    assert problem.message == "nothing reads column 'spare' of 'm.base'"
    assert (problem.span.path, problem.span.line, problem.span.column) == (BASE, 1, 35)


def test_it_is_looked_for_only_where_it_has_a_level(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    site.write("pyproject.toml", SETTINGS)
    assert unread(site) == []
    site.write("pyproject.toml", ON.replace("warning", "off"))
    assert unread(site) == []
    site.write("pyproject.toml", ON)
    assert unread(site) == ["m.base.spare"]


@pytest.mark.parametrize(
    "reader",
    [
        "select id from base where spare > 1",
        "select id + spare as x from base",
        "select id from base order by spare",
        "select count(*) filter (where spare > 1) as n from base",
        "select b.id from base as b join base as c on b.spare = c.id",
        "select id, row_number() over (order by spare) as place from base",
        "select id from base where exists (select 1 from base as b where b.spare = base.id)",
        "select * from base",
        "select distinct * from base",
        "select id, amount, spare from base union select 1, 2, 3",
    ],
)
def test_every_kind_of_reading_counts(tmp_path: Path, reader: str) -> None:
    assert unread(site_with(tmp_path, reader=reader)) == []


def test_a_column_that_is_only_passed_on_to_nobody_is_not_read(tmp_path: Path) -> None:
    site = site_with(tmp_path, middle="select * from base", last="select id, amount from middle")
    assert unread(site) == ["m.base.spare"]
    site.write("models/m/middle.sql", "select id, amount, spare as other from base")
    found = {item.message: item.help for item in site.compile().diagnostics}
    assert list(found) == [
        "nothing reads column 'spare' of 'm.base'",
        "nothing reads column 'other' of 'm.middle'",
    ]
    assert found["nothing reads column 'spare' of 'm.base'"].startswith("only m.middle.other draws")


def test_a_star_counts_where_its_column_is_read_in_the_end(tmp_path: Path) -> None:
    site = site_with(tmp_path, middle="select * from base", last="select spare from middle")
    assert unread(site) == []


def test_a_model_that_nothing_reads_is_for_people(tmp_path: Path) -> None:
    site = site_with(tmp_path, alone="select 1 as x, 2 as y")
    assert unread(site) == ["m.base.spare"]


@pytest.mark.parametrize(
    "entry",
    [
        "models:\n  - name: base\n    columns: [{name: Spare, tests: [not_null]}]\n",
        "models:\n  - name: base\n    tests: [{row_count: {min: 1, where: spare > 1}}]\n",
        (
            "models:\n  - name: top\n    columns:\n      - name: id\n"
            "        tests: [{relationships: {to: base, field: spare}}]\n"
        ),
        (
            "exposures:\n  - name: board\n    type: dashboard\n    depends_on: [base]\n"
            "    owner: {name: ann}\n"
        ),
    ],
)
def test_tests_and_exposures_read(tmp_path: Path, entry: str) -> None:
    site = site_with(tmp_path)
    site.write("models/m/m.yml", entry)
    assert unread(site) == []


def test_a_python_model_may_read_everything(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    site.write(
        "models/m/scores.py",
        "from xform import model\n\n\n@model(columns={'x': 'integer'})\n"
        "def scores(base):\n    return base\n",
    )
    assert unread(site) == []


@pytest.mark.parametrize(
    "base",
    [
        "select distinct 1 as id, 2 as amount, 3 as spare",
        "select 1 as id, 2 as amount, 3 as spare union select 4, 5, 6",
        "select 1 as id, sum(2) as amount, 3 as spare group by all",
    ],
)
def test_a_column_that_its_own_rows_hang_on_is_not_said(tmp_path: Path, base: str) -> None:
    assert unread(site_with(tmp_path, base=base)) == []


def test_readers_that_are_broken_may_read_anything(tmp_path: Path) -> None:
    site = site_with(tmp_path, reader="select nope from base")
    assert [item.code for item in site.compile().diagnostics] == ["XF0403"]


def test_a_comment_for_it_is_not_judged_while_it_is_not_looked_for(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    site.write(BASE, "select 1 as id, 2 as amount, 3 as spare -- xform: ignore XF0428\n")
    assert unread(site) == []
    site.write("pyproject.toml", SETTINGS)
    assert unread(site) == []
    site.write("pyproject.toml", ON)
    site.write("models/m/top.sql", "select id, amount, spare from base\n")
    assert [item.code for item in site.compile().diagnostics] == ["XF0115"]

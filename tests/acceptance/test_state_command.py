"""`xform state`: what differs between state and warehouse is found, both ways, and mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from command_line import Project, project, with_state

from state_homes import StateHome

FILES = {
    "seeds/raw/s.csv": "n\n1\n",
    "models/m/a.sql": "select n from raw.s\n",
    "models/m/b.sql": "/* @model\nkind: table\n*/\nselect n + 1 as n from a\n",
}


@pytest.fixture
def place(tmp_path: Path, home: StateHome) -> Project:
    made = with_state(project(tmp_path, FILES), home.profile)
    made.ok("build")
    return made


def in_warehouse(place: Project, *statements: str) -> None:
    with duckdb.connect(str(place.path("warehouse.duckdb"))) as connection:
        for sql in statements:
            connection.execute(sql)


def other_record(home: StateHome) -> None:
    """The state has an older record of a build."""
    for physical, record in home.execute("select physical, record from builds"):
        if b'"asset":"m.b"' in record:
            older = record.replace(b'"revision":0', b'"revision":7')
            sql = "update builds set audits_digest = 'x', record = ? where physical = ?"
            home.execute(sql, [older, physical])


def findings(place: Project) -> list[tuple[str, str, str]]:
    answer = place.call("state", "check", "--format", "json")
    found = answer.data["findings"]
    assert answer.code == (1 if found else 0)
    return [(item["kind"], item["name"].partition("__")[0], item["help"]) for item in found]


def physical(place: Project, asset: str) -> str:
    found = place.value(f"select physical from _xform.ledger_builds where asset = '{asset}'")
    return str(found)


def test_after_a_build_nothing_differs(place: Project) -> None:
    assert findings(place) == []
    told = place.ok("state").out
    assert told == "the state is as the warehouse: 3 builds, 3 published names\n"


MEND = "xform state repair"
GC = "xform gc"
BUILD = "drop what stands there, if anything, then: xform build --env prod"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p, h: h.execute("delete from builds where substr(physical, 1, 4) = 'm__b'"),
         [("build", "m", MEND)]),
        (lambda p, h: h.execute("delete from publications where asset = 'm.b'"),
         [("publication", "m.b", MEND)]),
        (lambda p, h: h.execute("update publications set physical = 'x' where asset = 'm.b'"),
         [("publication", "m.b", MEND)]),
        (lambda p, h: other_record(h), [("build", "m", MEND)]),
        (lambda p, h: in_warehouse(p, "drop view m.b", f"drop table _xform.{physical(p, 'm.b')}"),
         [("build", "m", MEND), ("publication", "m.b", MEND), ("leftover", "m", GC),
          ("name", "m.b", BUILD)]),
        (lambda p, h: in_warehouse(p, "create table _xform.own as select 1 as x"),
         [("leftover", "own", GC)]),
        (lambda p, h: in_warehouse(p, "create or replace view m.b as select 7 as n"),
         [("name", "m.b", BUILD)]),
        (lambda p, h: in_warehouse(p, "drop view m.b"),
         [("publication", "m.b", MEND), ("name", "m.b", BUILD)]),
    ],
)  # fmt: skip
def test_what_differs_is_found_and_mended(
    place: Project,
    home: StateHome,
    change: Callable[[Project, StateHome], None],
    expected: list[tuple[str, str, str]],
) -> None:
    change(place, home)
    assert findings(place) == expected
    assert findings(place) == expected  # it only looks
    stand = place.path("warehouse.duckdb").read_bytes()
    answer = place.json("state", "repair")
    assert place.path("warehouse.duckdb").read_bytes() == stand
    assert [item["help"] for item in answer["mended"]] == [MEND] * len(answer["mended"])
    rest = [item for item in expected if item[2] != MEND]
    assert findings(place) == rest
    # What is left goes with what its help says.
    if any(item[2] == BUILD for item in rest):
        in_warehouse(place, "drop view if exists m.b")
    place.ok("build")
    place.ok("gc", "--grace", "0s")
    assert findings(place) == []
    assert place.rows("select n from m.b") == [(2,)]


def test_a_lease_whose_process_is_gone_is_said_and_taken_from_it(
    place: Project, home: StateHome
) -> None:
    # The process of the build was this one; no process has a number as great.
    home.execute("update leases set owner = 'r9', pid = 4999999")
    assert findings(place) == [("lease", "prod", MEND)]
    told = place.ok("state", "repair").out
    assert "lease prod: held by run r9, whose process 4999999 is gone" in told
    assert findings(place) == []


def test_a_repair_that_has_nothing_to_do_says_so(place: Project) -> None:
    assert place.ok("state", "repair").out == "0 differences mended in the state\n"


def test_all_of_the_state_is_written_as_lines_of_json(place: Project, home: StateHome) -> None:
    rows = [json.loads(line) for line in place.ok("state", "export").out.splitlines()]
    assert rows[0]["table"] == "state"
    for table in home.tables():
        ((count,),) = home.execute(f"select count(*) from {table}")
        assert sum(row["table"] == table for row in rows) == count, table
    builds = [row["record"]["asset"] for row in rows if row["table"] == "builds"]
    assert sorted(builds) == ["m.a", "m.b", "raw.s"]


def test_no_secret_is_exported(
    place: Project, home: StateHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_PASSWORD", "hush-hush-77")
    place.write(
        "profiles.yml",
        "demo:\n  outputs:\n    dev:\n      type: duckdb\n      path: warehouse.duckdb\n"
        "      settings: {custom_user_agent: \"{{ env_var('A_PASSWORD') }}\"}\n"
        f"      state: {home.profile}\n",
    )
    place.write("models/m/b.sql", "/* @model\nkind: table\n*/\nselect n + 2 as n from a\n")
    place.ok("build", "--vars", "{word: hush-hush-77}")
    assert "hush-hush-77" not in place.ok("state", "export").out


def test_what_cannot_be_asked_is_a_mistake(place: Project) -> None:
    answer = place.call("state", "chekc")
    assert answer.code == 2
    assert "'chekc' is none of check, export, repair" in answer.err

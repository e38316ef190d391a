"""`xform diff`: the rows of two environments, on a real project."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from command_line import Project, copied, project

import xform

PEOPLE = "id,name,mail\n1,ann,ann@x\n2,bob,bob@x\n3,cid,cid@x\n"
OWNERS = "models/marts/owners.sql"
FILES = {
    "seeds/raw/people.csv": PEOPLE,
    "models/staging.yml": "sources: [{name: ext, tables: [{name: t, columns: [{name: x}]}]}]\n",
    OWNERS: "/* @model\nkind: table\ngrain: [id]\ncolumns:\n  mail: {tags: [pii]}\n*/\n"
    "select id, name, mail from people\n",
    "models/marts/names.sql": "select name, count(*) as n from owners group by name\n",
    "models/marts/other.sql": "select 1 as x\n",
}
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """In `dev`, bob is bea and has another address, cid is gone and dan is there."""
    made = project(tmp_path_factory.mktemp("diff"), FILES)
    made.ok("build")
    made.write("seeds/raw/people.csv", "id,name,mail\n1,ann,ann@x\n2,bea,bea@x\n4,dan,dan@x\n")
    made.ok("build", "--env", "dev")
    return made


@pytest.fixture
def place(built: Project, tmp_path: Path) -> Project:
    return copied(built, tmp_path / "copy")


@pytest.fixture
def held(place: Project) -> Iterator[Project]:
    """Another program writes the warehouse."""
    command = [sys.executable, "-c", HOLD, str(place.path("warehouse.duckdb"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield place
        process.communicate()


def test_what_differs_is_told_the_worst_first(built: Project) -> None:
    answer = built.ok("diff", "prod", "dev")
    assert answer.err == ""
    assert answer.out == (
        "~ marts.names\n"
        "    rows  3: 1 equal, 2 added, 2 removed\n"
        "    key   none known: rows are compared as a whole (--key names one)\n"
        "    + name bea, n 1\n"
        "    + name dan, n 1\n"
        "    - name bob, n 1\n"
        "    - name cid, n 1\n"
        "~ raw.people\n"
        "    rows  3: 1 equal, 2 added, 2 removed\n"
        "    key   none known: rows are compared as a whole (--key names one)\n"
        "    + id 2, name bea, mail bea@x\n"
        "    + id 4, name dan, mail dan@x\n"
        "    - id 2, name bob, mail bob@x\n"
        "    - id 3, name cid, mail cid@x\n"
        "~ marts.owners\n"
        "    rows  3: 1 equal, 1 changed, 1 added, 1 removed\n"
        "    key   id (grain), unique in both\n"
        "    column  type     equal  differ  NULL  distinct\n"
        "    name    varchar    50%       1  0%    3\n"
        "    mail    varchar    50%       1  0%    3\n"
        "    ~ id 2: name bob → bea\n"
        "    + id 4: name dan\n"
        "    - id 3: name cid\n"
        "= 1 asset with the same build: marts.other\n"
        "from prod to dev: 3 of 4 assets differ\n"
    )
    assert built.ok("diff", "prod", "dev").out == answer.out


def test_values_of_columns_tagged_pii_are_nowhere(built: Project) -> None:
    for form in ("text", "json"):
        answer = built.ok("diff", "prod", "dev", "owners", "--format", form, "--rows", "10")
        assert "bob" in answer.out
        assert "@" not in answer.out
    by_mail = built.ok("diff", "prod", "dev", "owners", "--key", "mail")
    assert "@" not in by_mail.out


def test_columns_that_the_project_no_longer_knows_are_not_shown(place: Project) -> None:
    """They may be tagged in the version that made them."""
    place.write(OWNERS, "/* @model\nkind: table\ngrain: [id]\n*/\nselect id from people\n")
    place.write("models/marts/names.sql", "select id from owners\n")
    out = place.ok("diff", "prod", "dev", "owners").out
    assert "1 changed" in out
    assert "bob" not in out
    assert "@" not in out


def test_exit_codes(built: Project) -> None:
    assert built.call("diff", "prod", "dev", "--exit-code").code == 3
    assert built.call("diff", "prod", "dev", "other", "--exit-code").code == 0
    assert built.call("diff", "dev", "dev", "--exit-code").code == 0


def test_the_current_environment_is_the_other_side(built: Project) -> None:
    assert built.ok("diff", "dev", "owners").out.endswith(
        "from dev to prod: 1 of 1 asset differs\n"
    )
    assert "from prod to dev" in built.ok("diff", "prod", "--env", "dev").out
    assert "from dev to prod" in built.ok("diff", "dev", "--select", "owners").out


def test_a_selection_leaves_out_what_has_no_two_sides(built: Project) -> None:
    form = built.json("diff", "prod", "dev", "--select", "owners", "ext.t")
    assert [table["asset"] for table in form["tables"]] == ["marts.owners"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("prd", "dev"), "XF0604", "did you mean 'prod'?"),
        (("prod", "deb"), "XF0604", "neither an environment nor an asset is called 'deb'"),
        (("prod", "dev", "ownrs"), "XF0601", "did you mean"),
        (("prod", "dev", "ext.t"), "XF0615", "is a source"),
        (("prod", "dev", "owners", "--key", "nme"), "XF0602", "did you mean 'name'?"),
    ],
)
def test_wrong_words(built: Project, words: tuple[str, ...], code: str, told: str) -> None:
    answer = built.call("diff", *words)
    assert answer.code == 2
    assert code in answer.err
    assert told in " ".join(answer.err.split())


@pytest.mark.parametrize(
    "words",
    [
        ("--sample", "0"),
        ("--sample", "much"),
        ("--key", "a,,b"),
        ("--rows", "-1"),
        ("owners", "--select", "names"),
    ],
)
def test_wrong_options(built: Project, words: tuple[str, ...]) -> None:
    answer = built.call("diff", "prod", "dev", *words)
    assert (answer.code, answer.out) == (2, "")
    assert words[-2] in answer.err or "--select" in answer.err


def test_what_only_one_side_shows(place: Project) -> None:
    place.write("models/marts/more.sql", "select 2 as x\n")
    place.path("models/marts/other.sql").unlink()
    place.ok("build", "--env", "dev")
    lines = place.ok("diff", "prod", "dev").out.splitlines()
    assert lines[0] == "- marts.other  only in prod"
    assert "+ marts.more  only in dev" in lines
    form = place.json("diff", "prod", "dev", "more")
    assert (form["tables"][0]["change"], form["tables"][0]["rows"]) == ("added", None)
    place.write("models/marts/never.sql", "select 3 as x\n")
    answer = place.call("diff", "prod", "dev", "never")
    assert (answer.code, "XF0603" in answer.err) == (2, True)


def test_the_same_builds_are_told_while_somebody_writes(held: Project) -> None:
    assert "1 asset with the same build" in held.ok("diff", "prod", "dev", "other").out


def test_a_warehouse_in_use_is_busy(held: Project) -> None:
    answer = held.call("diff", "prod", "dev")
    assert (answer.code, answer.out) == (75, "")
    assert "XF0701" in answer.err


def test_the_warehouse_is_only_read(place: Project) -> None:
    before = place.path("warehouse.duckdb").read_bytes()
    place.ok("diff", "prod", "dev")
    assert place.path("warehouse.duckdb").read_bytes() == before


def test_one_asset_that_cannot_be_read_does_not_hide_the_others(place: Project) -> None:
    place.write("models/marts/seen.sql", "select x from ext.t\n")
    with duckdb.connect(str(place.path("warehouse.duckdb"))) as connection:
        connection.execute("create schema ext; create table ext.t as select 1 as x")
    place.ok("build", "--select", "seen")
    place.write("models/marts/seen.sql", "select x + 1 as x from ext.t\n")
    place.ok("build", "--select", "seen", "--env", "dev")
    with duckdb.connect(str(place.path("warehouse.duckdb"))) as connection:
        connection.execute("drop table ext.t")
    answer = place.call("diff", "prod", "dev", "seen", "owners")
    assert answer.code == 1
    assert answer.out.startswith("! marts.seen  could not be compared\n~ marts.owners\n")
    assert "XF0614" in answer.err


def has_open(process: subprocess.Popen[str], file: Path) -> bool:
    try:
        links = [str(entry.readlink()) for entry in Path(f"/proc/{process.pid}/fd").iterdir()]
    except OSError:
        return False
    return str(file.resolve()) in links


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="tells no open files")
def test_ctrl_c_ends_a_long_comparison(place: Project) -> None:
    long = "select i as id, hash(i, {}) as v from range(3_000_000) a(i), range(20) b(j)\n"
    for environment, number in (("prod", 1), ("dev", 2)):
        place.write("models/marts/long.sql", long.format(number))
        place.ok("build", "--select", "long", "--env", environment)
    here = str(Path(xform.__file__).parents[1])
    process = place.start("diff", "prod", "dev", "long", "--sample", "1", PYTHONPATH=here)
    while not has_open(process, place.path("warehouse.duckdb")):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=60)
    assert (process.returncode, out, told) == (130, "", "interrupted\n")


def test_the_json_form(built: Project) -> None:
    form: Any = built.json("diff", "prod", "dev", "owners")
    (table,) = form.pop("tables")
    assert form == {"version": 1, "left": "prod", "right": "dev"}
    assert table["rows"] == {
        "left": 3, "right": 3, "left_compared": 3, "right_compared": 3,
        "paired": 2, "equal": 1, "changed": 1, "added": 1, "removed": 1,
    }  # fmt: skip
    nothing = {"keys": 0, "rows": 0, "nulls": 0}
    assert table["key"] == {
        "columns": ["id"], "source": "grain", "left": nothing, "right": nothing
    }  # fmt: skip
    assert table["columns"][1] == {
        "name": "name", "left_type": "VARCHAR", "right_type": "VARCHAR", "moved": False,
        "key": False, "compared_as": None, "differing": 1, "left_nulls": 0, "right_nulls": 0,
        "left_distinct": 3, "right_distinct": 3,
    }  # fmt: skip
    assert (table["sample"], table["distinct_exact"], table["private"]) == (None, True, ["mail"])
    assert table["examples"][0] == {
        "kind": "changed",
        "key": [{"column": "id", "left": "2", "right": "2"}],
        "cells": [{"column": "name", "left": "bob", "right": "bea"}],
        "more": 0,
        "copies": 1,
    }

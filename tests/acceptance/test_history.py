"""The history of an environment: the way back in it, and what is dropped when nothing shows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from command_line import Project, plain_environment, project

from xform.host import clock

FILES = {
    "seeds/raw/items.csv": "id,price\n1,5\n2,6\n",
    "models/shop/total.sql": "/* @model\nkind: table\n*/\nselect sum(price) as t from raw.items\n",
    "models/shop/seen.sql": "select t from shop.total\n",
}


def at(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    monkeypatch.setattr(clock, "now", lambda: f"2026-03-{day}T08:00:00.000Z")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Built three times: totals of 11, 21 and 31."""
    at(monkeypatch, "01")
    made = project(tmp_path, FILES)
    made.ok("build")
    for price in ("16", "26"):
        made.write("seeds/raw/items.csv", f"id,price\n1,5\n2,{price}\n")
        made.ok("build")
    return made


def total(shop: Project, schema: str = "shop") -> Any:
    ((seen, table),) = shop.rows(
        f"select (select t from {schema}.seen), (select t from {schema}.total)"
    )
    assert seen == table
    return table


def builds(shop: Project) -> set[str]:
    return {name for (name,) in shop.rows("select physical from _xform.ledger_builds")}


def test_every_publishing_is_remembered(shop: Project) -> None:
    listed = shop.json("env", "history")["publishings"]
    assert [(item["id"], item["kind"], item["moved"]) for item in listed] == [
        (3, "build", 3),
        (2, "build", 3),
        (1, "build", 3),
    ]
    assert listed[0]["run_id"] == shop.json("runs", "show")["run"]["run_id"]
    assert "build" in shop.ok("env", "history").out


def test_the_way_back_and_forth(shop: Project) -> None:
    assert total(shop) == 31
    shop.ok("rollback", "--dry-run")
    assert total(shop) == 31
    assert "prod shows what it showed after publishing 2" in shop.ok("rollback").out
    assert total(shop) == 21
    shop.ok("rollback", "--to", "1")
    assert total(shop) == 11
    shop.ok("rollback", "--to", "3")
    assert total(shop) == 31
    shop.ok("rollback", "--to", "1")
    assert shop.stale() == set(), "what was built is there"
    shop.ok("build")
    assert total(shop) == 31
    assert shop.actions() == {}


def test_names_that_came_later_go_and_come_back(shop: Project) -> None:
    shop.write("models/shop/more.sql", "select 1 as one")
    shop.path("models/shop/seen.sql").unlink()
    shop.ok("build")
    assert "shop.more" in shop.published()
    assert "shop.seen" not in shop.published()
    shop.ok("rollback")
    assert "shop.more" not in shop.published()
    assert "shop.seen" in shop.published()


def test_what_there_is_none_of(shop: Project) -> None:
    assert "XF0611" in shop.call("rollback", "--to", "9").err
    shop.ok("build", "--env", "dev")
    assert "XF0611" in shop.call("rollback", "--env", "dev").err


def test_promoted_and_dropped_names_are_in_it(shop: Project) -> None:
    shop.ok("build", "--env", "dev")
    shop.ok("rollback", "--to", "1")
    shop.ok("env", "promote", "dev", "prod")
    assert total(shop) == 31
    shop.ok("rollback")
    assert total(shop) == 11
    shop.ok("env", "drop", "dev")
    kinds = [item["kind"] for item in shop.json("env", "history", "--env", "dev")["publishings"]]
    assert kinds == ["drop", "build"]
    shop.ok("rollback", "--env", "dev")
    assert total(shop, "shop__dev") == 31


def test_gc_waits_for_the_grace_of_what_nothing_shows(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = builds(shop)
    at(monkeypatch, "05")
    found = shop.json("gc")
    assert found["dropped"] == []
    assert len(found["kept"]) == 6
    at(monkeypatch, "09")
    told = shop.ok("gc", "--dry-run").out
    assert "6 builds would go" in told
    assert builds(shop) == before
    shop.ok("gc")
    assert len(builds(shop)) == 3
    assert total(shop) == 31
    assert shop.actions() == {}
    answer = shop.call("rollback")
    assert answer.code == 2
    assert "XF0612" in answer.err
    assert "shop.total" in answer.err
    assert total(shop) == 31


def test_gc_keeps_what_another_environment_shows(shop: Project) -> None:
    shop.ok("rollback", "--to", "2")
    shop.ok("build", "--env", "dev")
    assert len(shop.json("gc", "--grace", "0s")["dropped"]) == 3
    assert (total(shop), total(shop, "shop__dev")) == (21, 31)


def test_environments_expire_and_prod_never_does(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = shop.read("pyproject.toml")
    rule = '[tool.xform.environments."*"]\nexpires = "3d"\n[tool.xform.gc]\ngrace = "1d"\n'
    shop.write("pyproject.toml", settings + rule)
    shop.ok("build", "--env", "pr_7")
    listed = {item["name"]: item["expires_at"] for item in shop.json("env")["environments"]}
    assert listed == {"prod": None, "pr_7": "2026-03-04T08:00:00.000Z"}
    assert "expires 2026-03-04" in shop.ok("env").out
    at(monkeypatch, "03")
    assert shop.json("gc")["environments"] == []
    at(monkeypatch, "05")
    assert shop.json("gc", "--dry-run")["environments"] == ["pr_7"]
    assert shop.json("gc")["environments"] == ["pr_7"]
    assert [item["name"] for item in shop.json("env")["environments"]] == ["prod"]
    assert total(shop) == 31


def test_leftovers_go(shop: Project) -> None:
    with duckdb.connect(str(shop.path("warehouse.duckdb"))) as connection:
        connection.execute("create table _xform.stray as select 1 as x")
        gone = "shop__total" + "%"
        ((name,),) = connection.execute(
            "select min(physical) from _xform.ledger_builds where physical like ?", [gone]
        ).fetchall()
        connection.execute(f'drop table _xform."{name}"')
    dropped = {item["build"] for item in shop.json("gc")["dropped"]}
    assert {"stray", name} == dropped
    assert shop.json("gc")["dropped"] == []


STOPPED = """
import os, sys
import duckdb
from xform.engines.duckdb import engine
left = [int(sys.argv[1])]
plain = engine.DuckDBEngine._cursor
from contextlib import contextmanager

class Counted:
    def __init__(self, cursor):
        self.cursor = cursor
    def execute(self, *arguments, **keywords):
        left[0] -= 1
        if left[0] == 0:
            os._exit(9)
        return self.cursor.execute(*arguments, **keywords)
    def __getattr__(self, name):
        return getattr(self.cursor, name)

@contextmanager
def counted(self):
    with plain(self) as cursor:
        yield Counted(cursor)

engine.DuckDBEngine._cursor = counted
sys.argv = ["xform", *sys.argv[2:]]
from xform.cli.entrance import run
run()
"""


def stopped_at(shop: Project, number: int, *command: str) -> int:
    """A command that ends at its n-th statement, as if the machine had lost power."""
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(number), *command],
        cwd=shop.root,
        env=plain_environment(),
        capture_output=True,
        timeout=120,
    )
    return done.returncode


@pytest.mark.parametrize("command", [("rollback", "--to", "1"), ("gc", "--grace", "0s")])
def test_ends_between_any_two_statements(shop: Project, command: tuple[str, ...]) -> None:
    for number in range(1, 80, 3):
        code = stopped_at(shop, number, *command)
        assert total(shop) in (11, 31)
        assert shop.published() == {"raw.items", "shop.total", "shop.seen"}
        if code == 0:
            break
        assert code == 9
    assert code == 0
    assert total(shop) == (11 if command[0] == "rollback" else 31)
    if command[0] == "gc":
        assert len(builds(shop)) == 3
    shop.ok("build")
    assert total(shop) == 31

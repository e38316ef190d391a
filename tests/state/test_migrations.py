"""A state of any earlier version is brought up to date, by one process.

`files/vN.db` were written by xform when N was the version: a build of prod and one of dev, each of
a seed, a view and a table. A new migration comes with a file of the version before it. What they
hold is put into PostgreSQL as well, into the tables that N steps make there.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from state_homes import KINDS, PostgresHome, StateHome, home_of
from xform.host.processes import is_gone, this_process
from xform.run.events import NodeDone
from xform.run.failures import StateError
from xform.state.migrations import MIGRATIONS
from xform.state.postgres import PostgresDatabase

FILES = Path(__file__).parent / "files"
VERSIONS = range(1, len(MIGRATIONS))


def put(version: int, home: StateHome, patch: pytest.MonkeyPatch) -> None:
    """What a state of an earlier version holds, into a home."""
    file = FILES / f"v{version}.db"
    if isinstance(home, PostgresHome):
        with patch.context() as earlier:
            for module in ("postgres", "store"):
                earlier.setattr(f"xform.state.{module}.MIGRATIONS", MIGRATIONS[:version])
            home.make()
        connection = sqlite3.connect(file)
        for table in home.tables():
            found = connection.execute(f"select * from {table}")
            names = [column[0] for column in found.description]
            marks = ", ".join("?" for _ in names)
            home.execute(f"delete from {table}")
            for row in found:
                home.execute(f"insert into {table} ({', '.join(names)}) values ({marks})", row)
        connection.close()
    else:
        (home.root / ".xform").mkdir()
        shutil.copyfile(file, home.root / home.target.path)
    assert home.version == version


@pytest.fixture(params=VERSIONS)
def old(
    request: pytest.FixtureRequest, home: StateHome, monkeypatch: pytest.MonkeyPatch
) -> StateHome:
    put(request.param, home, monkeypatch)
    return home


def test_what_was_kept_is_still_there(old: StateHome) -> None:
    store = old.store()
    found = store.snapshot("dev")
    assert found.identity
    assert found.revision
    assert len(found.builds) == 6
    assert all(record.components for record in found.builds.values())
    assert set(found.published("dev")) == {"raw.s", "m.a", "m.b"}
    assert {item.environment for item in found.publications} == {"dev", "prod"}
    assert set(found.statuses.values()) == {"success"}
    assert [run.environment for run in store.runs(None, 9)] == ["dev", "prod"]
    last = store.last_run("prod")
    assert last is not None
    assert len(last.nodes) == 3
    store.close()
    assert old.version == len(MIGRATIONS)


def test_it_can_be_written_like_a_new_one(old: StateHome) -> None:
    store = old.store()
    before = store.snapshot("prod")
    (asset, *_) = before.statuses
    store.start_run("r", "prod", "2027-01-01T00:00:00Z")
    store.record("r", [NodeDone(asset, "error", None, 1.0, None, "")])
    assert store.snapshot("prod").statuses[asset] == "error"
    assert store.snapshot("prod").revision != before.revision
    assert store.leases.take("prod", "r", this_process(), 60, is_gone).owner == "r"
    store.close()


def columns(home: StateHome) -> list[tuple[str, str]]:
    if isinstance(home, PostgresHome):
        sql = (
            "select table_name || '.' || column_name,"
            " data_type || coalesce(collation_name, '') || is_nullable || is_identity"
            " from information_schema.columns where table_schema = ? order by 1"
        )
        return home.execute(sql, [home.schema])
    return home.execute(
        "select t.name || '.' || c.name, c.type from sqlite_schema t, pragma_table_info(t.name)"
        " c where t.type = 'table' order by 1"
    )


def test_it_has_the_tables_of_a_new_one(
    old: StateHome, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    new = home_of(old.kind, tmp_path / "new", request)
    new.root.mkdir()
    new.make()
    old.make()
    assert columns(old) == columns(new)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", [0, 1])
def test_of_several_processes_at_once_one_migrates(
    kind: str,
    version: int,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = home_of(kind, tmp_path, request)
    if version:
        put(version, home, monkeypatch)
    code = (
        "import sys, pathlib, msgspec\n"
        "from xform.project.profile import StateTarget\n"
        "from xform.state.opening import open_state\n"
        "sys.stdin.read()\n"
        "target = msgspec.json.decode(sys.argv[1], type=StateTarget)\n"
        "store = open_state(target, pathlib.Path(sys.argv[2]))\n"
        "print(len(store.snapshot('prod').publications))\n"
        "store.close()\n"
    )
    target = msgspec.json.encode(home.target).decode()
    several = [
        subprocess.Popen(
            [sys.executable, "-c", code, target, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(4)
    ]
    for process in several:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    answers = [process.communicate(timeout=60) for process in several]
    # A step that is done twice fails: the table is there.
    assert answers == [("6\n" if version else "0\n", "")] * 4


def test_a_newer_state_is_refused_and_left_alone(home: StateHome) -> None:
    home.make()
    home.set_version(99)
    store = home.store()
    with pytest.raises(StateError, match="newer xform") as caught:
        store.snapshot("prod")
    assert caught.value.kind == "newer"
    assert home.version == 99
    store.close()


def test_a_step_that_fails_leaves_nothing(
    schema: PostgresHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (*MIGRATIONS[:1], "create table more (x $text); select nonsense;")
    with monkeypatch.context() as patch:
        patch.setattr("xform.state.postgres.MIGRATIONS", broken)
        patch.setattr("xform.state.migrations.MIGRATIONS", broken)
        database = PostgresDatabase(schema.target)
        with pytest.raises(StateError, match="nonsense"):
            database.read(lambda connection: None)
        database.close()
    assert not schema.is_there()
    schema.make()
    assert schema.version == len(MIGRATIONS)

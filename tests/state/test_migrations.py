"""A state of any earlier version is brought up to date, by one process.

`files/vN.db` were written by xform when N was the version: a build of prod and one of dev, each of
a seed, a view and a table. A new migration comes with a file of the version before it.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from xform.host.processes import is_gone, this_process
from xform.run.events import NodeDone
from xform.state.migrations import MIGRATIONS
from xform.state.store import StateStore

FILES = Path(__file__).parent / "files"
VERSIONS = range(1, len(MIGRATIONS))


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    to = tmp_path / "state.db"
    shutil.copyfile(FILES / f"v{request.param}.db", to)
    with sqlite3.connect(to) as connection:
        assert connection.execute("pragma user_version").fetchone() == (request.param,)
    connection.close()
    return to


def test_what_was_kept_is_still_there(old: Path) -> None:
    store = StateStore(old)
    found = store.snapshot("dev")
    assert found.identity
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


def test_it_can_be_written_like_a_new_one(old: Path) -> None:
    store = StateStore(old)
    before = store.snapshot("prod")
    (asset, *_) = before.statuses
    store.start_run("r", "prod", "2027-01-01T00:00:00Z")
    store.record("r", [NodeDone(asset, "error", None, 1.0, None, "")])
    assert store.snapshot("prod").statuses[asset] == "error"
    assert store.snapshot("prod").revision != before.revision
    assert store.leases.take("prod", "r", this_process(), 60, is_gone).owner == "r"
    store.close()


def test_it_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    def tables(path: Path) -> list[tuple[str, str]]:
        store = StateStore(path)
        store.snapshot("prod")
        store.close()
        connection = sqlite3.connect(path)
        found = connection.execute(
            "select t.name || '.' || c.name, c.type from sqlite_schema t, pragma_table_info(t.name)"
            " c where t.type = 'table' order by 1"
        ).fetchall()
        connection.close()
        return found

    assert tables(old) == tables(tmp_path / "new.db")


@pytest.mark.parametrize("version", [0, 1])
def test_of_two_processes_at_once_one_migrates(tmp_path: Path, version: int) -> None:
    path = tmp_path / "state.db"
    if version:
        shutil.copyfile(FILES / f"v{version}.db", path)
    code = (
        "import sys, pathlib, xform.state.store as store\n"
        "sys.stdin.read()\n"
        "print(len(store.StateStore(pathlib.Path(sys.argv[1])).snapshot('prod').publications))"
    )
    several = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(6)
    ]
    for process in several:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    answers = [process.communicate(timeout=60) for process in several]
    # A step that is done twice fails: the table is there.
    assert answers == [("6\n" if version else "0\n", "")] * 6

"""The SQLite state: what goes in comes out, and trouble is mended or told."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.plan.plan import Component
from xform.run.events import CheckDone, NodeDone, NodeSkip, RunEnd
from xform.run.ports import BuildRecord, Ledger, Publication, StateError
from xform.state.store import StateStore

A = AssetName("m.a")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    opened = StateStore(tmp_path / ".xform" / "state.db", wait=0.3)
    yield opened
    opened.close()


def build(physical: str, generation: int = 1, audits: str = "") -> BuildRecord:
    return BuildRecord(
        physical=physical,
        asset=A,
        relation="table",
        fingerprint=Digest("f"),
        generation=generation,
        versions={"raw.s": "1"},
        inputs={AssetName("raw.s"): "raw__s_1"},
        columns=(("x", "INTEGER"),),
        rows=3,
        seconds=0.5,
        built_at="2026-01-01T00:00:00Z",
        run_id="r",
        components=(Component("column x", Digest("d"), "x", {"raw.s.x": Digest("e")}),),
        audits_digest=Digest(audits),
    )


SHOWN = Publication("prod", A, "m", "a", "a_2", Digest("f"))


def test_a_ledger_comes_back_as_it_went_in(store: StateStore) -> None:
    ledger = Ledger((build("a_1"), build("a_2", 2)), (SHOWN,))
    store.sync(ledger, "inode")
    found = store.snapshot("prod")
    assert found.identity == "inode"
    assert found.builds == {record.physical: record for record in ledger.builds}
    assert found.published("prod") == {A: SHOWN}
    assert found.published("dev") == {}
    assert [record.generation for record in found.builds_of(A)] == [2, 1]
    assert found.by_fingerprint() == {(A, Digest("f")): ledger.builds[1]}


def test_components_can_be_left_out(store: StateStore) -> None:
    store.sync(Ledger((build("a_1"),), ()), "i")
    (record,) = store.snapshot("prod", components=False).builds.values()
    assert record == msgspec.structs.replace(build("a_1"), components=())


def test_a_sync_follows_the_warehouse(store: StateStore) -> None:
    store.sync(Ledger((build("a_1"), build("a_2")), (SHOWN,)), "1")
    store.sync(Ledger((build("a_2", audits="passed"), build("a_3")), ()), "2")
    found = store.snapshot("prod")
    assert set(found.builds) == {"a_2", "a_3"}
    assert found.builds["a_2"].audits_digest == "passed"
    assert found.publications == ()
    assert found.identity == "2"


def test_a_run_is_kept_with_its_nodes_and_checks(store: StateStore) -> None:
    store.start_run("r1", "prod", "2026-01-01T00:00:00Z")
    store.record(
        "r1",
        [
            NodeDone(A, "success", 3, 1.5, "a_1", "new"),
            CheckDone(A, "not_null_a", "pass", 0, 0.1),
            NodeSkip(AssetName("m.b"), "m.c failed"),
        ],
    )
    store.end_run("r1", [RunEnd("r1", "failed", 1, 0, 1, 0, 2.0, "2026-01-01T00:00:02Z")])
    run = store.last_run()
    assert run is not None
    assert (run.status, run.built, run.skipped, run.seconds) == ("failed", 1, 1, 2.0)
    assert [(node.asset, node.status) for node in run.nodes] == [
        ("m.a", "success"),
        ("m.b", "skipped"),
    ]
    assert run.nodes[1].message == "m.c failed"
    assert run.checks[0].check == "not_null_a"


def test_statuses_are_of_an_environment_and_the_last_run_there(store: StateStore) -> None:
    for run, environment, status in (
        ("r1", "prod", "success"),
        ("r2", "dev", "error"),
        ("r3", "dev", "fail"),
    ):
        store.start_run(run, environment, f"2026-01-0{run[1]}")
        store.record(run, [NodeDone(A, status, None, 7.0, "a_1", "")])
    assert store.snapshot("prod").statuses == {A: "success"}
    assert store.snapshot("dev").statuses == {A: "fail"}
    assert store.snapshot("dev").seconds == {A: 7.0}
    last = store.last_run("prod")
    assert last is not None
    assert (last.run_id, last.status) == ("r1", "running")


def test_a_new_store_is_empty(store: StateStore) -> None:
    found = store.snapshot("prod")
    assert (found.identity, found.builds, found.statuses) == ("", {}, {})
    assert store.last_run() is None


@pytest.mark.parametrize(
    "content", [b"not a database " * 400, b"SQLite format 3\0" + b"\xff" * 8000]
)
def test_a_damaged_file_is_moved_aside(store: StateStore, tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / ".xform"
    folder.mkdir()
    (folder / "state.db").write_bytes(content)
    assert store.snapshot("prod").identity == ""
    assert [notice.code for notice in store.notices] == ["XF0717"]
    assert (folder / "state.db.damaged-1").read_bytes() == content
    store.sync(Ledger((build("a_1"),), ()), "healed")
    assert store.snapshot("prod").identity == "healed"


def test_damage_found_late_is_mended_too(store: StateStore, tmp_path: Path) -> None:
    store.sync(Ledger(tuple(build(f"a_{i}") for i in range(500)), ()), "1")
    store.close()
    file = tmp_path / ".xform" / "state.db"
    size = file.stat().st_size
    with file.open("r+b") as content:
        content.seek(8192)
        content.write(os.urandom(size - 8192))
    assert store.snapshot("prod").builds == {}
    assert len(store.notices) == 1


def test_a_newer_state_is_refused_and_left_alone(store: StateStore, tmp_path: Path) -> None:
    store.snapshot("prod")
    store.close()
    file = tmp_path / ".xform" / "state.db"
    with sqlite3.connect(file) as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(StateError, match="newer xform") as caught:
        store.snapshot("prod")
    assert caught.value.kind == "newer"
    assert [entry.name for entry in file.parent.iterdir() if "damaged" in entry.name] == []


def test_a_locked_state_is_waited_for_then_told(store: StateStore, tmp_path: Path) -> None:
    store.snapshot("prod")
    other = sqlite3.connect(tmp_path / ".xform" / "state.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StateError, match="in use") as caught:
        store.start_run("r", "prod", "2026")
    assert caught.value.kind == "busy"
    assert store.snapshot("prod").identity == ""
    other.close()
    store.start_run("r", "prod", "2026")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".xform").write_text("a file")
    with pytest.raises(StateError) as caught:
        StateStore(tmp_path / ".xform" / "state.db").snapshot("prod")
    assert caught.value.kind == "io"


def test_every_thread_may_write(tmp_path: Path) -> None:
    patient = StateStore(tmp_path / "state.db", wait=20)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for part in range(10):
                patient.start_run(f"r{number}-{part}", "prod", "2026")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    patient.close()


def test_importing_the_state_loads_nothing_heavy() -> None:
    code = (
        "import sys; import xform.state.store\n"
        "heavy = {'duckdb', 'rich', 'typer', 'sqlglot', 'jinja2', 'yaml', 'networkx', 'asyncio'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

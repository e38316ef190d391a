"""The state in a file: trouble is mended or told."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from state_ledgers import build

from xform.run.failures import StateError
from xform.run.records import Ledger
from xform.state.sqlite import SqliteDatabase
from xform.state.store import StateStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    opened = StateStore(SqliteDatabase(tmp_path / ".xform" / "state.db", wait=0.3))
    yield opened
    opened.close()


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
        StateStore(SqliteDatabase(tmp_path / ".xform" / "state.db")).snapshot("prod")
    assert caught.value.kind == "io"

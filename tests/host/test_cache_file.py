"""The cache file may be damaged, locked or gone at any moment: it costs time, nothing else."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xform.host.cache import NAME, CacheFile

VALUES = {f"parse/{number}": b"%d" % number for number in range(1200)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".xform" / "cache"


def filled(folder: Path) -> Path:
    cache = CacheFile(folder)
    cache.save(VALUES)
    cache.close()
    return folder / NAME


def test_values_come_back(folder: Path) -> None:
    filled(folder)
    cache = CacheFile(folder)
    assert cache.load([*VALUES, "parse/unknown"]) == VALUES
    cache.close()


def test_a_value_is_replaced(folder: Path) -> None:
    filled(folder)
    cache = CacheFile(folder)
    cache.save({"parse/1": b"new"})
    assert cache.load(["parse/1"]) == {"parse/1": b"new"}
    cache.close()


def test_looking_into_nothing_makes_no_file(folder: Path) -> None:
    assert CacheFile(folder).load(["parse/1"]) == {}
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["garbage", "truncated", "emptied", "header", "middle"])
def test_a_damaged_file_is_begun_anew(folder: Path, damage: str) -> None:
    path = filled(folder)
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "garbage": b"this is no database " * 100,
            "truncated": content[: 4096 + 100],
            "emptied": b"",
            "header": b"\x00" * 100 + content[100:],
            "middle": content[:4096] + b"\xff" * (middle - 4096) + content[middle:],
        }[damage]
    )
    cache = CacheFile(folder)
    found = cache.load(VALUES)
    assert all(VALUES[key] == value for key, value in found.items())
    cache.save(VALUES)
    cache.close()
    again = CacheFile(folder)
    if again.load(VALUES) != VALUES:  # a damage that only writing came upon
        again.save(VALUES)
    assert again.load(VALUES) == VALUES
    again.close()


def test_a_file_that_vanishes_while_open_is_done_without(folder: Path) -> None:
    filled(folder)
    cache = CacheFile(folder)
    assert cache.load(["parse/1"])
    for path in folder.iterdir():
        path.unlink()
    cache.load(["parse/2"])
    cache.save({"parse/1": b"lost"})
    cache.close()
    assert CacheFile(folder).load(["parse/unknown"]) == {}


def test_a_folder_that_vanishes_is_made_again(folder: Path) -> None:
    filled(folder)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    cache = CacheFile(folder)
    assert cache.load(["parse/1"]) == {}
    cache.save(VALUES)
    assert cache.load(["parse/1"]) == {"parse/1": b"1"}
    cache.close()


def test_a_place_that_is_no_folder_is_done_without(tmp_path: Path) -> None:
    (tmp_path / ".xform").write_text("a file")
    cache = CacheFile(tmp_path / ".xform" / "cache")
    cache.save(VALUES)
    assert cache.load(["parse/1"]) == {}


def test_a_folder_under_the_files_name_is_done_without(folder: Path) -> None:
    (folder / NAME).mkdir(parents=True)
    cache = CacheFile(folder)
    assert cache.load(["parse/1"]) == {}
    cache.save(VALUES)


def test_a_table_of_another_shape_is_done_without(folder: Path) -> None:
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / NAME) as other:
        other.execute("create table results (name text)")
    other.close()
    cache = CacheFile(folder)
    assert cache.load(["parse/1"]) == {}
    cache.save(VALUES)
    assert cache.load(["parse/1"]) == {}
    cache.close()


def test_a_locked_file_is_waited_for_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xform.host.cache.WAIT", 0.2)
    path = filled(folder)
    holder = sqlite3.connect(path)
    holder.execute("pragma locking_mode = exclusive")
    holder.execute("begin exclusive")
    holder.execute("delete from results where key = 'parse/1'")
    try:
        cache = CacheFile(folder)
        begun = time.monotonic()
        for _ in range(20):
            cache.load(["parse/2"])
        cache.save({"parse/3": b"new"})
        assert time.monotonic() - begun < 2.0
        cache.close()
    finally:
        holder.rollback()
        holder.close()
    later = CacheFile(folder)
    assert later.load(["parse/3"]) == {"parse/3": b"3"}
    later.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written_is_done_without(folder: Path) -> None:
    path = filled(folder)
    path.chmod(0o400)
    folder.chmod(0o500)
    try:
        cache = CacheFile(folder)
        cache.save({"parse/1": b"new"})
        assert cache.load(["parse/1"]) in ({}, {"parse/1": b"1"})
        cache.close()
    finally:
        folder.chmod(0o700)


WRITER = """
import sys
from pathlib import Path
from xform.host.cache import CacheFile
mark = sys.argv[2]
for turn in range(20):
    cache = CacheFile(Path(sys.argv[1]))
    cache.save({f"{mark}/{turn}/{n}": mark.encode() * 50 for n in range(50)})
    found = cache.load([f"{mark}/{turn}/{n}" for n in range(50)])
    assert len(found) == 50, len(found)
    cache.close()
"""


def test_two_processes_write_at_once(folder: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(folder)]
    running = [subprocess.Popen([*command, mark], stderr=subprocess.PIPE) for mark in "ab"]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
    cache = CacheFile(folder)
    keys = [f"{mark}/{turn}/{n}" for mark in "ab" for turn in range(20) for n in range(50)]
    assert len(cache.load(keys)) == len(keys)
    cache.close()

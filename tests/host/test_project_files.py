"""The listing of a project's files: what is in it, when content is read again, what is left."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from xform.base.hashing import digest_bytes
from xform.host.files import RACY_NS, ProjectFiles, Snapshot, digest_file
from xform.project.files import UnreadableFile


def write(root: Path, path: str, content: str, age: int = 10 * RACY_NS) -> Path:
    """A file whose times lie `age` nanoseconds back."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    before = file.stat().st_mtime_ns - age
    os.utime(file, ns=(before, before))
    return file


def later(snapshot: Snapshot) -> Snapshot:
    """A snapshot as if it had been taken long after the files' last change."""
    return msgspec.structs.replace(snapshot, taken_ns=snapshot.taken_ns + 10 * RACY_NS)


def test_the_listing_holds_what_the_compiler_may_read(tmp_path: Path) -> None:
    for path in (
        "pyproject.toml",
        "setup.py",
        "models/b/x.sql",
        "models/a.sql",
        "models/a.md",
        "models/.git/x.sql",
        "models/__pycache__/x.py",
        "seeds/s.csv",
        "macros/m.py",
        "tests/t.sql",
        "tests/test_t.py",
        "target/x.sql",
    ):
        write(tmp_path, path, path)
    files = ProjectFiles(tmp_path)
    assert list(files.entries) == [
        "macros/m.py",
        "models/a.sql",
        "models/b/x.sql",
        "pyproject.toml",
        "seeds/s.csv",
        "tests/t.sql",
    ]
    assert files.entries["seeds/s.csv"].digest == digest_bytes(b"seeds/s.csv")
    assert digest_file(tmp_path, "seeds/s.csv") == files.entries["seeds/s.csv"].digest
    assert files.read("models/a.sql") == b"models/a.sql"
    assert not files.diagnostics


def test_an_empty_folder_is_no_error(tmp_path: Path) -> None:
    assert not ProjectFiles(tmp_path).entries


def test_unchanged_files_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "models/a.sql", "select 1")
    earlier = ProjectFiles(tmp_path).snapshot
    # Its own time is past the racy window only once the clock has moved on.
    monkeypatch.setattr("time.time_ns", lambda: earlier.taken_ns + 20 * RACY_NS)
    reads: list[str] = []
    read_bytes = Path.read_bytes

    def noted(path: Path) -> bytes:
        reads.append(path.name)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    assert ProjectFiles(tmp_path, later(earlier)).entries == {
        entry.path: entry for entry in earlier.entries
    }
    assert reads == []
    assert ProjectFiles(tmp_path, earlier).entries.keys() == {"models/a.sql"}
    assert reads == ["a.sql"], "its status changed within two seconds of the earlier scan"


def test_a_change_within_the_granularity_of_time_is_seen(tmp_path: Path) -> None:
    file = write(tmp_path, "models/a.sql", "select 1", age=0)
    status = file.stat()
    earlier = ProjectFiles(tmp_path).snapshot
    file.write_text("select 2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    now = ProjectFiles(tmp_path, earlier).entries["models/a.sql"]
    assert (now.mtime_ns, now.size) == (status.st_mtime_ns, status.st_size)
    assert now.digest == digest_bytes(b"select 2")


def test_content_replaced_under_an_old_time_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "models/a.sql", "select 1")
    status = file.stat()
    earlier = ProjectFiles(tmp_path).snapshot
    monkeypatch.setattr("time.time_ns", lambda: earlier.taken_ns + 20 * RACY_NS)
    file.write_text("select 2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    now = ProjectFiles(tmp_path, later(earlier)).entries["models/a.sql"]
    assert now.digest == digest_bytes(b"select 2")


def test_a_snapshot_can_be_stored(tmp_path: Path) -> None:
    write(tmp_path, "models/a.sql", "select 1")
    snapshot = ProjectFiles(tmp_path).snapshot
    stored = msgspec.msgpack.encode(snapshot)
    assert msgspec.msgpack.decode(stored, type=Snapshot) == snapshot


def test_links_are_followed_within_the_project_only(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside/secret.sql", "select 1")
    root = tmp_path / "project"
    write(root, "models/s/a.sql", "select 1")
    (root / "models/loop").symlink_to(root / "models")
    (root / "models/s/out.sql").symlink_to(outside)
    (root / "models/out").symlink_to(outside.parent)
    (root / "models/gone.sql").symlink_to(tmp_path / "nothing.sql")
    files = ProjectFiles(root)
    assert list(files.entries) == ["models/s/a.sql"]
    assert {(each.code, each.span.path) for each in files.diagnostics} == {
        ("XF0148", "models/s/out.sql"),
        ("XF0148", "models/out"),
        ("XF0148", "models/gone.sql"),
    }


def test_a_file_that_changes_after_the_listing_is_not_mistaken(tmp_path: Path) -> None:
    seed = write(tmp_path, "seeds/s.yml", "seeds: []")
    files = ProjectFiles(tmp_path)
    seed.write_text("seeds: [ ]")
    with pytest.raises(UnreadableFile) as caught:
        files.read("seeds/s.yml")
    assert caught.value.diagnostic.code == "XF0143"
    seed.unlink()
    with pytest.raises(UnreadableFile):
        files.read("seeds/s.yml")


def test_files_that_cannot_be_read_are_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "models/a.sql", "select 1")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    files = ProjectFiles(tmp_path)
    assert not files.entries
    (finding,) = files.diagnostics
    assert (finding.code, finding.span.path) == ("XF0143", "models/a.sql")
    assert "permission denied" in finding.message


def test_paths_outside_the_folders_are_listed_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "lib/a.py", "x = 1")
    files = ProjectFiles(tmp_path)
    assert not files.widen(["lib/none.py"])
    assert files.widen(["lib/a.py", "../x.py"])
    write(tmp_path, "lib/none.py", "x = 2")
    assert list(ProjectFiles(tmp_path, files.snapshot).entries) == ["lib/a.py", "lib/none.py"]

"""What `compile` left under `target/`, so that what is there already is not made again."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from xform.app.index import read_whole, write_whole
from xform.base.hashing import Digest, digest_bytes
from xform.host.files import RACY_NS

NAME = "written-v1.msgpack"


class WrittenFile(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was left. `digest` is of its content where its times do not tell all of its
    changes: it had been written just before."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    digest: Digest | None


class Written(msgspec.Struct, frozen=True):
    """`of` stands for the compilation that was written."""

    of: Digest
    files: tuple[WrittenFile, ...]


def is_written(root: Path, cache: Path, of: Digest) -> bool:
    """Whether `target/` holds what was written of this compilation, and no more."""
    data = read_whole(cache / NAME)
    try:
        written = msgspec.msgpack.decode(data, type=Written) if data is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    if written is None or written.of != of:
        return False
    there = dict(_files(root))
    if there.keys() != {file.path for file in written.files}:
        return False
    if not all(_is_as_left(root, file, there[file.path]) for file in written.files):
        return False
    if any(file.digest is not None for file in written.files):
        note_written(root, cache, of)
    return True


def note_written(root: Path, cache: Path, of: Digest) -> None:
    """Note what is there now, which is what was written of a compilation."""
    settled = time.time_ns() - RACY_NS
    files = []
    for path, status in sorted(dict(_files(root)).items()):
        racy = max(status.st_mtime_ns, status.st_ctime_ns) >= settled
        try:
            digest = digest_bytes((root / path).read_bytes()) if racy else None
        except OSError:
            return
        files.append(
            WrittenFile(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, digest)
        )
    write_whole(cache / NAME, msgspec.msgpack.encode(Written(of, tuple(files))))


def _is_as_left(root: Path, file: WrittenFile, status: os.stat_result) -> bool:
    times = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if times != (file.size, file.mtime_ns, file.ctime_ns):
        return False
    if file.digest is None:
        return True
    with contextlib.suppress(OSError):
        return digest_bytes((root / file.path).read_bytes()) == file.digest
    return False


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """All that lies where `compile` writes, by path within the project."""
    with contextlib.suppress(OSError):
        yield "target/manifest.json", (root / "target/manifest.json").stat()
    folders = ["target/compiled"]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as listing:
                for child in listing:
                    path = f"{folder}/{child.name}"
                    if child.is_dir():
                        folders.append(path)
                    else:
                        yield path, child.stat()
        except OSError:
            continue

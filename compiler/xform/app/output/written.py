"""What `compile` left under `target/`, so that what is there already is not made again.

Where it is of an earlier compilation, and it is known which assets may be others since, the rest of
it stands (`Standing`).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import BinaryIO

import msgspec

from xform.app.remembering.index import read_whole, write_whole
from xform.base.hashing import Digest, digest_bytes
from xform.base.names import AssetName
from xform.host.files import RACY_NS

NAME = "written-v2.msgpack"
MANIFEST = "target/manifest.json"


class WrittenFile(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was left. `digest` is of its content where its times do not tell all of its
    changes: it had been written just before."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    digest: Digest | None


class Written(msgspec.Struct, frozen=True):
    """`of` stands for the compilation that was written, and `base` for it but for what it says;
    `lengths` are the bytes of each asset in the manifest, by name."""

    of: Digest
    base: Digest
    files: tuple[WrittenFile, ...]
    lengths: tuple[int, ...]


class Standing(msgspec.Struct, frozen=True):
    """What stands of an earlier compilation: all but what is written of the `touched`."""

    touched: Set[AssetName]
    lengths: tuple[int, ...]
    manifest: WrittenFile

    @contextlib.contextmanager
    def opened(self, root: Path) -> Iterator[BinaryIO | None]:
        """Its manifest; None where another one is there by now."""
        with contextlib.ExitStack() as stack:
            file = None
            with contextlib.suppress(OSError):
                file = stack.enter_context((root / MANIFEST).open("rb"))
            same = file is not None and _times(os.fstat(file.fileno())) == _noted(self.manifest)
            yield file if same else None


def left(root: Path, cache: Path) -> Written | None:
    """What was written to `target/`, where that holds it as it was left, and no more."""
    found = read_whole(cache / NAME)
    try:
        written = msgspec.msgpack.decode(found.data, type=Written) if found is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if written is None:
        return None
    there = dict(_files(root))
    if there.keys() != {file.path for file in written.files}:
        return None
    if not all(_is_as_left(root, file, there[file.path]) for file in written.files):
        return None
    return written


def standing(written: Written, since: Mapping[Digest, Set[AssetName]]) -> Standing | None:
    """What stands of what was left. `since` has, by the bases of earlier compilations, the assets
    that may be others now."""
    touched = since.get(written.base)
    manifest = next((file for file in written.files if file.path == MANIFEST), None)
    if touched is None or manifest is None:
        return None
    return Standing(touched, written.lengths, manifest)


def settle(root: Path, cache: Path, written: Written) -> None:
    """Note again what was left, where its files were too young to be known by their times."""
    if any(file.digest is not None for file in written.files):
        note_written(root, cache, written.of, written.base, written.lengths)


def note_written(
    root: Path, cache: Path, of: Digest, base: Digest, lengths: tuple[int, ...]
) -> None:
    """Note what is there now, which is what was written of a compilation."""
    now = time.time_ns() - RACY_NS
    files = []
    for path, status in sorted(dict(_files(root)).items()):
        racy = max(status.st_mtime_ns, status.st_ctime_ns) >= now
        try:
            digest = digest_bytes((root / path).read_bytes()) if racy else None
        except OSError:
            return
        files.append(WrittenFile(path, *_times(status), digest))
    write_whole(cache / NAME, msgspec.msgpack.encode(Written(of, base, tuple(files), lengths)))


def _times(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _noted(file: WrittenFile) -> tuple[int, int, int]:
    return file.size, file.mtime_ns, file.ctime_ns


def _is_as_left(root: Path, file: WrittenFile, status: os.stat_result) -> bool:
    if _times(status) != _noted(file):
        return False
    if file.digest is None:
        return True
    with contextlib.suppress(OSError):
        return digest_bytes((root / file.path).read_bytes()) == file.digest
    return False


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """All that lies where `compile` writes, by path within the project."""
    with contextlib.suppress(OSError):
        yield MANIFEST, (root / MANIFEST).stat()
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

"""The index: of which files the last compilation was made, and in which circumstances.

It is read each time. The compilation itself lies beside it (`stored.py`), and is read where it is
wanted and the listing still holds. With the listing goes the last plan that had nothing to do
(`standing.py`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from xform.app.remembering.circumstances import Circumstances
from xform.base.hashing import SIZE, Digest
from xform.base.names import AssetName
from xform.host.files import Snapshot

LISTING = "index-v6.msgpack"

_REMEMBERED = 8
"""Earlier compilations that are known of."""

NOTHING = msgspec.Raw(msgspec.msgpack.encode(None))


class Earlier(msgspec.Struct, frozen=True, array_like=True):
    """An earlier compilation of the same assets in the same circumstances, and those of them that
    may be others since."""

    key: Digest
    touched: tuple[AssetName, ...]


class Listing(msgspec.Struct, frozen=True):
    """`key` is what the slim compilation beside it was compiled from. `circumstances` is None
    where they are not worth comparing; `earlier` are compilations that this one was brought up to
    date from, the last first. `plan` is a `standing.StandingPlan` or nothing, `planned` the key of
    the compilation that it is of: this one, or one of those."""

    snapshot: Snapshot
    key: Digest
    circumstances: Circumstances | None = None
    plan: msgspec.Raw = NOTHING
    planned: Digest = Digest("")
    earlier: tuple[Earlier, ...] = ()

    def edited(self, touched: Iterable[AssetName]) -> tuple[Earlier, ...]:
        """What will be `earlier` after an edit that touches these."""
        found = {self.key: tuple(sorted(touched))}
        for number, item in enumerate(self.earlier):
            if number < _REMEMBERED - 1 or item.key == self.planned:
                found.setdefault(item.key, tuple(sorted({*item.touched, *found[self.key]})))
        return tuple(Earlier(key, names) for key, names in found.items())

    def touched_since(self, key: Digest) -> frozenset[AssetName] | None:
        """The assets that may be others than in the compilation of a key; None where that is not
        known."""
        if key == self.key:
            return frozenset()
        found = (frozenset(item.touched) for item in self.earlier if item.key == key)
        return next(found, None)


def load_listing(directory: Path) -> Listing | None:
    """The stored listing; None where there is none, or it is not what was written."""
    found = read_whole(directory / LISTING)
    try:
        return msgspec.msgpack.decode(found.data, type=Listing) if found is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def save_listing(directory: Path, listing: Listing) -> None:
    write_whole(directory / LISTING, msgspec.msgpack.encode(listing))


class Whole(NamedTuple):
    """The content of a file, and its digest."""

    digest: bytes
    data: memoryview


def read_whole(path: Path) -> Whole | None:
    """What was written to a file."""
    try:
        content = memoryview(path.read_bytes())
    except OSError:
        return None
    found = Whole(bytes(content[:SIZE]), content[SIZE:])
    return found if found.digest == digest_of(found.data) else None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. A folder that cannot be written is done without."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(digest_of(data) + data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()


def digest_of(data: bytes | memoryview) -> bytes:
    """Stands before the data: a flipped bit may be good msgpack, and plans hang on this."""
    return blake2b(data, digest_size=SIZE).digest()

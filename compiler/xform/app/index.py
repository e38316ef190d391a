"""The index: a whole compilation without bodies, stored under what it depends on.

It is two files. The *listing* says of which files, in which circumstances; it is read each time.
The *slim* compilation lies beside it, and is read where it is wanted and the listing still holds.
With the listing goes the last plan that had nothing to do (`standing.py`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xform.app.circumstances import Circumstances
from xform.base.hashing import SIZE, Digest
from xform.base.names import AssetName
from xform.host.files import Snapshot

if TYPE_CHECKING:
    from xform.app.compiled import Slim

LISTING = "index-v4.msgpack"
SLIM = "slim-v1.msgpack"

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
    where they are not worth comparing; `plan` is a `standing.StandingPlan` or nothing; `earlier`
    are compilations that this one was brought up to date from, the last first."""

    snapshot: Snapshot
    key: Digest
    circumstances: Circumstances | None = None
    plan: msgspec.Raw = NOTHING
    earlier: tuple[Earlier, ...] = ()

    def edited(self, touched: Iterable[AssetName]) -> tuple[Earlier, ...]:
        """What will be `earlier` after an edit that touches these."""
        found = {self.key: tuple(sorted(touched))}
        for item in self.earlier[: _REMEMBERED - 1]:
            found.setdefault(item.key, tuple(sorted({*item.touched, *found[self.key]})))
        return tuple(Earlier(key, names) for key, names in found.items())


def load_listing(directory: Path) -> Listing | None:
    """The stored listing; None where there is none, or it is not what was written."""
    data = read_whole(directory / LISTING)
    try:
        return msgspec.msgpack.decode(data, type=Listing) if data is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def save_listing(directory: Path, listing: Listing) -> None:
    write_whole(directory / LISTING, msgspec.msgpack.encode(listing))


def load_slim(directory: Path, key: Digest) -> Slim | None:
    """The slim compilation of a key; None where another or none is stored."""
    from xform.app.compiled import Slim

    data = read_whole(directory / SLIM)
    if data is None or data[: len(key)] != key.encode():
        return None
    try:
        return msgspec.msgpack.decode(memoryview(data)[len(key) :], type=Slim)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def save_slim(directory: Path, key: Digest, slim: Slim | None) -> None:
    """None is for a compilation that is not worth keeping."""
    if slim is None:
        with contextlib.suppress(OSError):
            (directory / SLIM).unlink()
    else:
        write_whole(directory / SLIM, key.encode() + msgspec.msgpack.encode(slim))


def read_whole(path: Path) -> bytes | None:
    """What was written to a file."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    data = content[SIZE:]
    return data if content[:SIZE] == _digest(data) else None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. A folder that cannot be written is done without."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(_digest(data) + data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()


def _digest(data: bytes) -> bytes:
    """Stands before the data: a flipped bit may be good msgpack, and plans hang on this."""
    return blake2b(data, digest_size=SIZE).digest()

"""The index: a whole compilation without bodies, stored under what it depends on.

Where nothing changed, a command reads this one value and no file, parses nothing and passes over
no model. It lies beside the listing of files, whose times tell that nothing changed.
"""

from __future__ import annotations

import contextlib
import os
from hashlib import blake2b
from pathlib import Path

import msgspec

from xform.app.compiled import Slim
from xform.base.hashing import SIZE, Digest
from xform.host.files import Snapshot

NAME = "index-v1.msgpack"


class Index(msgspec.Struct, frozen=True):
    """`key` is what `slim` was compiled from; None for a compilation not worth keeping."""

    snapshot: Snapshot
    key: Digest
    slim: Slim | None


class Listing(msgspec.Struct, frozen=True):
    """The part that is always wanted: the rest is decoded only where the key fits."""

    snapshot: Snapshot
    key: Digest
    slim: msgspec.Raw


def load_index(directory: Path) -> Listing | None:
    """The stored index; None where there is none, or it is not what was written."""
    try:
        content = (directory / NAME).read_bytes()
    except OSError:
        return None
    data = content[SIZE:]
    if content[:SIZE] != _digest(data):
        return None
    try:
        return msgspec.msgpack.decode(data, type=Listing)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def slim_of(listing: Listing) -> Slim | None:
    try:
        return msgspec.msgpack.decode(listing.slim, type=Slim | None)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def save_index(directory: Path, index: Index) -> None:
    """Write it whole or not at all. A folder that cannot be written is done without."""
    path = directory / NAME
    part = path.with_name(f"{NAME}.{os.getpid()}")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        data = msgspec.msgpack.encode(index)
        part.write_bytes(_digest(data) + data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()


def _digest(data: bytes) -> bytes:
    """Stands before the data: a flipped bit may be good msgpack, and plans hang on this."""
    return blake2b(data, digest_size=SIZE).digest()

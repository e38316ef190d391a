"""The index: a whole compilation without bodies, stored under what it depends on.

Where nothing changed, a command reads this one value and no file, parses nothing and passes over
no model. It lies beside the listing of files, whose times tell that nothing changed.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from xform.app.compiled import Slim
from xform.base.hashing import Digest
from xform.host.files import Snapshot

NAME = "index-v1.msgpack"


class Index(msgspec.Struct, frozen=True):
    """`key` is what `slim` was compiled from; `bodies` the keys of its heavy parts."""

    snapshot: Snapshot
    key: Digest
    slim: Slim | None


class Listing(msgspec.Struct, frozen=True):
    """The part that is always wanted: the rest is decoded only where the key fits."""

    snapshot: Snapshot
    key: Digest
    slim: msgspec.Raw


def load_index(directory: Path) -> Listing | None:
    """The stored index; None where there is none that can be read."""
    try:
        return msgspec.msgpack.decode((directory / NAME).read_bytes(), type=Listing)
    except (OSError, msgspec.DecodeError):
        return None


def slim_of(listing: Listing) -> Slim | None:
    try:
        return msgspec.msgpack.decode(listing.slim, type=Slim | None)
    except msgspec.DecodeError:
        return None


def save_index(directory: Path, index: Index) -> None:
    """Write it whole or not at all. A folder that cannot be written is done without."""
    path = directory / NAME
    part = path.with_name(f"{NAME}.{os.getpid()}")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        part.write_bytes(msgspec.msgpack.encode(index))
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()

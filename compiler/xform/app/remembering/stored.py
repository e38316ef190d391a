"""The last compilation without bodies, as it lies beside the listing of its files.

It is two files: what was declared, and the rest, which names the first by its digest. An edit of
queries leaves the first, which is most of it, as it is.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from xform.app.compiling.compiled import CompiledAsset, Described, Slim
from xform.app.compiling.declarations import Declarations
from xform.app.compiling.hooks import AssetHooks
from xform.app.remembering.index import digest_of, read_whole, write_whole
from xform.base.diagnostics import Diagnostic
from xform.base.hashing import SIZE, Digest
from xform.template.rendered import Read

SLIM = "slim-v2.msgpack"
PROJECT = "project-v1.msgpack"


class _Rest(msgspec.Struct, frozen=True):
    """A slim compilation but for what was declared, and the digest of that."""

    declared: bytes
    dialect: str
    assets: tuple[CompiledAsset, ...]
    diagnostics: tuple[Diagnostic, ...]
    traces: tuple[Read, ...]
    described: tuple[Described, ...]
    warehouse: str
    hooks: AssetHooks


def load_slim(directory: Path, key: Digest) -> Slim | None:
    """The slim compilation of a key; None where another or none is stored."""
    found = read_whole(directory / SLIM)
    if found is None or found.data[: len(key)] != key.encode():
        return None
    try:
        rest = msgspec.msgpack.decode(found.data[len(key) :], type=_Rest)
        project = read_whole(directory / PROJECT)
        if project is None or project.digest != rest.declared:
            return None
        declared = Declarations.decoded(project.data, project.digest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Slim(**{**asdict(rest), "declared": declared})


def save_slim(directory: Path, key: Digest, slim: Slim | None) -> None:
    """None is for a compilation that is not worth keeping."""
    if slim is None:
        with contextlib.suppress(OSError):
            (directory / SLIM).unlink()
        return
    declared = _save_declared(directory / PROJECT, slim.declared)
    rest = _Rest(**{**asdict(slim), "declared": declared})
    write_whole(directory / SLIM, key.encode() + msgspec.msgpack.encode(rest))


def _save_declared(path: Path, declared: Declarations) -> bytes:
    """Write what was declared, where it does not lie there already; its digest."""
    if declared.stored_as is not None and declared.stored_as == _digest_in(path):
        return declared.stored_as
    data = declared.encoded()
    write_whole(path, data)
    return digest_of(data)


def _digest_in(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SIZE)
    except OSError:
        return b""

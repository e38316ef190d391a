"""The files of a project as the compiler sees them: a listing, and text on demand.

The listing comes from the host; this stage never touches a disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from xform.base.hashing import Digest


class FileEntry(msgspec.Struct, frozen=True, array_like=True):
    """A file by what identifies its content. `digest` is of the bytes."""

    path: str
    """Relative to the project, with `/`."""
    mtime_ns: int
    size: int
    digest: Digest


class Files(Protocol):
    """All files of a project that the compiler may read."""

    @property
    def entries(self) -> Mapping[str, FileEntry]:
        """By path, in sorted order."""
        ...

    def read(self, path: str) -> bytes:
        """The content of a listed file."""
        ...

"""The files of a project as the compiler sees them: a listing, and text on demand.

The listing comes from the host; this stage never touches a disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.hashing import Digest


class FileEntry(msgspec.Struct, frozen=True, array_like=True):
    """A file by what identifies its content. `digest` is of the bytes."""

    path: str
    """Relative to the project, with `/`."""
    mtime_ns: int
    size: int
    digest: Digest
    ctime_ns: int = 0
    """Change of the file's status: catches content replaced under an old modification time."""


class UnreadableFile(Exception):  # noqa: N818 - a fact of the file, found by a port
    """A listed file that cannot be read, or that has changed since it was listed."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Files(Protocol):
    """All files of a project that the compiler may read."""

    @property
    def entries(self) -> Mapping[str, FileEntry]:
        """By path, in sorted order."""
        ...

    def read(self, path: str) -> bytes:
        """The content of a listed file. Raises UnreadableFile."""
        ...


class WideFiles(Files, Protocol):
    """Files that can be asked for more than the project's own folders hold."""

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """What could not be listed."""
        ...

    def widen(self, paths: Iterable[str]) -> bool:
        """List these too, where they exist within the project; whether any does."""
        ...

    def let_go(self) -> None:
        """Hold no contents from here on: few files will be read again."""
        ...

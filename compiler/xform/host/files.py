"""The files of a project on disk: listed quickly, hashed only when they may have changed."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.hashing import SIZE, Digest, digest_bytes, digest_parts
from xform.project.files import FileEntry, UnreadableFile
from xform.project.layout import FOLDERS, ROOT_FILES, SEEDS, folder_of, is_listed

RACY_NS = 2_000_000_000
"""A file touched within this time of a scan may change again without its time changing: the
coarsest file systems count in two seconds. (Git calls such entries racily clean.)"""

_CHUNK = 1 << 20
_KEPT = 1 << 20
"""Files up to this size are kept once they have been read for their digest, in bytes."""


class Snapshot(msgspec.Struct, frozen=True):
    """A listing, to be given to the next scan. Can be stored.

    `taken_ns` is the wall clock before the scan; `asked` are the paths outside of the project's
    folders that were asked for, whether they existed or not.
    """

    taken_ns: int
    entries: tuple[FileEntry, ...]
    asked: tuple[str, ...] = ()


class ProjectFiles:
    """The files of a project's folder, as `project.files.WideFiles`."""

    def __init__(self, root: Path, earlier: Snapshot | None = None) -> None:
        """List the files under `root`. Entries of an earlier scan whose size and times are
        unchanged are taken over without reading the file."""
        self.root = root
        self.diagnostics: list[Diagnostic] = []
        self.entries: dict[str, FileEntry] = {}
        self._real_root = os.path.realpath(root)
        self._taken_ns = time.time_ns()
        self._contents: dict[str, bytes] = {}
        self._asked: set[str] = set()
        self.read_again: list[str] = []
        """Files whose content had to be read to know it."""
        self._earlier = earlier
        self._trusted: dict[str, FileEntry] = {}
        if earlier is not None:
            before = min(earlier.taken_ns, self._taken_ns) - RACY_NS
            self._trusted = {
                entry.path: entry
                for entry in earlier.entries
                if max(entry.mtime_ns, entry.ctime_ns) < before
            }
        for name in ROOT_FILES:
            self._add_if_there(name)
        for folder in FOLDERS:
            self._walk(folder)
        if earlier is not None:
            self.widen(earlier.asked)
        self._sort()

    def changed(self) -> tuple[str, ...] | None:
        """The files whose content is another than in the earlier scan; None where they are not the
        same files, or could not all be listed."""
        if self._earlier is None or self.diagnostics:
            return None
        before = self._earlier.entries
        if len(before) != len(self.entries):
            return None
        found = []
        for entry in before:
            now = self.entries.get(entry.path)
            if now is None:
                return None
            if now is not entry and now.digest != entry.digest:
                found.append(entry.path)
        return tuple(found)

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(self._taken_ns, tuple(self.entries.values()), tuple(sorted(self._asked)))

    def read(self, path: str) -> bytes:
        """The content of a listed file, which is that of its digest. Raises UnreadableFile."""
        kept = self._contents.get(path)
        if kept is not None:
            return kept
        try:
            content = (self.root / path).read_bytes()
        except OSError as error:
            raise UnreadableFile(_unreadable(path, error)) from error
        if digest_bytes(content) != self.entries[path].digest:
            raise UnreadableFile(
                diagnose(
                    codes.UNREADABLE,
                    f"'{path}' has changed while it was read",
                    path,
                    "run the command again",
                )
            )
        return content

    def widen(self, paths: Iterable[str]) -> bool:
        """List these too, where they exist within the root; whether any does."""
        found = False
        for path in sorted(paths):
            self._asked.add(path)
            if path not in self.entries:
                if is_pattern(path):
                    self._add_pattern(path)
                else:
                    self._add_if_there(path)
                found |= path in self.entries
        if found:
            self._sort()
        return found

    def let_go(self) -> None:
        """Hold no contents from here on: a file that is read again is read from the disk."""
        self._contents.clear()

    def _sort(self) -> None:
        self.entries = dict(sorted(self.entries.items()))

    def _walk(self, top: str) -> None:
        """List a folder and all below it. Links are followed within the root, each folder once."""
        if not (self.root / top).is_dir():
            return
        seen: set[str] = set()  # by where they really lie, as the second of a pair tells
        pending = [(top, os.path.realpath(self.root / top))]
        while pending:
            folder, real = pending.pop()
            if real in seen:
                continue
            seen.add(real)
            try:
                with os.scandir(f"{self.root}/{folder}") as listing:
                    children = sorted(listing, key=lambda child: child.name, reverse=True)
            except OSError as error:
                self.diagnostics.append(_unreadable(folder, error))
                continue
            for child in children:
                path = f"{folder}/{child.name}"
                if path in self._trusted and self._take_over(child, path):
                    continue
                if child.name.startswith(".") or child.name == "__pycache__":
                    continue
                if self._is_folder(child, path):
                    link = child.is_symlink()
                    pending.append(
                        (path, os.path.realpath(child) if link else f"{real}/{child.name}")
                    )
                elif is_listed(path):
                    self._add_child(child, path)

    def _take_over(self, child: os.DirEntry[str], path: str) -> bool:
        """Take over the earlier entry of a plain file; whether it still holds."""
        try:
            status = child.stat(follow_symlinks=False)
        except OSError:
            return False
        known = self._trusted[path]
        if stat.S_ISREG(status.st_mode) and _is_as(status, known):
            self.entries[path] = known
            return True
        return False

    def _is_folder(self, child: os.DirEntry[str], path: str) -> bool:
        try:
            return child.is_dir() and (not child.is_symlink() or self._is_inside(path))
        except OSError:
            return False

    def _add_child(self, child: os.DirEntry[str], path: str) -> None:
        if not _is_encodable(path):
            shown = path.encode("utf-8", "replace").decode("utf-8")
            self.diagnostics.append(
                diagnose(
                    codes.BAD_NAME,
                    f"the name of '{shown}' is not UTF-8",
                    shown,
                    "rename the file",
                )
            )
            return
        try:
            if not child.is_symlink():
                self._add(path, child.stat())
            elif self._is_inside(path):
                self._add(path, child.stat(follow_symlinks=True))
        except OSError as error:
            self.diagnostics.append(_unreadable(path, error))

    def _add_if_there(self, path: str) -> None:
        absolute = self.root / path
        try:
            status = absolute.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return
        except OSError as error:
            self.diagnostics.append(_unreadable(path, error))
            return
        if stat.S_ISREG(status.st_mode) and self._is_inside(path):
            self._add(path, status)

    def _add_pattern(self, pattern: str) -> None:
        """List the files that a pattern names, and under the pattern itself what they are taken
        together. Nothing where it names none."""
        named = matched(self.root, pattern)
        for path in named:
            if path not in self.entries:
                self._add_if_there(path)
        found = [self.entries[path] for path in named if path in self.entries]
        if found:
            self.entries[pattern] = FileEntry(
                pattern,
                max(entry.mtime_ns for entry in found),
                sum(entry.size for entry in found),
                _together((entry.path, entry.digest) for entry in found),
                ctime_ns=max(entry.ctime_ns for entry in found),
            )

    def _add(self, path: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            return
        known = self._trusted.get(path)
        if known is not None and _is_as(status, known):
            self.entries[path] = known
            return
        self.read_again.append(path)
        try:
            digest, size = self._digest(path, status.st_size)
        except OSError as error:
            self.diagnostics.append(_unreadable(path, error))
            return
        self.entries[path] = FileEntry(
            path, status.st_mtime_ns, size, digest, ctime_ns=status.st_ctime_ns
        )

    def _digest(self, path: str, size: int) -> tuple[Digest, int]:
        """(digest, number of bytes) of a file as it is read now."""
        if size > _KEPT or folder_of(path) == SEEDS:
            return _digest_chunks(self.root / path)
        content = (self.root / path).read_bytes()
        self._contents[path] = content
        return digest_bytes(content), len(content)

    def _is_inside(self, path: str) -> bool:
        """Whether a path leads to a place within the root; noted where it does not."""
        real = os.path.realpath(self.root / path)
        if real == self._real_root or real.startswith(self._real_root + os.sep):
            return True
        self.diagnostics.append(
            diagnose(
                codes.LEADS_OUT,
                f"'{path}' is a link that leads out of the project and is not read",
                path,
                "copy the file into the project, or remove the link",
            )
        )
        return False


def _is_as(status: os.stat_result, known: FileEntry) -> bool:
    return (
        status.st_mtime_ns == known.mtime_ns
        and status.st_size == known.size
        and status.st_ctime_ns == known.ctime_ns
    )


def digest_file(root: Path, path: str) -> Digest:
    """The digest of a file's bytes, or of all that a pattern names, equal to `FileEntry.digest`.
    Raises OSError."""
    if not is_pattern(path) or (root / path).is_file():
        return _digest_chunks(root / path)[0]
    named = matched(root, path)
    if not named:
        raise FileNotFoundError(path)
    return _together((each, _digest_chunks(root / each)[0]) for each in named)


def is_pattern(path: str) -> bool:
    return any(mark in path for mark in "*?[")


def matched(root: Path, pattern: str) -> list[str]:
    """The files within the root that a pattern names, sorted; `**` goes through folders."""
    found = (path for path in root.glob(pattern) if path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found)


def _together(files: Iterable[tuple[str, Digest]]) -> Digest:
    """Of files by path: another one where one is added, taken away or changed."""
    return digest_parts(part for file in files for part in file)


def _digest_chunks(path: Path) -> tuple[Digest, int]:
    hasher = blake2b(digest_size=SIZE)
    size = 0
    for chunk in _chunks(path):
        hasher.update(chunk)
        size += len(chunk)
    return Digest(hasher.hexdigest()), size


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _is_encodable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _unreadable(path: str, error: OSError) -> Diagnostic:
    reason = (error.strerror or type(error).__name__).lower()
    return diagnose(
        codes.UNREADABLE,
        f"'{path}' cannot be read: {reason}",
        path,
        "check that it exists and that you may read it",
    )

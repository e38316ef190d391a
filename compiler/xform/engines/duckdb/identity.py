"""Which state a DuckDB file is in, without opening it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

MEMORY = ":memory:"


def file_of(path: str, root: Path) -> Path | None:
    """The file that a target's `path` means; None for a database in memory."""
    return None if path == MEMORY else root / Path(path).expanduser()


def identity(path: Path | None) -> str:
    """Inode, size and time of the file and of its log; empty where there is none."""
    marks = []
    for file in (path, Path(f"{path}.wal")) if path is not None else ():
        with suppress(FileNotFoundError):
            stat = file.stat()
            marks.append(f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}")
    return "/".join(marks)

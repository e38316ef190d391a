"""Where in the user's own code an exception arose."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path

from xform.base.spans import Span


def blame(error: BaseException, root: Path) -> Span | None:
    """The innermost place of a traceback that lies in a file of the project; None if none does.

    Packages installed inside the project (a virtual environment) are not its code. The place of
    a SyntaxError is the one that it tells.
    """
    root = root.resolve()
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        path = project_path(error.filename, root)
        if path:
            column = error.offset or 1
            return Span(path, error.lineno, column, error.lineno, column + 1)
    found: Span | None = None
    for frame in traceback.extract_tb(error.__traceback__):
        path = project_path(frame.filename, root)
        if path and frame.lineno:
            end_line = frame.end_lineno or frame.lineno
            column = _column(frame.filename, frame.lineno, frame.colno)
            end = _column(frame.filename, end_line, frame.end_colno)
            found = Span(path, frame.lineno, column, end_line, end)
    return found


def _column(filename: str, line: int, offset: int | None) -> int:
    """The column, in characters from 1, of an offset in bytes from 0, as frames have them."""
    text = linecache.getline(filename, line).encode()
    return len(text[: offset or 0].decode(errors="ignore")) + 1


def project_path(filename: str, root: Path) -> str | None:
    """The path of a project's file relative to its (resolved) root, with `/`; None for others."""
    try:
        inside = Path(filename).resolve().relative_to(root)
    except ValueError:
        return None
    if not inside.parts:
        return None
    if "site-packages" in inside.parts or inside.parts[0].startswith("."):
        return None
    return inside.as_posix()

"""Bytes of a file to text, with a diagnostic where they are none."""

from __future__ import annotations

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.spans import LineIndex

BOM = "\ufeff"


def decode(path: str, content: bytes) -> tuple[str | None, list[Diagnostic]]:
    """The text of a UTF-8 file, or None with the reason.

    A byte order mark is taken off; line ends stay as they are. All offsets, lines and columns of
    the project's files count in this text.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").removeprefix(BOM)
        index = LineIndex(before)
        return None, [
            diagnose(
                codes.NOT_UTF8,
                f"byte 0x{content[error.start]:02x} is not UTF-8",
                index.span(path, len(before), len(before)),
                "save the file as UTF-8",
            )
        ]
    text = text.removeprefix(BOM)
    nul = text.find("\0")
    if nul >= 0:
        return None, [
            diagnose(
                codes.NUL_CHARACTER,
                "the file holds a NUL character",
                LineIndex(text).span(path, nul, nul + 1),
                "delete it; a file full of them is UTF-16 or binary: save it as UTF-8 text",
            )
        ]
    return text, []

"""Comments that silence: `-- xform: ignore XF0425` on the line that a warning points at."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from xform.base.codes import CODES, UNUSED_SILENCE
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Span

_COMMENT = re.compile(r"xform:\s*ignore\b(?P<codes>[ \t]+\w+(?:[ \t]*,[ \t]*XF\w+)*)?")
_CODE = re.compile(r"\w+")


class Silence(msgspec.Struct, frozen=True, array_like=True):
    """One code in such a comment; empty where the comment names none. Columns as in a Span."""

    line: int
    column: int
    end_column: int
    code: str


def silences_in(text: str) -> tuple[Silence, ...]:
    """Those of a file as it is written."""
    if "xform:" not in text:
        return ()
    return tuple(_each(text))


def _each(text: str) -> Iterator[Silence]:
    for number, line in enumerate(text.split("\n"), 1):
        for comment in _COMMENT.finditer(line):
            codes = [
                code
                for code in _CODE.finditer(line, *comment.span("codes"))
                if code.group().upper().startswith("XF")
            ]
            for code in codes:
                yield Silence(number, code.start() + 1, code.end() + 1, code.group())
            if not codes:
                yield Silence(number, comment.start() + 1, comment.end() + 1, "")


def unused(path: str, silence: Silence, asset: AssetName) -> Diagnostic:
    """What is said of a comment that silences nothing."""
    code = CODES.get(silence.code)
    if not silence.code:
        message = "this comment silences nothing: it names no code"
        advice = "write which: xform: ignore XF0425"
    elif code is None:
        message = f"this comment silences nothing: '{silence.code}' is no code"
        advice = did_you_mean(silence.code, CODES) or "`xform explain` lists all codes"
    elif code.severity == "error":
        message = f"this comment silences nothing: {code.id} is an error"
        advice = "errors are said as they are; take the comment out"
    else:
        message = f"this comment silences nothing: there is no {code.id} here"
        advice = "take it out, or move it to the line that the warning points at"
    span = Span(path, silence.line, silence.column, silence.line, silence.end_column)
    return diagnose(UNUSED_SILENCE, message, span, advice, asset=asset)

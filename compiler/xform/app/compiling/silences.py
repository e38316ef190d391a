"""Comments that silence: `-- xform: ignore XF0425` on the line that a warning points at."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from xform.base.codes import CODES, UNUSED_SILENCE
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.edits import Edit
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


_LEFT_OVER = " \t;,.:"
_AROUND = {"/*": "*/", "{#": "#}"}


def without(text: str, start: int, end: int) -> Edit | None:
    """Takes one code out of such a comment, and what of the comment would say nothing then. None
    where it is no code of a warning: it may be misspelt."""
    code = CODES.get(text[start:end])
    if code is None or code.severity == "error":
        return None
    begin = text.rfind("\n", 0, start) + 1
    finish = text.find("\n", end)
    finish = finish if finish >= 0 else len(text)
    line = text[begin:finish]
    for comment in _COMMENT.finditer(line):
        if comment.start() <= start - begin < comment.end():
            codes = _CODE.findall(comment["codes"] or "")
            if len(codes) > 1:
                kept = ", ".join(each for each in codes if each != code.id)
                at = begin + comment.start("codes")
                return Edit(at, begin + comment.end("codes"), f" {kept}")
            return _without(line[: comment.start()], line[comment.end() :], begin, finish, text)
    return None


def _without(before: str, behind: str, begin: int, finish: int, text: str) -> Edit:
    """A line without what stood between these two parts of it."""
    before, behind = before.rstrip(_LEFT_OVER), behind.strip()
    mark = before[-2:]
    if mark == "--" and not behind:
        before = before[:-2].rstrip()
    elif mark in _AROUND and behind.startswith(_AROUND[mark]):
        before, behind = before[:-2].rstrip(), behind[2:].strip()
    rest = f"{before} {behind}".rstrip() if behind else before
    if not rest and finish < len(text):
        return Edit(begin, finish + 1)
    return Edit(begin, finish, rest)


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

"""Stretches of text made whole: a tree knows where its words stand, not its brackets."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$\$.*?\$\$", re.DOTALL)
_OPENED = re.compile(r"(?:\b(?:case|cast|exists|extract|trim|try_cast)\s*)?\(\s*$", re.IGNORECASE)
_CASE = re.compile(r"\bcase\s+(?:when\s+)?$", re.IGNORECASE)
_END = re.compile(r"\s*end\b", re.IGNORECASE)
FAR = 200
"""How many characters before a stretch are looked at."""


def enclosed(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch with the brackets that it closes or opens, and with CASE and END where it is
    all that stands between them."""
    if start >= end:
        return start, end
    unopened, unclosed = _unmatched(text[start:end])
    for _ in range(unopened):
        opening = _OPENED.search(text, max(start - FAR, 0), start)
        if opening is None:
            break
        start = opening.start()
    if unclosed:
        end = _closing(text, end, unclosed)
    case, ending = _CASE.search(text, max(start - FAR, 0), start), _END.match(text, end)
    if case is not None and ending is not None:
        return case.start(), ending.end()
    return start, end


def _unmatched(stretch: str) -> tuple[int, int]:
    """How many brackets are closed that were not opened, and opened that are not closed."""
    unopened = unclosed = 0
    for sign in _QUOTED.sub("", stretch):
        if sign == "(":
            unclosed += 1
        elif sign == ")" and unclosed:
            unclosed -= 1
        elif sign == ")":
            unopened += 1
    return unopened, unclosed


def _closing(text: str, end: int, count: int) -> int:
    """Where so many brackets are closed, behind `end`; `end` where they are not."""
    at, depth = end, count
    while at < len(text):
        quoted = _QUOTED.match(text, at)
        if quoted is not None:
            at = quoted.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if not depth:
            return at
    return end

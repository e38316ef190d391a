"""Edits of written SQL, found by its tokens: each leaves the rest of the text as it is."""

from __future__ import annotations

from collections.abc import Sequence

from xform.base.edits import Edit
from xform.sql.layout.lexing import BLOCKS, Kind, Token

_COMPARING = {"=": "is null", "==": "is null", "<>": "is not null", "!=": "is not null"}


def without_cte(tokens: Sequence[Token], start: int, text: str) -> Edit | None:
    """Takes out the CTE whose name begins at `start`, with its comments. None where that cannot be
    done by an edit: its name or its brackets come out of a template."""
    at = _token_at(tokens, start)
    if at is None or at == 0 or tokens[at].kind not in (Kind.WORD, Kind.NAME):
        return None
    last = _end_of_query(tokens, at)
    if last is None or any(token.kind in BLOCKS for token in tokens[at : last + 1]):
        return None
    before, behind = tokens[at - 1], tokens[last + 1]
    comments = tokens[at].before
    if behind.kind is Kind.COMMA:
        begin = comments[0].start if comments else tokens[at].start
        return Edit(begin, _with_space(text, behind.end))
    if before.kind is Kind.COMMA:
        return Edit(before.start, tokens[last].end)
    if before.keyword and before.text.lower() == "recursive":
        at -= 1
        before = tokens[at - 1]
    if not (before.keyword and before.text.lower() == "with"):
        return None
    return Edit(before.start, _with_space(text, tokens[last].end))


def asked_by_is(tokens: Sequence[Token], start: int, end: int) -> Edit | None:
    """`x = null` between two offsets as `x is null`."""
    inside = [token for token in tokens if start <= token.start and token.end <= end]
    if len(inside) < 3:
        return None
    operator, null = inside[-2:]
    asked = _COMPARING.get(operator.text)
    if asked is None or not (null.keyword and null.text.lower() == "null"):
        return None
    before = " " if operator.touching else ""
    return Edit(operator.start, null.end, before + asked)


def _token_at(tokens: Sequence[Token], start: int) -> int | None:
    return next((at for at, token in enumerate(tokens) if token.start == start), None)


def _end_of_query(tokens: Sequence[Token], at: int) -> int | None:
    """The bracket that closes the query of a CTE, whose name stands at a place."""
    depth, named = 0, False
    for number in range(at + 1, len(tokens)):
        token = tokens[number]
        named |= depth == 0 and token.keyword and token.text.lower() == "as"
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
        if depth < 0 or (depth == 0 and token.kind in (Kind.COMMA, Kind.END)):
            return None
        if depth == 0 and named and token.kind is Kind.CLOSE:
            return number
    return None


def _with_space(text: str, end: int) -> int:
    return end + len(text[end:]) - len(text[end:].lstrip())

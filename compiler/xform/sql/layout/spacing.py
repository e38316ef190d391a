"""What stands between two tokens on one line: a space, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from xform.sql.keywords import CONSTANTS, OPENING
from xform.sql.layout.lexing import BLOCKS, OPERANDS, Kind, Token

_AS_WRITTEN = frozenset([".", ":", "->", "->>", "#>", "#>>", "@", "$", "?", "!", "..", "::?"])
"""Operators that have space around them where it is written."""
_TIGHT = frozenset(["::"])
_SIGNS = frozenset(["-", "+", "~", "@", "!", "#"])
_ENDS_WITH_SIGN = frozenset("~!@#%^&|`?")


def space(tokens: Sequence[Token]) -> list[Token]:
    """The same tokens, operators that are one in the engine taken together, each with its gap."""
    found = _together(tokens)
    brackets: list[str] = []
    operand = signed = False
    """Whether an operand ends with the token before; whether that is a sign of what follows."""
    previous: Token | None = None
    for token in found:
        if token.kind is Kind.CLOSE and brackets:
            inner = brackets.pop()
        else:
            inner = brackets[-1] if brackets else ""
        if previous is not None:
            token.gap = " " if _is_apart(previous, token, inner, signed) else ""
        if token.kind is Kind.OPEN:
            brackets.append(token.text)
        signed = not operand and token.kind is Kind.OPERATOR and token.text in _SIGNS
        operand = ends_operand(token) or (
            token.kind is Kind.OPERATOR and token.text == "*" and not operand
        )
        previous = token
    return found


def ends_operand(token: Token) -> bool:
    """Whether an operand may end here."""
    if token.kind is Kind.WORD:
        return not token.keyword or token.text.lower() in CONSTANTS
    return token.kind in OPERANDS


def _is_apart(before: Token, token: Token, bracket: str, signed: bool) -> bool:
    """Whether a space stands between two tokens. `bracket` is the one around both; `signed`:
    the first is a sign."""
    written = not token.touching
    if (before.glued and token.glued) or before.kind in BLOCKS or token.kind in BLOCKS:
        return written
    if before.kind is Kind.OPEN or token.kind in (Kind.COMMA, Kind.SEMICOLON, Kind.CLOSE):
        return False
    if before.kind is Kind.COMMA:
        return True
    if signed:
        return written and token.kind is Kind.OPERATOR
    if Kind.OPERATOR in (before.kind, token.kind):
        return _is_apart_by_operator(before, token, bracket, written)
    if token.kind is Kind.OPEN:
        return _is_apart_of_bracket(before, token, written)
    return written or before.kind is Kind.CLOSE or before.keyword or token.keyword


def _is_apart_by_operator(before: Token, token: Token, bracket: str, written: bool) -> bool:
    for operator in (before, token):
        if operator.kind is not Kind.OPERATOR:
            continue
        if operator.text in _TIGHT:
            return False
        if operator.text == ":" and bracket == "{":
            return operator is before
        if operator.text == "." and operator is token and before.kind is Kind.OPERATOR:
            return True
        if operator.glued or operator.text in _AS_WRITTEN:
            return written
    return True


def _is_apart_of_bracket(before: Token, token: Token, written: bool) -> bool:
    return written or (before.keyword and before.text.lower() in OPENING)


def _together(tokens: Sequence[Token]) -> list[Token]:
    """Operators side by side are one, as PostgreSQL's lexer has it: a sign ends one only where it
    holds certain other characters."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        if (
            last is not None
            and token.touching
            and last.kind is token.kind is Kind.OPERATOR
            and _is_one(last.text, token.text)
        ):
            last.text += token.text
            last.behind = token.behind
            last.below = token.below
        else:
            found.append(token)
    return found


def _is_one(before: str, behind: str) -> bool:
    if "." in (before, behind) or "*" in (before, behind) or before in ("::", ":"):
        return False
    if behind in ("-", "+"):
        return not _ENDS_WITH_SIGN.isdisjoint(before)
    return behind not in ("$", "?", "@")

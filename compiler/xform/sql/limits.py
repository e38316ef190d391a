"""How deep a query may be nested, measured before it is parsed.

The parser calls itself for each level, partly in compiled code that knows no recursion limit: from
some thousands of levels on it would take the process down with it. And what stands in brackets
behind some words it reads twice, so that each level doubles the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot.tokenizer_core import TokenType

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

DEEPEST = 500
"""Levels of brackets. Python's own limit on recursion is met at 80 to 150 levels of most kinds."""

DEEPEST_TWICE = 8
"""Levels of brackets that are read twice."""

_TWICE = ("lateral", "date", "timestamp", "binary")
_READ_TWICE = (
    TokenType.LATERAL,
    TokenType.DATE,
    TokenType.TIMESTAMP,
    TokenType.TIMESTAMPLTZ,
    TokenType.TIMESTAMPNTZ,
    TokenType.BINARY,
)
_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)


def too_deep(tokens: Sequence[Token], text: str) -> Token | None:
    """The bracket that is one level too deep, if there is one. A subscript behind a subscript
    (`x[1][1]`) counts as a level, for its tree is one."""
    small = text.lower()
    if (
        text.count("(") + text.count("[") + text.count("{") <= DEEPEST
        and sum(map(small.count, _TWICE)) <= DEEPEST_TWICE
    ):
        return None
    depth = twice = 0
    opened: list[tuple[int, bool]] = []
    """For each open bracket: how many subscripts stand just before it; whether it is read twice."""
    chain = 0
    """How many subscripts end just before the token."""
    previous = None
    for token in tokens:
        kind = token.token_type
        if kind in _OPENING:
            if kind is not TokenType.L_BRACKET:
                chain = 0
            again = previous in _READ_TWICE
            opened.append((chain, again))
            depth += chain + 1
            twice += again
            if depth > DEEPEST or twice > DEEPEST_TWICE:
                return token
            chain = 0
        elif kind in _CLOSING:
            if opened:
                chain, again = opened.pop()
                depth -= chain + 1
                twice -= again
            chain = chain + 1 if kind is TokenType.R_BRACKET else 0
        else:
            chain = 0
        previous = kind
    return None

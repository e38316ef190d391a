"""How deep a query may be nested, measured before it is parsed.

The parser calls itself for each level, partly in compiled code that knows no recursion limit: from
some thousands of levels on it would take the process down with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot.tokenizer_core import TokenType

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

DEEPEST = 500
"""Levels of brackets. Python's own limit on recursion is met at 80 to 150 levels of most kinds."""

_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)


def too_deep(tokens: Sequence[Token], text: str) -> Token | None:
    """The bracket that is one level too deep, if there is one. A subscript behind a subscript
    (`x[1][1]`) counts as a level, for its tree is one."""
    if text.count("(") + text.count("[") + text.count("{") <= DEEPEST:
        return None
    depth = 0
    subscripts: list[int] = []
    """For each open bracket: how many subscripts stand just before it."""
    chain = 0
    """How many subscripts end just before the token."""
    for token in tokens:
        kind = token.token_type
        if kind in _OPENING:
            if kind is not TokenType.L_BRACKET:
                chain = 0
            subscripts.append(chain)
            depth += chain + 1
            if depth > DEEPEST:
                return token
            chain = 0
        elif kind in _CLOSING:
            chain = subscripts.pop() if subscripts else 0
            depth = max(depth - chain - 1, 0)
            chain = chain + 1 if kind is TokenType.R_BRACKET else 0
        else:
            chain = 0
    return None

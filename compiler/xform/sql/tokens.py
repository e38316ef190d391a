"""What is done to tokens before sqlglot parses them, so that its tree keeps what was written.

sqlglot builds a node of its own for most functions and drops or rewrites arguments on the way:
`date_trunc('month', x)` and `date_trunc(month, x)` become one tree, the third argument of
`time_bucket` a keyword. A function whose name it does not know is kept as written; so function
names are marked here, and read from the text afterwards. Likewise the path of a JSON arrow, which
it would normalise, gets a slash in front.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import TokenType

from xform.base.hashing import Digest, digest_parts

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

MARK = "\x01"
"""Stands before a marked function's name. `unmarked` takes it off where a name was no function."""
PATH_MARK = "/"

SPECIAL_SYNTAX = frozenset(
    [
        "ARRAY",
        "CASE",
        "CAST",
        "COLUMNS",
        "CONVERT",
        "EXTRACT",
        "JSON_TABLE",
        "MAP",
        "MATCH",
        "OVERLAY",
        "POSITION",
        "SAFE_CAST",
        "STRUCT",
        "SUBSTRING",
        "TRIM",
        "TRY_CAST",
        "TRY_CONVERT",
        "XMLELEMENT",
        "XMLTABLE",
    ]
)
"""Functions whose arguments are more than a list of expressions."""
_ARROWS = (TokenType.ARROW, TokenType.DARROW)
_BEFORE_ALIAS = (
    TokenType.ALIAS,
    TokenType.VAR,
    TokenType.IDENTIFIER,
    TokenType.WITH,
    TokenType.RECURSIVE,
    TokenType.DOT,
    TokenType.INTO,
    TokenType.TABLE,
    TokenType.VIEW,
)
"""A name behind one of these is no function's: an alias with columns, a CTE, a method, what is
written to."""
PLUS_SIGN = TokenType.PIPE_SLASH
"""Stands for the sign of `+x`, which the parser would drop: in DuckDB it is a function. The
operator whose place it takes, a root in PostgreSQL, is none of DuckDB's."""
_BEFORE_OPERAND = frozenset(
    [
        TokenType.AND, TokenType.BETWEEN, TokenType.CASE, TokenType.COMMA, TokenType.DASH,
        TokenType.DISTINCT, TokenType.DPIPE, TokenType.ELSE, TokenType.EQ, TokenType.GROUP_BY,
        TokenType.GT, TokenType.GTE, TokenType.HAVING, TokenType.L_BRACE, TokenType.L_BRACKET,
        TokenType.L_PAREN, TokenType.LT, TokenType.LTE, TokenType.NEQ, TokenType.NOT, TokenType.ON,
        TokenType.OR, TokenType.ORDER_BY, TokenType.PARTITION_BY, TokenType.PERCENT,
        TokenType.PIPE_SLASH, TokenType.PLUS, TokenType.QUALIFY, TokenType.SELECT,
        TokenType.SLASH, TokenType.STAR, TokenType.THEN, TokenType.WHEN, TokenType.WHERE,
    ]
)  # fmt: skip
"""Behind one of these, a sign is that of an operand."""
_WITH_SYNTAX = re.compile(
    r"DATE|TIME|TRUNC|DAY|WEEK|MONTH|YEAR|FLATTEN|EXPLODE|OPENJSON|ARRAYJOIN|^STACK$"
)
"""Functions of other dialects than DuckDB that have units, clauses or columns of their own."""
_OF_STARS = frozenset(["EXCEPT", "EXCLUDE", "RENAME", "REPLACE"])
"""Behind a star, or the list of another of them, these are no functions; any other name there is
the right side of a product."""
_BEFORE_MODIFIER = (TokenType.STAR, TokenType.R_PAREN)


@cache
def _known_functions(dialect: type[Dialect]) -> frozenset[str]:
    parser = dialect.parser_class
    names = {*parser.FUNCTIONS, *parser.FUNCTION_PARSERS} - SPECIAL_SYNTAX
    if dialect.__name__ != "DuckDB":
        names -= {*parser.FUNCTION_PARSERS}
        names = {name for name in names if not _WITH_SYNTAX.search(name)}
    return frozenset(names)


def mark(tokens: Sequence[Token], dialect: Dialect) -> None:
    """Mark the names of functions, and the paths of DuckDB's JSON arrows, in place."""
    known = _known_functions(type(dialect))
    opening = TokenType.L_PAREN
    arrows = type(dialect).__name__ == "DuckDB"
    before = previous = None
    for token in tokens:
        kind = token.token_type
        if kind is opening:
            if previous is not None and (name := previous.text.upper()) in known:
                where = before.token_type if before is not None else None
                if where not in _BEFORE_ALIAS and not (
                    where in _BEFORE_MODIFIER and name in _OF_STARS
                ):
                    previous.text = MARK + previous.text
        elif kind is TokenType.PLUS:
            if arrows and (previous is None or previous.token_type in _BEFORE_OPERAND):
                token.token_type = PLUS_SIGN
        elif (
            arrows
            and kind is TokenType.STRING
            and previous is not None
            and previous.token_type in _ARROWS
        ):
            token.text = PATH_MARK + token.text
        before, previous = previous, token
    if type(dialect).__name__ == "ClickHouse":
        _unmark_parametric(tokens)


def _unmark_parametric(tokens: Sequence[Token]) -> None:
    """`quantile(0.5)(x)`: only of functions that it knows does sqlglot expect two lists."""
    open_: list[int] = []
    for number, token in enumerate(tokens):
        if token.token_type is TokenType.L_PAREN:
            open_.append(number)
        elif token.token_type is TokenType.R_PAREN and open_:
            named = tokens[open_.pop() - 1]
            following = tokens[number + 1 : number + 2]
            if following and following[0].token_type is TokenType.L_PAREN:
                named.text = unmarked(named.text)


def unmarked(text: str) -> str:
    return text[1:] if text[:1] == MARK else text


def digest_tokens(tokens: Sequence[Token]) -> Digest:
    """All that a text says but for comments and layout: for what is not modelled."""
    return digest_parts(
        part for token in tokens for part in (token.token_type.name, unmarked(token.text))
    )


def end_of_query(tokens: Sequence[Token], text: str) -> int:
    """Where the query ends: before a final semicolon and what follows it.

    What stands behind the semicolon can only be comments; they must go with it, or the query
    could not be put in parentheses.
    """
    last = len(tokens)
    if not last or tokens[last - 1].token_type is not TokenType.SEMICOLON:
        return len(text.rstrip())
    while last and tokens[last - 1].token_type is TokenType.SEMICOLON:
        last -= 1
    return int(tokens[last - 1].end) + 1 if last else len(text)

"""What is said of a text that is no SQL: where it breaks off, and what was likely meant.

A parser stops where it can go no further, which is behind the slip more often than at it. So what
stands before is looked at for a keyword that is misspelt and for a bracket that is still open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from sqlglot.tokenizer_core import TokenType

from xform.base.codes import SQL_SYNTAX
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import AssetName
from xform.base.spans import LineIndex, Span
from xform.sql.dialects import OUTPUTLESS

if TYPE_CHECKING:
    from sqlglot.parser import Parser
    from sqlglot.tokenizer_core import Token

Spans: TypeAlias = Callable[[int, int], Span]
"""Gives the place in the written file of a stretch of the text."""

KEYWORDS = (
    "and", "between", "by", "case", "cross", "distinct", "else", "end", "except", "exists", "from",
    "full", "group", "having", "inner", "intersect", "into", "is", "join", "lateral", "left",
    "like", "limit", "natural", "not", "null", "offset", "on", "or", "order", "outer", "over",
    "partition", "qualify", "right", "select", "then", "union", "using", "values", "when", "where",
    "window", "with",
)  # fmt: skip
BEFORE = 5
"""How many words up to the place of an error and BEHIND are looked at for a misspelt keyword."""
BEHIND = 2
LONG = 4
"""Letters of a keyword of which one may be wrong."""
_UNFINISHED = "Required keyword"
_GAP = re.compile(
    r"[,([sSbBfFaAgG](?:(?<=[,(])\s*,"
    r"|(?<=[,([])\s*(?i:as)\b"
    r"|(?<=\b[sS])(?i:elect)(?:\s*,|\s+(?i:as|(?:distinct\s+)?from)\b)"
    r"|(?<=\b[bB])[yY]\s*(?:$|[);]|(?i:having|limit|order|qualify|union|window)\b)"
    r"|(?<=\b[fF])(?i:rom)\s*(?:$|[),;]|(?i:from|group|having|limit|order|select|union|where)\b)"
    r"|(?<=\b[aA])[sS]\s*(?:$|[),:;\]]|(?i:from)\b)"
    r"|(?<=\b[gG])(?i:roup)\s*\(\s*\))"
)
"""It begins with a set of characters, for which a text is searched six times as fast."""
_BEGINS_WITH_AS = re.compile(r"\s*as\b", re.IGNORECASE)


def syntax_error(
    asset: AssetName | None, span: Spans, text: str, tokens: Sequence[Token], error: Exception
) -> Diagnostic:
    """What the parser has found."""
    details = getattr(error, "errors", None) or [{}]
    detail = details[0]
    line, column = detail.get("line"), detail.get("col")
    highlight = detail.get("highlight") or ""
    description = str(detail.get("description") or "cannot be parsed").split(". Line")[0]
    if line is None or column is None:
        start, end = tokens[0].start, tokens[0].end + 1
    else:
        end = LineIndex(text).offset(line, column) + 1
        start = max(end - max(len(highlight), 1), 0)
    return _said(asset, span, text, tokens, (start, end), description)


def stuck(
    asset: AssetName | None, span: Spans, text: str, tokens: Sequence[Token], reading: Parser
) -> Diagnostic:
    """Where the parser stood when it failed without a word."""
    token = getattr(reading, "_curr", None) or getattr(reading, "_prev", None) or tokens[0]
    at = (token.start, token.end + 1)
    return _said(asset, span, text, tokens, at, "This cannot be read")


def gap(
    asset: AssetName | None, span: Spans, text: str, tokens: Sequence[Token], dialect: str
) -> Diagnostic | None:
    """Something left out that the parser does without: `a,, b`, `select from t`, `group by)`,
    `from where`, `x as, y`."""
    if _GAP.search(text) is None and _BEGINS_WITH_AS.match(text) is None:
        return None
    selecting = False
    creates = bool(tokens) and tokens[0].token_type is TokenType.CREATE
    named: Token | None = None
    for number, (before, token) in enumerate(pairwise([None, *tokens, None])):
        if before is not None and before is named:
            continue  # a keyword that is a name
        kind = before.token_type if before is not None else None
        selecting = kind is TokenType.SELECT or (selecting and kind is TokenType.DISTINCT)
        following = token.token_type if token is not None else None
        if kind is TokenType.DOT or (
            kind is TokenType.ALIAS and following not in _NO_NAME and not creates
        ):
            named = token
        if token is not None and following is TokenType.COMMA and kind in _NO_ITEM:
            message, at = "nothing stands before this comma", token
            advice = "take the comma out, or write what is missing before it"
        elif before is not None and kind is TokenType.GROUP_BY and following in _NO_KEY:
            message, at = "GROUP BY of nothing", before
            advice = "name what to group by, or take it out"
        elif token is not None and following is TokenType.FROM and selecting:
            if dialect in OUTPUTLESS:
                continue
            message, at = "nothing is selected", token
            advice = "name the columns before FROM, or write *"
        elif before is not None and kind is TokenType.FROM and following in _NO_RELATION:
            message, at = "nothing stands behind FROM", before
            advice = "name what to read, or take the word out"
        elif before is not None and kind is TokenType.ALIAS and following in _NO_NAME:
            message, at = "no name stands behind AS", before
            advice = "write a name behind it, or take the word out"
        elif before is not None and kind is TokenType.ALIAS and following is TokenType.FROM:
            behind = tokens[number + 1 : number + 2]
            if creates or not _is_name(behind):
                continue  # CREATE TABLE t AS FROM u; a column that is called so
            message, at = "no name stands behind AS", before
            advice = "write a name behind it, or take the word out"
        elif token is not None and following is TokenType.ALIAS and kind in _NOTHING_NAMED:
            if kind is TokenType.SELECT and dialect == "bigquery":
                continue  # SELECT AS STRUCT
            message, at = "nothing stands before AS", token
            advice = "write what is to be called so before it, or take the word out"
        elif before is not None and _orders_nothing(before, token, text):
            message, at = "WITHIN GROUP of nothing", before
            advice = "write ORDER BY and a column into the brackets"
        else:
            continue
        where = span(at.start, at.end + 1)
        return diagnose(SQL_SYNTAX, f"SQL syntax error: {message}", where, advice, asset=asset)
    return None


def unmatched(
    asset: AssetName | None, span: Spans, text: str, tokens: Sequence[Token]
) -> Diagnostic | None:
    """A bracket without its other, of which the parser has said nothing."""
    bracket = _unmatched(text, tokens)
    if bracket is None:
        return None
    said, advice = _BRACKETS[bracket.token_type in _OPENING]
    where = span(bracket.start, bracket.end + 1)
    return diagnose(SQL_SYNTAX, f"SQL syntax error: {said}", where, advice, asset=asset)


def _unmatched(text: str, tokens: Sequence[Token]) -> Token | None:
    """A bracket without the other of its kind, where there is one."""
    if all(text.count(one) == text.count(other) for one, other in ("()", "[]", "{}")):
        return None
    opened: list[Token] = []
    for token in tokens:
        if token.token_type in _OPENING:
            opened.append(token)
        elif token.token_type in _CLOSING:
            if not opened or _OPENING[opened[-1].token_type] is not token.token_type:
                return token
            opened.pop()
    return opened[-1] if opened else None


_OPENING = {
    TokenType.L_PAREN: TokenType.R_PAREN,
    TokenType.L_BRACKET: TokenType.R_BRACKET,
    TokenType.L_BRACE: TokenType.R_BRACE,
}
_CLOSING = frozenset(_OPENING.values())
_BRACKETS = {
    True: ("this bracket is never closed", "close it, or take it out"),
    False: ("no bracket of this kind is open here", "take it out, or open one before"),
}


def _orders_nothing(before: Token, token: Token | None, text: str) -> bool:
    """Whether `WITHIN GROUP ()` ends between two tokens."""
    if token is None or token.token_type is not TokenType.R_PAREN:
        return False
    if before.token_type is not TokenType.L_PAREN:
        return False
    return _WITHIN.search(text, 0, before.start) is not None


def _is_name(tokens: Sequence[Token]) -> bool:
    return any(token.token_type in (TokenType.VAR, TokenType.IDENTIFIER) for token in tokens)


_WITHIN = re.compile(r"\bwithin\s+group\s*\Z", re.IGNORECASE)
_NO_RELATION = frozenset(
    [
        None, TokenType.COMMA, TokenType.FROM, TokenType.GROUP_BY, TokenType.HAVING,
        TokenType.LIMIT, TokenType.ORDER_BY, TokenType.R_PAREN, TokenType.SELECT,
        TokenType.SEMICOLON, TokenType.UNION, TokenType.WHERE,
    ]
)  # fmt: skip
_NO_NAME = frozenset(
    [
        None, TokenType.COLON, TokenType.COMMA, TokenType.R_BRACKET, TokenType.R_PAREN,
        TokenType.SEMICOLON,
    ]
)  # fmt: skip
_NOTHING_NAMED = frozenset(
    [None, TokenType.COMMA, TokenType.L_BRACKET, TokenType.L_PAREN, TokenType.SELECT]
)
_NO_ITEM = frozenset([TokenType.COMMA, TokenType.L_PAREN, TokenType.SELECT])
_NO_KEY = frozenset(
    [
        None, TokenType.HAVING, TokenType.LIMIT, TokenType.ORDER_BY, TokenType.QUALIFY,
        TokenType.R_PAREN, TokenType.SEMICOLON, TokenType.UNION, TokenType.WINDOW,
    ]
)  # fmt: skip


def _said(
    asset: AssetName | None,
    span: Spans,
    text: str,
    tokens: Sequence[Token],
    at: tuple[int, int],
    description: str,
) -> Diagnostic:
    start, end = at
    word = text[start:end].strip()
    expecting = description.startswith("Expect")
    behind = expecting and end > tokens[-1].end
    near = f" {'behind' if behind else 'at'} '{word}'" if word and "\n" not in word else ""
    labels: list[Label] = []
    advice = "complete it, or take it out" if description.startswith(_UNFINISHED) else ""
    seen = [token for token in tokens if token.start < start]
    bracket = _still_open(seen)
    if bracket is not None and description.startswith("Expecting )"):
        labels.append(Label(span(bracket.start, bracket.end + 1), "opened here"))
        advice = "close the bracket, or look for what is missing before this place"
    elif word == ")" and bracket is None:
        advice = "no bracket is open here: take it out, or open one before"
    slip = _misspelt(tokens, len(seen) + BEHIND)
    if slip is not None:
        token, keyword = slip
        labels = [Label(span(token.start, token.end + 1), f"is this {keyword.upper()}?")]
        advice = f"did you mean {keyword.upper()} instead of '{token.text}'?"
    return diagnose(
        SQL_SYNTAX,
        f"SQL syntax error{near}: {_plainly(description)}",
        span(start, end),
        advice or _help(word),
        asset=asset,
        labels=labels,
    )


def _still_open(tokens: Sequence[Token]) -> Token | None:
    """The innermost bracket that is open behind tokens, where none is closed in vain."""
    opened: list[Token] = []
    for token in tokens:
        if token.token_type is TokenType.L_PAREN:
            opened.append(token)
        elif token.token_type is TokenType.R_PAREN and opened:
            opened.pop()
    return opened[-1] if opened else None


def _misspelt(tokens: Sequence[Token], until: int) -> tuple[Token, str] | None:
    """The last of the words around an error that is nearly a keyword, and that keyword. What
    stands in a name of several parts, or before a bracket, is none."""
    last = min(until, len(tokens))
    for number in range(last - 1, max(last - BEFORE, 0) - 1, -1):
        token = tokens[number]
        beside = {
            item.token_type for item in (*tokens[number - 1 : number], *tokens[number + 1 :][:1])
        }
        word = token.text.lower()
        if token.token_type is not TokenType.VAR or beside & _PART_OF_NAME or word in KEYWORDS:
            continue
        for keyword in KEYWORDS:
            if _alike(word, keyword):
                return token, keyword
    return None


_PART_OF_NAME = frozenset([TokenType.DOT, TokenType.L_PAREN])


def _alike(word: str, keyword: str) -> bool:
    """Whether letters have changed places or, of a long word, one is wrong, missing or too many."""
    if sorted(word) == sorted(keyword):
        return word != keyword
    if len(keyword) < LONG:
        return False
    same = 0
    while word[same : same + 1] == keyword[same : same + 1] != "":
        same += 1
    left, right = word[same:], keyword[same:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:]


def _plainly(description: str) -> str:
    """The parser's finding without the names of its classes."""
    if description.startswith(_UNFINISHED):
        return "something is missing behind it"
    if description.startswith("Invalid expression"):
        return "it is not expected here"
    said = description.partition(" but got <Token")[0]
    expecting = re.fullmatch(r"Expect(?:ing|ed) ([^\w\s]+)", said)
    return f"expected '{expecting[1]}'" if expecting else said[:1].lower() + said[1:]


def _help(word: str) -> str:
    if word == ",":
        return "look for a missing column before, or a comma too many"
    if word.lower() in ("from", "where", "group", "order", "join", "on"):
        return f"look just before '{word}': something is missing or a comma is too many"
    return "look at this place and just before it for a missing comma, operator or parenthesis"


def unreadable(asset: AssetName | None, span: Spans, text: str, message: str) -> Diagnostic:
    """A text that cannot be taken apart into words."""
    found = re.search(r"line (\d+):(\d+)|Line (\d+), Col: (\d+)", message)
    if found:
        line = int(found[1] or found[3])
        start = LineIndex(text).offset(line, int(found[2] or found[4]))
    else:
        start = _unclosed(text)
    return diagnose(
        SQL_SYNTAX,
        "SQL syntax error: a quote or comment is opened and never closed",
        span(start, start + 1),
        "close it, or double a quote that belongs to the text ('it''s')",
        asset=asset,
    )


def _unclosed(text: str) -> int:
    """Where a quote opens that nothing closes."""
    at, size = 0, len(text)
    while at < size:
        if text.startswith("--", at):
            at = (text.find("\n", at) + 1) or size
        elif text.startswith("/*", at):
            found = text.find("*/", at + 2)
            if found < 0:
                return at
            at = found + 2
        elif text[at] in "'\"`":
            found = text.find(text[at], at + 1)
            if found < 0:
                return at
            at = found + 1
        else:
            at += 1
    return 0

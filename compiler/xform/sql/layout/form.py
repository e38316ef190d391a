"""The door to the layout: written SQL in, the same SQL in its one form out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from xform.sql.keywords import is_keyword
from xform.sql.layout.document import render
from xform.sql.layout.lexing import Kind, Token, Unreadable, lex
from xform.sql.layout.nesting import nest
from xform.sql.layout.setting import set_query
from xform.sql.layout.spacing import ends_operand, space

_ROUNDS = 5
"""How often a text is set until it stays as it is; once is nearly always enough."""


def laid_out(text: str, dialect: str, start: int, width: int) -> str:
    """The text in its one form: laying that out again changes nothing. Before `start` (the end of
    a settings block) it stays as it is, and so do quoted names, literals, comments and tags. All
    tokens stay, in their order; keywords become lower case. Raises Unreadable."""
    broken = "\r\n" if "\r\n" in text else "\n"
    start -= text.count("\r\n", 0, start)
    unix = text.replace("\r\n", "\n")
    if "\r" in unix or (broken != "\n" and unix.count("\n") > text.count(broken)):
        raise Unreadable("its lines end in several ways")
    head, body = unix[:start].rstrip(), unix[start:]
    if not body.strip():
        return text
    space = body[: len(body) - len(body.lstrip())]
    body = body.strip() + "\n"
    for _ in range(_ROUNDS):
        done = _once(body, dialect, width)
        if done == body:
            break
        body = done
    else:
        raise Unreadable("its layout does not come to rest")
    if head:
        body = f"{head}\n\n{body}" if space.count("\n") > 1 else f"{head}\n{body}"
    return body.replace("\n", broken)


def _once(text: str, dialect: str, width: int) -> str:
    tokens = marked(text, dialect)
    items, end = nest(tokens, text)
    made = render(set_query(items, end), width)
    if not same(tokens, marked(made, dialect)):
        raise Unreadable("its tokens would not stay the same")
    return made


def marked(text: str, dialect: str) -> list[Token]:
    """The tokens of a text, with all that is said of each. Raises Unreadable."""
    tokens = lex(text, dialect)
    _find_keywords(tokens)
    tokens = space(tokens)
    _find_alone(tokens)
    return tokens


def _find_keywords(tokens: Sequence[Token]) -> None:
    words = ["", *(token.text.lower() for token in tokens), ""]
    for token, before, word, behind in zip(tokens, words, words[1:], words[2:], strict=False):
        if token.kind is Kind.WORD and not token.glued:
            token.keyword = is_keyword(word, before, behind)


def _find_alone(tokens: Sequence[Token]) -> None:
    """Tags that have lines of their own: statements of the template, and what a macro writes where
    an operand has ended or none has begun."""
    previous: Token | None = None
    for token, following in pairwise(tokens):
        begins = previous is None or token.newline
        ends = following.newline or following.kind is Kind.END
        if begins and ends and not token.glued:
            if token.kind in (Kind.SINGLE, Kind.VERBATIM):
                token.alone = True
            elif token.kind is Kind.PRINT:
                complete = previous is None or previous.alone or ends_operand(previous)
                token.alone = complete and following.kind not in _GOES_ON
        previous = token


_GOES_ON = frozenset([Kind.OPERATOR, Kind.COMMA, Kind.CLOSE, Kind.OPEN])


def same(before: Sequence[Token], behind: Sequence[Token]) -> bool:
    """Whether two texts hold the same tokens and the same comments, each in one order."""
    return _written(before) == _written(behind) and _comments(before) == _comments(behind)


def _written(tokens: Sequence[Token]) -> list[tuple[Kind, str]]:
    return [(t.kind, t.text.lower() if t.keyword else t.text) for t in tokens]


def _comments(tokens: Sequence[Token]) -> list[str]:
    return [
        comment.text for token in tokens for comment in (*token.before, *token.behind, *token.below)
    ]

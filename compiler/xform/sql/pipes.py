"""Pipe syntax (`FROM t |> WHERE a > 1 |> SELECT b`) put into words that the parser reads well,
token by token.

sqlglot reads some of its operators, and of these some so that the aliases of tables are lost. Here
each operator becomes a part of FROM while aliases stay visible behind it, and a query of its own
where they do not. The words say the same of values and rows; each token keeps its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token
from sqlglot.tokenizer_core import TokenType as Kind

PIPE = "|>"
_JOINS = frozenset(["CROSS", "FULL", "INNER", "JOIN", "LEFT", "RIGHT", ","])
_SETS = frozenset(["EXCEPT", "INTERSECT", "UNION"])
_WORDS = {
    "(": Kind.L_PAREN, ")": Kind.R_PAREN, "*": Kind.STAR, ",": Kind.COMMA, "1": Kind.NUMBER,
    "AS": Kind.ALIAS, "CROSS": Kind.CROSS, "DISTINCT": Kind.DISTINCT, "EXCEPT": Kind.EXCEPT,
    "FROM": Kind.FROM, "GROUP BY": Kind.GROUP_BY, "JOIN": Kind.JOIN, "LATERAL": Kind.LATERAL,
    "LEFT": Kind.LEFT, "ON": Kind.ON, "RENAME": Kind.RENAME, "REPLACE": Kind.REPLACE,
    "SELECT": Kind.SELECT, "SEMI": Kind.SEMI,
}  # fmt: skip
_GROUPING = frozenset(["AND", "BY", "GROUP", "GROUP BY", "ORDER", "ORDER BY"])
_DIRECTIONS = frozenset(["ASC", "DESC", "NULLS", "FIRST", "LAST"])


def unpiped(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with each chain of pipes as a query. One with an operator that is not known here
    stays as it is, for the parser to refuse."""
    done: list[Token] = []
    levels: list[list[Token]] = [[]]
    for token in tokens:
        if token.token_type is Kind.R_PAREN and len(levels) > 1:
            inside = _chain(levels.pop())
            levels[-1].extend([*inside, token])
        elif token.token_type is Kind.SEMICOLON and len(levels) == 1:
            done.extend([*_chain(levels.pop()), token])
            levels.append([])
        else:
            levels[-1].append(token)
            if token.token_type is Kind.L_PAREN:
                levels.append([])
    while len(levels) > 1:
        inside = levels.pop()
        levels[-1].extend(inside)
    return [*done, *_chain(levels[0])]


def _chain(tokens: list[Token]) -> list[Token]:
    """What stands in one pair of brackets."""
    head, *operators = _split(tokens, Kind.PIPE_GT)
    if not operators or not head:
        return tokens
    starts = [at for at in _outer(head) if head[at].token_type in (Kind.FROM, Kind.SELECT)]
    start = starts[0] if starts else 0
    if not starts and head[0].token_type is not Kind.L_PAREN:
        return tokens
    chain = _Chain(head[start:])
    for operator in operators:
        if not operator or not chain.apply(operator):
            return tokens
    return [*head[:start], *chain.query()]


class _Chain:
    """The FROM that the operators so far amount to, and the ORDER BY behind it."""

    def __init__(self, head: list[Token]) -> None:
        self.at = head[-1]
        """The token in whose place words stand that are not written."""
        self.order: list[Token] = []
        if head[0].token_type is Kind.FROM:
            self.source = head[1:]
        else:
            self.source = [*self.said("("), *head, *self.said(")")]

    def said(self, *words: str) -> Iterator[Token]:
        for word in words:
            at = self.at
            yield Token(_WORDS[word], word, at.line, at.col, at.start, at.end)

    def query(self, *outputs: Token, behind: Sequence[Token] = ()) -> list[Token]:
        selected = outputs or tuple(self.said("*"))
        start = [*self.said("SELECT"), *selected, *self.said("FROM"), *self.source]
        return [*start, *behind, *self.order]

    def nest(self, query: list[Token]) -> None:
        """Go on from a query, behind which only the names of its outputs are known."""
        self.source = [*self.said("("), *query, *self.said(")")]
        self.order = []

    def apply(self, tokens: list[Token]) -> bool:
        """Take up one operator. False where it is not known."""
        self.at = tokens[0]
        word, rest = tokens[0].text.upper(), tokens[1:]
        following = rest[0].text.upper() if rest else ""
        if word == "WHERE":
            one = [*self.said("LEFT", "SEMI", "JOIN", "(", "SELECT", "1", ")", "ON", "(")]
            self.source += [*one, *rest, *self.said(")")]
        elif word in ("EXTEND", "WINDOW"):
            self.source += [*self.said("CROSS", "JOIN", "LATERAL", "(", "SELECT"), *rest]
            self.source += self.said(")")
        elif word in _JOINS or (word == "NATURAL" and following in _JOINS):
            self.source += tokens
        elif word == "AS":
            self.nest(self.query())
            self.source += tokens
        elif word == "SELECT":
            self.nest(self.query(*rest))
        elif word == "DISTINCT" and not rest:
            self.nest(self.query(*self.said("DISTINCT", "*")))
        elif word in ("DROP", "RENAME", "SET"):
            self.nest(self.query(*self.said("*"), *self.changed(word, rest)))
        elif word.startswith("ORDER"):
            self.order = tokens
        elif word == "LIMIT":
            self.order = [*self.order, *tokens]
            self.nest(self.query())
        elif word == "AGGREGATE":
            return self.aggregate(rest)
        elif word in _SETS:
            return self.combine(tokens)
        elif word in ("PIVOT", "UNPIVOT", "TABLESAMPLE"):
            self.nest(self.query())
            self.source += tokens
        else:
            return word == "ASSERT"  # which stops a query, and changes nothing of its result
        return True

    def changed(self, word: str, rest: list[Token]) -> Iterator[Token]:
        """What stands behind the star: of `SET a = b` that is `REPLACE (b AS a)`."""
        behind = {"DROP": "EXCEPT", "RENAME": "RENAME", "SET": "REPLACE"}
        yield from self.said(behind[word], "(")
        for number, item in enumerate(_split(rest, Kind.COMMA)):
            yield from self.said(",") if number else ()
            if word == "SET" and len(item) > len(("column", "=")):
                yield from [*item[2:], *self.said("AS"), item[0]]
            else:
                yield from item
        yield from self.said(")")

    def aggregate(self, rest: list[Token]) -> bool:
        groups = [at for at in _outer(rest) if rest[at].text.upper().startswith("GROUP")]
        outputs, keys = (rest[: groups[0]], rest[groups[0] :]) if groups else (rest, [])
        while keys and keys[0].text.upper() in _GROUPING:
            keys = keys[1:]
        terms = [_undirected(item) for item in _split(keys, Kind.COMMA) if item]
        listed: list[list[Token]] = []
        for term in terms:
            word = term[0].text.upper()
            if word == "GROUPING":
                return False
            of_several = word in ("CUBE", "ROLLUP")
            listed += _split(term[2:-1], Kind.COMMA) if of_several else [term]
        listed += [_undirected(item) for item in _split(outputs, Kind.COMMA) if item]
        selected: list[Token] = []
        for number, item in enumerate(listed):
            selected += [*(self.said(",") if number else ()), *item]
        behind: list[Token] = []
        for number, item in enumerate(terms):
            behind += [*self.said("," if number else "GROUP BY"), *_unnamed(item)]
        self.order = []
        self.nest(self.query(*selected, behind=behind))
        return True

    def combine(self, tokens: list[Token]) -> bool:
        """`UNION ALL (SELECT …), (SELECT …)`."""
        opening = [at for at, token in enumerate(tokens) if token.token_type is Kind.L_PAREN]
        if not opening:
            return False
        operator, queries = tokens[: opening[0]], tokens[opening[0] :]
        self.order = []
        query = self.query()
        for item in _split(queries, Kind.COMMA):
            query += [*operator, *item]
        self.nest(query)
        return True


def _undirected(item: list[Token]) -> list[Token]:
    """An item without ASC, DESC, NULLS FIRST behind it."""
    while len(item) > 1 and item[-1].text.upper() in _DIRECTIONS:
        item = item[:-1]
    return item


def _unnamed(item: list[Token]) -> list[Token]:
    names = [at for at in _outer(item) if item[at].token_type is Kind.ALIAS]
    return item[: names[-1]] if names else item


def _split(tokens: Sequence[Token], kind: Kind) -> list[list[Token]]:
    """The stretches between tokens of a kind outside brackets."""
    parts: list[list[Token]] = [[]]
    outside = set(_outer(tokens))
    for at, token in enumerate(tokens):
        if token.token_type is kind and at in outside:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


_OPENING = (Kind.L_PAREN, Kind.L_BRACKET, Kind.L_BRACE)
_CLOSING = (Kind.R_PAREN, Kind.R_BRACKET, Kind.R_BRACE)


def _outer(tokens: Sequence[Token]) -> Iterator[int]:
    depth = 0
    for number, token in enumerate(tokens):
        if token.token_type in _OPENING:
            depth += 1
        elif token.token_type in _CLOSING:
            depth -= 1
        elif not depth:
            yield number

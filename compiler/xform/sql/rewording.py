"""Statements that sqlglot does not read, put into words that it does, token by token.

The words say the same of values and rows; each token keeps its place in the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token
from sqlglot.tokenizer_core import TokenType as Kind

from xform.sql.tokens import MARK

FROM_FIRST = frozenset(["databricks", "hive", "spark", "spark2"])
"""Dialects that have `FROM t INSERT … SELECT …`, once or several times."""
FROM_UNSAID = frozenset(["bigquery", "fabric", "redshift", "tsql"])
"""Dialects in which DELETE does without FROM."""
TRANSACT = frozenset(["fabric", "tsql"])
_ARITHMETIC = (Kind.PLUS, Kind.DASH, Kind.STAR, Kind.SLASH, Kind.PERCENT)
_BEFORE_QUERY = (Kind.SELECT, Kind.WITH, Kind.L_PAREN, Kind.VALUES)
_ROUTINES = frozenset(["FUNCTION", "MACRO", "PROC", "PROCEDURE", "RECURSIVE", "TRIGGER"])


def reworded(tokens: list[Token], dialect: str) -> Iterator[list[Token]]:
    """The statements that the tokens of one statement stand for: several where one FROM feeds
    several INSERTs."""
    if dialect in FROM_FIRST:
        yield from _inserts(tokens)
        return
    if dialect == "clickhouse":
        tokens = _mutation(_one_limit(tokens))
    if dialect == "duckdb":
        tokens = _merged_whole(tokens)
    tokens = _without_data(_out_of_block(tokens))
    if not tokens:
        return
    if dialect in TRANSACT:
        tokens = _assignments(_without_top(tokens))
    yield _deleted(tokens) if dialect in FROM_UNSAID else tokens


def plainly(tokens: list[Token]) -> list[Token]:
    """A CREATE … AS that is not read, without the clauses between its name and AS. Nothing for any
    other statement."""
    outer = list(_outside_parentheses(tokens))
    queries = [
        at
        for at in outer
        if tokens[at].token_type is Kind.ALIAS
        and [token for token in tokens[at + 1 : at + 2] if token.token_type in _BEFORE_QUERY]
    ]
    if not queries or tokens[0].token_type is not Kind.CREATE:
        return []
    query = queries[0]
    kinds = [at for at in outer if tokens[at].token_type in (Kind.TABLE, Kind.VIEW) and at < query]
    if not kinds or {token.text.upper() for token in tokens[: kinds[0]]} & _ROUTINES:
        return []
    start = kinds[0] + 1
    while tokens[start].text.upper() in ("IF", "NOT", "EXISTS"):
        start += 1
    end = start + 1
    while tokens[end].token_type is Kind.DOT:
        end += 2
    if tokens[end].token_type is Kind.L_PAREN:
        end = next((at for at in outer if at > end), query)
    return [tokens[0], tokens[kinds[0]], *tokens[start:end], *tokens[query:]]


def plain_names(tokens: Sequence[Token]) -> list[Token] | None:
    """Tokens in which words that DuckDB takes for names, where they stand, are names to the parser
    too; None where there are none such."""
    result = list(tokens)
    found = False
    for at, token in enumerate(tokens):
        kind = token.token_type
        before = tokens[at - 1].token_type if at else None
        behind = tokens[at + 1].token_type if at + 1 < len(tokens) else None
        if kind in _NAMES_AS:
            name = before is Kind.DOT or (before is Kind.ALIAS and behind in _BEHIND_NAME)
        elif kind is Kind.MAP:
            name = behind not in (Kind.L_PAREN, Kind.L_BRACE)
        else:
            name = kind in _NAMES and before not in (None, Kind.L_PAREN, Kind.THEN)
        if name:
            found = True
            # The parser knows a function without brackets by the text of its word.
            as_name = Kind.IDENTIFIER if kind is Kind.MAP else Kind.VAR
            result[at] = Token(
                as_name, token.text, token.line, token.col, token.start, token.end, token.comments
            )
    return result if found else None


_NAMES = frozenset(
    [Kind.ALTER, Kind.DROP, Kind.FORCE, Kind.GRANT, Kind.INSERT, Kind.INSTALL, Kind.LOCK,
     Kind.REVOKE, Kind.ROLLBACK]
)  # fmt: skip
"""Verbs of statements, which may be names within a query."""
_NAMES_AS = frozenset([Kind.FROM, Kind.NOT, Kind.SELECT])
"""Words that may be names behind AS or a dot."""
_BEHIND_NAME = (None, Kind.COMMA, Kind.FROM, Kind.R_PAREN, Kind.SEMICOLON, Kind.UNION, Kind.WHERE)


def named_values(tokens: list[Token]) -> list[Token]:
    """DuckDB's `PIVOT … IN (1 AS one, 2)` as `IN (one, 2)`: what is asked of the list are names."""
    result: list[Token] = []
    pivoted = False
    opened: list[int] = []
    """For each open bracket: where the item begins that stands in it; -1 where it is no list."""
    for at, token in enumerate(tokens):
        kind = token.token_type
        if kind in (Kind.PIVOT, Kind.UNPIVOT):
            pivoted = kind is Kind.PIVOT
        if kind is Kind.ALIAS and pivoted and opened and opened[-1] >= 0:
            del result[opened[-1] :]
            continue
        result.append(token)
        if kind is Kind.L_PAREN:
            listed = at > 0 and tokens[at - 1].token_type is Kind.IN
            following = tokens[at + 1 : at + 2]
            query = bool(following) and following[0].token_type in (Kind.FROM, *_BEFORE_QUERY)
            opened.append(len(result) if listed and not query else -1)
        elif kind is Kind.R_PAREN and opened:
            opened.pop()
        elif kind is Kind.COMMA and opened and opened[-1] >= 0:
            opened[-1] = len(result)
    return result


# DELETE, UPDATE ----------------------------------------------------------------------------------


def _deleted(tokens: list[Token]) -> list[Token]:
    """`DELETE t WHERE …` with its FROM; T-SQL's `DELETE FROM x FROM t x` without the first."""
    verb = _first(tokens, Kind.DELETE)
    if verb is None:
        return tokens
    froms = [at for at in _outside_parentheses(tokens) if tokens[at].token_type is Kind.FROM]
    froms = [at for at in froms if at > verb]
    if not froms and verb + 1 < len(tokens):
        return [*tokens[: verb + 1], _word(Kind.FROM, "FROM", tokens[verb]), *tokens[verb + 1 :]]
    if len(froms) > 1 and froms[0] == verb + 1:
        return [*tokens[: verb + 1], *tokens[verb + 2 :]]
    return tokens


def _without_top(tokens: list[Token]) -> list[Token]:
    """T-SQL's `UPDATE TOP (3) t`: which rows it takes it does not say."""
    for kind in (Kind.DELETE, Kind.INSERT, Kind.UPDATE):
        verb = _first(tokens, kind)
        if verb is None:
            continue
        if [token.text.upper() for token in tokens[verb + 1 : verb + 3]] != ["TOP", "("]:
            continue
        ends = [at for at in range(verb, len(tokens)) if tokens[at].token_type is Kind.R_PAREN]
        if ends:
            return [*tokens[: verb + 1], *tokens[ends[0] + 1 :]]
    return tokens


def _assignments(tokens: list[Token]) -> list[Token]:
    """T-SQL's `SET a += b` as `SET a = a + b`."""
    if _first(tokens, Kind.UPDATE) is None and _first(tokens, Kind.MERGE) is None:
        return tokens
    result: list[Token] = []
    for at, token in enumerate(tokens):
        joined = at and token.start == tokens[at - 1].end + 1
        if not (joined and token.token_type is Kind.EQ and result):
            result.append(token)
            continue
        sign = result[-1]
        if sign.token_type not in _ARITHMETIC:
            result.append(token)
            continue
        result.pop()
        start = len(result) - 1
        while start > 1 and result[start - 1].token_type is Kind.DOT:
            start -= 2
        result.extend([token, *result[start:], sign])
    return result


def _mutation(tokens: list[Token]) -> list[Token]:
    """ClickHouse's `ALTER TABLE t UPDATE a = b WHERE …` and `ALTER TABLE t DELETE WHERE …`."""
    words = [token.text.upper() for token in tokens]
    if words[:2] != ["ALTER", "TABLE"]:
        return tokens
    for at in _outside_parentheses(tokens):
        if at < 3 or words[at] not in ("DELETE", "UPDATE"):
            continue
        name = tokens[2 : words.index("ON") if "ON" in words[:at] else at]
        verb = tokens[at]
        if words[at] == "UPDATE":
            start = [_word(Kind.UPDATE, "UPDATE", verb), *name, _word(Kind.SET, "SET", verb)]
        else:
            start = [_word(Kind.DELETE, "DELETE", verb), _word(Kind.FROM, "FROM", verb), *name]
        return [*start, *tokens[at + 1 :]]
    return tokens


def _merged_whole(tokens: list[Token]) -> list[Token]:
    """DuckDB's `UPDATE`, `UPDATE SET *`, `INSERT *` and their like in a MERGE, which write all
    columns by position or by name, as the assignment `SET by = position`, with marked names; and
    its ERROR, which writes nothing."""
    if _first(tokens, Kind.MERGE) is None:
        return tokens
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        result.append(token)
        at += 1
        if token.token_type is not Kind.THEN or at == len(tokens):
            continue
        end = next((i for i in range(at, len(tokens)) if _ends_action(tokens[i])), len(tokens))
        verb, *words = (item.text.upper() for item in tokens[at:end])
        told = [word for word in words if word not in ("SET", "*")]
        if verb in ("INSERT", "UPDATE") and told in ([], ["BY", "NAME"], ["BY", "POSITION"]):
            how = told[-1].lower() if told else "position"
            marks = (Kind.VAR, f"{MARK}by"), (Kind.EQ, "="), (Kind.VAR, f"{MARK}{how}")
            words_said = [(Kind.UPDATE, "UPDATE"), (Kind.SET, "SET"), *marks]
            result.extend(_word(kind, text, tokens[at]) for kind, text in words_said)
            at = end
        elif verb == "ERROR":
            nothing = (Kind.VAR, "DO"), (Kind.VAR, "NOTHING")
            result.extend(_word(kind, text, tokens[at]) for kind, text in nothing)
            at = end
    return result


def _ends_action(token: Token) -> bool:
    return token.token_type in (Kind.WHEN, Kind.RETURNING)


def _out_of_block(tokens: list[Token]) -> list[Token]:
    """The statement that stands behind the BEGIN of a block; nothing of the END of one."""
    if len(tokens) > 1 and tokens[0].token_type in (Kind.BEGIN, Kind.VAR):
        began = tokens[0].text.upper() == "BEGIN"
        return tokens[1:] if began and tokens[1].token_type in _STATEMENTS else tokens
    return [] if [token.text.upper() for token in tokens] == ["END"] else tokens


_STATEMENTS = (
    Kind.CREATE, Kind.DELETE, Kind.INSERT, Kind.MERGE, Kind.SELECT, Kind.UPDATE, Kind.WITH,
)  # fmt: skip


def _without_data(tokens: list[Token]) -> list[Token]:
    """PostgreSQL's `CREATE MATERIALIZED VIEW … AS … WITH NO DATA` without its end."""
    words = [token.text.upper() for token in tokens[-3:]]
    for end in (["WITH", "DATA"], ["WITH", "NO", "DATA"]):
        if words[-len(end) :] == end and tokens[0].token_type is Kind.CREATE:
            return tokens[: -len(end)]
    return tokens


def _first(tokens: Sequence[Token], kind: Kind) -> int | None:
    """Where a verb stands, if it is the statement's: at its begin, or behind its WITH."""
    if tokens and tokens[0].token_type not in (kind, Kind.WITH):
        return None
    return next((at for at in _outside_parentheses(tokens) if tokens[at].token_type is kind), None)


def _word(kind: Kind, text: str, like: Token) -> Token:
    """A token that is not written, in the place of one that is."""
    return Token(kind, text, like.line, like.col, like.start, like.end)


def _outside_parentheses(tokens: Sequence[Token]) -> Iterator[int]:
    depth = 0
    for number, token in enumerate(tokens):
        if token.token_type is Kind.L_PAREN:
            depth += 1
        elif token.token_type is Kind.R_PAREN:
            depth -= 1
        elif not depth:
            yield number


# INSERT, LIMIT ------------------------------------------------------------------------------------


def _inserts(tokens: list[Token]) -> Iterator[list[Token]]:
    """`FROM t INSERT … SELECT a WHERE b` as `INSERT … SELECT a FROM t WHERE b`, for each INSERT."""
    behind_from = (
        Kind.WHERE, Kind.GROUP_BY, Kind.HAVING, Kind.ORDER_BY, Kind.SORT_BY, Kind.CLUSTER_BY,
        Kind.DISTRIBUTE_BY, Kind.LIMIT, Kind.LATERAL, Kind.WINDOW,
    )  # fmt: skip
    outer = list(_outside_parentheses(tokens))
    starts = [i for i in outer if tokens[i].token_type is Kind.INSERT]
    if tokens[0].token_type is not Kind.FROM or not starts:
        yield tokens
        return
    clause = tokens[: starts[0]]
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        within = [i for i in outer if start <= i < end]
        selects = [i for i in within if tokens[i].token_type is Kind.SELECT]
        behind = [i for i in within if tokens[i].token_type in behind_from]
        place = next((i for i in behind if selects and i > selects[0]), end)
        yield [*tokens[start:place], *clause, *tokens[place:end]]


def _one_limit(tokens: list[Token]) -> list[Token]:
    """`LIMIT 2 BY k LIMIT 9` without the second: sqlglot takes one LIMIT, and that of BY says more
    of rows."""
    kept: list[Token] = []
    by: list[bool] = [False]
    """For each open parenthesis: whether a LIMIT BY stands in it."""
    numbers = (Kind.NUMBER, Kind.COMMA, Kind.OFFSET)
    limited = dropping = False
    for token in tokens:
        kind = token.token_type
        if dropping and kind in numbers:
            continue
        dropping = kind is Kind.LIMIT and by[-1]
        if dropping:
            continue
        if kind is Kind.L_PAREN:
            by.append(False)
        elif kind is Kind.R_PAREN and len(by) > 1:
            by.pop()
        elif token.text.upper() == "BY" and limited:
            by[-1] = True
        limited = kind is Kind.LIMIT or (limited and kind in numbers)
        kept.append(token)
    return kept

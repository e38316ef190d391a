"""Small random edits of a query's text: another column, number, operator, join or function."""

from __future__ import annotations

import re
from random import Random

from random_queries import TABLES

TOKEN = re.compile(
    r"r\d+\.\w+|\b\d+\b|left join|right join|full join|semi join|anti join|\bjoin\b"
    r"|union all by name|union all|union|except|intersect|not exists|exists|not in\b|\bin\b"
    r"|is null|is not null|row_number\(\)|count\(\*\)|distinct on|distinct |partition by"
    r"|order by|\w+|<>|>=|<|=|\+|-|\*|.",
    re.DOTALL,
)
ALIKE = (
    ("=", "<", ">=", "<>"),
    ("and", "or"),
    ("left join", "right join", "full join", "join", "semi join", "anti join"),
    ("sum", "min", "max", "count", "first", "lag"),
    ("union all", "union", "except", "intersect"),
    ("exists", "not exists"),
    ("in", "not in"),
    ("is null", "is not null"),
    ("+", "-", "*"),
    ("coalesce", "greatest", "least", "nullif"),
    ("row_number()", "count(*)"),
    ("distinct ", ""),
    ("partition by", "order by"),
    tuple(TABLES),
)
_COLUMN = re.compile(r"r\d+\.\w+")


def random_edit(random: Random, sql: str) -> str:
    """The query with one token replaced: often still valid, nearly always another meaning."""
    tokens = TOKEN.findall(sql)
    columns = [token for token in tokens if _COLUMN.fullmatch(token)]
    while True:
        at = random.randrange(len(tokens))
        token = tokens[at]
        other = token
        if _COLUMN.fullmatch(token):
            elsewhere = f"{token.split('.')[0]}.{random.choice('kabcde')}"
            other = random.choice([random.choice(columns), elsewhere])
        elif token.isdigit():
            other = str(random.randint(0, 4))
        else:
            for group in ALIKE:
                if token in group:
                    other = random.choice(group)
        if other != token:
            return "".join([*tokens[:at], other, *tokens[at + 1 :]])

"""sqlglot's own lineage, far slower, agrees in every dialect where it is right."""

from __future__ import annotations

import pytest
from lineage_portable import EVERYWHERE, TABLES, portable
from sqlglot import exp
from sqlglot.lineage import lineage

from xform.app.lineage.outside import lineage_of_sql

NAMES = ("t", "u", "w")
SCHEMA = {name: TABLES[name] for name in NAMES}
OTHERWISE = ("insert ", "create ", "delete ", "merge ", "recursive", "(select max(c)", "main.")
"""What sqlglot's lineage is not for, or sees otherwise: it does not count the conditions of a
subquery in an expression, and stops where a recursive CTE reads itself."""
CASES = [
    (dialect, sql)
    for dialect in EVERYWHERE
    for sql, _, _ in portable(dialect)
    if not any(mark in sql for mark in OTHERWISE)
]


def of_sqlglot(column: str, sql: str, dialect: str) -> set[tuple[str, str]]:
    found = set()
    for node in lineage(column, sql, schema=SCHEMA, dialect=dialect).walk():
        if isinstance(node.expression, exp.Table) and not node.downstream:
            name = node.name.rpartition(".")[2].strip('"`[]')
            found.add((node.expression.name.lower(), name.lower()))
    return found


@pytest.mark.parametrize(("dialect", "sql"), CASES)
def test_value_lineage_is_sqlglots(dialect: str, sql: str) -> None:
    answer = lineage_of_sql(sql, dialect, SCHEMA)
    assert answer.columns
    for name, value in answer.columns.items():
        assert set(value) == of_sqlglot(name, sql, dialect), name

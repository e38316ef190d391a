"""sqlglot's own lineage, far slower, agrees where it is right."""

from __future__ import annotations

import pytest
from lineage_cases import TABLES
from sema_bound import facts_of
from sqlglot import exp
from sqlglot.lineage import lineage

QUERIES = [
    "select a + b as x from t",
    "select x + 1 as y from (select a * b as x from t) q",
    (
        "with c as (select k, a as x from t), d as (select c.x, u.d from c join u on c.k = u.k)"
        " select x + d as y from d"
    ),
    "select case when t.a > 1 then u.c else t.b end as y from t left join u on t.k = u.k",
    "select sum(b) as y from t group by a",
    "select a as y from t union all select c from u",
    "select max(q.x) as y from (select a as x from t union all select d from u) q",
    "with c as (select * from t) select b as y from c",
    "with c as (select t.*, u.c from t join u on t.k = u.k) select a + c as y from c",
    "select coalesce(t.a, w.e) as y from t join w on t.k = w.k where t.b > 1",
]
SCHEMA = {
    name: {column.split(" ")[0]: "int" for column in columns}
    for name, columns in TABLES.items()
    if name != "s"
}


def of_sqlglot(column: str, sql: str) -> set[tuple[str, str]]:
    found = set()
    for node in lineage(column, sql, schema=SCHEMA, dialect="duckdb").walk():
        if isinstance(node.expression, exp.Table) and not node.downstream:
            found.add((node.expression.name, node.name.rpartition(".")[2].strip('"')))
    return found


@pytest.mark.parametrize("sql", QUERIES)
def test_value_lineage_is_sqlglots(sql: str) -> None:
    facts = facts_of(sql, TABLES)
    column = facts.columns[-1]
    assert set(column.value) == of_sqlglot(column.name, sql)

"""What other dialects have in FROM and around SELECT, bound: value and row lineage by reasoning.

The form of a case is that of `lineage_cases.py`, with the dialect before it. Tables: t(k, a, b),
u(k, c, d), s(id, st, arr, v) with arr an array and v a document.
"""

from __future__ import annotations

import pytest
from sema_bound import bound

TABLES = {
    "t": ("k", "a", "b"),
    "u": ("k", "c", "d"),
    "s": ("id", "st struct(x integer)", "arr integer[]", "v json"),
}
CASES = [
    # PIVOT: other columns pass and group; each made column has the aggregate and what it is FOR.
    ("duckdb", "select * from t pivot (sum(b) for a in (1, 2))", "k=t.k; 1=t.a t.b; 2=t.a t.b",
     "t.k"),
    ("duckdb", "select * from t pivot (sum(b) as s, max(b) as m for a in (1))",
     "k=t.k; 1_s=t.a t.b; 1_m=t.a t.b", "t.k"),
    ("duckdb", "pivot t on a in (1, 2) using sum(b) group by k", "k=t.k; 1=t.a t.b; 2=t.a t.b",
     "t.k"),
    ("duckdb", "pivot t on a in (1, 2), b in (3) using count(*) as n",
     "k=t.k; 1_3_n=t.a t.b; 2_3_n=t.a t.b", "t.k"),
    ("duckdb", "select k, x from (pivot t on a using sum(b) group by k) q", "k=t.k; x=t.a t.b",
     "t.k"),
    ("snowflake", "select * from t pivot (sum(b) for a in ('x')) as p (kk, x)", "kk=t.k; x=t.a t.b",
     "t.k"),
    ("bigquery", "select * from t pivot (sum(b) as s for a in ('x', 'y'))",
     "k=t.k; s_x=t.a t.b; s_y=t.a t.b", "t.k"),
    ("spark", "select * from t pivot (sum(b) as s, max(b) as m for a in (1 as x))",
     "k=t.k; x_s=t.a t.b; x_m=t.a t.b", "t.k"),
    ("tsql", "select p.k, p.[1] from (select k, a, b from t) q pivot (sum(b) for a in ([1])) p",
     "k=t.k; 1=t.a t.b", "t.k"),
    # UNPIVOT: a row for each value that is not null.
    ("duckdb", "select * from t unpivot (v for n in (a, b))", "k=t.k; n=; v=t.a t.b", "t.a t.b"),
    ("duckdb", "select * from t unpivot include nulls (v for n in (a, b))", "k=t.k; n=; v=t.a t.b",
     ""),
    ("duckdb", "unpivot t on a, b into name n value v", "k=t.k; n=; v=t.a t.b", "t.a t.b"),
    ("bigquery", "select * from t unpivot ((p, q) for n in ((a, b) as 'x', (k, b) as 'y'))",
     "p=t.a t.k; q=t.b; n=", "t.a t.b t.k"),
    ("tsql", "select * from t unpivot (v for n in (a, b)) p", "k=t.k; v=t.a t.b; n=", "t.a t.b"),
    # Table functions with columns of their own.
    ("snowflake", "select f.* from s, lateral flatten(input => arr) f",
     "SEQ=s.arr; KEY=s.arr; PATH=s.arr; INDEX=s.arr; VALUE=s.arr; THIS=s.arr", "s.arr"),
    ("snowflake", "select f.value from s, table(flatten(v:items)) f", "value=s.v", "s.v"),
    ("tsql", "select j.* from s cross apply openjson(s.v) with (x int '$.x', y int) j",
     "x=s.v; y=s.v", "s.v"),
    ("tsql", "select j.* from s cross apply openjson(s.v) j", "key=s.v; value=s.v; type=s.v",
     "s.v"),
    ("postgres", "select e.* from s, jsonb_each(s.v) as e", "key=s.v; value=s.v", "s.v"),
    ("spark", "select x.* from s lateral view posexplode(arr) x", "pos=s.arr; col=s.arr", "s.arr"),
    ("spark", "select col, value from s lateral view explode(arr) x", "col=s.arr; value=s.arr",
     "s.arr"),
    ("clickhouse", "select * from numbers(3)", "number=", ""),
    # Several outputs of one function.
    ("spark", "select stack(2, 'a', a, 'b', b) as (n, x) from t", "n=t.a t.b; x=t.a t.b",
     "t.a t.b"),
    # Clauses.
    ("clickhouse", "select a from t final prewhere b > 1 where k > 2", "a=t.a", "t.b t.k"),
    ("clickhouse", "select a from t order by b limit 2 by k", "a=t.a", "t.b t.k"),
    ("clickhouse", "with 1 as one, (select max(c) from u) as m select one, a + m as x from t",
     "one=; x=t.a u.c", ""),
    ("clickhouse", "select quantile(0.5)(a) as x, sumIf(a, b > 1) as y from t", "x=t.a; y=t.a t.b",
     ""),
    ("clickhouse", "select arrayJoin(arr) as x from s", "x=s.arr", "s.arr"),
    ("clickhouse", "select * apply(sum) from t", "k=t.k; a=t.a; b=t.b", ""),
    ("snowflake",
     "select t.a, u.c from t asof join u match_condition (t.b >= u.d) on t.k = u.k",
     "a=t.a; c=u.c", "t.b t.k u.d u.k"),
    ("bigquery", "select * except (a) replace (b + k as b) from t", "k=t.k; b=t.b t.k", ""),
    # Units are no columns.
    ("tsql", "select dateadd(day, a, b) as x, datediff(month, a, b) as y from t",
     "x=t.a t.b; y=t.a t.b", ""),
    ("bigquery", "select date_trunc(a, month) as x from t", "x=t.a", ""),
    ("snowflake", "select dateadd(day, 1, a) as x from t", "x=t.a", ""),
]  # fmt: skip


def refs(text: str) -> set[tuple[str, str]]:
    return {(table, column) for table, _, column in (ref.partition(".") for ref in text.split())}


@pytest.mark.parametrize(
    ("dialect", "sql", "columns", "rows"), CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES]
)
def test_lineage(dialect: str, sql: str, columns: str, rows: str) -> None:
    _, facts, found = bound(sql, TABLES, dialect)
    assert facts is not None, found
    assert [str(item) for item in found if item.severity == "error"] == []
    wanted = [(name, refs(sources)) for name, _, sources in
              (item.strip().partition("=") for item in columns.split(";"))]  # fmt: skip
    assert [(column.name, set(column.value)) for column in facts.columns] == wanted
    assert set(facts.rows) == refs(rows)
    assert not facts.columns_open


@pytest.mark.parametrize(
    "sql", ["pivot t on a using sum(b)", "from t pivot (sum(b) for a in (any))"]
)
def test_a_pivot_by_the_data_has_columns_that_are_not_known(sql: str) -> None:
    _, facts, _ = bound(sql, TABLES)
    assert facts is not None
    assert [column.name for column in facts.columns] == ["k"]
    assert facts.columns_open

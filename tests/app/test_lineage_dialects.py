"""Value and row lineage in each dialect, each case written down by reasoning."""

from __future__ import annotations

import pytest
from lineage_analytic import CLICKHOUSE, DUCKDB, POSTGRES, REDSHIFT, TRINO
from lineage_portable import EVERYWHERE, TABLES, portable
from lineage_warehouses import BIGQUERY, DATABRICKS, SNOWFLAKE, SPARK, TSQL

from xform.app.sql_lineage import lineage_of_sql

OWN = {
    "duckdb": DUCKDB, "postgres": POSTGRES, "snowflake": SNOWFLAKE, "bigquery": BIGQUERY,
    "databricks": DATABRICKS, "spark": SPARK, "redshift": REDSHIFT, "trino": TRINO,
    "tsql": TSQL, "clickhouse": CLICKHOUSE,
}  # fmt: skip
CASES = [(dialect, *case) for dialect in EVERYWHERE for case in (*portable(dialect), *OWN[dialect])]

GAPS = frozenset(
    [
        "duckdb: select * from t pivot (sum(b) for a in (1, 2))",
        "duckdb: select k, x from t pivot (sum(b) for a in (1 as x))",
        "duckdb: select * from t pivot (sum(b) as s, max(b) as m for a in (1))",
        "duckdb: pivot t on a in (1, 2) using sum(b) group by k",
        "duckdb: select * from t unpivot (val for name in (a, b))",
        "duckdb: select * from t unpivot include nulls (val for name in (a, b))",
        "duckdb: unpivot t on a, b into name n value v",
        'postgres: select q."X" as y from (select a as "X", b as x from t) q',
        'postgres: select q.x as y from (select a as "X", b as x from t) q',
        'snowflake: select q.x as y from (select a as "x", b as X from t) q',
        "snowflake: select f.*, s.id from s, lateral flatten(input => arr) f",
        "snowflake: select * from t pivot (sum(b) for a in ('x', 'y')) as p",
        "snowflake: select * from t pivot (sum(b) for a in ('x', 'y')) as p (kk, x, y)",
        "snowflake: select * from t unpivot (val for name in (a, b))",
        "snowflake: select t.a, u.c from t asof join u match_condition (t.b >= u.d) on t.k = u.k",
        "bigquery: select a from t intersect select c from u",
        "bigquery: select * from t pivot (sum(b) for a in (1, 2))",
        "bigquery: select * from t pivot (sum(b) as s for a in ('x', 'y'))",
        "bigquery: select * from t unpivot (val for name in (a, b))",
        "bigquery: select * from t unpivot ((v1, v2) for n in ((a, b) as 'ab', (b, a) as 'ba'))",
        "databricks: select * from t pivot (sum(b) for a in (1, 2))",
        "databricks: select * from t pivot (sum(b) as s, max(b) as m for a in (1 as x))",
        "databricks: select * from t unpivot (val for name in (a, b))",
        "spark: select * from t pivot (sum(b) for a in (1, 2))",
        "spark: select * from t pivot (sum(b) as s, max(b) as m for a in (1 as x))",
        "spark: select * from t unpivot (val for name in (a, b))",
        "spark: select stack(2, 'a', a, 'b', b) as (n, x) from t",
        'redshift: select "A" as x from t',
        "redshift: select * from (select k, a, b from t) pivot (sum(b) for a in (1, 2))",
        "redshift: select * from t unpivot (val for name in (a, b))",
        'trino: select "A" as x from t',
        "tsql: select j.x from s cross apply openjson(s.v) with (x int '$.x', y int) j",
        (
            "tsql: select p.k, p.[1], p.[2] from (select k, a, b from t) q pivot (sum(b) for"
            " a in ([1], [2])) p"
        ),
        "tsql: select k, name, val from t unpivot (val for name in (a, b)) p",
        (
            "tsql: with r as (select k, a from t union all select u.k, r.a from u join r on"
            " u.c = r.k) select k, a from r"
        ),
        "tsql: select dateadd(day, a, b) as x, datediff(day, a, b) as y from t",
        "clickhouse: select a from t final prewhere b > 1 where k > 2",
        "clickhouse: select a from t order by b limit 2 by k",
        "clickhouse: with 1 as one select a + one as x from t",
        "clickhouse: with (select max(c) from u) as m select a + m as x from t",
        "clickhouse: select uniqExact(a) as x, quantile(0.5)(b) as y from t",
        "clickhouse: select arrayJoin(arr) as x from s",
        "clickhouse: select q.a as x from (select a as A, b as a from t) q",
    ]
)
"""What is not right yet."""


def refs(text: str) -> set[tuple[str, str]]:
    return {(table, column) for table, _, column in (ref.partition(".") for ref in text.split())}


@pytest.mark.parametrize(
    ("dialect", "sql", "columns", "rows"),
    [
        pytest.param(*case, id=name, marks=[pytest.mark.xfail(strict=True)] * (name in GAPS))
        for case in CASES
        for name in [f"{case[0]}: {case[1]}"]
    ],
)
def test_lineage(dialect: str, sql: str, columns: str, rows: str) -> None:
    answer = lineage_of_sql(sql, dialect, TABLES)
    wanted = [(name.strip(), refs(sources)) for name, _, sources in
              (item.rpartition("=") if item.count("=") > 1 else item.partition("=")
               for item in columns.split(";") if item.strip())]  # fmt: skip
    assert [str(item) for item in answer.diagnostics] == []
    assert [(name, set(value)) for name, value in answer.columns.items()] == wanted
    assert set(answer.rows) == refs(rows)


@pytest.mark.parametrize("dialect", EVERYWHERE)
def test_each_dialect_has_cases_enough(dialect: str) -> None:
    assert sum(case[0] == dialect for case in CASES) >= 40

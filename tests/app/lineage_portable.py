"""Queries that mean the same in every dialect, with their lineage written by reasoning.

(query, columns, rows): `columns` is `name=table.column table.column; name=…`, `rows` the row
sources. Tables: t(k, a, b), u(k, c, d), w(a, e, k), s(id, st, arr, v) with st a struct, arr an
array, v a document.
"""

from __future__ import annotations

TABLES: dict[str, dict[str, str]] = {
    "t": {"k": "int", "a": "int", "b": "int"},
    "u": {"k": "int", "c": "int", "d": "int"},
    "w": {"a": "int", "e": "int", "k": "int"},
    "s": {"id": "int", "st": "struct(x int, y int)", "arr": "int[]", "v": "json"},
}
EVERYWHERE = (
    "duckdb", "postgres", "snowflake", "bigquery", "databricks", "spark", "redshift", "trino",
    "tsql", "clickhouse",
)  # fmt: skip

PORTABLE: list[tuple[str, str, str]] = [
    ("select a, b as x from t", "a=t.a; x=t.b", ""),
    ("select q.* from t q", "k=t.k; a=t.a; b=t.b", ""),
    ("select t.a + u.c as x from t join u on t.k = u.k", "x=t.a u.c", "t.k u.k"),
    ("select t.*, u.d from t left join u on t.k = u.k", "k=t.k; a=t.a; b=t.b; d=u.d", "t.k u.k"),
    ("select t.a, u.c from t cross join u where t.b = u.d", "a=t.a; c=u.c", "t.b u.d"),
    ("select case when a > 1 then b else k end as x from t", "x=t.a t.b t.k", ""),
    ("select cast(a as int) as x, coalesce(b, k) as y from t", "x=t.a; y=t.b t.k", ""),
    ("select a, count(*) as n, sum(b) as total from t group by a", "a=t.a; n=; total=t.b", "t.a"),
    (
        "select a, sum(b) as total from t where k > 0 group by a having sum(b) > 1",
        "a=t.a; total=t.b",
        "t.a t.b t.k",
    ),
    (
        "select a, row_number() over (partition by k order by b) as n from t",
        "a=t.a; n=t.b t.k",
        "",
    ),
    (
        "select x, sum(y) as z from (select a as x, b * k as y from t) q group by x",
        "x=t.a; z=t.b t.k",
        "t.a",
    ),
    (
        (
            "with c as (select k, a as x from t), d as (select c.x, u.d from c join u on c.k = u.k)"
            " select x + d as y from d"
        ),
        "y=t.a u.d",
        "t.k u.k",
    ),
    ("with c(p, q) as (select a, b from t) select q from c", "q=t.b", ""),
    ("with t as (select c as a from u) select a from t", "a=u.c", ""),
    ("select a from t union all select c from u", "a=t.a u.c", ""),
    ("select a from t intersect select c from u", "a=t.a u.c", "t.a u.c"),
    ("select distinct a, b from t where k = 1", "a=t.a; b=t.b", "t.a t.b t.k"),
    ("select a from t where k in (select k from u where d > 0)", "a=t.a", "t.k u.d u.k"),
    ("select a from t where exists (select 1 from u where u.k = t.k)", "a=t.a", "t.k u.k"),
    ("select a, (select max(c) from u where u.k = t.k) as m from t", "a=t.a; m=t.k u.c u.k", ""),
    ("select x.a, y.b from t x join t y on x.k = y.k", "a=t.a; b=t.b", "t.k"),
    ("select u.a from t u", "a=t.a", ""),
    ("select T.A as X from T", "X=t.a", ""),
    ("select main.t.a from main.t", "a=t.a", ""),
    (
        (
            "with recursive r as (select k, a from t union all"
            " select u.k, r.a from u join r on u.c = r.k) select k, a from r"
        ),
        "k=t.k u.k; a=t.a",
        "t.k u.c u.k",
    ),
    ("insert into w (e, k) select a, b from t where k > 1", "e=t.a; k=t.b", "t.k"),
    ("insert into u select k, a, b from t", "k=t.k; c=t.a; d=t.b", ""),
    ("create table x as select a + b as y from t where k = 1", "y=t.a t.b", "t.k"),
    ("create view x as select a as y from t", "y=t.a", ""),
    ("delete from t where a > 1", "", "t.a"),
    (
        (
            "merge into t using u on t.k = u.k when matched then update set a = u.c"
            " when not matched then insert (k, b) values (u.k, u.d)"
        ),
        "a=u.c; k=u.k; b=u.d",
        "t.k u.k",
    ),
]
"""What only some dialects lack stands in `LACKING`."""

LACKING = {
    "tsql": ("main.t.a", "with recursive"),
    "clickhouse": ("T.A", "merge into"),
    "bigquery": ("intersect",),
}
"""By dialect, what marks a query that the dialect has not, or writes in another way."""


def portable(dialect: str) -> list[tuple[str, str, str]]:
    lacking = LACKING.get(dialect, ())
    return [case for case in PORTABLE if not any(mark in case[0] for mark in lacking)]

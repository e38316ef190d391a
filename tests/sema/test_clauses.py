"""Clauses that cannot hold what they hold. DuckDB itself is asked whether it would refuse."""

from __future__ import annotations

import duckdb
import pytest
from sema_bound import place, schemas

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.sema.bind import bind
from xform.sql.parse import parse_query

TABLES = {"t": ("k", "a", "b"), "u": ("k", "c", "d"), "s": ("id", "st struct(x integer)")}

REFUSED = [
    ("select a from t where sum(b) > 1", "XF0420", 23),
    ("select a from t where a > 1 and max(b) > 1", "XF0420", 33),
    ("select sum(max(a)) as x from t", "XF0421", 12),
    ("select sum(a) filter (where max(b) > 1) as x from t", "XF0421", 29),
    ("select row_number() as x from t", "XF0445", 8),
    ("select lag(a) + 1 as x from t", "XF0445", 8),
    ("select sum(a) over (partition by rank()) as x from t", "XF0445", 34),
    ("select a from t qualify a > 1", "XF0447", 25),
    ("select a from t where row_number() over (order by a) = 1", "XF0422", 23),
    ("select a from t group by a having rank() over (order by a) = 1", "XF0422", 35),
    ("select sum(row_number() over (order by a)) as x from t", "XF0422", 12),
    ("select sum(rank() over (order by a)) over () as x from t", "XF0422", 12),
    ("select a, count(*) as n from t", "XF0423", 8),
    ("select a, b + 1 as c, count(*) as n from t group by a", "XF0423", 11),
    ("select *, count(*) as n from t group by k", "XF0423", 8),
    ("select case when k > 1 then 2 else a end as x, sum(b) as s from t group by k", "XF0423", 36),
    ("select a + 1 as x, count(*) as n from t group by a + 2", "XF0423", 8),
    ("select a from t having count(*) > 1", "XF0423", 8),
    ("select t.a, count(*) as n from t join u on t.k = u.k group by u.k", "XF0423", 8),
    ("select a, rank() over (order by b) as r from t group by a", "XF0423", 33),
    ("select upper(a::varchar) as x, max(b) as y from t group by b", "XF0423", 14),
    ("select a, b, count(*) as n from t group by rollup (a)", "XF0423", 11),
]  # fmt: skip

TAKEN = [
    "select sum(sum(a)) over () as x from t",
    "select a, rank() over (order by sum(b)) as r from t group by a",
    "select a + 1 as x, count(*) as n from t group by a + 1",
    "select a + 1 as x, b as y, count(*) as n from t group by x, 2",
    "select k as z, z + 1 as y, count(*) as n from t group by k",
    "select t.k, count(*) as n from t join u using (k) group by k",
    "select k, count(*) as n from t join u using (k) group by t.k",
    "select a, count(*) filter (where b > 1) as n from t group by a",
    "select a, sum(b) filter (where b > k) over () as n from t",
    "select a, b, count(*) as n from t group by rollup (a, b)",
    "select a, grouping(a) as g, count(*) as n from t group by grouping sets ((a), ())",
    "select a, max(b) as m from t group by all",
    "select lag(a ignore nulls) over (order by b) as x from t",
    "select a, row_number() over () as r from t qualify r > 1",
    "select a from t qualify row_number() over (order by b) > 1",
    "select st.x as x, count(*) as n from s group by st.x",
    "select st.x as x, count(*) as n from s group by st",
    "select 1 as one, count(*) as n from t",
    "select a, (select max(c) from u where u.k = t.a) as m, count(*) as n from t group by a",
    "select k from t where a > (select max(c) from u)",
    "select k from t group by k having exists (select 1 from u where c > max(t.a))",
    "select list_transform([a], lambda x: x + 1) as l, count(*) as n from t group by a",
    "select string_agg(b, ',' order by k) as s, a from t group by a",
    "select a, b from t group by a, b",
    "select * from t group by all",
    "select date_trunc('month', date '2024-01-01') as d, count(*) as n from t",
    "select a between 1 and 2 as x, count(*) as n from t group by a between 1 and 2",
    "select T.A, count(*) as n from t group by a",
]

WARNED = [
    ("select a from t where b = null", "XF0424", "IS NULL"),
    ("select a from t where null <> b", "XF0424", "IS NOT NULL"),
    ("select a from t where b not in (1, null)", "XF0424", "take it out"),
    ("select case b when null then 1 end as x from t", "XF0424", "IS NULL THEN"),
    ("select a from t limit 5", "XF0425", "ORDER BY"),
    ("with c as (select 1 as x) select a from t", "XF0426", "take it out"),
]
QUIET = [
    "select a from t where b is null",
    "select a from t where b is not distinct from null",
    "select a from t order by a limit 5",
    "select a from t limit 0",
    "with c as (select 1 as x), d as (select x from c) select x from d",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 3) select n from r",
]


def said(sql: str) -> tuple[Diagnostic, ...]:
    """What is said of a query as a model."""
    unit, found = parse_query(AssetName("m"), place(sql), sql, "duckdb")
    assert unit is not None, found
    tables = [AssetName(table.parts[-1].lower()) for table in unit.tables]
    _, more = bind(AssetName("m"), unit, tables, schemas(TABLES), place(sql))
    return more


def engine_error(sql: str) -> str | None:
    with duckdb.connect() as connection:
        connection.execute("create table t (k integer, a integer, b integer)")
        connection.execute("create table u (k integer, c integer, d integer)")
        connection.execute("create table s (id integer, st struct(x integer))")
        try:
            connection.execute(sql)
        except duckdb.Error as error:
            return str(error)
    return None


@pytest.mark.parametrize(("sql", "code", "column"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_the_engine_refuses_is_said(sql: str, code: str | None, column: int) -> None:
    assert engine_error(sql) is not None
    found = [(item.code, item.span.column) for item in said(sql) if item.severity == "error"]
    assert found[:1] == ([] if code is None else [(code, column)])


@pytest.mark.parametrize("sql", TAKEN)
def test_what_the_engine_takes_is_no_error(sql: str) -> None:
    assert engine_error(sql) is None
    assert [str(item) for item in said(sql) if item.severity == "error"] == []


@pytest.mark.parametrize(("sql", "code", "advice"), WARNED, ids=[case[0] for case in WARNED])
def test_what_hardly_means_it_warns(sql: str, code: str, advice: str) -> None:
    (problem,) = said(sql)
    assert (problem.code, problem.severity) == (code, "warning")
    assert advice in problem.help


@pytest.mark.parametrize("sql", QUIET)
def test_what_is_meant_is_not_warned_of(sql: str) -> None:
    assert said(sql) == ()

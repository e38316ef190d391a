"""Relations that nothing links to the others of their FROM."""

from __future__ import annotations

import pytest
from sema_bound import place, schemas

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.sema.bind import bind
from xform.sql.parse import parse_query

TABLES = {"t": ("k", "a", "b"), "u": ("k", "c", "d"), "v": ("k", "e", "f")}

UNLINKED = [
    ("select a from t, u", "u"),
    ("select a from t, u where t.k = 1 and u.k = 1", "u"),
    ("select a from t join u on t.k = t.a", "u"),
    ("select a from t left join u on u.k = u.c", "u"),
    ("select x.a from t as x, t as y where x.k = x.k", "y"),
    ("select a from t, u, v where t.k = u.k", "v"),
    ("select a from t, u, v where t.k = v.k", "u"),
    ("select a from t join u on t.k = u.k join v on t.k = u.k", "v"),
    ("select a from t, u join v on u.k = v.k", "u"),
    ("select a from (t join u on t.k = u.k), v", "v"),
    ("select a from t, (select c from u group by c) as x", "x"),
    ("select a from t, (values (1), (2)) as x(z)", "x"),
    ("with p as (select c from u) select a from t, p", "p"),
    ("select a from t where exists (select 1 from u, v where u.k = t.k)", "v"),
]

LINKED = [
    "select a from t, u where t.k = u.k",
    "select a from t, u where a = c",
    "select a from t, u where t.a > u.c",
    "select a from t, u where (t.k = u.k and a > 1) or b = c",
    "select a from t, u, v where t.k = u.k and e between a and c",
    "select a from t, u join v on u.k = v.k where a = e",
    "select a from t cross join u",
    "select a from (t cross join u)",
    "select a from t join u on true",
    "select a from t join u on 1 = 1",
    "select a from t join u on u.c = 5",
    "select a from t join u using (k)",
    "select a from t natural join u",
    "select a from t positional join u",
    "select a from t asof join u on t.k >= u.k",
    "select a from t semi join u on t.k = u.k",
    "select a from t full join u on a = c or b = d",
    "select a from t join u on lower(t.k::varchar) = lower(u.k::varchar)",
    "select a from t, (select max(c) as m from u) as x",
    "select a from (select max(c) as m from u) as x, t",
    "select a from t, (select c from u order by c limit 1) as x",
    "select a from t, (values (1)) as x(z)",
    "with p as (select 1 as z) select a from p, t",
    "with p as (select 1 as z), q as (select z from p) select a from t, q",
    "select a from t, unnest([1, 2]) as x(y)",
    "select a from t, range(3) as r",
    "select a from t, lateral (select c from u where u.k = t.k) as x",
    "select a from t, (select c from u where u.k = t.k) as x",
    "select a from t, u where exists (select 1 from v where v.k = t.k and e = u.k)",
    "select a from t where exists (select 1 from u, v where u.k = t.k and c = e)",
    "select a from t join u on t.k = u.k where exists (select 1 from v where k = 1)",
    "select (select max(c) from u where d = 1) as d from t semi join u on a = d",
    "select t.a - u.c as gap from t, u where gap > 0",
    "select x.a from t as x join t as y on x.k = y.k",
]


def said(sql: str) -> tuple[Diagnostic, ...]:
    unit, found = parse_query(AssetName("m"), place(sql), sql, "duckdb")
    assert unit is not None, found
    tables = [AssetName(table.parts[-1].lower()) for table in unit.tables]
    return bind(AssetName("m"), unit, tables, schemas(TABLES), place(sql))[1]


@pytest.mark.parametrize(("sql", "name"), UNLINKED)
def test_what_nothing_links_is_said(sql: str, name: str) -> None:
    (problem,) = said(sql)
    assert (problem.code, problem.severity) == ("XF0427", "warning")
    assert f"'{name}'" in problem.message


def test_it_is_said_where_the_relation_stands() -> None:
    (problem,) = said("select a from t,\n  u\nwhere t.k = 1")
    assert (problem.span.line, problem.span.column, problem.span.end_column) == (2, 3, 4)


@pytest.mark.parametrize("sql", LINKED)
def test_what_is_linked_or_meant_is_not_said(sql: str) -> None:
    assert said(sql) == ()


def test_a_long_chain_of_ctes_is_no_deep_one() -> None:
    chain = ", ".join(f"c{i} as (select n from c{i - 1})" for i in range(1, 1200))
    sql = f"with c0 as (select 1 as n), {chain} select a from t, c1199"
    assert said(sql) == ()


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t inner join u",
        "select a from t join u",
        "select a from t left join (select k, c from u) as x",
        "select a from v, t join u",
    ],
)
def test_a_join_that_needs_a_condition_and_has_none(sql: str) -> None:
    (problem,) = said(sql)
    assert (problem.code, problem.severity) == ("XF0301", "error")
    assert "CROSS JOIN" in problem.help

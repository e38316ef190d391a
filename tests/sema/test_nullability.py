"""Which columns are said never to be NULL: none that ever is."""

from __future__ import annotations

from random import Random

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_queries import TABLES, random_query
from random_runs import Engine, random_data
from sema_bound import bound, facts_of

ENGINE = Engine()
T = {"t": ["k", "a", "b", "s varchar", "j json"], "u": ["k", "c"]}


def required(sql: str) -> list[str]:
    return [column.name for column in facts_of(sql, T).columns if column.required]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select a, 1 as one, 'x' as x, null as n from t", ["one", "x"]),
        ("select count(*) as n, sum(a) as s, coalesce(sum(a), 0) as safe from t", ["n", "safe"]),
        ("select coalesce(a, b, 0) as v, coalesce(a, b) as w from t", ["v"]),
        ("select a is null as no_a, a = 1 as one, a is distinct from b as d from t", ["no_a", "d"]),
        ("select a, b from t where a is not null", ["a"]),
        ("select a, b from t where a > 1 and b = 2", ["a", "b"]),
        ("select a, b from t where a > 1 or b = 2", []),
        ("select a + 1 as v, a / 2 as w from t where a is not null", ["v"]),
        ("select case when a > 1 then 'x' else 'y' end as v from t", ["v"]),
        ("select case when a > 1 then 'x' end as v from t", []),
        ("select row_number() over () as r, lag(k) over (order by k) as p from t", ["r"]),
        ("select x.n, y.n as m from (select 1 as n) x left join (select 1 as n) y on true", ["n"]),
        ("select x.n, y.n as m from (select 1 as n) x full join (select 1 as n) y on true", []),
        ("select k, t.a from t join u using (k)", ["k"]),
        ("select k, t.a from t left join u using (k)", []),
        ("select n, count(*) as c from (select 1 as n from t) group by rollup (n)", ["c"]),
        ("select n, sum(n) as v from (select 1 as n from t) group by n", ["n", "v"]),
        ("select max(n) as v from (select 1 as n from t)", []),
        ("select 1 as v from t union all select a from t", []),
        ("select 1 as v from t union all select 2 from t", ["v"]),
        ("select cast(a as varchar) as v, try_cast(b as date) as w from t where a > b", ["v"]),
        ("select cast(j as integer) as v from t where j is not null", []),
        ("with c as (select 1 as n) select n from c", ["n"]),
        ("select exists (select 1 from u) as e, (select 1) as v from t", ["e"]),
        ("select nullif(1, 1) as v, a in (1, 2) as i from t", []),
    ],
)  # fmt: skip
def test_what_is_never_null(sql: str, names: list[str]) -> None:
    if "rollup" in sql:
        names = []  # nothing is told of grouping sets
    assert required(sql) == names


@given(st.integers(0, 2**32))
def test_no_column_that_is_said_never_to_be_null_is(seed: int) -> None:
    random = Random(seed)
    ENGINE.load(random_data(random))
    for _ in range(5):
        sql = random_query(random, depth=2)
        _, facts, _ = bound(sql, TABLES)
        assert facts is not None
        try:
            _, rows = ENGINE.run(sql)
        except duckdb.Error:
            continue
        for number, column in enumerate(facts.columns):
            if column.required:
                assert all(row[number] is not None for row in rows), f"{column.name}: {sql}"

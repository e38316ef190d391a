"""Queries that look alike and mean different things must hash differently: each a trap of
DESIGN's list, or a pair that a parser has mixed up."""

from __future__ import annotations

from itertools import combinations

import pytest
from chains import SOURCES, Chain, build, column, rows

DIFFERENT = {
    "a sign that is a function": [
        "select l as v from s",
        "select +l as v from s",
    ],
    "columns of FROM in the order of rows": [
        "select a from t order by columns('b') limit 1",
        "select a from t order by columns('k') limit 1",
        "select a from t order by columns(*) limit 1",
    ],
    "an alias before a column of the same name": [
        f"select count(*) as n from (select a, k as {name} from t order by a limit 1) x"
        for name in ("a", "z")
    ],
    "parameters of lambdas": [
        "select list_transform(l, lambda x, i: x) as v from s",
        "select list_transform(l, lambda x, i: i) as v from s",
    ],
    "a field that is called as a parameter is": [
        "select list_transform(p, lambda x: x.x) as v from (select [{'x': 1, 'y': 2}] as p from s)",
        "select list_transform(p, lambda y: y.y) as v from (select [{'x': 1, 'y': 2}] as p from s)",
    ],
    "parameters of lambdas within lambdas": [
        "select list_transform(l, lambda x: list_transform(l, lambda y: x)) as v from s",
        "select list_transform(l, lambda x: list_transform(l, lambda y: y)) as v from s",
    ],
    "what puts lists together, and sums of three": [
        "select l + l[1:1] as v from s",
        "select l[1:1] + l as v from s",
        "select id + 0.1 + 0.2 as v from s",
        "select id + (0.1 + 0.2) as v from s",
    ],
    "a bound of another type converts all of BETWEEN": [
        "select a from t where a between '1' and 2",
        "select a from t where a >= '1' and a <= 2",
    ],
    "an item of another type converts all of IN": [
        "select a from t where a in (1, '2')",
        "select a from t where a in ('2', 1)",
    ],
    "the order of keys, where the order of rows counts": [
        "select a from t group by a, b limit 1",
        "select a from t group by b, a limit 1",
        "select first(a) as a from (select a, b from t group by a, b) x",
        "select first(a) as a from (select a, b from t group by b, a) x",
    ],
    "the order of conditions, where the order of rows counts": [
        "select t.a from t right join u on t.k = u.k and t.a = u.c limit 1",
        "select t.a from t right join u on t.a = u.c and t.k = u.k limit 1",
    ],
    "the order of partition keys, where the order of rows counts": [
        f"select first(a) as a from (select a, sum(k) over (partition by {keys}) as n from t) x"
        " where n > 0"
        for keys in ("a, b", "b, a")
    ],
    "keys of grouping sets": [
        "select a, b, count(*) as n from t group by rollup(a, b)",
        "select a, b, count(*) as n from t group by rollup(b, a)",
    ],
    "what asks twice": [
        "select a from t where random() between 0.25 and 0.75",
        "select a from t where random() >= 0.25 and random() <= 0.75",
    ],
    "whole and decimal numbers": [
        f"select {value} as v from t" for value in ("1", "1.0", "1.00", "1e0", "'1'", "1::bigint")
    ],
    "which occurrence of a self-join": [
        "select x.a from t x join t y on x.k = y.b",
        "select y.a from t x join t y on x.k = y.b",
    ],
    "the side of a comparison in a self-join": [
        "select x.a from t x join t y on x.k = y.b",
        "select x.a from t x join t y on y.k = x.b",
        "select x.a from t x join t y on x.k = x.b",
    ],
    "level of a correlated reference": [
        "select (select max(y.a) from t y where y.k = x.k) as v from t x",
        "select (select max(y.a) from t y where y.k = y.k) as v from t x",
        "select (select max(x.a + 0 * y.a) from t y where y.k = x.k) as v from t x",
    ],
    "level over two scopes": [
        "select (select max((select max(z.a) from t z where z.k = x.k)) from t y) as v from t x",
        "select (select max((select max(z.a) from t z where z.k = y.k)) from t y) as v from t x",
    ],
    "a correlated CTE read deeper in": [
        ("select (with c as (select x.a as v) select (select max(v) from c) from t y limit 1) as w"
        " from t x"),
        ("select (with c as (select x.a as v) select (select max(y.a)) from t y limit 1) as w"
        " from t x"),
    ],
    "a CTE with the name of a table": [
        "with u as (select c as k, k as c, d from u) select c from u",
        "select c from u",
    ],
    "inner CTE shadows outer": [
        ("with c as (select a as v from t), d as (with c as (select b as v from t) select v from c)"
        " select v from d"),
        ("with c as (select a as v from t), d as (with e as (select b as v from t) select v from c)"
        " select v from d"),
    ],
    "set operations": [
        f"select a from t {op} select c from u"
        for op in ("union", "union all", "except", "except all", "intersect", "intersect all")
    ],
    "sides of a set operation": [
        "select a from t except select c from u",
        "select c as a from u except select a from t",
    ],
    "alignment by position or name": [
        "select a, b from t union all select b, a from t",
        "select a, b from t union all by name select b, a from t",
    ],
    "precedence of set operations": [
        "select a from t union select b from t intersect select k from t",
        "(select a from t union select b from t) intersect select k from t",
    ],
    "GROUP BY and ordinals": [
        "select a, k, count(*) as n from t group by rollup (1), 2",
        "select a, k, count(*) as n from t group by rollup (2), 1",
        "select a, k, count(*) as n from t group by 1, 2",
        "select a, k, count(*) as n from t group by cube (1, 2)",
        "select a, k, count(*) as n from t group by grouping sets ((1), (2))",
        "select a, k, count(*) as n from t group by grouping sets ((1, 2), ())",
    ],
    "outputs of one expression in grouping sets": [
        "select a as x, a as y, count(*) as n from t group by rollup (1, 2)",
        "select a as x, a as y, count(*) as n from t group by rollup (1, 1)",
        "select a as x, a as y, count(*) as n from t group by rollup (y, x)",
        "select a as x, a as y, count(*) as n from t group by rollup (a)",
    ],
    "ORDER BY 1 and LIMIT": [
        "select a, b from t order by 1 limit 2",
        "select a, b from t order by 2 limit 2",
        "select a, b from t order by 1 limit 3",
        "select a, b from t order by 1 desc limit 2",
        "select a, b from t order by 1 nulls first limit 2",
        "select a, b from t order by 1 limit 2 offset 1",
        "select a, b from t order by 1 limit 2%",
        "select a, b from t limit 2",
    ],
    "output or column in ORDER BY": [
        "select -a as b, b as z from t order by b limit 2",
        "select -a as b, b as z from t order by t.b limit 2",
    ],
    "DISTINCT": [
        "select a, b from t",
        "select distinct a, b from t",
        "select distinct on (a) a, b from t",
        "select distinct on (b) a, b from t",
        "select distinct on (a) a, b from t order by b",
    ],
    "joins": [
        f"select t.a from t {how} join u on t.k = u.k"
        for how in ("", "left", "right", "full", "semi", "anti", "asof")
    ],
    "a comma binds less than JOIN": [
        "select t.a, u.c from t, u right join s on u.k = s.id",
        "select t.a, u.c from t cross join u right join s on u.k = s.id",
    ],
    "ON or WHERE of an outer join": [
        "select t.a from t left join u on t.k = u.k and u.c > 1",
        "select t.a from t left join u on t.k = u.k where u.c > 1",
    ],
    "columns of USING": [
        "select t.k as v from t full join u using (k)",
        "select u.k as v from t full join u using (k)",
        "select k as v from t full join u using (k)",
    ],
    "literals": [
        f"select {value} as v from t"
        for value in ("1", "1.0", "'1'", "1e0", "true", "null", "'null'", "'true'", "-1", "'-1'")
    ],
    "quotes in strings": [
        "select concat('a', 'b') as v from t",
        "select concat('a'', ''b') as v from t",
        "select concat('a', 'b', '') as v from t",
        """select concat('a", "b') as v from t""",
    ],
    "casts": [
        f"select cast(a as {kind}) as v from t"
        for kind in (
            "integer", "bigint", "decimal(10, 2)", "decimal(10, 3)", "varchar", "integer[]",
            "integer[3]", "struct(x integer)", "struct(y integer)", "timestamp", "timestamptz",
            "timestamp_s", "timestamp_ms", "date", "time", "map(integer, varchar)",
            "enum('a', 'b')", "enum('a, b')", "float", "double",
        )
    ] + ["select try_cast(a as integer) as v from t"],
    "CASE": [
        "select case a when b then 1 else 2 end as v from t",
        "select case when a then b else 2 end as v from t",
        "select case when a = b then 2 else 1 end as v from t",
        "select case when a = b then 1 end as v from t",
    ],
    "struct fields": [
        "select st.x as v from s",
        "select st.y as v from s",
        "select st as v from s",
    ],
    "subscripts": [
        f"select l[{at}] as v from s" for at in ("0", "1", "-1", "1:2", "1:", ":1", "id")
    ],
    "intervals": [
        f"select interval {what} as v from t"
        for what in ("1 day", "1 month", "2 day", "(a) day", "(a) month")
    ],
    "extract": [f"select extract({part} from a) as v from t" for part in ("year", "month")],
    "aggregates": [
        f"select {call} as v from t"
        for call in (
            "count(*)", "count(a)", "count(distinct a)", "sum(a)", "sum(distinct a)", "max(a)",
            "max(b)", "sum(a) filter (where b > 1)", "sum(a) filter (where k > 1)", "first(a)",
            "first(a order by b)", "first(a order by b desc)", "last(a order by b)", "max(a, 2)",
            "arg_max(a, b)", "arg_max(b, a)", "string_agg(a, ',')", "string_agg(a, ';')",
        )
    ],
    "windows": [
        f"select sum(a) over ({what}) as v from t"
        for what in (
            "", "partition by b", "partition by k", "order by b", "order by b desc",
            "partition by b order by k", "order by b rows between 1 preceding and current row",
            "order by b rows between 2 preceding and current row",
            "order by b range between 1 preceding and current row",
            "order by b rows between 1 preceding and current row exclude ties",
        )
    ],
    "IGNORE NULLS": [
        "select lag(a) over (order by b) as v from t",
        "select lag(a ignore nulls) over (order by b) as v from t",
        "select lag(a, 2) over (order by b) as v from t",
    ],
    "HAVING and QUALIFY": [
        "select a, max(b) as v from t group by a",
        "select a, max(b) as v from t group by a having max(b) > 1",
        "select a, max(b) as v from t group by a having max(k) > 1",
        "select a, max(b) as v from t group by a qualify row_number() over (order by a) = 1",
    ],
    "an aggregate of an outer query": [
        "select (select sum(t.a)) as v from t",
        "select (select t.a) as v from t",
        "select (select sum(t.a + u.c) from u) as v from t",
    ],
    "EXISTS, IN, ANY, ALL": [
        f"select a from t where {what}"
        for what in (
            "exists (select c from u)", "not exists (select c from u)", "a in (select c from u)",
            "a not in (select c from u)", "a = all (select c from u)", "a > any (select c from u)",
            "a = (select c from u)", "a in (select d from u)",
        )
    ],
    "units that a parser takes for names": [
        "select date_trunc('q', p) as v from untyped",
        "select date_trunc(q, p) as v from untyped",
    ],
    "arguments that a parser drops": [
        "select time_bucket(p, q) as v from untyped",
        "select time_bucket(p, q, r) as v from untyped",
        "select time_bucket(p, q, p) as v from untyped",
    ],
    "paths of JSON": [
        f"select {path} as v from t"
        for path in ("a->'x.y'", "a->'$.x.y'", "a->>'x.y'", "a->'/x/y'", "a->0", "a->b")
    ],
    "grouping of JSON arrows": [
        "select a -> 'x' = b as v from t",
        "select (a -> 'x') = b as v from t",
        "select a -> ('x' = b) as v from t",
    ],
    "distance or equality": [
        "select l <=> l as v from s",
        "select l is not distinct from l as v from s",
    ],
    "grouping of operators": [
        "select a - b - k as v from t",
        "select a - (b - k) as v from t",
        "select p || q & r as v from untyped",
        "select (p || q) & r as v from untyped",
        "select p || (q & r) as v from untyped",
        "select not a = b as v from t",
        "select (not a) = b as v from t",
    ],
    "rows of VALUES": [
        "select x from (values (1), (2)) v(x)",
        "select x from (values (2), (1)) v(x)",
        "select x from (values (1, 2)) v(x, y)",
        "select y as x from (values (1, 2)) v(x, y)",
    ],
    "UNNEST": [
        "select id, unnest(l) as v from s",
        "select id, l as v from s",
        "select id, x as v from s, unnest(l) q(x)",
        "select id, o as v from s, unnest(l) with ordinality q(x, o)",
    ],
    "sampling": [
        "select a from t using sample 10%",
        "select a from t using sample 20%",
        "select a from t tablesample reservoir(3 rows) repeatable (1)",
        "select a from t tablesample reservoir(3 rows) repeatable (2)",
    ],
    "stars over columns that are not known": [
        "select * from json_each('{}')",
        "select * exclude (key) from json_each('{}')",
        "select * rename (key as k) from json_each('{}')",
        "select *, key from json_each('{}')",
        "select key, * from json_each('{}')",
    ],
    "pivots": [
        "select * from (pivot t on a using sum(b))",
        "select * from (pivot t on a using max(b))",
        "select * from (pivot t on a using sum(b) group by k)",
        "select * from t pivot (sum(b) for a in (1, 2))",
        "select * from t pivot (sum(b) for a in (1, 3))",
    ],
    "recursion": [
        ("with recursive r as (select 1 as n union all select n + 1 from r where n < 5)"
        " select n from r"),
        "with recursive r as (select 1 as n union select n + 1 from r where n < 5) select n from r",
        ("with recursive r as (select 1 as n union all select n + 2 from r where n < 5)"
        " select n from r"),
        "with r as (select 1 as n) select n from r",
    ],
    "operands that are not alike": [
        "select a < b as x from t",
        "select b < a as x from t",
        "select a = b as x from t",
        "select a - b as x from t",
        "select b - a as x from t",
        "select (a = b) = k as x from t",
        "select (a = k) = b as x from t",
    ],
    "characters that mark holes": [
        "select 'a\x01b' as x from t",
        "select 'a\x02b' as x from t",
        "select 'a\\1b' as x from t",
        "select 'ab' as x from t",
    ],
    "names and order of columns": [
        "select a, b from t",
        "select b, a from t",
        "select a as b, b as a from t",
        "select a from t",
    ],
}  # fmt: skip


@pytest.mark.parametrize("trap", DIFFERENT)
def test_different_meaning_different_fingerprint(trap: str) -> None:
    builds = {sql: build(sql) for sql in DIFFERENT[trap]}
    for one, other in combinations(builds, 2):
        assert builds[one] != builds[other], f"{one}\n{other}"


def test_rollup_by_ordinal_takes_in_the_column() -> None:
    """The count does not name the column that the ordinal means, so the rows must."""
    assert rows("select a, count(*) as n from t group by rollup (1)") != rows(
        "select b as a, count(*) as n from t group by rollup (1)"
    )


def test_type_of_a_source_column_enters() -> None:
    text = {**SOURCES, "t": ("k", "a varchar", "b")}
    query = {"m": "select a from t", "n": "select b from t"}
    assert Chain(query).build("m") != Chain(query, text).build("m")
    assert Chain(query).build("n") == Chain(query, text).build("n")


def test_columns_without_rows_are_equal_across_filters() -> None:
    assert column("select a from t", "a") == column("select a from t where b > 1", "a")
    assert rows("select a from t") != rows("select a from t where b > 1")


def test_volatile_functions_reach_the_clock() -> None:
    for call in ("random()", "now()", "current_timestamp", "uuid()", "nextval('s')"):
        chain = Chain({"m": f"select {call} as v from untyped"})
        assert "clock:run" in chain.prints[next(iter(chain.facts))].build.leaves, call
    for call in ("current_date", "today()", "age(p)"):
        chain = Chain({"m": f"select {call} as v from untyped"})
        assert "clock:day" in chain.prints[next(iter(chain.facts))].build.leaves, call
    for call in ("age(p, q)", "upper(p)", "date_trunc('day', p)"):
        chain = Chain({"m": f"select {call} as v from untyped"})
        assert chain.prints[next(iter(chain.facts))].build.leaves == {"untyped"}, call

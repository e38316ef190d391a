"""What does not change a query's result in a way that can be seen does not change its hash."""

from __future__ import annotations

import pytest
from chains import Chain, build, rows

SAME = [
    ("select a, b from t", "SELECT\n  A,\n  B -- comment\nFROM T /* x */;"),
    ("select a as x from t", "select y.a as x from t as y"),
    ("select a as x from t", "select t.a x from t"),
    ("select a as x from t", 'select "a" as x from "t"'),
    ("select a from t where b > 1", "select (a) from t where ((b) > (1))"),
    ("select a + b + k as x from t", "select (a + b) + k as x from t"),
    ("select a * b + k as x from t", "select (a * b) + k as x from t"),
    ("select a from t where a = 1 and b = 2 and k = 3",
     "select a from t where ((a = 1) and b = 2) and (k = 3)"),
    ("select a from t where b > 1", "select a from (select * from t where b > 1)"),
    ("select a from t where b > 1", "with c as (select * from t where b > 1) select a from c"),
    ("select a from t where b > 1",
     "with c as (select * from t), d as (select a, b from c) select a from d where b > 1"),
    ("with c as (select a from t) select a from c", ("with other as (select a from t) "
     "select x.a from other x")),
    ("select sum(a) as n from (select a from t) x", ("with c as (select a from t) "
     "select sum(a) as n from c")),
    ("with c as (select a from t), d as (select c from u) select a from c", "select a from t"),
    ("select a, sum(b) as n from t group by a", "select a, sum(b) as n from t group by 1"),
    ("select a, sum(b) as n from t group by a", "select a, sum(b) as n from t group by all"),
    ("select a as x, sum(b) as n from t group by x",
     "select a as x, sum(b) as n from t group by a"),
    ("select a as x from t order by x limit 2", "select a as x from t order by 1 limit 2"),
    ("select a from t order by a", "select a from t order by a asc nulls last"),
    ("select k, a, b from t", "select * from t"),
    ("select k, b from t", "select * exclude (a) from t"),
    ("select k, a + 1 as a, b from t", "select * replace (a + 1 as a) from t"),
    ("select k, a as z, b from t", "select * rename (a as z) from t"),
    ("select t.a, u.c from t join u on t.k = u.k", ("select x.a, y.c from t x inner join u as y "
     "on x.k = y.k")),
    ("select t.a, u.c from t, u", "select t.a, u.c from t cross join u"),
    ("select a from t where a = 1", "select a from t where a == 1"),
    ("select a from t where a <> 1", "select a from t where a != 1"),
    ("select a::integer as x from t", "select cast(a as int) as x from t"),
    ("select sum(a) over (partition by b) as x from t",
     "select sum(a) over w as x from t window w as (partition by b)"),
    ("select a from t union all select c from u", "(select a from t) union all (select c from u)"),
    ("select a from t", "from t select a"),
    ("select k, a, b from t", "from t"),
    ("select (select max(c) from u where u.k = t.k) as x from t",
     "select (select max(y.c) from u y where y.k = z.k) as x from t z"),
    ("with recursive r as (select 1 as n union all select n + 1 from r where n < 5) from r",
     "with recursive q(n) as (select 1 union all select n + 1 from q where n < 5) select * from q"),
    ("select t.a from t join u on t.k = u.k", "select t.a from t join u on u.k = t.k"),
    ("select a from t where a = 1 and b = 2", "select a from t where 2 = b and 1 = a"),
    ("select a from t where a = 1 or b <> 2 and k = 3",
     "select a from t where 3 = k and 2 != b or a = 1"),
    ("select a from t where a between 1 and 2", "select a from t where a <= 2 and 1 <= a"),
    ("select a from t where b = 1 and a between k and b",
     "select a from t where a >= k and b = 1 and b >= a"),
    ("select a from t where a not between -1 and 2",
     "select a from t where not (a >= -1 and a <= 2)"),
    ("select a from t where a in (1, 2, null, 3)", "select a from t where a in (3, null, 1, 2, 1)"),
    ("select a from t where a not in (k, b)", "select a from t where not a in (b, k)"),
    ("select a from t where a > b and k >= 2", "select a from t where 2 <= k and b < a"),
    ("select a from t where (a = 1 and b = 2) and (k = 3 and (k > a))",
     "select a from t where (k > a and b = 2) and k = 3 and a = 1"),
    ("select a from t where (a = 1 or b = 2) or (k = 3)",
     "select a from t where b = 2 or (k = 3 or 1 = a)"),
    ("select a + b as x, a * b * k as y from t", "select b + a as x, b * a * k as y from t"),
    ("select a * b * (k * 2) as x from t", "select (2 * k) * (b * a) as x from t"),
    ("select a + b + k + 1 as x from t", "select 1 + (k + (b + a)) as x from t"),
    ("select 1 + 1.5 as x from t", "select 1.5 + 1 as x from t"),
    ("select a + 1.5 as x from t", "select 1.5 + a as x from t"),
    ("select a, k, sum(b) as n from t group by a, k",
     "select a, k, sum(b) as n from t group by 2, 1, k"),
    ("select a, b from t order by 1", "select a, b from t order by t.a"),
    ("select a, sum(b) as n from t group by a order by 2",
     "select a, sum(b) as n from t group by a order by sum(b)"),
    ("select t.a, u.c from t join u on t.k = u.k order by 2 limit 3",
     "select t.a, u.c from t join u on t.k = u.k order by c limit 3"),
    ("select sum(a) over (partition by b, k) as x from t",
     "select sum(a) over (partition by k, b) as x from t"),
    ("select t.a from t join u on t.k = u.k join t t2 on t2.k = u.k",
     "select t.a from (t join u on t.k = u.k) join t t2 on u.k = t2.k"),
    ("select a -> 'x' as j from t", "select a->'x' as j from t"),
    ("select count(*) as n from (select a, k as a from t order by a limit 1) x",
     "select count(*) as n from (select a, k as z from t order by z limit 1) x"),
    ("select list_transform([a], lambda v: v + b) as x from t",
     "select list_transform([a], lambda w: w + b) as x from t"),
    ("select [v + i for v, i in [a] if v > b] as x from t",
     "select [p + q for p, q in [a] if p > b] as x from t"),
    ("select list_transform([a], lambda v: list_filter([b], lambda w: w > v)) as x from t",
     "select list_transform([a], lambda w: list_filter([b], lambda v: v > w)) as x from t"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME, ids=[case[1] for case in SAME])
def test_same_meaning_same_fingerprint(one: str, other: str) -> None:
    assert build(one) == build(other)


def test_distinct_columns_are_a_set() -> None:
    assert rows("select distinct a, b from t") == rows("select distinct b, a from t")


def test_an_operand_is_put_in_place_by_what_it_is() -> None:
    """Not by the order in which columns are met, nor by what they are called."""
    query = "select a as x{} from t where b = k"
    assert rows(query.format("")) == rows(query.format(", k as y, b as z"))
    view = "select a, {} from t"
    reader = "select v.a from v where v.p = v.q"
    one = Chain({"v": view.format("b as p, k as q"), "m": reader})
    other = Chain({"v": view.format("b as q, k as p"), "m": reader})
    assert one.build("m") == other.build("m")


@pytest.mark.parametrize(
    "unused",
    [
        "select 2 * coalesce(a, 0) as y from t",
        "select distinct on (a) sum(b) over (partition by k) as y from t",
    ],
)
def test_an_unused_cte_says_nothing(unused: str) -> None:
    assert build(f"with c as ({unused}) select a from t") == build("select a from t")

"""What is said where types do not fit, and what is let pass."""

from __future__ import annotations

import pytest
from typed_engine import findings, warned

REFUSED = [
    ("s + 1", "XF0432"),
    ("i4 + dt + dt", "XF0432"),
    ("ts + 1", "XF0432"),
    ("round(n, 1, 2)", "XF0431"),
    ("date_trunc('month', i4)", "XF0432"),
    ("upper(i4)", "XF0432"),
    ("length(i4)", "XF0432"),
    ("sum(s)", "XF0432"),
    ("case when b then i4 else s end", "XF0433"),
    ("coalesce(dt, i4)", "XF0433"),
    ("[i4, s]", "XF0433"),
    ("if(b, dt, i4)", "XF0433"),
    ("l || 1", "XF0432"),
    ("(select k, v from u)", "XF0410"),
    ("st.c", "XF0403"),
    ("deep[1].x.y + st.c", "XF0403"),
    ("i4.x", "XF0403"),
    ("t.l.x", "XF0403"),
]
WARNED = [
    ("i4 = s", "XF0434"),
    ("date_trunc('mnoth', ts)", "XF0446"),
    ("extract(foo from ts)", "XF0446"),
    ("date_diff('fortnight', ts, ts)", "XF0446"),
    ("dt > i4", "XF0434"),
    ("b = s", "XF0434"),
    ("no_such_function(i4)", "XF0430"),
    ("i4 in (1, s)", "XF0434"),
    ("dt between i4 and '2024-01-01'", "XF0434"),
    ("i4 > 'x'", "XF0439"),
    ("'x' = d", "XF0439"),
    ("dt between 'x' and '2024-01-01'", "XF0439"),
    ("i4 in (1, '')", "XF0439"),
    ("case i4 when 'x' then 1 end", "XF0439"),
    ("case when b then 1 else 'two' end", "XF0439"),
    ("coalesce(n, 'none')", "XF0439"),
    ("[1, 'a']", "XF0439"),
    ("cast('x' as integer)", "XF0439"),
    ("date 'tuesday'", "XF0439"),
    ("date '2023-02-29'", "XF0439"),
    ("ts > '2024-13-01 10:00'", "XF0439"),
]
LET_PASS = [
    "i4 = '7'", "d = 'nan'", "dt < 'infinity'", "s = ''", "case s when 'x' then 1 end",
    "coalesce(s, 'x')", "try_cast('x' as integer)", "b = 'true'", "i4 in ('1', 2)",
    "s not in ('a', 'b')", "case when s = 'x' then 1 end",
    "i4 = i8", "i4 = 1.5", "d > n", "dt = '2024-01-01'", "dt < ts", "s = 'a'", "m = 'a'",
    "coalesce(i4, 0)", "coalesce(s, '')", "case when b then i4 else 2.5 end",
    "case when b then s else null end", "i4 + '1'::integer", "j->>'a' = s", "sum(i4) / count(*)",
    "mode() within group (order by i4)", "list_transform(l, lambda x: x + 1)",
    "lag(s, 1, 'none') over (order by i4)", "s.upper()",
    "date '2024-02-29'", "ts > '2024-2-1'", "(select u from u limit 1).k", "st.A", "j.a.b",
    "2 * typeof(i4)", "coalesce(typeof(i4), 'x')", "(null + 1) || 'x'",
]  # fmt: skip


@pytest.mark.parametrize(("expression", "code"), REFUSED)
def test_what_the_engine_refuses_is_an_error(expression: str, code: str) -> None:
    assert findings(f"select {expression} as x from t") == [code]


@pytest.mark.parametrize(("expression", "code"), WARNED)
def test_what_may_fail_is_a_warning(expression: str, code: str) -> None:
    assert warned(f"select {expression} as x from t") == [code]


@pytest.mark.parametrize("expression", LET_PASS)
def test_what_fits_is_let_pass(expression: str) -> None:
    query = f"select {expression} as x from t"
    assert findings(query) == []
    assert warned(query) == []


def test_joins_on_columns_of_different_kinds() -> None:
    assert warned("select t.i4 from t join u on t.i4 = u.s") == ["XF0435"]
    assert warned("select t.i4 from t join u on t.ts = u.day") == ["XF0435"]
    assert warned("select i4 from t join (select 'a' as i4) v using (i4)") == ["XF0435"]
    assert warned("select t.i4 from t join u on t.i4 = u.i4") == []


def test_set_operations_over_different_kinds() -> None:
    assert warned("select i4, s from t union all select s, k from u") == ["XF0436", "XF0436"]
    assert warned("select i4, n from t union all select k, i4 from u") == []


def test_division_of_whole_numbers_where_it_drops_the_fraction() -> None:
    query = "select i4 / count(*) as x from t group by i4"
    assert warned(query, "postgres") == ["XF0437"]
    assert warned(query) == []
    assert warned("select n / count(*) as x from t group by n", "postgres") == []


def test_sql_in_other_dialects_is_not_held_to_this_ones_functions() -> None:
    assert findings("select to_varchar(i4, 'x', 2, 3) as x from t", "snowflake") == []
    assert warned("select iff(b, i4, s) as x from t", "snowflake") == []

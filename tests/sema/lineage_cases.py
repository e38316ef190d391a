"""Queries with their lineage, written by reasoning: (query, columns, rows).

`columns` is `name=source source; name=…`, `rows` the row sources. Tables: t(k, a, b), u(k, c, d),
w(a, e, k), s(id, st, l) with st a struct and l a list.
"""

from __future__ import annotations

TABLES: dict[str, tuple[str, ...]] = {
    "t": ("k", "a", "b"),
    "u": ("k", "c", "d"),
    "w": ("a", "e", "k"),
    "s": ("id", "st struct(x integer, y integer)", "l integer[]"),
}

PLAIN = [
    ("select a from t", "a=t.a", ""),
    ("select 1 as one from t", "one=", ""),
    ("select 1 as one", "one=", ""),
    ("select a + b as x, b from t", "x=t.a t.b; b=t.b", ""),
    ("select T.A as x from T", "x=t.a", ""),
    ('select "a" as "X y" from t', "X y=t.a", ""),
    ("select case when a > 1 then b else k end as x from t", "x=t.a t.b t.k", ""),
    ("select case a when 1 then b end as x from t", "x=t.a t.b", ""),
    ("select cast(a as varchar) as x, b::double as y from t", "x=t.a; y=t.b", ""),
    ("select coalesce(a, b, 0) as x from t", "x=t.a t.b", ""),
    ("select a in (1, b) as x from t", "x=t.a t.b", ""),
    ("select a between b and k as x from t", "x=t.a t.b t.k", ""),
    ("select [a, b] as x, {'p': k} as y from t", "x=t.a t.b; y=t.k", ""),
    ("select list_transform([a], lambda v: v + b) as x from t", "x=t.a t.b", ""),
    ("select [v + b for v in [a] if v > k] as x from t", "x=t.a t.b t.k", ""),
    ("select extract(year from a) as x, interval (b) day as y from t", "x=t.a; y=t.b", ""),
    ("select date_trunc(a, b) as x from t", "x=t.a t.b", ""),
    ("select time_bucket(a, b, k) as x from t", "x=t.a t.b t.k", ""),
    ("select struct_pack(p := a) as x from t", "x=t.a", ""),
    ("select a -> b as x from t", "x=t.a t.b", ""),
    ("select substring(a from b for k) as x from t", "x=t.a t.b t.k", ""),
    ("select trim(both a from b) as x from t", "x=t.a t.b", ""),
    ("select t as x from t", "x=t.k t.a t.b", ""),
    ("select #2 as x from t", "x=t.a", ""),
    ("select st.x as p, st['y'] as q, s.st.x as r from s", "p=s.st; q=s.st; r=s.st", ""),
    ("select st.*, id from s", "x=s.st; y=s.st; id=s.id", ""),
    ("select st.* exclude (x) from s", "y=s.st", ""),
    ("select q.y as z from (select st.* from s) q", "z=s.st", ""),
    ("select (s.st).x as p from s", "p=s.st", ""),
]

WHERE = [
    ("select a from t where b > 1", "a=t.a", "t.b"),
    ("select a from t where a > 1 and (b = 2 or k = 3)", "a=t.a", "t.a t.b t.k"),
    ("select a + 1 as x from t where x > 2", "x=t.a", "t.a"),
    ("select b as a from t where a > 1", "a=t.b", "t.a"),
    ("select a + 1 as x, x * b as y from t", "x=t.a; y=t.a t.b", ""),
    ("select a + 1 as b, b as z from t", "b=t.a; z=t.b", ""),
    ("select a from t where exists (select 1 from u where u.k = t.k)", "a=t.a", "t.k u.k"),
    ("select a from t where k in (select c from u where d > 0)", "a=t.a", "t.k u.c u.d"),
    ("select a from t where k = any (select c from u)", "a=t.a", "t.k u.c"),
    ("select a from t where exists (select 1 from u)", "a=t.a", ""),
    ("select a from t where a > (select max(c) from u where d = t.b)", "a=t.a", "t.a t.b u.c u.d"),
]

JOINS = [
    ("select t.a, u.c from t join u on t.k = u.k", "a=t.a; c=u.c", "t.k u.k"),
    ("select t.a, u.c from t, u", "a=t.a; c=u.c", ""),
    ("select t.a, u.c from t cross join u", "a=t.a; c=u.c", ""),
    ("select t.a from t left join u on t.k = u.k and u.d > 1", "a=t.a", "t.k u.d u.k"),
    ("select k, a, c from t join u using (k)", "k=t.k u.k; a=t.a; c=u.c", "t.k u.k"),
    ("select t.k, u.k as uk from t full join u using (k)", "k=t.k; uk=u.k", "t.k u.k"),
    ("select k from t full join u using (k)", "k=t.k u.k", "t.k u.k"),
    ("select * from t join u using (k)", "k=t.k u.k; a=t.a; b=t.b; c=u.c; d=u.d", "t.k u.k"),
    ("select a, e from t natural join w", "a=t.a w.a; e=w.e", "t.a t.k w.a w.k"),
    (
        "select k, c, e from t join u using (k) join w using (k)",
        "k=t.k u.k w.k; c=u.c; e=w.e",
        "t.k u.k w.k",
    ),
    ("select a from t semi join u using (k)", "a=t.a", "t.k u.k"),
    ("select * from t anti join u on t.k = u.c", "k=t.k; a=t.a; b=t.b", "t.k u.c"),
    ("select k from t semi join u using (k)", "k=t.k", "t.k u.k"),
    ("select x.a, y.a as ya from t x join t y on x.k = y.b", "a=t.a; ya=t.a", "t.b t.k"),
    ("select k from t, u join w using (k)", "k=u.k w.k", "u.k w.k"),
    (
        "select * from t, u join w using (k)",
        "k=t.k; a=t.a; b=t.b; k_1=u.k w.k; c=u.c; d=u.d; a_1=w.a; e=w.e",
        "u.k w.k",
    ),
    ("select t.a, u.c from t left join (u join w on u.k = w.k) on t.k = w.e", "a=t.a; c=u.c",
     "t.k u.k w.e w.k"),
    ("select j.c from (t join u using (k)) j", "c=u.c", "t.k u.k"),
    ("select t.a, x.m from t, lateral (select max(c) as m from u where u.k = t.k) x",
     "a=t.a; m=u.c", "t.k u.k"),
    ("select t.a, x.m from t cross join (select t.b + 1 as m) x", "a=t.a; m=t.b", ""),
    ("select t.a, u.c from t positional join u", "a=t.a; c=u.c", ""),
    ("select t.a, u.c from t asof join u on t.k = u.k and t.a >= u.d", "a=t.a; c=u.c",
     "t.a t.k u.d u.k"),
    ("from t join u using (k) select a, c", "a=t.a; c=u.c", "t.k u.k"),
]  # fmt: skip

GROUPS = [
    ("select count(*) as n from t", "n=", ""),
    ("select sum(a) as n from t where b > 0", "n=t.a", "t.b"),
    ("select a, sum(b) as n from t group by a", "a=t.a; n=t.b", "t.a"),
    ("select a, sum(b) as n from t group by 1", "a=t.a; n=t.b", "t.a"),
    ("select a + k as x, count(*) as n from t group by x", "x=t.a t.k; n=", "t.a t.k"),
    ("select a, b, count(*) as n from t group by all", "a=t.a; b=t.b; n=", "t.a t.b"),
    ("select a, max(b) as n from t group by a having sum(k) > 1", "a=t.a; n=t.b", "t.a t.k"),
    ("select a, max(b) as n from t group by a having n > 1", "a=t.a; n=t.b", "t.a t.b"),
    ("select a, k, sum(b) as n from t group by rollup (1, 2)", "a=t.a; k=t.k; n=t.b", "t.a t.k"),
    ("select a, count(*) as n from t group by grouping sets ((a), (1), ())", "a=t.a; n=", "t.a"),
    ("select count(*) filter (where a > 0) as n from t", "n=t.a", ""),
    ("select count(distinct a) as n from t", "n=t.a", ""),
    ("select first(a order by b) as n from t", "n=t.a t.b", ""),
    ("select string_agg(a, ',' order by b) as n from t", "n=t.a t.b", ""),
    ("select first(a) as n from (select a from t order by b)", "n=t.a t.b", ""),
    ("select list(a) as n from t", "n=t.a", ""),
    ("select arg_max(a, b) as n from t", "n=t.a t.b", ""),
    ("select percentile_cont(0.5) within group (order by a) as n from t", "n=t.a", ""),
    ("select (select sum(t.a)) as n from t", "n=t.a", ""),
]

WINDOWS = [
    ("select a, sum(b) over (partition by k order by a) as n from t", "a=t.a; n=t.a t.b t.k", ""),
    ("select row_number() over (order by a) as n from t where b > 0", "n=t.a", "t.b"),
    ("select lag(a) over w as n from t window w as (partition by b order by k)", "n=t.a t.b t.k",
     ""),
    ("select sum(a) over (w order by k) as n from t window w as (partition by b)",
     "n=t.a t.b t.k", ""),
    ("select a from t qualify row_number() over (partition by k order by b) = 1", "a=t.a",
     "t.b t.k"),
    ("select a, rank() over (order by b) as r from t qualify r < 3", "a=t.a; r=t.b", "t.b"),
    ("select row_number() over () as n from (select a from t order by b) q", "n=t.b", ""),
    ("select a, sum(sum(b)) over (order by a) as n from t group by a", "a=t.a; n=t.a t.b", "t.a"),
    ("select sum(a) filter (where b > 0) over (partition by k) as n from t", "n=t.a t.b t.k", ""),
]  # fmt: skip

STARS = [
    ("select * from t", "k=t.k; a=t.a; b=t.b", ""),
    ("select * exclude (a) from t", "k=t.k; b=t.b", ""),
    ("select * replace (a + b as a) from t", "k=t.k; a=t.a t.b; b=t.b", ""),
    ("select * rename (a as z) from t", "k=t.k; z=t.a; b=t.b", ""),
    ("select t.*, u.c from t join u using (k)", "k=t.k; a=t.a; b=t.b; c=u.c", "t.k u.k"),
    ("select * exclude (u.k) from t, u", "k=t.k; a=t.a; b=t.b; c=u.c; d=u.d", ""),
    ("select * like 'a%' from t", "a=t.a", ""),
    ("select * not like 'a%' from t", "k=t.k; b=t.b", ""),
    ("select columns('[ab]') from t", "a=t.a; b=t.b", ""),
    ("select columns(['k', 'b']) from t", "k=t.k; b=t.b", ""),
    ("select max(columns(*)) from t", "k=t.k; a=t.a; b=t.b", ""),
    ("select columns(* exclude (k)) + 1 from t", "a=t.a; b=t.b", ""),
    ("select columns('([ab])') as \"x_\\1\" from t", "x_a=t.a; x_b=t.b", ""),
    ("select coalesce(*columns(*)) as x from t", "x=t.k t.a t.b", ""),
    ("select count(*) as n, count(t.*) as m from t", "n=; m=t.k t.a t.b", ""),
    ("select * from (select a as x, * exclude (a) from t)", "x=t.a; k=t.k; b=t.b", ""),
    ("from t", "k=t.k; a=t.a; b=t.b", ""),
    ("select distinct * from u", "k=u.k; c=u.c; d=u.d", "u.k u.c u.d"),
]

NESTED = [
    ("select x from (select a as x from t where b > 0) q", "x=t.a", "t.b"),
    ("with c as (select a as x from t) select x + 1 as y from c", "y=t.a", ""),
    ("with c(x, y) as (select a, b from t) select y from c", "y=t.b", ""),
    ("with t as (select c as a from u) select a from t", "a=u.c", ""),
    ("with t as (select a from t) select a from t", "a=t.a", ""),
    ("with c as (select a from t), d as (select a as z from c) select z from d", "z=t.a", ""),
    ("with c as (with d as (select a from t) select a from d) select a from c", "a=t.a", ""),
    (("with c as (select a from t), u as (with c as (select c as a from u) select a from c)"
     " select c.a, u.a as ua from c, u"), "a=t.a; ua=u.c", ""),
    (("with c as (select a from t) (with c as (select c as a from u) select a from c) union all"
     " select a from c"), "a=t.a u.c", ""),
    ("select (select max(c) from u) as x from t", "x=u.c", ""),
    ("select (select c from u where u.k = t.k and u.d > 0) as x from t", "x=t.k u.c u.d u.k", ""),
    ("select exists (select c from u where u.k = t.k) as x from t", "x=t.k u.k", ""),
    ("select a in (select c from u where d > 0) as x from t", "x=t.a u.c u.d", ""),
    ("select array(select c from u order by d) as x from t", "x=u.c u.d", ""),
    (("select (select max(w.e) from w where w.k = (select min(u.c) from u where u.k = t.k)) as x"
     " from t"), "x=t.k u.c u.k w.e w.k", ""),
    ("select (select x.z from (select t.a + 1 as z) x) as y from t", "y=t.a", ""),
    ("select (with c as (select t.a as z) select z from c) as y from t", "y=t.a", ""),
    ("select a + 1 as x, (select x) as y from t", "x=t.a; y=t.a", ""),
    (("with recursive r as (select a, b from t union all select a + 1, b from r where a < 9)"
     " select a from r"), "a=t.a", "t.a"),
    (("with recursive t as (select a from t union all select a + 1 from t where a < 9)"
     " select a from t"), "a=t.a", "t.a"),
]  # fmt: skip

SETS = [
    ("select a from t union all select c from u", "a=t.a u.c", ""),
    ("select a, b from t union select c, d from u", "a=t.a u.c; b=t.b u.d", "t.a t.b u.c u.d"),
    ("select a from t except select c from u", "a=t.a u.c", "t.a u.c"),
    ("select a from t intersect select c from u", "a=t.a u.c", "t.a u.c"),
    ("select a, b from t union all by name select d as b, c from u", "a=t.a; b=t.b u.d; c=u.c",
     ""),
    ("select a from t union all select c from u union all select e from w", "a=t.a u.c w.e", ""),
    ("select a, b from t union all select c, d from u order by b limit 3", "a=t.a u.c; b=t.b u.d",
     "t.b u.d"),
    ("(select a from t order by b limit 1) union all select c from u", "a=t.a u.c", "t.b"),
    ("select x from (values (1, 2), (3, 4)) v(x, y)", "x=", ""),
    ("values (1)", "col0=", ""),
]  # fmt: skip

ENDS = [
    ("select a from t order by b", "a=t.a", ""),
    ("select a from t order by b limit 3", "a=t.a", "t.b"),
    ("select a from t order by 1 limit 3", "a=t.a", "t.a"),
    ("select -a as b from t order by b limit 3", "b=t.a", "t.a"),
    ("select -a as b from t order by b + 0 limit 3", "b=t.a", "t.a t.b"),
    ("select a from t order by all limit 3", "a=t.a", "t.a"),
    ("select a from t limit 3", "a=t.a", ""),
    ("select a from (select * from t order by b) q limit 3", "a=t.a", "t.b"),
    ("select distinct a, b from t", "a=t.a; b=t.b", "t.a t.b"),
    ("select distinct on (a) b from t order by a, k", "b=t.b", "t.a t.k"),
    ("select distinct on (2) * from t", "k=t.k; a=t.a; b=t.b", "t.a"),
    ("select unnest(l) as x, id from s", "x=s.l; id=s.id", "s.l"),
    ("select id, v.x from s, unnest(s.l) v(x)", "id=s.id; x=s.l", "s.l"),
    ("select id, g from s, range(s.id) r(g)", "id=s.id; g=s.id", "s.id"),
]

CASES = [*PLAIN, *WHERE, *JOINS, *GROUPS, *WINDOWS, *STARS, *NESTED, *SETS, *ENDS]

-- One query a line, over the tables of typed_engine.py.
select s, sum(i4) as x, count(*) as n from t group by s having sum(i4) > 1 order by x desc nulls last limit 2
select t.s, u.k, t.i4 + u.v as z from t left join u on t.i4 = u.i4 and t.i8 > u.k where t.b or u.k is null
select t.i4, x.m from t, lateral (select max(k) as m from u where u.s = t.s) x where x.m > 1
select i4, (select sum(v) from u where u.i4 = t.i4 and u.k > t.i8) as z from t order by z, i4
select distinct on (s) s, i4 from t order by s, i4 desc
select i4, row_number() over (partition by s order by i4, i8, dt) as r from t qualify r <= 2
select i4, sum(i8) over (order by i4, i8 rows between 1 preceding and current row exclude ties) as r from t
select s, i4, first_value(i8) over w as a, last_value(i8 ignore nulls) over (w rows between unbounded preceding and unbounded following) as z from t window w as (partition by s order by i4, i2)
select s, count(distinct i4) filter (where b) as n, string_agg(s2, '-' order by i4, i2) as g from t group by all
select grouping(s) as g, s, i4, count(*) from t group by grouping sets ((s, i4), (s), ())
select s, i4, grouping_id(s, i4) as g, sum(i8) from t group by rollup (s, i4) having grouping_id(s, i4) < 3
select i4 from t where i4 in (select k from u where u.s = t.s or u.s is null) and not exists (select 1 from u where u.k = t.i8)
select i4 from t where i4 > all (select k from u where k is not null) or i4 = any (select i4 from u)
select coalesce(i4, i8, 0) as x, nullif(i4, 2) as y, ifnull(s, 'z') as z from t
select case when i4 > 1 then 'a' when i4 is null then 'n' else s end as x, case i8 when 1 then 2 else i4 end as y from t
select i4 as a from t union select k from u union all select 1 except select 2 intersect select i8 from t
select i4 as a from t except all select k from u order by 1 limit 3
(select i4 from t order by i4, i8 limit 2) union all (select k from u order by k, s limit 1)
select i4, s from t union by name select s, k, v as i4 from u
with c as (select s, i4 from t where b), d as (select s, max(i4) as m from c group by s) select c.i4, d.m from c join d using (s)
with recursive r(n, p) as (select 1, 'a' union all select n + 1, p || 'b' from r where n < 4) select n, p from r where n > 1
with recursive r as (select i4 as n from t union select n + 1 from r where n < 4) select n, count(*) from r group by n
select * from t semi join u on t.i4 = u.k
select i4 from t anti join u using (i4)
select s, k, i8 from t full join u using (s) order by all
select * exclude (b) from (select b, i4, s from t) join (select b as bb, s from t) using (s)
select columns('i[12]') + 1 from t
select min(columns(* exclude (st, deep, mp))) from (select i4, s, st, deep, mp from t)
select unnest(l) as e, i4 from t
select unnest(l) as e, unnest(ls) as f from t
select e, i4 from t, unnest(l) as q(e) where e > 1
select unnest(st), i4 from t
select i4, s from t pivot (sum(i8) for b in (true, false))
from (select s, b, i8 from t) pivot (sum(i8) as sm, count(*) as c for b in (true, false) group by s)
unpivot (select s, i4, i8 from t) on i4, i8 into name n value v
from (select s, i4, i8, i2, i1 from t) unpivot ((v, w) for n in ((i4, i8) as 'a', (i2, i1) as 'b'))
select list_transform(list_filter(l, lambda x: x > i4), lambda y, i: y * i) as z from t
select list_transform(deep, lambda q: {'a': q.w, 'b': list_transform(q.x.z, lambda z: z + i4)}) as z from t
select [x + i for x, i in l if x > i8] as z, {'a': i4, 'b': {'c': s}} as y, map {s: i4} as m from t where s is not null
select st.a, deep[1].x.z[2] as q, mp['a'] as m, l[2:3] as sl, j->>'$.a' as ja, j->'b'->0 as jb from t
select i4 is distinct from i8 as a, i4 is not distinct from i8 as b, i4 = i8 as c, not (i4 < i8 and b) as d from t
select try_cast(s as int) as x, cast(n as int) as y, d::int as z, i4::varchar as w from t
select date_trunc('month', ts) as m, extract(dow from dt) as d, dt + interval 1 month as p, date_diff('day', dt, ts::date) as q from t
select t.i4, u.k from t asof join u on t.s = u.s and t.i4 >= u.k
select t.i4, u.k from t asof left join u using (s, i4)
select t.i4, u.k from t positional join u
select a.i4, b.i4 from t a join t b on a.i4 = b.i8 and a.s < b.s
select x.i4, y.k, z.i8 from t x join u y using (i4) left join t z using (i4) where z.b is not true
select s from t full join u using (s) full join (select 'b' as s union all select 'q') w using (s)
select i4 + 1 as k, k * 2 as c, c - i8 as dd from t
select i4 as i8, i8 as q from t where i8 > 1
select i4 as i8 from t order by i8
select -i4 as i4 from t order by i4 limit 3
select i4 % 2 as g, sum(i8) as s from t group by g having s > 0
select max(i4) as i4 from t having i4 > 1
select i4 from t limit (select count(*) - 3 from u)
select i4 from t order by i4, i8 offset 2
select i4 from t order by (select max(k) from u where u.s = t.s) nulls first, i4 limit 2
values (1, 'a'), (2, null), ((select max(i4) from t), 'z')
select v.y, t.i4 from (values (1, 'a'), (2, 'b')) v(x, y) join t on t.i4 = v.x
select g, i4 from t, generate_series(1, t.i4) s(g)
select arg_max(s, i4) as a, min_by(st, i8) as b, list(i4 order by i8, i2) as l, mode(s) as m from t
select sum(i4) as a, avg(i4) as b, count(i4) as c, count(*) as d, bool_or(b) as e, max(s) as f from t
select percentile_cont(0.5) within group (order by i4) as a, percentile_disc(0.25) within group (order by i8 desc) as b, quantile_cont(d, [0.1, 0.9]) as c from t
select s like 'a%' as a, s ilike 'A%' as b, s similar to 'a.*' as c, regexp_matches(s, 'a') as d, s not like 'b' as e, s ~ 'a' as f, s glob 'a*' as g from t
select s || s2 as a, concat(s, s2) as b, concat_ws('-', s, s2) as c, substring(s, 1, 1) as d, s[1] as e, left(s, 1) as f from t
select i4 between 1 and 2 as a, i4 not between i8 and 2 as b, i4 in (1, 2, null) as c, i4 not in (1, i8) as d from t
select i4 & 1 as a, i4 | 2 as b, xor(i4, 1) as c, i8 << 1 as d, ~i4 as e, i4 ** 2 as f, i4 // 2 as g, i4 / 2 as h from t where i4 > 0
select count(*) over (partition by s) as a, rank() over (order by i4) as b, lag(i4, 1, 0) over (order by i4, i8) as c, ntile(2) over (order by i4, i8, i2) as d from t
select sum(sum(i4)) over (order by s) as x, s from t group by s
select s, max(i4) from t where s is not null group by s having count(*) > (select count(*) from u where u.k > 2)
from t select i4, s where b
from t
select t.* replace (i4 + 1 as i4) from (select i4, s from t) t
select * rename (i4 as q) from (select i4, s from t)
select * like 'i%' from (select i4, s from t)
select st.* from t
select q.* exclude (i4) from (select i4, s, i8 from t) q
select b, any_value(i4 order by i4) as v, first(i8 order by i4 desc, i8) as f from t group by b
select exists (select 1 from u where u.k = t.i4) as e, i4 in (select k from u) as f from t
select row(i4, s) as r, (i4, s) = (1, 'a') as e, {'a': i4} = {'a': 1} as f from t
select list_sort(l, 'desc') as a, list_distinct(ls) as b, list_contains(l, i4) as c, len(l) as d, l || [i4] as e, list_reduce(l, lambda x, y: x + y) as f from t where len(l) > 0
select greatest(i4, i8) as a, least(i4, i8, 1) as b, abs(i4) as c, round(d, 1) as e, sign(i4) as f from t
select union_value(a := i4) as u, struct_pack(x := i4, y := s) as p, struct_insert(st, z := i4) as q from t
select * like 'i%' from t
select * not like 'i%' from t
select * replace (i1 + 1 as i1) from t
select * rename (i1 as zz) from t
select * exclude (b) replace (i4::double as i4) from t
unpivot (select 1 as a, 2 as b, null as c) on a, b, c into name n value v
unpivot (select 1 as a, 2 as b, 'x' as c, 'y' as d) on (a, c) as x, (b, d) as y into name n value v, w
from t unpivot include nulls (v for n in (i1, i2, i4))
from t unpivot (v for n in (i1, f)) select v
select * from t asof join u using (s, i4)
select * from t asof left join u on t.s = u.s and t.i8 >= u.k
select * from t positional join u
select i1, i2, sum(i4) as x, grouping_id(i1, i2) as g from t group by rollup (i1, i2)
select i1, i2, grouping(i1) as g, count(*) from t group by cube (i1, i2)
select i1, i2, grouping(i1, i2) as g from t group by grouping sets ((i1), (i2), ())
select sum(i4) filter (where i4 > 2) as x from t
select percentile_cont(0.5) within group (order by i4) as x from t
select mode() within group (order by s) as x from t
select percentile_disc(0.5) within group (order by ts) as x from t
select i4 from t order by (select max(k) from u where u.s = t.s)
select i4 from t limit (select 3)
select * from t join u on t.i4 = (select max(k) from u u2 where u2.s = t.s)
values ((select 1)), (2.5)
select i4 + 1 as s, s || 'x' as c from t
select i4 + 1 as k, k * 2 as c from t
select i4 + 1 as newc, newc * 2 as c, c / 2 as d2 from t
select * from t join u using (s) full outer join (select 'x' as s, 1 as z) w using (s)
select s from t full join u using (s) full join (select 'x' as s) w using (s)
select k from (select 1::tinyint as k) full join (select 2::bigint as k) using (k)
select k from (select 1::tinyint as k) join (select 2::bigint as k) using (k)
select k from (select 1::tinyint as k) right join (select 2::bigint as k) using (k)
select "select", "from" from (select 1 as "select", 2 as "from")
select "order" from (select 1 as "order") order by "order"
with a as (with a as (select 1 as x) select x + 1.5 as x from a) select x from a
with a as materialized (select i4 from t), b as not materialized (select * from a) select * from b
select * from (values (1, 'a'), (2.5, null)) v(x, y)
select v.x from (values (1, 'a')) as v(x, y)
select unnest(st) from t
select * from unnest([1, 2]) with ordinality
select * from unnest([1, 2]) with ordinality as u(v, o)
select x, o from t, unnest(l) with ordinality as q(x, o)
select st.a, st.* exclude (a) from t
select mp['a'] as x from t
select map_extract(mp, 'a') as x from t
select element_at(mp, 'a') as x from t
select map_entries(mp) as x from t
select map_keys(mp) as x from t
select [x + 1 for x in l] as x from t
select [x + 1 for x in l if x > 2] as x from t
select [x + i for x, i in l] as x from t
select [{'a': x, 'b': st.b} for x in l] as x from t
select list_transform(l, lambda x: {'v': x, 'w': list_transform(ls, lambda y: y || x::varchar)}) as x from t
select list_transform(l, lambda x, i: x + i) as x from t
select list_filter(l, lambda x, i: i > 1) as x from t
select list_reduce(l, lambda x, y: x + y, 0) as x from t
select list_reduce(l, lambda x, y: x + y) as x from t
select i4 is distinct from i8 as x from t
select s is not distinct from null as x from t
select try_cast(s as integer) as x from t
select try_cast(s as decimal(5,2)) as x from t
select try(i4 / 0) as x from t
select 1
select 1 as a where 1 = 2
select g from generate_series(1, 3) s(g)
select g from t, generate_series(1, t.i4) s(g)
select generate_series(1, i4) as x from t
select * from range(date '2020-01-01', date '2020-02-01', interval 1 day)
select range(date '2020-01-01', date '2020-02-01', interval 1 day) as x
select row_number() over () as rn, i4 from t qualify rn = 1
select i4, sum(i4) over w as x from t window w as (partition by s order by i4)
select i4, sum(i4) over (w rows 1 preceding) as x from t window w as (partition by s order by i4)
select i4, lag(i4) over (w2) as x from t window w as (partition by s), w2 as (w order by i8)
select sum(i1) as x from t
select sum(i8) as x from t
select sum(i16) as x from t
select sum(u8) as x from t
select sum(f) as x from t
select sum(n) as x from t
select sum(n2) as x from t
select avg(n) as x from t
select sum(b) as x from t
select avg(iv) as x from t
select avg(dt) as x from t
select avg(ts) as x from t
select sum(i4) over () as x from t
select sum(distinct i4) as x from t
select sum(n * n2) as x from t
select n * n2 as x from t
select n + n2 as x from t
select n / n2 as x from t
select n % n2 as x from t
select n * 1.5 as x from t
select n + 1 as x from t
select n2 * i8 as x from t
select n + i16 as x from t
select n // 2 as x from t
select -n as x from t
select abs(n) as x from t
select round(n, 1) as x from t
select round(n2) as x from t
select ceil(n) as x from t
select n ** 2 as x from t
select dt + 1 as x from t
select dt + iv as x from t
select dt - dt as x from t
select dt - iv as x from t
select ts - ts as x from t
select ts + iv as x from t
select tz - tz as x from t
select ts - dt as x from t
select dt + tm as x from t
select tm + iv as x from t
select iv + iv as x from t
select iv * 2 as x from t
select iv / 2 as x from t
select iv * 1.5 as x from t
select 2 * iv as x from t
select i4 * interval 1 day as x from t
select to_days(i4) as x from t
select age(ts, ts) as x from t
select date_diff('day', dt, dt) as x from t
select date_part('year', dt) as x from t
select date_part(['year', 'month'], dt) as x from t
select date_part('epoch', ts) as x from t
select extract(epoch from iv) as x from t
select extract(second from ts) as x from t
select m as x from t
select m || 'x' as x from t
select m = 'a' as x from t
select m = s as x from t
select coalesce(m, 'b') as x from t
select coalesce(m, s) as x from t
select enum_range(m) as x from t
select enum_first(m) as x from t
select enum_code(m) as x from t
select case when b then m else 'a' end as x from t
select case when b then m end as x from t
select [m, 'b'] as x from t
select m::varchar as x from t
select 'a'::enum('a', 'b') as x from t
select i4, s from t union by name select s, i8 as i4, b from t
select i4 from t union by name select 'x' as i5
select 1 as a union select 2.5 union select null
select null as a union all select 1
select null as a union all select null
select [] as a union all select [1]
select {'a': null} as a union all select {'a': 1}
select {'a': 1} as a union all select {'b': 2}
select 1 as a union all (select 'x' union all select null)
select 1::tinyint as a intersect select 2::bigint
select 1 as a except select 2.5
select 'a' as a union all select 1
select date '2020-01-01' as a union all select timestamp '2020-01-01'
select date '2020-01-01' as a union all select '2020'
select true as a union all select 1
select m as a from t union all select s from t
select m as a from t union all select 'a'
select i4 from t group by all
select count(*), max(i4), any_value(st), arg_max(s, i4), list(i4), histogram(i4), string_agg(s) from t
select max(i4, 3) as x from t
select arg_max(s, i4, 2) as x from t
select min_by(st, i4) as x from t
select median(i4) as x from t
select median(dt) as x from t
select median(s) as x from t
select quantile(i4, [0.1, 0.9]) as x from t
select quantile_cont(i4, 0.5) as x from t
select quantile_disc(s, 0.5) as x from t
select approx_quantile(i4, 0.5) as x from t
select approx_count_distinct(s) as x from t
select bit_and(i2) as x from t
select bool_or(b) as x from t
select product(i4) as x from t
select first(st) as x from t
select list(st) as x from t
select list(distinct s order by s) as x from t
select array_agg(i4 order by i8 desc) as x from t
select map_from_entries([(1, 'a')]) as x from t
select struct_pack(a := 1, b := s) as x from t
select struct_insert(st, c := 1.5) as x from t
select st.a as x from t
select st['a'] as x from t
select struct_extract(st, 'b') as x from t
select deep[1].x.z[1] as x from t
select deep[1:2] as x from t
select l[1] as x from t
select l[1:2] as x from t
select l[-1] as x from t
select s[1] as x from t
select s[1:2] as x from t
select a[1] as x from t
select a[1:2] as x from t
select a || [1] as x from t
select l || l as x from t
select list_append(l, 2.5) as x from t
select list_concat(l, ll[1]) as x from t
select array_value(1, 2, 3) as x from t
select list_zip(l, ls) as x from t
select list_zip(l, ls, true) as x from t
select flatten(ll) as x from t
select list_sort(l) as x from t
select list_distinct(ls) as x from t
select list_aggregate(l, 'sum') as x from t
select list_sum(l) as x from t
select list_avg(l) as x from t
select list_max(ls) as x from t
select list_contains(l, 1) as x from t
select len(l) as x from t
select length(s) as x from t
select l @> [1] as x from t
select j -> 'a' as x from t
select j ->> '$.a' as x from t
select j -> '$.a' -> 0 as x from t
select json_extract(j, ['$.a', '$.b']) as x from t
select json_extract_string(j, '$.a') as x from t
select json_extract_string(j, ['$.a']) as x from t
select j.a as x from t
select j['a'] as x from t
select j[0] as x from t
select json_transform(j, '{"a": "INTEGER"}') as x from t
select json_structure(j) as x from t
select json_keys(j) as x from t
select json_object('a', 1) as x from t
select to_json(st) as x from t
select json_group_array(i4) as x from t
select json_array_length(j) as x from t
select json_type(j) as x from t
select json_value(j, '$.a') as x from t
select cast(j as struct(a int, b varchar[])) as x from t
select from_json(j, '["INTEGER"]') as x from t
from (select i4, b, i8 from t) pivot (sum(i8) for b in (true, false))
from (select i4, b, i8 from t) pivot (sum(i8) as q for b in (true, false))
from (select i4, s, i8 from t) pivot (sum(i8), count(*) for i4 in (1, -1, null))
from (select i4, s, i8 from t) pivot (sum(i8) for i4 in (1, -1))
from (select i4, n, i8 from t) pivot (sum(i8) for n in (1.5, -2.0))
from (select i4, dt, i8 from t) pivot (sum(i8) for dt in (date '2020-01-01', '2021-01-01'))
from (select i4, s, i8 from t) pivot (sum(i8) for s in ('a' as q, 'b'))
from (select i4, s, i8, b from t) pivot (sum(i8) for s in ('a', 'b') b in (true, false))
pivot (select i4, s, i8, b from t) on b in (true, false) using sum(i8)
pivot (select i4, s, i8, b from t) on b in (true as yes, false as no) using sum(i8)
pivot (select i4, s, i8, b from t) on b in (true, false) using sum(i8) as a, max(i8) group by s
pivot (select i4, s, i8, b from t) on b in (true, false)
with recursive r as (select 1 as n union all select 2 union all select n + 1 from r where n < 3) select * from r
with recursive r as (select 1 as n union all (select n + 1 from r where n < 3 union all select 7 from r where n < 2)) select * from r
with recursive r(n) using key (n) as (select 1, 2 union all select n + 1, 3 from r where n < 3) select * from r
with recursive r(n) as (select 1 intersect select 2) select * from r
with recursive r as (select 1 as n) select * from r
from (select i4, s, i8 from t) pivot (sum(i8) for (s, i4) in (('a', 1), ('b', 2)))
from (select n, s, i8 from t) pivot (sum(i8) for n in (1.50, 2))
from (select i4, s, i8 from t) pivot (sum(i8), count(distinct i4), max(i8 * 2), string_agg(s, ',') for i4 in (1, 2))
from (select i4, s, i8 from t) pivot (Sum(I8), max(i4) for i4 in (1, 2))
from (select m, s, i8 from t) pivot (sum(i8) for m in ('a', 'b'))
select * from (summarize t)
select column_name, null_percentage from (summarize select i4, s from t) where approx_unique > 1

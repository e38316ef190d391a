"""Lineage written by reasoning: what Snowflake, BigQuery, Spark, Databricks and T-SQL have of
their own. The form is that of `lineage_portable.py`."""

from __future__ import annotations

Case = tuple[str, str, str]

SNOWFLAKE: list[Case] = [
    ("select * ilike '%A%' from t", "a=t.a", ""),
    ("select t.$2 as x, u.$1 as y from t join u on t.k = u.k", "x=t.a; y=u.k", "t.k u.k"),
    ("select a from identifier('t')", "a=t.a", ""),
    ('select "x", X from (select a as "x", b as X from t) q', "x=t.a; X=t.b", ""),
    ('select * exclude ("x") from (select a as "x", b as X from t) q', "X=t.b", ""),
    ("select $2 as x from t", "x=t.a", ""),
    ("select a from t start with k = 1 connect by prior k = b", "a=t.a", "t.b t.k"),
    (
        (
            "select * from t match_recognize (partition by k order by b measures last(x.a) as m"
            " one row per match pattern (x+) define x as x.a > 1)"
        ),
        "k=t.k; m=t.a t.b t.k",
        "t.a t.b t.k",
    ),
    (
        (
            "select listagg(a, ',') within group (order by b) as x, rank() over (order by k) as r"
            " from t group by k"
        ),
        "x=t.a t.b; r=t.k",
        "t.k",
    ),
    ('select "K" as x from t', "x=t.k", ""),
    ('select q."x" as y from (select a as "x", b as X from t) q', "y=t.a", ""),
    ('select q.x as y from (select a as "x", b as X from t) q', "y=t.b", ""),
    ("select v:a.b::string as x, v['c'] as y from s", "x=s.v; y=s.v", ""),
    ("select s.v:items[0].name::varchar as x from s", "x=s.v", ""),
    (
        "select f.value:name::string as x, f.index as i from s, lateral flatten(input => s.arr) f",
        "x=s.arr; i=s.arr",
        "s.arr",
    ),
    (
        "select value as x from s, lateral flatten(input => s.v:items, outer => true)",
        "x=s.v",
        "s.v",
    ),
    ("select f.value as x from s, table(flatten(s.v:items)) f", "x=s.v", "s.v"),
    (
        "select f.*, s.id from s, lateral flatten(input => arr) f",
        "SEQ=s.arr; KEY=s.arr; PATH=s.arr; INDEX=s.arr; VALUE=s.arr; THIS=s.arr; id=s.id",
        "s.arr",
    ),
    (
        (
            "select g.value:z as x from s, lateral flatten(input => v:p) f, "
            "lateral flatten(input => f.value:q) g"
        ),
        "x=s.v",
        "s.v",
    ),
    ("select * exclude (a) from t", "k=t.k; b=t.b", ""),
    ("select * exclude a rename b as bb from t", "k=t.k; bb=t.b", ""),
    ("select * replace (a + b as a) from t", "k=t.k; a=t.a t.b; b=t.b", ""),
    (
        "select a from t qualify row_number() over (partition by k order by b) = 1",
        "a=t.a",
        "t.b t.k",
    ),
    ("select a as x, x + b as y from t where y > 1", "x=t.a; y=t.a t.b", "t.a t.b"),
    ("select iff(a > 1, b, k) as x, nvl2(a, b, k) as y from t", "x=t.a t.b t.k; y=t.a t.b t.k", ""),
    (
        "select * from t pivot (sum(b) for a in ('x', 'y')) as p",
        "k=t.k; 'x'=t.a t.b; 'y'=t.a t.b",
        "t.k",
    ),
    (
        "select * from t pivot (sum(b) for a in ('x', 'y')) as p (kk, x, y)",
        "kk=t.k; x=t.a t.b; y=t.a t.b",
        "t.k",
    ),
    ("select * from t unpivot (val for name in (a, b))", "k=t.k; name=; val=t.a t.b", "t.a t.b"),
    ("select k, a, c from t join u using (k)", "k=t.k u.k; a=t.a; c=u.c", "t.k u.k"),
    ("select $1 as x, $2 as y from (values (1, 2))", "x=; y=", ""),
    ("select listagg(a, ',') within group (order by b) as x from t", "x=t.a t.b", ""),
    ("select array_agg(object_construct('a', a, 'b', b)) as x from t", "x=t.a t.b", ""),
    ("select db.sch.t.a from db.sch.t", "a=t.a", ""),
    ("insert overwrite into w (e, k) select a, b from t", "e=t.a; k=t.b", ""),
    ("create or replace transient table z as select a from t", "a=t.a", ""),
    ("update t set a = u.c from u where t.k = u.k", "a=u.c", "t.k u.k"),
    ("delete from t using u where t.k = u.k", "", "t.k u.k"),
    (
        "select t.a, u.c from t asof join u match_condition (t.b >= u.d) on t.k = u.k",
        "a=t.a; c=u.c",
        "t.b t.k u.d u.k",
    ),
    ("select a from t sample (10)", "a=t.a", ""),
    ("select a, sum(b) as n from t group by all", "a=t.a; n=t.b", "t.a"),
    ("select parse_json(v):x::int as p from s", "p=s.v", ""),
    ("select a from t at (offset => -60)", "a=t.a", ""),
    (
        (
            "select max(a) over (partition by k order by b"
            " rows between 1 preceding and current row) as x from t"
        ),
        "x=t.a t.b t.k",
        "",
    ),
]

BIGQUERY: list[Case] = [
    ("declare x int64 default 1; select a + x as y from t", "y=t.a", ""),
    ("declare a int64; select a from t", "a=t.a", ""),
    (
        "select id, (select as struct e.x, e.y as z from unnest(arr) e limit 1).* from s",
        "id=s.id; x=s.arr; z=s.arr",
        "",
    ),
    ("create function f(x int64) as (x + 1); select f(a) as y from t", "y=t.a", ""),
    ("select x from s, unnest(arr)", "x=s.arr", "s.arr"),
    ("declare n int64 default 1; select a from t", "a=t.a", ""),
    ("select `A` as x from `t`", "x=t.a", ""),
    ("select a from `p.d.t`", "a=t.a", ""),
    ("select a from p.d.t", "a=t.a", ""),
    ("select * except (a) from t", "k=t.k; b=t.b", ""),
    ("select * replace (a + b as a) from t", "k=t.k; a=t.a t.b; b=t.b", ""),
    ("select q.* except (k) from t q", "a=t.a; b=t.b", ""),
    ("select st.x as p, s.st.y as q from s", "p=s.st; q=s.st", ""),
    (
        "select item, off from s, unnest(arr) as item with offset as off",
        "item=s.arr; off=s.arr",
        "s.arr",
    ),
    (
        "select item, offset from s, unnest(arr) as item with offset",
        "item=s.arr; offset=s.arr",
        "s.arr",
    ),
    ("select i.x as p from s, unnest(s.arr) i", "p=s.arr", "s.arr"),
    ("select i.x as p from s, s.arr as i", "p=s.arr", "s.arr"),
    ("select i from s left join unnest(arr) i", "i=s.arr", "s.arr"),
    ("select (select sum(e) from unnest(arr) e) as n from s", "n=s.arr", ""),
    ("select array(select e + id from unnest(arr) e) as x from s", "x=s.arr s.id", ""),
    ("select array_agg(struct(a, b as bb) order by k limit 3) as x from t", "x=t.a t.b t.k", ""),
    ("select as struct a, b from t", "a=t.a; b=t.b", ""),
    ("select arr[offset(0)] as x, arr[safe_ordinal(1)] as y from s", "x=s.arr; y=s.arr", ""),
    (
        "select a from t qualify row_number() over (partition by k order by b) = 1",
        "a=t.a",
        "t.b t.k",
    ),
    ("select countif(a > 1) as n, logical_or(b > 1) as m from t", "n=t.a; m=t.b", ""),
    ("select * from t pivot (sum(b) for a in (1, 2))", "k=t.k; _1=t.a t.b; _2=t.a t.b", "t.k"),
    (
        "select * from t pivot (sum(b) as s for a in ('x', 'y'))",
        "k=t.k; s_x=t.a t.b; s_y=t.a t.b",
        "t.k",
    ),
    ("select * from t unpivot (val for name in (a, b))", "k=t.k; val=t.a t.b; name=", "t.a t.b"),
    (
        "select * from t unpivot ((v1, v2) for n in ((a, b) as 'ab', (b, a) as 'ba'))",
        "k=t.k; v1=t.a t.b; v2=t.a t.b; n=",
        "t.a t.b",
    ),
    ("select k, a, c from t join u using (k)", "k=t.k u.k; a=t.a; c=u.c", "t.k u.k"),
    ("select a from t union distinct select c from u", "a=t.a u.c", "t.a u.c"),
    ("select a, sum(b) as n from t group by 1", "a=t.a; n=t.b", "t.a"),
    ("update t set a = u.c from u where t.k = u.k", "a=u.c", "t.k u.k"),
    ("select json_value(v, '$.x') as p, v.y as q from s", "p=s.v; q=s.v", ""),
    ("select safe_cast(a as string) as x, if(b > 1, k, 0) as y from t", "x=t.a; y=t.b t.k", ""),
    ("select sum(a) over w1 as n from t window w1 as (partition by b)", "n=t.a t.b", ""),
    ("select a from t tablesample system (10 percent)", "a=t.a", ""),
    ("create or replace table d.z partition by x as select a as x from t", "x=t.a", ""),
    ("from t |> where a > 1 |> select b", "b=t.b", "t.a"),
]

_SPARK: list[Case] = [
    (
        "select i, u.c from s lateral view explode(arr) x as i join u on u.k = x.i",
        "i=s.arr; c=u.c",
        "s.arr u.k",
    ),
    ("select p from s lateral view inline(arr) x as p, q", "p=s.arr", "s.arr"),
    ("select `A` as x from `t`", "x=t.a", ""),
    ("select item from s lateral view explode(arr) x as item", "item=s.arr", "s.arr"),
    (
        "select x.item, s.id from s lateral view outer explode(arr) x as item",
        "item=s.arr; id=s.id",
        "s.arr",
    ),
    (
        "select pos, item from s lateral view posexplode(arr) x as pos, item",
        "pos=s.arr; item=s.arr",
        "s.arr",
    ),
    ("select kk, vv from s lateral view explode(v) x as kk, vv", "kk=s.v; vv=s.v", "s.v"),
    ("select col from s lateral view explode(arr) x", "col=s.arr", "s.arr"),
    (
        "select j from s lateral view explode(arr) x as i lateral view explode(i) y as j",
        "j=s.arr",
        "s.arr",
    ),
    ("select explode(arr) as x from s", "x=s.arr", "s.arr"),
    ("select st.x as p, s.st.y as q from s", "p=s.st; q=s.st", ""),
    ("select transform(arr, e -> e + id) as x from s", "x=s.arr s.id", ""),
    ("select a from t left semi join u on t.k = u.k", "a=t.a", "t.k u.k"),
    ("select a from t left anti join u on t.k = u.c", "a=t.a", "t.k u.c"),
    ("select k, a, c from t join u using (k)", "k=t.k u.k; a=t.a; c=u.c", "t.k u.k"),
    ("select * from t pivot (sum(b) for a in (1, 2))", "k=t.k; 1=t.a t.b; 2=t.a t.b", "t.k"),
    (
        "select * from t pivot (sum(b) as s, max(b) as m for a in (1 as x))",
        "k=t.k; x_s=t.a t.b; x_m=t.a t.b",
        "t.k",
    ),
    ("select * from t unpivot (val for name in (a, b))", "k=t.k; name=; val=t.a t.b", "t.a t.b"),
    ("insert overwrite table w select a, b, k from t", "a=t.a; e=t.b; k=t.k", ""),
    ("create table z using parquet as select a from t", "a=t.a", ""),
    ("select a, collect_list(b) as x from t group by a", "a=t.a; x=t.b", "t.a"),
    ("select a from t distribute by b sort by k", "a=t.a", ""),
    ("select named_struct('p', a, 'q', b) as x from t", "x=t.a t.b", ""),
    ("select get_json_object(v, '$.x') as p from s", "p=s.v", ""),
    ("select x.p from values (1, 2) as x(p, q)", "p=", ""),
    ("select max_by(a, b) as x, first(a, true) as y from t", "x=t.a t.b; y=t.a", ""),
    ("select a, sum(b) as n from t group by a with rollup", "a=t.a; n=t.b", "t.a"),
    ("select sum(a) over w1 as n from t window w1 as (partition by b)", "n=t.a t.b", ""),
    ("select a from t tablesample (10 percent)", "a=t.a", ""),
    ("select q.i from s, lateral explode(arr) as q(i)", "i=s.arr", "s.arr"),
    ("from t select a where b > 1", "a=t.a", "t.b"),
]

SPARK: list[Case] = [
    *_SPARK,
    ("select stack(2, 'a', a, 'b', b) as (n, x) from t", "n=t.a t.b; x=t.a t.b", "t.a t.b"),
    ("select p, q from s lateral view json_tuple(v, 'p', 'q') x as p, q", "p=s.v; q=s.v", "s.v"),
]

DATABRICKS: list[Case] = [
    *_SPARK,
    ("select * except (a) from t", "k=t.k; b=t.b", ""),
    (
        "select a from t qualify row_number() over (partition by k order by b) = 1",
        "a=t.a",
        "t.b t.k",
    ),
    ("select v:x.y::string as p from s", "p=s.v", ""),
    ("select a as x, x + b as y from t", "x=t.a; y=t.a t.b", ""),
    ("select a, sum(b) as n from t group by all", "a=t.a; n=t.b", "t.a"),
    ("select main.sch.t.a from main.sch.t", "a=t.a", ""),
    ("create or replace view z as select a from t", "a=t.a", ""),
]

TSQL: list[Case] = [
    (
        "select q.n.value('a', 'int') as x from s cross apply v.nodes('/r') as q(n)",
        "x=s.v",
        "s.v",
    ),
    ("select dbo.f(a, b) as x from t", "x=t.a t.b", ""),
    ("select [A] as [my x] from [dbo].[t]", "my x=t.a", ""),
    ("select x = a + b from t", "x=t.a t.b", ""),
    ("select top 3 a from t order by b", "a=t.a", "t.b"),
    ("select top (3) with ties a from t order by b", "a=t.a", "t.b"),
    ("select dbo.t.a from dbo.t", "a=t.a", ""),
    ("select db.dbo.t.a from db.dbo.t", "a=t.a", ""),
    (
        "select q.n from t cross apply (select max(c) as n from u where u.k = t.k) q",
        "n=u.c",
        "t.k u.k",
    ),
    (
        "select t.a, q.c from t outer apply (select top 1 c from u where u.k = t.k order by d) q",
        "a=t.a; c=u.c",
        "t.k u.d u.k",
    ),
    ("select j.x from s cross apply openjson(s.v) with (x int '$.x', y int) j", "x=s.v", "s.v"),
    ("select j.[key], j.value from s cross apply openjson(s.v) j", "key=s.v; value=s.v", "s.v"),
    ("select p.value from t cross apply string_split(t.a, ',') p", "value=t.a", "t.a"),
    ("select v.x from t cross apply (values (t.a), (t.b)) v(x)", "x=t.a t.b", ""),
    (
        (
            "select p.k, p.[1], p.[2] from (select k, a, b from t) q"
            " pivot (sum(b) for a in ([1], [2])) p"
        ),
        "k=t.k; 1=t.a t.b; 2=t.a t.b",
        "t.k",
    ),
    (
        "select k, name, val from t unpivot (val for name in (a, b)) p",
        "k=t.k; name=; val=t.a t.b",
        "t.a t.b",
    ),
    ("select a into #z from t where b > 1", "a=t.a", "t.b"),
    ("update x set a = u.c from t x join u on x.k = u.k where u.d > 1", "a=u.c", "t.k u.d u.k"),
    ("update t set t.a = u.c from t inner join u on t.k = u.k", "a=u.c", "t.k u.k"),
    ("delete x from t x join u on x.k = u.k", "", "t.k u.k"),
    (
        (
            "with r as (select k, a from t union all select u.k, r.a from u join r on u.c = r.k)"
            " select k, a from r"
        ),
        "k=t.k u.k; a=t.a",
        "t.k u.c u.k",
    ),
    ("select iif(a > 1, b, k) as x, isnull(a, b) as y from t", "x=t.a t.b t.k; y=t.a t.b", ""),
    ("select a from t with (nolock) where b = 1", "a=t.a", "t.b"),
    ("select a from t order by b offset 2 rows fetch next 3 rows only", "a=t.a", "t.b"),
    ("select convert(varchar(10), a) as x, cast(b as int) as y from t", "x=t.a; y=t.b", ""),
    ("select string_agg(a, ',') within group (order by b) as x from t", "x=t.a t.b", ""),
    ("select json_value(v, '$.x') as p from s", "p=s.v", ""),
    ("insert into w (e, k) select a, b from t", "e=t.a; k=t.b", ""),
    ("select t.a, u.c from t, u where t.k = u.k", "a=t.a; c=u.c", "t.k u.k"),
    ("select a, sum(b) as n from t group by rollup (a, k)", "a=t.a; n=t.b", "t.a t.k"),
    ("select lag(a) over (partition by k order by b) as x from t", "x=t.a t.b t.k", ""),
    ("select a + @p as x from t", "x=t.a", ""),
    ("create view dbo.z as select a from t", "a=t.a", ""),
    ("select dateadd(day, a, b) as x, datediff(day, a, b) as y from t", "x=t.a t.b; y=t.a t.b", ""),
    (
        (
            "select q.a from (select *, row_number() over (partition by k order by b) as rn"
            " from t) q where q.rn = 1"
        ),
        "a=t.a",
        "t.b t.k",
    ),
    ("select a from t option (recompile)", "a=t.a", ""),
    ("select distinct a from t for json path", "a=t.a", "t.a"),
]

-- One query a line, or an expression over the table `t` of typed_engine.py.
-- literals
1
-1
-128
127
3000000000
2147483648
12345678901234567890
1.5
.5
0.5
5.
0.001
00.100
1e3
1.5e-3
1_000
'text'
''
E'a\n'
$$dollars$$
true
null
date '2020-01-01'
timestamp '2020-01-01 10:00:00'
timestamptz '2020-01-01 10:00:00+00'
time '10:00:00'
interval 1 day
interval '1 day'
interval (i4) day
[]
[1, 2]
[1, 2.5]
['a', 'b']
[i1, i8]
[null, 1]
[[1], [2, 3]]
{'a': 1, 'b': s}
{'A b': 1}
{'a': {'b': dt}}
map {'a': 1}
map {1: 'x'}
map {s: i4}
map([1, 2], ['a', 'b'])
row(1, 'a')
(1, 'a')
1.123456789012345678901234567890123456789
-- arithmetic
i1 + 1
i1 + 200
i1 + 1000
i1 + -1
u1 + 1
u1 + 200
u1 + 300
u1 + -1
-i1
-u1
-n
-d
-iv
-(-5)
i8 + 1
i4 + i8
i16 + i8
u4 + i4
u8 + 1
u8 + i8
f + 1
f + 1.5
f * d
f + d
n + 1
n + 100
n - 1
n + i1
n + i4
n + i8
n + n2
n2 + n2
n * 2
n * i1
n * n2
n2 * n2
n + 1.5
n * 1.25
n / 2
n // 2
n % 2
n2 % 3
n * d
n + f
1.5 + 1
1.5 * 1.5
1.5 - 0.25
i4 / 2
i4 / i8
i4 // 2
i1 // i1
i4 % 2
i1 % i8
i4 * 1.5
i8 * 1.5
i4 + i4 + 1
i1 + i2 + i4
1 + 2 + 3
1 + 2.5 + 3
i4 - 1 - 1
i4 ^ 2
i4 ** 2
i4 & 3
i4 | i8
i4 << 2
i8 >> 1
~i4
xor(i4, 1)
@i4
null + 1
null + i4
i4 * (1 + i8)
(i4 + 1) * 2.0
f / 2
d // 2
1 / 2
1 // 2
-- dates and times
dt + 1
1 + dt
dt - 1
dt - dt
dt + iv
iv + dt
dt - iv
dt + tm
ts - ts
ts + iv
ts - iv
tz - iv
tz - ts
tz - tz
ts - dt
dt - ts
tm + iv
iv * 2
2 * iv
iv / 2
iv * d
iv + iv
ts - interval 1 day
dt + interval 1 month
dt + interval (i4) day
date_trunc('month', dt)
date_trunc('month', ts)
date_trunc('month', tz)
date_trunc('month', iv)
date_trunc('hour', dt)
date_part('year', dt)
date_part('epoch', ts)
date_part('julian', ts)
extract(year from ts)
extract(month from dt)
extract(epoch from ts)
extract(second from ts)
extract(isodow from dt)
year(dt)
quarter(dt)
dayofweek(ts)
weekofyear(dt)
epoch(ts)
epoch_ms(ts)
epoch_us(ts)
dayname(dt)
monthname(dt)
date_diff('day', dt, dt)
datediff('day', dt, ts)
date_add(dt, iv)
date_sub('day', dt, dt)
to_days(3)
to_hours(i4)
to_seconds(1.5)
make_date(2020, 1, 1)
make_time(1, 2, 3.5)
make_timestamp(2020, 1, 1, 1, 1, 1.5)
strftime(ts, '%Y')
strftime(dt, '%Y-%m')
strptime(s, '%Y')
try_strptime(s, '%Y')
to_timestamp(1)
to_timestamp(d)
current_date
current_timestamp
current_time
localtimestamp
localtime
now()
today()
get_current_timestamp()
age(ts)
age(ts, ts)
last_day(dt)
time_bucket(interval 1 day, ts)
time_bucket(interval 1 day, dt)
time_bucket(interval 1 day, tz)
ts at time zone 'UTC'
tz at time zone 'UTC'
greatest(dt, ts)
least(dt, dt)
epoch_ms(1000)
isfinite(dt)
era(dt)
timezone('UTC', ts)
century(dt)
ts::date
dt::timestamp
ts::time
-- text
s || 'a'
s || s2
s || 1
i4 || s
i4 || i4
dt || s
'a' || 'b'
s || null
bl || bl
s[1]
s[1:2]
'abc'[1]
length(s)
len(s)
strlen(s)
bit_length(s)
upper(s)
lower(s)
substring(s, 1, 2)
substring(s from 1 for 2)
substr(s, 2)
left(s, 2)
right(s, 2)
lpad(s, 2, ' ')
rpad(s, 2, ' ')
ltrim(s)
rtrim(s, 'x')
trim(s)
trim(both 'a' from s)
replace(s, 'a', 'b')
reverse(s)
repeat(s, 2)
translate(s, 'a', 'b')
split(s, ',')
string_split(s, ',')
string_split_regex(s, ',')
str_split(s, ',')
split_part(s, ',', 1)
concat(s, i4)
concat(s, s2, 'x')
concat_ws(',', s, s)
regexp_extract(s, 'a')
regexp_extract(s, 'a', 1)
regexp_matches(s, 'a')
regexp_full_match(s, 'a')
regexp_extract_all(s, 'a')
regexp_replace(s, 'a', 'b')
regexp_replace(s, 'a', 'b', 'g')
position('a' in s)
strpos(s, 'a')
instr(s, 'a')
ascii(s)
unicode(s)
ord(s)
chr(65)
md5(s)
sha1(s)
sha256(s)
hash(s)
hash(i4, s)
format('{}', 1)
printf('%d', 1)
contains(s, 'a')
starts_with(s, 'a')
prefix(s, 'a')
suffix(s, 'a')
ends_with(s, 'a')
levenshtein(s, s2)
jaro_similarity(s, s2)
jaccard(s, s2)
to_base64(bl)
from_base64(s)
hex(i4)
hex(s)
unhex(s)
bin(i4)
encode(s)
decode(bl)
strip_accents(s)
url_encode(s)
nfc_normalize(s)
s collate nocase
parse_path(s)
-- comparisons
i4 = 1
i4 <> 1
s > 'a'
dt = '2020-01-01'
i4 = i8
i4 between 1 and 2
not b
b and b
b or i4 > 1
i4 is null
s is not null
b is true
i4 is distinct from 1
i4 is not distinct from i8
s like 'a'
s not like 'a'
s ilike 'a'
s glob 'a'
s similar to 'a'
s ~ 'a'
s in ('a', 'b')
s not in ('a')
i4 in (1, 2, null)
i4 in (select 1)
i4 = any(select 1)
i4 = any([1])
exists (select 1)
not exists (select 1 from u)
not null
-- choices
case when b then 1 end
case when b then 1 else 2.5 end
case when b then i1 else 1 end
case when b then i1 else 1000 end
case when b then dt else ts end
case when b then dt else '2020-01-01' end
case when b then 1 else 'a' end
case when b then n else i8 end
case when b then n else d end
case when b then n else n2 end
case when b then m else s end
case when b then l else [] end
case when b then u8 else i8 end
case when b then u1 else i1 end
case when b then b else i4 end
case when b then st else {'a': 1::bigint, 'b': 'x'} end
case i4 when 1 then 'one' when 2 then 'two' else 'many' end
case when b then null else s end
case when b then 1 when not b then 2::bigint end
case when b then i4 else null end
if(b, 1, 2)
if(b, i4, 2.5)
coalesce(i4, 0)
coalesce(i1, 0)
coalesce(i1, 1000)
coalesce(null, 1)
coalesce(s, '')
coalesce(n, 0)
coalesce(dt, ts)
coalesce(dt, '2020-01-01')
coalesce(i4, i8, 0)
ifnull(i4, 0.0)
ifnull(s, 'none')
nullif(i4, 0)
nullif(i4, 0.5)
nullif(s, '')
greatest(i4, i8)
greatest(1, 2)
least(i4, 2.5)
least(s, 'a')
greatest(n, n2)
-- casts
s::date
s::integer
try_cast(s as integer)
cast(s as decimal(10,2))
cast(s as decimal)
cast(s as numeric(10))
s::text
s::int[]
s::int[][]
s::int[3]
s::struct(a int, "B c" varchar)
s::map(varchar, int)
s::json
s::varchar(3)
s::char
s::timestamptz
s::timestamp(0)
s::timestamp(3)
s::timestamp(9)
s::timestamp with time zone
s::int8
s::int2
s::real
s::float4
s::float8
s::double precision
s::bytea
s::string
s::int128
s::bool
s::time
s::long
s::datetime
s::uuid
s::bit
s::hugeint
s::ubigint
s::utinyint
s::interval
s::blob
s::enum('x', 'y')
s::union(a int, b varchar)
i4::double
n::integer
1::tinyint
'1'::bigint + 1
dt::varchar || 'x'
-- aggregates
count(*)
count(i4)
count(distinct i4)
count(*) filter (where b)
sum(i1)
sum(i4)
sum(i8)
sum(i16)
sum(u8)
sum(f)
sum(d)
sum(n)
sum(n2)
sum(b)
sum(1)
sum(1.5)
sum(i4 * n)
sum(case when b then 1 else 0 end)
sum(distinct i4)
sum(i4) filter (where b)
sum(i4) / count(*)
sum(n) / 2
round(avg(i4), 2)
avg(i4)
avg(n)
avg(f)
avg(iv)
avg(ts)
avg(dt)
min(i4)
min(s)
min(1)
min('a')
max(n)
max(dt)
max(i4, 2)
min(l)
first(s)
last(i4)
any_value(s)
arg_max(s, i4)
arg_min(i4, dt)
max_by(s, i4)
min_by(dt, s)
arg_max(s, i4, 2)
list(i4)
list(1)
list(distinct s)
list(s order by i4 desc)
array_agg(s)
array_agg(n order by i4)
string_agg(s, ',')
string_agg(s, ',' order by s)
group_concat(s)
listagg(s, ',')
median(i4)
median(n)
median(dt)
median(ts)
median(f)
quantile_cont(i4, 0.5)
quantile_cont(i4, [0.5, 0.6])
quantile_cont(n, 0.5)
quantile_cont(dt, 0.5)
quantile_disc(i4, 0.5)
quantile_disc(s, 0.5)
percentile_cont(0.5) within group (order by i4)
percentile_disc(0.5) within group (order by n)
mode(s)
mode() within group (order by i4)
stddev(i4)
stddev_pop(n)
variance(d)
var_pop(n)
corr(i4, d)
covar_pop(i4, i8)
regr_slope(i4, i8)
skewness(d)
kurtosis(i4)
entropy(s)
mad(i4)
bool_and(b)
bool_or(i4 > 1)
bit_and(i4)
bit_or(u1)
bit_xor(i8)
product(i4)
histogram(s)
histogram(i4)
approx_count_distinct(s)
approx_quantile(i4, 0.5)
approx_top_k(s, 3)
count_if(b)
count_if(i4 > 1)
fsum(i4)
favg(d)
-- windows
row_number() over ()
rank() over (order by i4)
dense_rank() over (order by i4)
percent_rank() over (order by i4)
cume_dist() over (order by i4)
ntile(4) over (order by i4)
lag(i4) over (order by i4)
lag(i4, 1, 0) over (order by i4)
lag(i1, 1, 1000) over (order by i4)
lag(s, 2) over (partition by b order by i4)
lead(s, 1, 'x') over (order by i4)
lead(dt) over (order by dt)
first_value(s) over (order by i4)
last_value(n) over (order by i4 rows between unbounded preceding and unbounded following)
nth_value(s, 2) over (order by i4)
sum(i4) over ()
sum(n) over (partition by s)
avg(i4) over (order by i4 rows 3 preceding)
count(*) over ()
max(dt) over (partition by s)
i4 - lag(i4) over (order by i4)
dt - lag(dt) over (order by dt)
sum(i4) filter (where b) over ()
list(s) over (order by i4)
first_value(i4 ignore nulls) over (order by i4)
-- numbers
round(n, 1)
round(n)
round(n, 0)
round(n2, 1)
round(n2, 5)
round(d, 2)
round(f, 1)
round(i4, 2)
round(i4)
round(1.234, 2)
ceil(n)
ceil(i4)
ceil(d)
ceiling(n2)
floor(n2)
floor(f)
trunc(n)
trunc(n2, 1)
abs(i4)
abs(n)
abs(u1)
abs(-5)
abs(d)
sign(i4)
sqrt(i4)
cbrt(d)
power(i4, 2)
pow(2, 3)
exp(1)
ln(n)
log(i4)
log(10, 100)
log2(8)
log10(d)
mod(i4, 2)
mod(n, 2)
fmod(d, 2)
fdiv(i4, 2)
divide(i4, 2)
gcd(i4, 2)
lcm(i4, i8)
factorial(5)
even(d)
isnan(d)
isinf(f)
sin(d)
atan2(d, 1)
pi()
random()
radians(d)
bit_count(i4)
uuid()
gen_random_uuid()
greatest(1.5, i4)
add(i4, 1)
multiply(n, 2)
-- lists
l[1]
l[1:2]
l[-1]
ll[1]
ll[1][1]
a[1]
a || a
l || l
l || [1]
l || [1.5]
ls || ['x']
length(l)
len(ls)
array_length(l)
list_value(1, 2)
array_value(1, 2)
list_contains(l, 1)
list_has(ls, 'a')
contains(l, 1)
list_position(l, 1)
list_transform(l, lambda x: x + 1)
list_transform(ls, lambda x: upper(x))
list_transform(l, lambda x, i: x + i)
list_transform(l, lambda x: x > 1)
list_transform(a, lambda x: x * 2.5)
list_transform(ll, lambda x: x[1])
list_transform(deep, lambda x: x.x.y)
list_transform(l, lambda x: {'v': x})
list_filter(l, lambda x: x > 1)
list_filter(a, lambda x: x > 1)
list_reduce(l, lambda x, y: x + y)
[x + 1 for x in l]
[x + 1 for x in l if x > 1]
[upper(x) for x in ls]
list_sum(l)
list_avg(l)
list_max(l)
list_count(l)
list_aggregate(l, 'sum')
list_aggregate(ls, 'max')
list_sort(l)
list_reverse_sort(ls)
list_distinct(l)
list_unique(l)
list_concat(l, l)
list_append(l, 1)
list_append(l, 2.5)
list_prepend(1, l)
list_slice(l, 1, 2)
list_extract(l, 1)
list_element(l, 1)
list_zip(l, ls)
list_intersect(l, l)
list_has_any(l, l)
list_resize(l, 3)
flatten([l])
flatten(ll)
array_to_string(ls, ',')
generate_series(1, 3)
range(3)
range(ts, ts, iv)
unnest(l)
unnest([1, 2])
unnest(ls)
array(select i4 from u)
-- structs, maps, JSON
st.a
st.b
t.st.a
st['a']
deep[1].w
deep[1].x.z
deep[1].x.z[1]
struct_pack(a := 1, b := s)
struct_extract(st, 'a')
struct_insert(st, c := 1)
mp['a']
mp.a
map_keys(mp)
map_values(mp)
map_entries(mp)
map_extract(mp, 'a')
element_at(mp, 'a')
map_from_entries([('a', 1)])
cardinality(mp)
map_contains(mp, 'a')
j->'a'
j->>'a'
j->'$.a.b'
j->>0
j['a']
j['a']['b']
json_extract(j, 'a')
json_extract_string(j, 'a')
json_extract_string(s, '$.a')
json_array_length(j)
json_object('a', 1)
json_array(1, 2)
to_json(st)
json_keys(j)
json_type(j)
json_valid(s)
json_group_array(i4)
json_contains(j, '1')
(j->>'a')::integer
cast(j->'a' as varchar)
row_to_json(st)
-- the rest
typeof(i4)
version()
current_schema()
try(i4)
(select i4 from u)
(select max(v) from u)
(select count(*) from u where u.k = t.i4)
nullif(j->>'a', '')::bigint
m
m::varchar
coalesce(m, 'a')
ifnull(l, [])
i4 + case when b then 1 else 0 end
(i4 > 1)::integer
count(*) * 100.0 / sum(i4)
round(100.0 * sum(n) / count(*), 2)
case when sum(i4) > 0 then sum(n) / sum(i4) else 0 end
coalesce(sum(i4), 0)
coalesce(sum(n), 0)
coalesce(max(dt), current_date)
extract(year from dt)::varchar || '-' || extract(month from dt)::varchar
lower(trim(s)) = 'x'
date_trunc('week', dt)::date
-- whole queries
select * from t
select t.* exclude (s) from t
select * replace (i4 + 1 as i4) from t
select * rename (i4 as x) from t
select columns('i.*') from t
select columns('i[14]') + 1 from t
select i4 as p, p + 1 as q, q / 2 as r from t
select x, x + 1 as y from (select i4 as x from t)
select x + 1::tinyint as y from (select 1 as x)
with c as (select i4, n from t) select sum(i4), sum(n) from c
with c(p, q) as (select i4, s from t) select * from c
with c as materialized (select 1 as one) select one, one + 1.5 from c
select t.i4, u.i4 from t join u on t.i4 = u.k
select i4 from t join u using (i4)
select * from (select i4, s from t) join (select i4, v from u) using (i4)
select * from (select i4, s from t) left join (select i4, v from u) using (i4)
select * from (select i4, s from t) right join (select i4, v from u) using (i4)
select * from (select i4, s from t) full join (select i4, v from u) using (i4)
select * from (select i4, s from t) natural join (select i4, v from u)
select t.i4 from t semi join u on t.i4 = u.k
select i4 from t union all select i4 from u
select i4, s from t union select k, v::varchar from u
select i1 from t union all select 1000
select null union all select 1
select 1 union all select 2.5 union all select 3::double
select dt from t union all select ts from t
select i4, s from t union all by name select s, v from u
select i4 from t except select k from u
select s from t intersect select s from u
select i4 from t union all select s from u
values (1, 'a'), (2.5, 'b')
select * from (values (1, 'a'), (2, null)) as v(x, y)
select * from (values (1), (null)) v(x)
select x from range(3) r(x)
select range from range(3)
select * from generate_series(1, 3)
select g from generate_series(timestamp '2020-01-01', timestamp '2020-01-02', interval 1 hour) s(g)
select x from unnest([1, 2]) u2(x)
select e from t, unnest(t.ls) as x(e)
select e.w from (select unnest(deep) as e from t)
select (select max(k) from u where u.s = t.s) as m2 from t
select s, count(*) as c, sum(n) as total from t group by s having c > 1
select s, b, sum(i4) from t group by rollup (s, b)
select s, grouping(s) from t group by cube (s)
select b, sum(i4) from t group by all
select distinct on (s) s, i4 from t order by s, i4
select i4, row_number() over w as r from t window w as (order by i4) qualify r = 1
select sum(x) from (select i4 + 1 as x from t) where x > 1
with recursive r as (select 1 as n union all select n + 1 from r where n < 10) select n from r
with recursive r as (select 1 as n, 'a' as p union all select n + 1, p || 'b' from r where n < 3) select * from r
with recursive r as (select 1::tinyint as n union all select (n + 1)::integer from r where n < 10) select n from r
from t select i4, n
from u
select t from t
select u.s, (select struct_pack(a := u.k)).a from u
select * from u pivot (sum(v) for s in ('a', 'b') group by k)
select * from (select k, v from u) unpivot (val for name in (k, v))
select #1, #2 from u
select exists (select 1 from u where u.k = t.i4) from t
select count(*) over (partition by s) as c, n * 2 as twice from t
select s.v from (select {'v': i4} as s from t) s
select list(x.k) from u x
select max(struct_pack(a := i4, b := s)) from t
select unnest([{'a': 1}])
select case when k > 1 then v else 0 end from u
select day + interval (k) day from u
select strftime(day, '%Y') as y, sum(v) from u group by 1
select a.k + b2.k from u a cross join u b2
select i4 from t asof join (select ts as at from t) z on t.ts >= z.at
select k from u order by v limit 3
select sum(v) filter (where k > 1) / nullif(count(*), 0) from u
select t.i4 + u.v as x from t, u where t.i4 = u.k
select first(v order by day) from u
select percentile_cont(0.9) within group (order by v) from u
select coalesce(u.v, 0) from t left join u on u.k = t.i4
select min(day), max(day), max(day) - min(day) from u
select date_diff('day', min(day), max(day)) from u
select k::varchar || '-' || s from u
select unnest(string_split(s, ',')) from u
select json_extract_string(j, '$.a')::int + 1 from t
select i4 as "Mixed Case" from t
select st.*, st.* replace (st.a + 1 as a) from t
-- one thing within another, and what is easily got wrong
n / n2
n % n2
n - i8
n * i4
n + 0.001
n2 * 1.50
n * n * n
n2 * n2 * n2
round(n2, 2)
round(n2)
trunc(n2)
+n
n::int % 3
n ^ 2
n ** 2
greatest(n, n2, 1)
least(i4, n)
coalesce(n, n2)
case when b then n when i4 > 1 then n2 else 0 end
case when b then 1 else 2.55 end
case when b then 'a' else m end
case i4 when 1 then 'x' else 5 end
if(b, 1, 2.5)
if(b, i8, u8)
ifnull(i1, 300)
nullif(i4, i8)
nullif(n, 1)
[i1, u8]
[n, n2]
[dt, ts]
[dt, 'x']
[[], [1]]
[{'a': 1}, {'a': 2.5}]
{'a': i4, 'b': [s]}
struct_pack(x := n, y := [dt])
struct_extract(st, 'b')
st.a + n
deep[1].x.y
deep[1].x.z[2]
deep[1:2]
list_transform(deep, lambda q: q.x.z)
list_transform(l, lambda x, i: x * i)
list_transform(l, lambda x: {'v': x, 'w': n})
list_filter(deep, lambda q: q.w > 1)
[x * 1.5 for x in l]
[x for x in ls if x > 'a']
[x || y for x, y in ls]
list_apply(l, lambda x: x::varchar)
list_max(ls)
list_sort(ls, 'desc')
list_concat(l, [1.5])
list_concat(l, ll[1])
l || [i8]
list_append(l, i8)
list_prepend(i8, l)
list_zip(l, ls, deep)
list_value(i4, n)
list_resize(l, 3, 0)
list_has_any(l, [1])
list_cosine_similarity([1.0], [2.0])
list_intersect(l, [i8])
array_cross_product([1::float, 2, 3]::float[3], [1::float, 2, 3]::float[3])
a::bigint[3]
a::bigint[]
l::varchar[]
flatten([[n]])
unnest(ll)
map {'x': n, 'y': 1}
map {i4: s}
map_extract_value(mp, 'a')
1::union(i integer, s varchar)
'a'::enum('a', 'b')
enum_range(m)
enum_first(m)
m || 'x'
m = 'a'
[m, 'a']
iv * 1.5
tz + iv
tm - iv
tm + dt
dt + tzt
iv + ts
tss - tss
tsn - tsn
tss + iv
tsn + iv
tsm - ts
age(tz)
date_trunc('day', tz)
date_trunc('day', iv)
date_trunc(s, dt)
date_part('julian', dt)
extract(epoch from iv)
extract('year' from tz)
datepart('isoyear', dt)
epoch_ms(i8)
epoch_us(iv)
epoch_ns(tm)
make_date(i4)
make_timestamp(2020, 1, 1, 0, 0, 0.5)
make_timestamp(i8)
make_timestamptz(i8)
to_days(1)
to_milliseconds(d)
date_diff('day', dt, ts)
date_sub('month', ts, ts)
date_add(ts, interval 1 day)
last_day(ts)
time_bucket(interval 1 month, tz, 'UTC')
generate_series(dt, dt, interval 1 day)
range(ts, ts, interval 1 hour)
range(i8)
range(1, 5)
generate_series(1, 5, 2)
get_current_time()
current_localtime()
sum(d) over (partition by s)
avg(tz)
avg(tm)
min(dt)
max(st)
max(l)
max(i4, 3)
min(s, 2)
arg_max(n, dt)
arg_min(s, i4, 2)
max_by(st, i4)
first(deep)
last(n)
any_value(iv)
list(n)
array_agg(st order by i4)
string_agg(i4, ',')
count(distinct s)
bit_and(i2)
bit_xor(u4)
bitstring_agg(i4)
product(n)
stddev(n)
var_pop(i4)
corr(d, f)
covar_samp(i4, n)
regr_slope(d, d)
regr_count(d, d)
quantile(i4, 0.5)
quantile(s, 0.5)
quantile(n, [0.5])
quantile_cont(n2, 0.5)
quantile_cont(ts, [0.25, 0.5])
quantile_disc(dt, 0.5)
quantile_disc(n, 0.5)
percentile_disc(0.5) within group (order by s)
percentile_cont(0.5) within group (order by n)
median(s)
median(iv)
mode() within group (order by dt)
mad(dt)
mad(n)
approx_quantile(dt, 0.5)
reservoir_quantile(i4, 0.5)
favg(n)
kahan_sum(i4)
sumKahan(n)
lag(n) over (order by i4)
lag(n, 1, 0) over (order by i4)
lag(i1, 1, 300) over (order by i4)
lead(dt, 1, ts) over (order by i4)
first_value(st) over (order by i4)
last_value(m ignore nulls) over (order by i4)
fill(i4) over (order by i4)
fill(ts) over (order by i4)
sum(sum(i4)) over ()
i1 + i1
i1 + i2
i2 * i4
u1 + i1
u8 - 1
u16 + 1
i16 + u16
i8 * 2.5
f + i8
f * n
i4 / i4
i4 // i4
i4 % i8
i4 & i8
i4 | 1
~i2
xor(i4, i8)
-u8
abs(i1)
abs(u8)
@i2
sign(n)
pow(i4, 2)
log(n)
exp(f)
gcd(i4, i8)
mod(i4, i2)
length(bt)
md5_number(s)
s || i4
s || l::varchar
bt & bt
s like 'a%'
regexp_extract(s, '(a)(b)', ['x', 'y'])
regexp_split_to_array(s, 'a')
concat_ws(',', s, i4)
lpad(s, 3, 'x')
printf('%d', i4)
format('{}', n)
to_hex(i8)
left(s, 1)
levenshtein(s, 'a')
jaccard(s, 'a')
json_extract(j, '$.a')
j.a
j[0]
json_extract(j, ['$.a', '$.b'])
json_extract_string(j, ['$.a'])
json_array_length(j, ['$.a'])
json_keys(j, ['$.a'])
json_group_object(s, i4)
json_merge_patch(j, j)
json_structure(j)
json_serialize_sql('select 1')
j::int
i4::decimal
i4::decimal(10)
i4::numeric(5,2)
s::timestamp
s::struct(p int, q varchar[])
st::struct(a bigint, b varchar)
try_cast(s as date[])
cast(l as double[])
i4 in (1, 2.5)
i4 between 1 and 2.5
b and null
i4 = any(l)
i4 = any(select k from u)
array(select v from u)
exists(select 1 from u)
(1, 'a', n)
row(i4)
bar(i4, 0, 10)
greatest(s, 'a')
greatest(null, 1)
least(iv, iv)
1.50 * 2.25
10 / 4
10 / 4.0
10 // 4
7 % 2.5
1e3 + 1
9223372036854775807 + 1
9223372036854775808 + 1
99999999999999999999.5
123456789012345678901234567890123456789.0
1.1::float + 1.1
0.1 + 0.22 - 0.333
1000000 * 1000000
1::tinyint + 100
128::tinyint
'1' || 1
date '2020-01-01' + 1
dt > ts
2 * typeof(tzt)
coalesce(typeof(i4), 1)
i4 = typeof(s)
fmod(f, f)
fmod(i4, 2)
pow(f, 2)
atan2(f, 2)
log(f, 2)
list_slice(j, 1, 2)
array_slice(j, 1, 2)
list_slice(bl, 1, 2)
null and b
+1
+i1
i1 + (+1)
+u1
+1.5
regexp_extract(s, '(a)(b)', ['x', 'y'], 'i')
regexp_extract_all(s, 'a', 1)
json_extract(j, 1)
lead(regexp_extract(s, '(a)(b)', ['x', 'y'])) over (order by i4)
regexp_extract(s, '(a)(b)', ['x', 'y']).x
[x || y::varchar for x, y in ls]
[x + i for x, i in l if i > 1]
select unnest(st), i4 from t
select * from (select unnest(st) from t) where a > 1
select a + 1 as z from (select unnest(st) from t)
+i2 + 1
coalesce(typeof(s), 'x')
map {'x': i4}['x']
map {1: dt}[1] + 1

"""Whatever stands in a SQL file, reading it ends in a form or in diagnostics."""

from __future__ import annotations

import msgspec
import pytest
from broken_texts import spoiled
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_findings import check_findings

from xform.app.lineage.outside import lineage_of_sql
from xform.base.diagnostics import has_errors
from xform.base.names import AssetName
from xform.sema.bind import bind
from xform.sema.facts import Schema, SchemaColumn
from xform.sql.ir import SqlUnit
from xform.sql.parse import Place, parse_query

VALID = (
    "select a, b as c from t where a > 1 order by b limit 3",
    "with c as (select a, count(*) as n from t group by a) select * from c join t using (a)",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 9) select n from r",
    "select t.*, u.b from t left join u on t.a = u.a and u.b in (1, 2, 3)",
    "select a, row_number() over (partition by b order by a desc) as n from t qualify n = 1",
    "select case when a = 1 then 'x' when a is null then null else b end as k from t",
    "select a, sum(b) filter (where b > 0) as s from t group by rollup (a) having sum(b) > 1",
    "select * exclude (a) replace (b + 1 as b) from t",
    "from t select a union all by name select b from t",
    "select (select max(b) from u where u.a = t.a) as m, exists (select 1 from u) as e from t",
    "pivot t on a using sum(b) group by c",
    "select * from (values (1, 'a'), (2, 'b')) as v(x, y)",
    "select x.y.z[1], list_transform(l, v -> v + 1) as m, {'k': 1}['k'] as s from t",
    "select j -> '$.a' ->> 'b' as c, cast(a as decimal(10, 2)), a::int, interval '1 day' from t",
    "select * from t asof join u on t.a = u.a and t.b >= u.b",
    "select * from t, lateral (select a + 1 as z) as l, unnest([1, 2]) as n(v)",
    "select * from t unpivot (v for k in (a, b))",
    "select distinct on (a) a, b from t order by a, b nulls last",
    "select value:a.b::string as s, f.value from t, lateral flatten(input => t.a) f",
    "select array_agg(struct(a as x, b as y) order by a limit 3)[offset(0)] from `p.d.t`",
    "select top 5 [a b], t.c from dbo.t cross apply (select 1 as z) as q option (recompile)",
    "select a, explode(l) as e from t lateral view explode(m) x as k, v",
    "select arrayJoin(l) as e, a ? b : c as q from t final prewhere a > 1 settings x = 1",
    "select date_trunc('month', d) as m, percentile_cont(0.5) within group (order by a) from t",
    "insert into w (a, b) select a, b from t",
    "merge into w using t on w.a = t.a when matched then update set b = t.b",
    "create or replace table w as select a from t; select * from w",
    "update w set b = t.b from t where w.a = t.a",
    "-- a comment\nselect 'it''s', \"q\"\"q\", $$d$$, E'\\n' /* c */ from t -- end",
)
WORDS = (
    "select", "from", "where", "group by", "order by", "having", "limit", "join", "left join",
    "on", "using", "union", "union all", "with", "as", "case", "when", "then", "else", "end",
    "and", "or", "not", "in", "is null", "between", "like", "over", "partition by", "rows",
    "distinct", "cast", "values", "a", "b", "t", "u", "1", "2.5", "'x'", '"q"', "*", ",", "(", ")",
    ".", "=", "<", "pivot", "unnest", "lateral", "exists", "array", "struct", "map", "interval",
    "insert into", "update", "set", "merge", "create table", "view", "delete", "recursive",
    "qualify", "window", "filter",
)  # fmt: skip
DIALECTS = (
    "duckdb", "duckdb", "duckdb", "postgres", "snowflake", "bigquery", "databricks", "spark",
    "redshift", "trino", "tsql", "clickhouse", "mysql", "sqlite", "oracle",
)  # fmt: skip
TABLES = {"t": {"a": "integer", "b": "integer"}, "u": {"a": "integer", "b": "varchar"}}
SCHEMA = Schema((SchemaColumn("a", "integer"), SchemaColumn("b", "varchar")))
T = AssetName("main.t")

QUERIES = spoiled(VALID, WORDS)


def check_model(text: str, dialect: str) -> None:
    """As a model: parsed, stored, read again, bound."""
    place = Place("m.sql", lambda: text)
    unit, found = parse_query(T, place, text, dialect)
    check_findings({"m.sql": text}, found)
    assert (unit is None) == has_errors(found), found
    if unit is None:
        return
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(unit), type=SqlUnit) == unit
    for table in unit.tables:
        assert 0 <= table.start < table.end <= len(text), table
    assert unit.end <= len(text)
    facts, found = bind(T, unit, [T] * len(unit.tables), {T: SCHEMA}, place)
    check_findings({"m.sql": text}, found)
    assert facts is not None or has_errors(found)


def check_script(text: str, dialect: str) -> None:
    """As SQL from outside a project, of any statements."""
    answer = lineage_of_sql(text, dialect, TABLES)
    check_findings({"<sql>": text}, answer.diagnostics)
    if not answer.statements and not answer.tables and not answer.columns:
        return
    for column, sources in answer.columns.items():
        assert all(table for table, _ in sources), column


@given(text=QUERIES, dialect=st.sampled_from(DIALECTS))
def test_a_model_of_any_text_is_read(text: str, dialect: str) -> None:
    check_model(text, dialect)


@given(text=QUERIES, dialect=st.sampled_from(DIALECTS))
def test_a_script_of_any_text_is_read(text: str, dialect: str) -> None:
    check_script(text, dialect)


@pytest.mark.deep
@settings(max_examples=50_000)
@given(text=QUERIES, dialect=st.sampled_from(DIALECTS))
def test_fifty_thousand_texts_are_read(text: str, dialect: str) -> None:
    check_model(text, dialect)
    check_script(text, dialect)

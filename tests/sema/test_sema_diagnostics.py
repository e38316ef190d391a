"""Each XF04xx that the binder finds: its place and its next step."""

from __future__ import annotations

import pytest
from lineage_cases import TABLES
from sema_bound import bound, place

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.sema.bind import bind
from xform.sema.facts import Schema
from xform.sql.parse import parse_query

CASES = [
    ("select a,\n  aa from t", "XF0403", (2, 3, 5), "unknown column 'aa'", "did you mean 'a'"),
    ('select a from t where b = "zz"', "XF0403", (1, 27, 31), "'zz'", "single quotes: 'zz'"),
    ("select x.zz from t x", "XF0403", (1, 8, 12), "unknown column 'zz' in 'x'", "k, a, b"),
    ("select a from t where zz > 1", "XF0403", (1, 23, 25), "'zz'", "columns here"),
    ("select (select zz from u) as v from t", "XF0403", (1, 16, 18), "'zz'", "columns here"),
    ("select a from t join u using (a)", "XF0403", (1, 31, 32), "USING (a)", "join with ON"),
    ("select k from t, u", "XF0404", (1, 8, 9), "column 'k' is in 't' and 'u'", "t.k"),
    (
        "select 1 as x from t join u on true join w using (k)",
        "XF0404",
        (1, 51, 52),
        "USING (k)",
        "say which",
    ),
    ("select y.a from t x", "XF0405", (1, 8, 11), "'y' names no relation", "in scope: x"),
    ("select y.* from t x", "XF0405", (1, 8, 11), "'y' names no relation", "in scope: x"),
    ("select x.a", "XF0405", (1, 8, 11), "'x' names no relation", "no FROM"),
    ("select *", "XF0405", (1, 8, 9), "a star without FROM", "add FROM"),
    ("select a, b as a from t", "XF0406", (1, 16, 17), "two output columns", "'a_1'"),
    ("select a, a + 1 from t", "XF0407", (1, 11, 16), "without a name: (a + 1)", "as name"),
    ("select id.* from s", "XF0408", (1, 8, 12), "fields of 'id'", "id.field as field"),
    ("select a from t union select c, d from u", "XF0409", (1, 30, 34), "1 and 2", "BY NAME"),
    ("with c(x, y) as (select a from t) select x from c", "XF0410", (1, 6, 7), "(2) than", "no"),
    ("values (1, 2), (3)", "XF0410", (1, 17, 18), "rows of 1 and 2", "as many values"),
    (
        "with c as (select 1 as x), C as (select 2 as x) select x from c",
        "XF0414",
        (1, 28, 29),
        "two CTEs are called 'c'",
        "another name",
    ),
    ("select columns('zz') from t", "XF0412", (1, 8, 21), "fits 'zz'", "a, b, k"),
    ("select * like 'zz%' from t", "XF0412", (1, 8, 9), "fits 'zz%'", "a, b, k"),
    ("select st.z as p from s", "XF0403", (1, 8, 12), "no field 'z'", "fields here: x, y"),
    ("select s.st.xx from s", "XF0403", (1, 8, 15), "no field 'xx'", "did you mean 'x'"),
    ("select a from t join u using (d)", "XF0403", (1, 31, 32), "'t' has no column 'd'", "ON"),
    ("select p from t as q(p, r, s, x)", "XF0410", (1, 15, 16), "(4) than columns (3)", "no more"),
    ("select a from t group by 2", "XF0411", (1, 26, 27), "position 2", "between 1 and 1"),
    ("select a from t order by 3", "XF0411", (1, 26, 27), "position 3", "column's name"),
    ("select a from t group by rollup (4)", "XF0411", (1, 34, 35), "position 4", "between"),
    ("select #9 as x from t", "XF0411", (1, 8, 10), "#9", "between 1 and 3"),
    ("select * exclude (zz) from t", "XF0412", (1, 8, 9), "EXCLUDE names 'zz'", "a, b, k"),
    ("select * replace (1 as bb) from t", "XF0412", (1, 8, 9), "REPLACE names 'bb'", "'b'"),
    ("select sum(a) over ww as x from t window w as ()", "XF0413", (1, 20, 22), "'ww'", "'w'"),
    ("select 1 as x from t, u as t", "XF0414", (1, 23, 24), "called 't'", "as t_2"),
    ("select * from read_csv('x.csv')", "XF0415", (1, 15, 23), "not declared", "declare a source"),
    ("select a from 'x.csv'", "XF0415", (1, 15, 22), "not declared", "declare a source"),
]


@pytest.mark.parametrize(
    ("sql", "code", "at", "message", "help_"), CASES, ids=[c[0] for c in CASES]
)
def test_diagnostic(
    sql: str, code: str, at: tuple[int, int, int], message: str, help_: str
) -> None:
    _, _, found = bound(sql, TABLES)
    problem = next((item for item in found if item.code == code), None)
    assert problem is not None, [str(item) for item in found]
    span = problem.span
    assert (span.line, span.column, span.end_column) == at, str(problem)
    assert message in problem.message
    assert help_ in problem.help


def with_schema(sql: str, schema: Schema) -> tuple[Diagnostic, ...]:
    """What is said of a query over `m`."""
    unit, _ = parse_query(None, place(sql), sql, "duckdb")
    assert unit is not None
    name = AssetName("m")
    _, found = bind(None, unit, [name] * len(unit.tables), {name: schema}, place(sql))
    return found


@pytest.mark.parametrize("sql", ["select * from m", "select 1 as x from m a natural join m b"])
def test_columns_that_are_not_known(sql: str) -> None:
    (problem,) = with_schema(sql, Schema(None))
    assert problem.code == "XF0408"
    assert "declare its columns" in problem.help


def test_an_unknown_column_of_a_cte_that_recurs() -> None:
    sql = (
        "with recursive r as (select 1 as k union all select n + 1 from r where n < 9)"
        " select n from r"
    )
    found = with_schema(sql, Schema(()))
    assert {item.code for item in found} == {"XF0403"}


def test_nothing_is_said_again_of_a_broken_model() -> None:
    sql = "select zz, m.yy, q.x from m, (select * from m) q where count > 1"
    assert with_schema(sql, Schema(None, broken=True)) == ()


def test_one_fault_is_one_diagnostic() -> None:
    _, _, found = bound("select zz from t order by zz", TABLES)
    assert len({str(item) for item in found}) == len(found)


def test_a_name_that_differs_in_case_only_is_ambiguous_too() -> None:
    sql = "select k from t, u"
    _, _, found = bound(sql, TABLES, "snowflake")
    assert "column 'k' is in 't' and 'u'" in {item.message.lower() for item in found}

"""Which names in a query are tables, which are CTEs, and how tables get other names."""

from __future__ import annotations

import pytest
from lowered import parsed, unit

from xform.base.spans import Span
from xform.sql.splice import splice
from xform.template.rendered import PLACEHOLDER, Reference


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("select 1 as x", []),
        ("select * from t", ["t"]),
        ("select * from s.t, c.s.u", ["s.t", "c.s.u"]),
        ("with t as (select 1 as x) select * from t", []),
        ("with t as (select * from t) select * from t", ["t"]),
        ("with t as (select 1 as x) select * from s.t", ["s.t"]),
        ('with t as (select 1 as x) select * from "T"', []),
        ("with a as (select * from b), b as (select 1 as x) select * from a", ["b"]),
        ("with a as (select 1 as x), b as (select * from a) select * from b", []),
        ("with recursive r as (select 1 as n union all select n + 1 from r) select * from r", []),
        ("with recursive r as (select n from r union all select n + 1 from r) from r", ["r"]),
        ("with recursive a as (select * from b), b as (select 1 as x) from a", ["b"]),
        ("select * from (with t as (select 1 as x) select * from t) q, t", ["t"]),
        ("select (with t as (select 1 as x) select x from t) as y from t", ["t"]),
        ("with t as (select 1 as x) select * from u where exists (select 1 from t)", ["u"]),
        ("with t as (select 1 as x) (select * from t) union all select * from u", ["u"]),
        ("(with t as (select 1 as x) select * from t) union all select * from t", ["t"]),
        ("with t as (select 1 as x) select * from (with u as (select * from t) from u) q", []),
        ("select * from range(3) r, unnest([1]) x, (values (1)) v", []),
        ("select * from t pivot (sum(a) for b in (1, 2))", ["t"]),
        ("pivot t on a using sum(b)", ["t"]),
        ("with c as (select 1 as x) select * from (pivot c on x using count(*))", []),
        ("select a in (select b from u) as x from t", ["t", "u"]),
    ],
)
def test_tables_outside_the_query(sql: str, tables: list[str]) -> None:
    assert [".".join(table.parts) for table in unit(sql).tables] == tables


@pytest.mark.parametrize(
    ("sql", "spliced"),
    [
        ("select a from t;", 'select a from "x" as t'),
        ("select a from t -- end\n;\n-- after", 'select a from "x" as t'),
        ("select q.a from s.t as q", 'select q.a from "x" as q'),
        ("select s.t.a from s.t", 'select t.a from "x" as t'),
        ("select s.t.* from s.t", 'select t.* from "x" as t'),
        ("select s.t.st.f from s.t", 'select t.st.f from "x" as t'),
        ('select a from "T b"', 'select a from "x" as "t b"'),
        ("with t as (select * from t) select * from t",
         'with t as (select * from "x" as t) select * from t'),
        ("select ';' as x from t", "select ';' as x from \"x\" as t"),
    ],
)  # fmt: skip
def test_tables_get_other_names_in_the_text(sql: str, spliced: str) -> None:
    found = unit(sql)
    assert splice(found, sql, ['"x"'] * len(found.tables)).sql == spliced


def test_placeholders_are_tables_whatever_their_name() -> None:
    place = Span("m.sql", 1, 1, 1, 1)
    sql = f"with orders as (select 1 as x) select * from {PLACEHOLDER.format(0)}, orders"
    found, _ = parsed(sql, references=(Reference("ref", ("orders",), place),))
    assert found is not None
    assert [(table.parts, table.reference) for table in found.tables] == [(("orders",), 0)]


def test_names_that_are_functions_elsewhere() -> None:
    sql = "with range(left) as (select 1) select left from range as replace"
    found = unit(sql)
    assert found.tables == ()
    assert unit("select * replace (a + 1 as a) from t as first").tables[0].alias == "first"


def test_a_table_that_a_call_names() -> None:
    sql = "select a from identifier('db.s.t') as x join identifier ( 'u' ) on true"
    found = unit(sql, "snowflake").tables
    assert [(table.parts, sql[table.start : table.end]) for table in found] == [
        (("db", "s", "t"), "identifier('db.s.t')"),
        (("u",), "identifier ( 'u' )"),
    ]


@pytest.mark.parametrize("text", ["''", "'a b'", "'a.b.c.d'", "1"])
def test_a_table_that_no_text_names_is_called_as_it_is_written(text: str) -> None:
    (table,) = unit(f"select a from identifier({text})", "snowflake").tables
    assert table.parts[0].startswith("identifier(")

"""Statements that write, and scripts of several statements."""

from __future__ import annotations

import pytest
from lineage_portable import TABLES

from xform.app.lineage.outside import QueryLineage, lineage_of_sql, named
from xform.app.output.forms import query_lineage_form


def of(sql: str, dialect: str = "duckdb") -> QueryLineage:
    answer = lineage_of_sql(sql, dialect, TABLES)
    assert [str(item) for item in answer.diagnostics] == []
    return answer


@pytest.mark.parametrize(
    ("sql", "dialect", "target"),
    [
        ("select a from t", "duckdb", None),
        ("create table x.y as select a from t", "duckdb", "x.y"),
        ("create view v as select a from t", "postgres", "v"),
        ("insert into w (e) select a from t", "duckdb", "w"),
        ("select a into z from t", "postgres", "z"),
        ("update t set a = 1", "duckdb", "t"),
        ("update x set a = 1 from t x where x.b = 1", "tsql", "t"),
        ("delete x from t x join u on x.k = u.k", "tsql", "t"),
        ("with c as (select a from t where b > 1) delete from c", "tsql", "t"),
        ("with c as (select a from t where b > 1) update c set a = 2", "tsql", "t"),
        ("from t insert into table w (e) select a where b > 1", "hive", "w"),
        ("create materialized view z to y as select k from t", "clickhouse", "y"),
    ],
)
def test_the_target(sql: str, dialect: str, target: str | None) -> None:
    assert of(sql, dialect).target == target


def test_the_form_names_target_and_statements_only_where_there_are_some() -> None:
    assert "target" not in query_lineage_form(of("select a from t"))
    assert "statements" not in query_lineage_form(of("select a from t"))
    form = query_lineage_form(of("create table z as select a from t where b = 1; select a from z"))
    assert form == {
        "version": 1,
        "tables": ["t"],
        "columns": {"a": {"value": [["t", "a"]]}},
        "rows": [["t", "b"]],
        "diagnostics": [],
        "statements": [
            {
                "target": "z",
                "tables": ["t"],
                "columns": {"a": {"value": [["t", "a"]]}},
                "rows": [["t", "b"]],
            },
            {"tables": ["z"], "columns": {"a": {"value": [["z", "a"]]}}, "rows": []},
        ],
    }


def test_a_star_over_a_table_that_the_script_made() -> None:
    answer = of("create temp table z as select a + b as x, k from t; select * from z")
    assert answer.columns == {"x": (("t", "a"), ("t", "b")), "k": (("t", "k"),)}


def test_a_table_that_is_written_twice_holds_both() -> None:
    answer = of(
        "create table z (p int, q int); insert into z select a, b from t;"
        " insert into z (q) select c from u where d = 1; select q from z"
    )
    assert answer.columns == {"q": (("t", "b"), ("u", "c"))}
    assert answer.tables == ("t", "u")
    assert answer.rows == (("u", "d"),)


def test_an_error_in_one_statement_leaves_the_others() -> None:
    answer = lineage_of_sql("select a from t; select from where; select b from t", "duckdb", TABLES)
    assert [item.code for item in answer.diagnostics] == ["XF0301"]
    assert [list(item.columns) for item in answer.statements] == [["a"], [], ["b"]]


def test_statements_that_move_no_values_say_nothing() -> None:
    answer = of("use db; set x = 1; drop table if exists z; truncate table t; select a from t")
    assert list(answer.columns) == ["a"]


def test_what_is_not_looked_into_is_told_of() -> None:
    answer = lineage_of_sql("call p(1)", "snowflake", TABLES)
    assert [item.code for item in answer.diagnostics] == ["XF0304"]
    assert answer.columns == {}


def test_insert_all_writes_several_tables() -> None:
    answer = of(
        "insert all when a > 1 then into w (e) values (b) else into u (c) values (a)"
        " select * from t",
        "snowflake",
    )
    assert [(item.target, item.columns) for item in answer.statements] == [
        ("w", {"e": (("t", "b"),)}),
        ("u", {"c": (("t", "a"),)}),
    ]


def test_merge_with_conditions_and_a_delete() -> None:
    answer = of(
        "merge into t using (select k, c from u where d = 1) s on t.k = s.k"
        " when matched and t.b > 1 then delete when matched then update set a = t.a + s.c",
        "snowflake",
    )
    assert answer.columns == {"a": (("t", "a"), ("u", "c"))}
    assert answer.rows == (("t", "b"), ("t", "k"), ("u", "d"), ("u", "k"))


def test_merge_of_everything_takes_all_columns_of_its_source() -> None:
    answer = of(
        "merge into t using w on t.k = w.k when matched then update set *"
        " when not matched then insert *",
        "databricks",
    )
    assert answer.columns == {"a": (("w", "a"),), "e": (("w", "e"),), "k": (("w", "k"),)}


@pytest.mark.parametrize(
    ("written", "known", "found"),
    [
        ("t", ["t"], ["t"]),
        ("T", ["t"], ["t"]),
        ("T", ["t", "T"], ["T"]),
        ("s.t", ["t"], ["t"]),
        ("s.t", ["t", "s.t"], ["s.t"]),
        ("t", ["s.t"], ["s.t"]),
        ("t", ["s.t", "r.t"], ["s.t", "r.t"]),
        ("d.s.t", ["s.t", "r.t"], ["s.t"]),
        ("s.t", ["r.t"], []),
        ("t", [], []),
    ],
)
def test_which_table_a_name_means(written: str, known: list[str], found: list[str]) -> None:
    assert named(written.split("."), known) == found


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("select explode() as x from t", "duckdb"),
        ("select a from t pivot", "snowflake"),
        ("merge into t using u on t.k = u.k when matched then", "snowflake"),
        ("insert into", "bigquery"),
        ("select * from t array join", "clickhouse"),
        ("update set a = 1", "tsql"),
        ("select a from t limit 1 by", "clickhouse"),
        ("create table", "postgres"),
        (";;", "spark"),
        ("", "trino"),
    ],
)
def test_what_is_broken_is_told_of(sql: str, dialect: str) -> None:
    lineage = lineage_of_sql(sql, dialect, TABLES)
    assert lineage.columns or lineage.diagnostics


def test_a_column_that_several_relations_have_counts_in_each() -> None:
    answer = lineage_of_sql("select k from t, u", "duckdb", TABLES)
    assert [item.code for item in answer.diagnostics] == ["XF0404"]
    assert answer.columns == {"k": (("t", "k"), ("u", "k"))}


@pytest.mark.parametrize("dialect", ["PostgreSQL", "mssql", "SQLServer", "ClickHouse", " Spark "])
def test_dialects_go_by_several_names(dialect: str) -> None:
    assert of("select a from t", dialect).columns == {"a": (("t", "a"),)}


def test_one_from_before_several_inserts() -> None:
    answer = of(
        "from t insert overwrite table w (e) select a where b > 1"
        " insert into u (c) select k group by k",
        "spark",
    )
    assert [(part.target, part.columns, part.rows) for part in answer.statements] == [
        ("w", {"e": (("t", "a"),)}, (("t", "b"),)),
        ("u", {"c": (("t", "k"),)}, (("t", "k"),)),
    ]

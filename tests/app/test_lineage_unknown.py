"""What cannot be resolved is said, and what may count is counted: schemas that are missing,
outputs that cannot be listed."""

from __future__ import annotations

import pytest

from xform.app.lineage.outside import QueryLineage, lineage_of_sql

SCHEMA = {"t": {"k": "int", "a": "int", "st": "struct"}}


def codes(answer: QueryLineage) -> list[str]:
    return [item.code for item in answer.diagnostics]


def value(answer: QueryLineage, column: str) -> set[str]:
    return {".".join(ref) for ref in answer.columns[column]}


def test_a_lone_table_takes_an_unqualified_column() -> None:
    answer = lineage_of_sql("select x, p.y from p where z > 1", "duckdb", {})
    assert (value(answer, "x"), value(answer, "y")) == ({"p.x"}, {"p.y"})
    assert answer.rows == (("p", "z"),)
    assert codes(answer) == []


def test_several_tables_are_all_candidates() -> None:
    answer = lineage_of_sql("select x from p join q on p.id = q.id", "duckdb", {})
    assert value(answer, "x") == {"p.x", "q.x"}
    (said,) = answer.diagnostics
    assert said.code == "XF0450"
    assert "'p' or 'q'" in said.message


def test_a_known_table_without_the_column_is_no_candidate() -> None:
    answer = lineage_of_sql("select x from p join t on p.id = t.k", "duckdb", SCHEMA)
    assert value(answer, "x") == {"p.x"}
    assert codes(answer) == ["XF0416"]


def test_a_qualifier_is_a_relation_around_before_a_struct_within() -> None:
    sql = "select a from t where exists (select 1 from p where p.z = t.k)"
    assert lineage_of_sql(sql, "duckdb", {}).rows == (("p", "z"), ("t", "k"))


def test_an_unqualified_name_within_may_be_of_either() -> None:
    sql = "select t.a from t where exists (select 1 from p where z = k)"
    answer = lineage_of_sql(sql, "duckdb", SCHEMA)
    assert answer.rows == (("p", "k"), ("p", "z"), ("t", "k"))
    assert codes(answer) == ["XF0416", "XF0450"]


@pytest.mark.parametrize(
    ("sql", "others"),
    [
        ("select * from p", {"p.*"}),
        ("select * from p join q on p.id = q.id", {"p.*", "q.*"}),
        ("select st.* from t", {"t.st"}),
        ("pivot t on a using max(k)", {"t.a", "t.k"}),
        ("select * from (select a, p.* from t, p) q", {"p.*"}),
    ],
)
def test_outputs_that_cannot_be_listed_are_taken_together(sql: str, others: set[str]) -> None:
    answer = lineage_of_sql(sql, "duckdb", SCHEMA)
    assert value(answer, "*") == others
    assert {"XF0408", "XF0451"} & set(codes(answer))


def test_a_column_of_a_star_over_several_may_be_of_each() -> None:
    answer = lineage_of_sql("select z.x from (select * from p, q) z", "duckdb", {})
    assert value(answer, "x") == {"p.x", "q.x"}


def test_targets_of_a_star_may_have_any_of_it() -> None:
    answer = lineage_of_sql("insert into w (x, y) select a, p.* from t, p", "duckdb", SCHEMA)
    assert value(answer, "x") == value(answer, "y") == {"t.a", "p.*"}


def test_columns_of_a_table_made_of_a_star_are_followed() -> None:
    script = "create table z as select * from p; select x from z"
    answer = lineage_of_sql(script, "duckdb", {})
    assert value(answer, "x") == {"p.*"}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("insert into w select a, k as x from t", {"a": {"t.a"}, "x": {"t.k"}}),
        (
            "merge into w using t on w.k = t.k when not matched then insert values (t.k, t.a)",
            {"#1": {"t.k"}, "#2": {"t.a"}},
        ),
    ],
)
def test_values_written_by_position_to_an_unknown_table(
    sql: str, columns: dict[str, set[str]]
) -> None:
    answer = lineage_of_sql(sql, "duckdb", {})
    assert {name: value(answer, name) for name in answer.columns} == columns
    assert codes(answer) == ["XF0452"]


def test_a_list_of_columns_leaves_nothing_to_say() -> None:
    assert codes(lineage_of_sql("insert into w (x) select a from t", "duckdb", {})) == []


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("duckdb", "set variable x = (select max(a) from t)"),
        ("tsql", "declare @n int = (select max(a) from t)"),
        ("tsql", "set @n = (select max(a) from t)"),
        ("tsql", "declare c cursor for select a from t"),
        ("postgres", "create function f() returns int language sql as $$ select max(a) from t $$"),
        ("postgres", "do $$ begin insert into t select 1; end $$"),
        ("snowflake", "call p(1)"),
        ("bigquery", "from t |> call f()"),
        ("bigquery", "from t |> aggregate sum(a) as s group by grouping sets (k)"),
        (
            "postgres",
            (
                "with recursive r as (select k from t union all select k from r)"
                " search depth first by k, a set o select * from r"
            ),
        ),
    ],
)
def test_a_statement_that_is_not_looked_into_is_said(dialect: str, sql: str) -> None:
    assert codes(lineage_of_sql(sql, dialect, SCHEMA)) in (["XF0304"], ["XF0301"])

"""Queries of any size and depth have an answer, or a diagnostic that says what is too deep."""

from __future__ import annotations

import msgspec
import pytest

from xform.base.codes import SQL_TOO_DEEP
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.sema.bind import bind
from xform.sema.facts import ModelFacts, Schema, SchemaColumn
from xform.sql.ir import SqlUnit
from xform.sql.limits import DEEPEST
from xform.sql.parse import Place, parse_query

DEEP = 10_000
T = AssetName("main.t")


def parsed(text: str, dialect: str = "duckdb") -> tuple[SqlUnit | None, tuple[Diagnostic, ...]]:
    return parse_query(None, Place("m.sql", lambda: text), text, dialect)


def bound(text: str) -> ModelFacts:
    """Facts of a query over `t(x)`, after its form has been stored and read again."""
    unit, found = parsed(text)
    assert unit is not None, found
    unit = msgspec.msgpack.decode(msgspec.msgpack.encode(unit), type=SqlUnit)
    schema = Schema((SchemaColumn("x", "integer"),))
    place = Place("m.sql", lambda: text)
    facts, found = bind(AssetName("main.m"), unit, [T for _ in unit.tables], {T: schema}, place)
    assert facts is not None, found
    return facts


NESTED = {
    "parentheses": ("select ", "(", "1", ")", " as a"),
    "subqueries": ("select * from ", "(select * from ", "t", ") u", ""),
    "scalar subqueries": ("select ", "(select ", "1", ")", " as a"),
    "relations": ("from ", "(", "t", ")", ""),
    "joins": ("select * from ", "(", "t", " join t u using (x))", ""),
    "exists": ("select 1 as a where ", "exists (select 1 where ", "true", ")", ""),
    "ctes in ctes": ("", "with a as (", "select 1 as a", ") select * from a", ""),
    "case": ("select ", "case when x = 1 then ", "1", " end", " as a from t"),
    "case of case": ("select ", "case ", "x", " when 1 then 2 end", " as a from t"),
    "functions": ("select ", "abs(", "1", ")", " as a"),
    "lambdas": ("select ", "list_transform([1], y -> ", "1", ")", " as a"),
    "structs": ("select ", "{'a': ", "1", "}", " as a"),
    "lists": ("select ", "[", "1", "]", " as a"),
    "types": ("select cast(1 as ", "struct(a ", "int", ")", ") as a"),
    "subscripts": ("select x", "[1]", "", "", " as a from t"),
    "JSON paths": ("select x", "->'a'", "", "", " as a from t"),
    "fields": ("select x", ".a", "", "", " as a from t"),
    "casts": ("select x", "::int", "", "", " as a from t"),
    "not": ("select ", "not ", "x", "", " as a from t"),
    "minus": ("select ", "- ", "x", "", " as a from t"),
    "powers": ("select x", " ** x", "", "", " as a from t"),
    "open parentheses": ("select ", "(", "", "", ""),
    "open brackets": ("select ", "[", "", "", ""),
    "open braces": ("select ", "{", "", "", ""),
}


def nested(shape: str, depth: int) -> str:
    before, opening, middle, closing, after = NESTED[shape]
    return before + opening * depth + middle + closing * depth + after


@pytest.mark.parametrize("shape", NESTED)
def test_a_query_that_is_too_deep_is_told_so(shape: str) -> None:
    unit, found = parsed(nested(shape, DEEP))
    assert unit is None
    assert [d.code for d in found] == [SQL_TOO_DEEP.id]


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "spark", "clickhouse", "trino"])
@pytest.mark.parametrize("shape", ["subqueries", "relations", "subscripts", "case"])
def test_every_dialect_has_the_limit(shape: str, dialect: str) -> None:
    unit, found = parsed(nested(shape, DEEP), dialect)
    assert unit is None
    assert [d.code for d in found] == [SQL_TOO_DEEP.id]


@pytest.mark.parametrize(
    ("opening", "dialect"),
    [
        ("t, lateral (", "duckdb"),
        ("lateral (t, ", "tsql"),
        ("date (", "spark"),
        ("binary (", "mysql"),
    ],
)
def test_brackets_that_are_read_twice_have_a_limit_of_their_own(opening: str, dialect: str) -> None:
    """Forty such levels would keep the parser busy for days."""
    text = "select * from " + opening * 40 + "1" + ")" * 40
    assert [d.code for d in parsed(text, dialect)[1]] == [SQL_TOO_DEEP.id]


def test_laterals_side_by_side_are_not_deep() -> None:
    laterals = "".join(f", lateral (select x + {i} as y) as l{i}" for i in range(40))
    assert bound(f"select t.x from t{laterals}").columns[0].value == ((T, "x"),)


def test_names_that_cannot_be_written_are_made_up() -> None:
    text = "select " + "initcap(" * 9 + "x" + ")" * 9 + " from t"
    assert parsed(text, "postgres")[0] is not None


def test_the_limit_names_the_bracket_that_is_too_deep() -> None:
    text = "select " + "(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1)
    (found,) = parsed(text)[1]
    assert found.span.column == len("select ") + DEEPEST + 1


def test_brackets_side_by_side_are_not_deep() -> None:
    sums = " + ".join(f"(x[{i}][1])" for i in range(2 * DEEPEST))
    assert len(bound(f"select {sums} as a from t").columns) == 1


@pytest.mark.parametrize("operator", ["and", "or", "||", "+", "*"])
def test_long_chains_of_operators_are_bound(operator: str) -> None:
    facts = bound(f"select {f' {operator} '.join(['x'] * 10_000)} as a from t")
    assert facts.columns[0].value == ((T, "x"),)


def test_long_lists_are_bound() -> None:
    numbers = ", ".join(map(str, range(10_000)))
    assert bound(f"select x from t where x in ({numbers})").rows == ((T, "x"),)


def test_ten_thousand_branches_of_a_case_are_bound() -> None:
    branches = " ".join(f"when x = {i} then {i}" for i in range(10_000))
    facts = bound(f"select case {branches} end as a from t")
    assert facts.columns[0].value == ((T, "x"),)


@pytest.mark.parametrize("operator", ["union all", "union", "except all"])
def test_thousands_of_set_operations_are_bound(operator: str) -> None:
    facts = bound(f" {operator} ".join(["select x from t"] * 3_000))
    assert facts.columns[0].value == ((T, "x"),)


def test_thousands_of_ctes_in_a_row_are_bound() -> None:
    links = "".join(f", c{i} as (select x from c{i - 1})" for i in range(1, 10_000))
    facts = bound(f"with c0 as (select x from t){links} select x from c9999")
    assert facts.columns[0].value == ((T, "x"),)


def test_hundreds_of_joins_are_bound() -> None:
    joins = "".join(f" join t t{i} on t.x = t{i}.x" for i in range(500))
    assert len(bound(f"select t.x from t{joins}").columns) == 1


def test_thousands_of_findings_are_each_told() -> None:
    text = "select x" + "".join(f",\n  missing_{i}" for i in range(5_000)) + " from t"
    unit, _ = parsed(text)
    assert unit is not None
    schema = Schema((SchemaColumn("x", "integer"),))
    place = Place("m.sql", lambda: text)
    _, found = bind(AssetName("main.m"), unit, [T], {T: schema}, place)
    assert [d.span.line for d in found] == list(range(2, 5_002))


def test_queries_without_parentheses_in_from_are_lowered_once() -> None:
    """The joins of such a query are its own, not also those of what it stands in."""
    sql = "select * from t, " * 40 + "t"
    found, problems = parsed(sql)
    assert problems == ()
    assert found is not None
    assert len(found.tables) == 41

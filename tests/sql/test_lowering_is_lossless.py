"""What the engine tells apart, the intermediate form tells apart: functions with all their
arguments, the grouping of operators, types. DuckDB itself says what it knows and how it reads."""

from __future__ import annotations

from itertools import product

import duckdb
import pytest
from lowered import expression, parsed, unit

ENGINE = duckdb.connect()
SPECIAL = {"columns", "grouping", "grouping_id"}
"""Functions that are a syntax of their own."""
OPERATORS = (
    "or", "and", "=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from",
    "like", "not like", "ilike", "glob", "similar to", "+", "-", "*", "/", "//", "%", "^", "**",
    "||",
)  # fmt: skip
UNSETTLED = ("->", "->>", "&", "|", "<<", ">>", "<@", "@>", "&&", "^@", "~", "at time zone")


def functions() -> list[tuple[str, int]]:
    """Functions with the numbers of arguments that they take."""
    rows = ENGINE.execute(
        "select distinct function_name, len(parameters), varargs is not null"
        " from duckdb_functions() where function_type in ('scalar', 'aggregate', 'macro')"
        " and regexp_full_match(function_name, '[a-z_][a-z_0-9]*') order by all"
    ).fetchall()
    return [
        (name, number)
        for name, count, more in rows
        if name not in SPECIAL
        for number in range(count, count + (3 if more else 1))
    ]


def test_functions_keep_their_name_and_every_argument() -> None:
    lost = []
    for name, count in functions():
        arguments = [f"c{i}" for i in range(count)]
        text = f"{name}({', '.join(arguments)})"
        if parsed(f"select {text} as v")[0] is None:
            continue  # a word with a syntax of its own
        shape = expression(text)
        if shape != (name, *arguments) and not all(f"'{a}'" in str(shape) for a in arguments):
            lost.append((text, shape))
    assert not lost


def as_duckdb_reads(text: str) -> str | None:
    """The expression with all parentheses that DuckDB sees; None where it is no expression."""
    try:
        row = ENGINE.execute(
            "select json_deserialize_sql(json_serialize_sql(?))", [f"select {text}"]
        ).fetchone()
    except duckdb.Error:
        return None
    return str(row[0]) if row is not None else None


@pytest.mark.parametrize("first", OPERATORS)
def test_settled_operators_are_grouped_as_duckdb_does(first: str) -> None:
    for second in OPERATORS:
        plain = f"x {first} y {second} z"
        left, right = f"(x {first} y) {second} z", f"x {first} (y {second} z)"
        read = as_duckdb_reads(plain)
        if read is None:
            continue
        same = left if read == as_duckdb_reads(left) else right
        assert read == as_duckdb_reads(same)
        assert expression(plain) == expression(same), plain


@pytest.mark.parametrize("prefix", ["not", "-"])
def test_prefixes_are_grouped_as_duckdb_does(prefix: str) -> None:
    for operator in OPERATORS:
        plain = f"{prefix} x {operator} z"
        left, right = f"({prefix} x) {operator} z", f"{prefix} (x {operator} z)"
        read = as_duckdb_reads(plain)
        if read is None:
            continue
        same = left if read == as_duckdb_reads(left) else right
        assert expression(plain) == expression(same), plain


@pytest.mark.parametrize(
    ("first", "second"), [*product(UNSETTLED, OPERATORS), *product(OPERATORS, UNSETTLED)]
)
def test_other_operators_keep_their_parentheses(first: str, second: str) -> None:
    """sqlglot groups some of them otherwise than DuckDB, so no two groupings may become one."""
    texts = [f"x {first} y {second} z", f"(x {first} y) {second} z", f"x {first} (y {second} z)"]
    read = [as_duckdb_reads(text) for text in texts]
    if None in read or any(parsed(f"select {text} as v")[0] is None for text in texts):
        return
    shapes = [(str(expression(text)), unit(f"select {text} as v").whole) for text in texts]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert shapes[one] != shapes[other] or read[one] == read[other], (texts[one], texts[other])


def test_types_that_differ_are_told_apart() -> None:
    rows = ENGINE.execute("select distinct type_name from duckdb_types()").fetchall()
    names = [name for (name,) in rows if str(name).replace("_", "").isalnum()]
    by_form: dict[object, set[str]] = {}
    for name in names:
        try:
            (kind,) = ENGINE.execute(f"select typeof(cast(null as {name}))").fetchone() or ("",)
        except duckdb.Error:
            continue
        if parsed(f"select cast(x as {name}) as v")[0] is not None:
            by_form.setdefault(expression(f"cast(x as {name})"), set()).add(str(kind))
    assert {form: kinds for form, kinds in by_form.items() if len(kinds) > 1} == {}


def test_what_is_not_modelled_is_hashed_whole() -> None:
    for sql in (
        "select * from (pivot t on a using sum(b))",
        "summarize t",
        "select a from t for update",
        "select a <=> b as v from t",
        "select * from t at (version => 3)",
    ):
        assert unit(sql).whole, sql
    for sql in (
        "select a->'x' as v, sum(b) over (order by c rows 1 preceding) as w from t",
        "select date_trunc('day', a) as d, count(*) filter (where b) as n from t group by 1",
        "with c as materialized (select 1 as x) select * exclude (x) from c order by 1 limit 3",
        "select case when a then 1 end as x, b::decimal(10, 2) as y, c[1] as z from t",
    ):
        assert not unit(sql).whole, sql


def test_a_long_chain_of_operators_is_one_node() -> None:
    chain = " or ".join(f"a = {i}" for i in range(3000))
    assert len(expression(chain)) == 3001  # type: ignore[arg-type]

"""Random expressions over columns of every type: what is inferred is what DuckDB has, and what is
refused it refuses."""

from __future__ import annotations

from random import Random

import duckdb
from hypothesis import given
from hypothesis import strategies as st
from typed_engine import COLUMNS, connect, described, findings, inferred

from xform.sema.types.type import is_known

ENGINE = connect()
LEAVES = [*COLUMNS, "1", "0", "1000", "1.5", "'a'", "null", "true", "[1, 2]"]
"""No dates: what is constant and comes to NULL has types of its own kind."""
SHAPES = [
    "{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / {1}", "{0} // {1}", "{0} % {1}", "{0} || {1}",
    "-{0}", "{0} = {1}", "{0} < {1}", "({0} is null)", "{0} and {1}", "not {0}",
    "{0} in ({1}, {2})", "{0} between {1} and {2}", "case when {0} then {1} else {2} end",
    "case when {0} then {1} end", "case {0} when {1} then {2} else {0} end",
    "coalesce({0}, {1})", "coalesce({0}, {1}, {2})", "nullif({0}, {1})", "greatest({0}, {1})",
    "[{0}, {1}]", "[{0}, {1}][1]", "{{'a': {0}, 'b': {1}}}", "({{'a': {0}, 'b': {1}}}).b",
    "struct_extract({{'a': {0}}}, 'a')", "map {{{0}: {1}}}", "list_transform([{0}], lambda x: x)",
    "cast({0} as varchar)", "cast({0} as bigint)",
    "try_cast(concat({0}, s) as date)", "round({0}, 1)",
    "abs({0})", "length({0})", "upper({0})", "concat({0}, {1})", "date_trunc('month', {0})",
    "date_part('year', {0})", "extract(year from {0})", "{0} + interval 1 day",
    "ceil({0})", "floor({0})", "sqrt({0})", "if({0}, {1}, {2})", "list_contains({0}, {1})",
    "{0}[1]", "{0}[1:2]", "list_sort({0})", "substring({0}, 1, 2)", "{0} like {1}",
]  # fmt: skip
OVER_ALL = [
    "sum({0})", "avg({0})", "min({0})", "max({0})", "count({0})", "list({0})", "first({0})",
    "median({0})", "mode({0})", "string_agg({0}, ',')", "arg_max({0}, {1})", "bool_and({0})",
    "quantile_cont({0}, 0.5)", "histogram({0})", "lag({0}) over ()", "sum({0}) over ()",
    "first_value({0}) over ()", "row_number() over (order by {0})",
]  # fmt: skip


def expression(random: Random, depth: int) -> str:
    if depth == 0 or random.random() < 0.2:
        return random.choice(LEAVES)
    parts = [f"({expression(random, depth - 1)})" for _ in range(3)]
    return random.choice(SHAPES).format(*parts)


@given(st.integers(0, 2**32))
def test_what_is_inferred_is_so(seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        text = expression(random, random.choice([1, 1, 2, 2, 3]))
        if random.random() < 0.2:
            other = expression(random, 1)
            text = random.choice(OVER_ALL).format(f"({text})", f"({other})")
        query = f"select {text} as x from t"
        try:
            expected = described(ENGINE, query)
        except duckdb.Error:
            continue
        assert not findings(query), query
        found = inferred(query)
        assert len(found) == len(expected)
        for one, other_ in zip(found, expected, strict=True):
            assert one is other_ or not is_known(one) or not is_known(other_), (
                f"{query}: {one.text}, is {other_.text}"
            )

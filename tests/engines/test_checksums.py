"""Checksums of tables, by every method, on real files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from xform.engines.duckdb import content
from xform.engines.duckdb.engine import DuckDBEngine
from xform.project.checksum import EXACT, Checksum
from xform.run.records import Sums

SumsOf = Callable[..., Sums]

SIX = Checksum(float_digits=6)
TENTH = Checksum(sample=0.1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine(tmp_path / "w.duckdb", root=tmp_path)
    opened.open()
    opened.prepare(())
    yield opened
    opened.close()


@pytest.fixture
def sums(engine: DuckDBEngine) -> SumsOf:
    numbers = count()

    def of(query: str, how: Checksum = EXACT) -> Sums:
        physical = f"t{next(numbers)}"
        with engine.session() as session:
            session.query(f"create table _xform.{physical} as {query}")
            found = session.sums(physical, how)
        assert found is not None
        return found

    return of


def test_a_table_that_is_gone_has_none(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        assert session.sums("gone", EXACT) is None
        assert session.sums("gone", TENTH) is None


WITHIN = [
    "{}::double",
    "{}::float",
    "[1.5::double, {}]",
    "[[{}::double], NULL]",
    "array_value({}::double, 2.5)",
    "{{'a': {}::double, 'b c': 'x'}}",
    "{{'a': {{'b': [{}::double]}}}}",
    "map {{'a': {}::double}}",
    "map {{{}::double: 'a'}}",
    "map {{'k': {{'a': {}::double}}}}",
    "[map {{'k': {}::double}}]",
    "cast(union_value(n := {}::double) as union(n double, s varchar))",
    "{{'u': cast(union_value(n := {}::double) as union(n double, s varchar))}}",
]


@pytest.mark.parametrize("within", WITHIN)
def test_floats_are_rounded_wherever_they_are(sums: SumsOf, within: str) -> None:
    def of(value: str, how: Checksum) -> Sums:
        return sums(f"select 1 as id, {within.format(value)} as v", how)

    one, near, far = "0.25", "(0.25 + 1e-7)", "(0.25 + 1e-3)"
    assert of(one, EXACT) != of(near, EXACT)
    assert of(one, SIX) == of(near, SIX)
    assert of(one, SIX) != of(far, SIX)
    assert of(one, SIX).how == SIX
    assert of("0.0", SIX) == of("-0.0::double", SIX) == of("-1e-9::double", SIX)
    assert of("0.0", EXACT) != of("-0.0::double", EXACT)
    nan = "'nan'::double"
    assert of(nan, SIX) == of(f"(-({nan}))", SIX)
    others = ["0.0", "'inf'::double", "'-inf'::double", *(["NULL"] if "{{{}" not in within else [])]
    known = [of(value, SIX) for value in (nan, *others)]  # no key of a map is NULL
    assert len({found.content for found in known}) == len(known)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NULL::struct(a double)", "{'a': NULL::double}"),
        ("NULL::double[]", "[]::double[]"),
        ("[NULL::double]", "[]::double[]"),
        ("[1.5::double, 2.5]", "[2.5::double, 1.5]"),
        ("{'a': 1.5::double, 'b': 'x'}", "{'a': 1.5::double, 'b': 'y'}"),
        ("map {'a': 1.5::double}", "map {'b': 1.5::double}"),
        ("NULL::map(varchar, double)", "map([]::varchar[], []::double[])"),
        (
            "cast(union_value(n := 1.5::double) as union(n double, m double))",
            "cast(union_value(m := 1.5::double) as union(n double, m double))",
        ),
        (
            "NULL::union(n double, m double)",
            "cast(union_value(n := NULL::double) as union(n double, m double))",
        ),
        ("1.5::double", "1.5::float"),
    ],
)
def test_nothing_else_is_lost_by_rounding(sums: SumsOf, one: str, other: str) -> None:
    assert sums(f"select {one} as v", SIX).content != sums(f"select {other} as v", SIX).content


def test_names_with_quotes_in_nested_values_are_read(sums: SumsOf) -> None:
    def of(value: str) -> Sums:
        field, column = '"it\'s ""x"""', '"a ""b"""'
        return sums(f"select struct_pack({field} := {value}::double) as {column}", SIX)

    assert of("0.25") == of("0.25000001") != of("0.5")


def test_large_numbers_have_no_digits_to_lose(sums: SumsOf) -> None:
    def of(value: str, digits: int) -> Sums:
        return sums(f"select {value}::double as v", Checksum(float_digits=digits))

    assert of("1e300", 15) == of("1e300", 15) != of("1.0000000000000002e300", 15)
    assert of("123456789012345.67", 6) != of("123456789012345.69", 6)
    assert of("2.4", 0) == of("1.6", 0) != of("2.6", 0)


def test_without_floats_rounding_is_no_method_of_its_own(sums: SumsOf) -> None:
    query = "select 1 as id, 'FLOAT' as x, cast('b' as enum('b', 'DOUBLE')) as e, 1.5 as d"
    assert sums(query, SIX) == sums(query)


def test_order_counts_apart(sums: SumsOf) -> None:
    one, other = (
        sums(f"select range as i, range / 7 as x from range(100) order by i {way}", SIX)
        for way in ("asc", "desc")
    )
    assert one.content == other.content
    assert one.in_order != other.in_order


def table(rows: int = 200_000, value: str = "i * 3") -> str:
    return f"select i, {value} as x from range({rows}) as numbers(i)"


def test_a_sample_is_the_same_each_time_and_in_any_order(sums: SumsOf) -> None:
    found = sums(table(), TENTH)
    assert found.how == TENTH
    assert sums(table(), TENTH) == found
    assert sums(table() + " order by hash(i)", TENTH).content == found.content


def test_a_sample_sees_differences_in_proportion(sums: SumsOf) -> None:
    plain = sums(table(), TENTH)
    seen = sum(
        sums(table(value=f"i * 3 + case when i = {at} then 1 else 0 end"), TENTH) != plain
        for at in range(0, 200_000, 2_000)
    )
    assert 0 < seen < 50, "each of 100 differences has a chance of 19% to be seen"
    assert sums(table(value="i * 3 + case when i < 2000 then 1 else 0 end"), TENTH) != plain


def test_the_number_of_rows_counts_in_full(sums: SumsOf) -> None:
    assert sums(table(200_001), TENTH).content != sums(table(), TENTH).content
    few = [sums(f"select 0 as i from range({rows})", TENTH) for rows in (200_000, 200_001)]
    assert few[0].content != few[1].content


def test_a_small_table_is_looked_at_as_a_whole(sums: SumsOf) -> None:
    assert sums(table(1000), TENTH) == sums(table(1000))
    assert sums(table(10 * content.LEAST), TENTH).how == TENTH
    assert sums("select 1 as i where false", TENTH).how == EXACT


def test_the_sample_is_of_what_is_rounded(sums: SumsOf) -> None:
    how = Checksum(0.1, 6)
    one = sums(table(value="i::double / 8"), how)
    assert one.how == how
    assert sums(table(value="i::double / 8 + 1e-8"), how) == one
    assert sums(table(value="i::double / 8 + 1e-4"), how) != one

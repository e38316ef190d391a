"""Every kind of test as a query, run on DuckDB against what it must find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xform.base.names import AssetName
from xform.base.spans import Span
from xform.checks.declared import digest_of
from xform.checks.outcome import judge
from xform.checks.queries import audits_of
from xform.plan.audits import Audit, question, width
from xform.project import assets
from xform.project.assets import Asset, Kind, Language

ORDERS, PLANES = AssetName("staging.orders"), AssetName("staging.planes")
PHYSICAL = {ORDERS: '"_xform"."staging__orders__1"', PLANES: '"_xform"."planes"'}
AT = Span("models/staging/orders.sql", 3, 7, 3, 15)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema _xform")
        yield connection


def quote(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def resolve(written: str) -> AssetName | None:
    return {"planes": PLANES, "staging.planes": PLANES, "orders": ORDERS}.get(written)


def spec(kind: str, *columns: str, **more: Any) -> assets.TestSpec:
    known = {key: more.pop(key) for key in ("severity", "where", "name") if key in more}
    return assets.TestSpec(assets.TestKind(kind), columns, AT, more, **known)


def asset_with(*specs: assets.TestSpec) -> Asset:
    return Asset(ORDERS, Kind.TABLE, Language.SQL, AT.path, AT, tests=specs)


def audit(one: assets.TestSpec) -> Audit:
    (made,), diagnostics = audits_of(asset_with(one), PHYSICAL, resolve, quote)
    assert diagnostics == []
    return made


def failures(warehouse: duckdb.DuckDBPyConnection, rows: str, one: assets.TestSpec) -> int:
    """What the test yields over a query's rows."""
    warehouse.execute(f"create or replace table {PHYSICAL[ORDERS]} as {rows}")
    made = audit(one)
    (numbers,) = warehouse.execute(question([made])).fetchall()
    return judge(made, numbers).failures


def values(*listed: str) -> str:
    """Rows of one column `x`."""
    return f"select * from (values {', '.join(f'({each})' for each in listed)}) as v(x)"


PAIRS = "select * from (values (1, 'a'), (1, 'a'), (1, 'b'), (null, 'a'), (null, 'a')) as v(x, y)"


@pytest.mark.parametrize(
    ("rows", "one", "expected"),
    [
        (values("1", "null", "null"), spec("not_null", "x"), 2),
        (values("1"), spec("not_null", "x"), 0),
        (PAIRS, spec("not_null", "x", "y"), 2),
        (values("1", "1", "1", "2", "2", "3"), spec("unique", "x"), 3),
        (values("1", "null", "null"), spec("unique", "x"), 0),
        (PAIRS, spec("unique", "x", "y"), 1),
        (PAIRS, spec("unique", "y"), 3),
        ("select 1 as x limit 0", spec("unique", "x"), 0),
        (values("'a'", "'b'", "null"), spec("accepted_values", "x", values=["a"]), 1),
        (values("1", "2", "null"), spec("accepted_values", "x", values=[1]), 1),
        (values("1.50", "2"), spec("accepted_values", "x", values=[1.5, 2]), 0),
        (values("0.1::float"), spec("accepted_values", "x", values=[0.1]), 0),
        (values("true", "false", "null"), spec("accepted_values", "x", values=[True]), 1),
        (values("1", "5"), spec("accepted_values", "x", values=[True]), 2),
        (values("'abc'", "'1'", "'1.0'"), spec("accepted_values", "x", values=[1]), 1),
        (values("'abc'", "'TRUE'"), spec("accepted_values", "x", values=[True]), 1),
        (values("1", "2"), spec("accepted_values", "x", values=["1"]), 1),
        (values("'1'", "'a'"), spec("accepted_values", "x", values=[1, "a", False]), 0),
        (
            values("9007199254740993", "9007199254740992"),
            spec("accepted_values", "x", values=[9007199254740993]),
            1,
        ),
        (
            values("date '2013-01-01'", "date '2013-01-02'"),
            spec("accepted_values", "x", values=[date(2013, 1, 1)]),
            1,
        ),
        (
            values("timestamptz '2013-01-01 01:00:00+01'"),
            spec("accepted_values", "x", values=[datetime(2013, 1, 1, tzinfo=UTC)]),
            0,
        ),
        (
            values("date '2013-01-01'", "date '2013-01-02'"),
            spec("accepted_values", "x", values=["2013-01-01"]),
            1,
        ),
        (values("-1", "0", "5", "10", "11", "null"), spec("range", "x", min=0, max=10), 2),
        (values("-1", "0"), spec("range", "x", min=0), 1),
        (values("0.1::float", "0.2::float"), spec("range", "x", max=0.1), 1),
        (values("1.001::decimal(9,3)"), spec("range", "x", max=1), 1),
        (values("-6", "-5"), spec("range", "x", min=-5, max=-5), 1),
        (values("1e300", "'inf'::double"), spec("range", "x", max=float("inf")), 0),
        (
            values("date '2012-12-31'", "date '2013-12-31'", "date '2014-01-01'"),
            spec("range", "x", min="2013-01-01", max="2013-12-31"),
            2,
        ),
        (
            values("timestamp '2013-12-31 00:00:00'", "timestamp '2013-12-31 00:00:01'"),
            spec("range", "x", max=date(2013, 12, 31)),
            1,
        ),
        (
            values("timestamp '2013-12-31 10:00:00'", "timestamp '2013-12-31 10:00:01'"),
            spec("range", "x", max=datetime(2013, 12, 31, 10)),  # noqa: DTZ001
            1,
        ),
        (values("'2013-05-01'", "'2014'"), spec("range", "x", max=date(2013, 12, 31)), 1),
        (values("1", "2", "3"), spec("row_count", min=3), 0),
        (values("1", "2", "3"), spec("row_count", min=5), 2),
        (values("1", "2", "3"), spec("row_count", max=1), 2),
        (values("1", "2", "3"), spec("row_count", min=1, max=3), 0),
        (values("1", "2", "3"), spec("row_count", min=4, max=9), 1),
        ("select 1 as x limit 0", spec("row_count", min=1), 1),
        (values("1", "null", "null"), spec("not_null", "x", where="x is not null"), 0),
        (values("1", "2"), spec("range", "x", max=0, where="x = 1 or x = 2"), 2),
        (values("1", "2"), spec("range", "x", max=0, where="x = 1 -- the first"), 1),
        (values("1", "2"), spec("row_count", max=0, where="x > 1"), 1),
    ],
)
def test_counts(
    warehouse: duckdb.DuckDBPyConnection, rows: str, one: assets.TestSpec, expected: int
) -> None:
    assert failures(warehouse, rows, one) == expected


def test_relationships(warehouse: duckdb.DuckDBPyConnection) -> None:
    partners = values("'N1'", "null")
    warehouse.execute(f"create or replace table {PHYSICAL[PLANES]} as {partners}")
    rows = values("'N1'", "'N2'", "'N2'", "null")
    assert failures(warehouse, rows, spec("relationships", "x", to="planes", field="x")) == 2
    assert failures(warehouse, rows, spec("relationships", "x", to="planes")) == 2


def test_relationships_with_the_asset_itself(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = "select * from (values (1, null), (2, 1), (3, 9)) as v(id, parent)"
    one = spec("relationships", "parent", to="orders", field="id")
    assert failures(warehouse, rows, one) == 1


@pytest.mark.parametrize(
    "column", ["order", "unit price", 'a"b', "_tested", "copies", "ünï", "Select", "semi;colon--"]
)
def test_any_column_name_works(warehouse: duckdb.DuckDBPyConnection, column: str) -> None:
    rows = f"select null::integer as {quote(column)} union all select 1 union all select 1"
    warehouse.execute(f"create or replace table {PHYSICAL[PLANES]} as {rows}")
    for kind, more, expected in (
        ("not_null", {}, 1),
        ("unique", {}, 1),
        ("accepted_values", {"values": [2]}, 2),
        ("range", {"min": 2}, 2),
        ("relationships", {"to": "planes", "field": column}, 0),
    ):
        assert failures(warehouse, rows, spec(kind, column, **more)) == expected


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(TEXT | st.sampled_from(["'", "''", "\\", "\\'", "'; drop table x; --", "$$", "\n", "{x}"]))
def test_any_text_is_accepted_as_itself_only(text: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema _xform")
        connection.execute(f"create table {PHYSICAL[ORDERS]} (x varchar)")
        connection.execute(f"insert into {PHYSICAL[ORDERS]} values (?), (?)", [text, text + "'"])
        sql = question([audit(spec("accepted_values", "x", values=[text]))])
        assert connection.execute(sql).fetchone() == (1,)
        sql = question([audit(spec("range", "x", min=text, max=text))])
        assert connection.execute(sql).fetchone() == (1,)


@given(
    st.integers(-(2**63), 2**63 - 1).map(lambda value: ("bigint", value))
    | st.floats(allow_nan=False).map(lambda value: ("double", value))
    | st.booleans().map(lambda value: ("boolean", value))
    | st.dates().map(lambda value: ("date", value))
    | st.datetimes().map(lambda value: ("timestamp", value))
)
def test_any_value_is_accepted_and_in_its_own_range(typed: tuple[str, Any]) -> None:
    kind, value = typed
    with duckdb.connect() as connection:
        connection.execute("create schema _xform")
        connection.execute(f"create table {PHYSICAL[ORDERS]} (x {kind})")
        connection.execute(f"insert into {PHYSICAL[ORDERS]} values (?)", [value])
        sql = question([audit(spec("accepted_values", "x", values=[value]))])
        assert connection.execute(sql).fetchone() == (0,)
        if kind != "boolean":
            sql = question([audit(spec("range", "x", min=value, max=value))])
            assert connection.execute(sql).fetchone() == (0,)


@pytest.mark.parametrize(
    ("one", "code", "words"),
    [
        (spec("relationships", "x", to="plains"), "XF0801", "'plains', which is no asset"),
        (spec("relationships", "x", "y", to="planes"), "XF0803", "exactly one column"),
        (spec("accepted_values", "x", values=[["a"]]), "XF0803", "cannot be compared"),
        (spec("accepted_values", "x", values=["a\0b"]), "XF0803", "cannot be compared"),
        (spec("accepted_values", "x", values=["\ud800"]), "XF0803", "cannot be compared"),
        (spec("accepted_values", "x", values=[None]), "XF0803", "accepts no value"),
        (spec("accepted_values", values=[1]), "XF0803", "names no column"),
        (spec("range", "x"), "XF0803", "has no bound"),
        (spec("range", "x", min=2, max=1), "XF0803", "'min' 2 is above 'max' 1"),
        (spec("range", "x", min=True), "XF0803", "'min' cannot be True"),
        (spec("row_count"), "XF0803", "has no bound"),
        (spec("row_count", min=1.5), "XF0803", "whole number"),
        (spec("row_count", min=2, max=1), "XF0803", "above"),
    ],
)
def test_what_cannot_be_a_query_is_diagnosed(one: assets.TestSpec, code: str, words: str) -> None:
    audits, (diagnostic,) = audits_of(
        asset_with(one, spec("not_null", "x")), PHYSICAL, resolve, quote
    )
    assert [each.name for each in audits] == ["not_null_staging_orders_x"]
    assert diagnostic.code == code
    assert words in diagnostic.message
    assert diagnostic.span == AT


def test_nothing_is_stored_of_what_is_tested() -> None:
    one = spec("relationships", "x", to="planes")
    _, (own,) = audits_of(asset_with(one), {}, resolve, quote)
    assert own.code == "XF0802"
    assert "reads staging.orders, of which nothing is stored" in own.message
    _, (other,) = audits_of(asset_with(one), {ORDERS: "o"}, resolve, quote)
    assert "reads staging.planes, of which nothing is stored" in other.message


def digest(*specs: assets.TestSpec) -> str:
    return digest_of(asset_with(*specs))


def test_the_digest_is_of_what_is_tested() -> None:
    unique, filled = spec("unique", "x"), spec("not_null", "x")
    base = digest(unique, filled)
    assert digest(filled, unique) == base
    assert digest(spec("unique", "x", name="mine"), filled, filled) == base
    assert digest(unique) != base
    assert digest() == ""
    assert digest(unique, spec("not_null", "x", severity="warn")) != base
    assert digest(unique, spec("not_null", "x", where="x > 1")) != base
    assert digest(unique, spec("not_null", "y")) != base


def numbers(warehouse: duckdb.DuckDBPyConnection, rows: str, one: assets.TestSpec) -> list[Any]:
    warehouse.execute(f"create or replace table {PHYSICAL[ORDERS]} as {rows}")
    (found,) = warehouse.execute(question([audit(one)])).fetchall()
    return list(found)


@pytest.mark.parametrize(
    ("rows", "one", "expected"),
    [
        (values("'a1'", "'b'", "null"), spec("regex", "x", pattern="^[a-z]$"), 1),
        (values("12", "123"), spec("regex", "x", pattern=r"^\d{2}$"), 1),
        (values("'{0}'", "'x'"), spec("regex", "x", pattern="[{]0[}]"), 1),
        (values("1", "2", "null"), spec("expression", expression="x < 2 -- small"), 1),
        (values("1", "2"), spec("expression", expression="x < 2", where="x <> 2"), 0),
        (
            values("'a'", "'1'"),
            spec("expression", expression="cast(x as int) = 2", where="x <> 'a'"),
            1,
        ),
        (values("1", "1", "2", "2"), spec("unique", "x", where="x > 1"), 1),
        (PAIRS, spec("unique", "x", "y", where="y = 'b'"), 0),
    ],
)
def test_counts_of_more_kinds(
    warehouse: duckdb.DuckDBPyConnection, rows: str, one: assets.TestSpec, expected: int
) -> None:
    assert failures(warehouse, rows, one) == expected


def test_ages_and_statistics(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = "select now()::timestamp - interval 1 hour as x union all select timestamp '2001-01-01'"
    (age,) = numbers(warehouse, rows, spec("freshness", "x", max_age=60.0))
    assert 3599 < age < 3700
    assert numbers(warehouse, f"from ({rows}) limit 0", spec("freshness", "x")) == [None]
    one = spec("recency", "x", max_age=7200.0, group_by=["g"])
    grouped = f"select x, x > '2002-01-01' as g from ({rows})"
    assert numbers(warehouse, grouped, one) == [1]
    one = spec("drift", "x", mean=1.0, null_share=1.0, distinct_share=1.0)
    assert numbers(warehouse, values("1", "1", "4", "null"), one) == [2.0, 0.25, 2 / 3]
    assert numbers(warehouse, "select 1 as x limit 0", one) == [None, None, None]
    one = spec("drift", "x", mean=1.0, distinct_share=1.0, where="x > 1")
    assert numbers(warehouse, values("1", "3", "5", "null"), one) == [4.0, 1.0]


EVERY = (
    spec("not_null", "x"),
    spec("unique", "x"),
    spec("unique", "x", "y"),
    spec("accepted_values", "y", values=["a"]),
    spec("range", "x", min=2, where="y = 'b'"),
    spec("regex", "y", pattern="a"),
    spec("expression", expression="x = 1"),
    spec("relationships", "x", to="planes", field="x"),
    spec("row_count", min=9),
    spec("row_count", min=9, where="x = 1"),
    spec("drift", "x", mean=1.0, null_share=1.0),
)


def test_all_at_once_is_as_one_by_one(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute(f"create or replace table {PHYSICAL[PLANES]} as select 1 as x where false")
    warehouse.execute(f"create or replace table {PHYSICAL[ORDERS]} as {PAIRS}")
    audits, problems = audits_of(asset_with(*EVERY), PHYSICAL, resolve, quote)
    assert problems == []
    (together,) = warehouse.execute(question(audits)).fetchall()
    alone = [
        number
        for one in audits
        for row in warehouse.execute(question([one])).fetchall()
        for number in row
    ]
    assert list(together) == alone
    assert len(together) == sum(map(width, audits)) == len(EVERY) + 1


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.kind} {one.where or ''}")
def test_bad_rows_are_those_that_are_counted(
    warehouse: duckdb.DuckDBPyConnection, one: assets.TestSpec
) -> None:
    warehouse.execute(f"create or replace table {PHYSICAL[PLANES]} as select 2 as x")
    warehouse.execute(f"create or replace table {PHYSICAL[ORDERS]} as {PAIRS}")
    made = audit(one)
    if not made.bad:
        assert one.kind in ("row_count", "drift")
        return
    found = len(warehouse.execute(made.bad).fetchall())
    ((count,),) = warehouse.execute(question([made])).fetchall()
    # Of what is repeated all rows are shown, of which one might stay.
    assert found == (count + 1 if one.kind == "unique" and count else count)

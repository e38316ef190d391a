"""The parts of unit tests: CSV, values and their types, the clock, rows compared."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xform.base.spans import file_span
from xform.checks.unit.cases import Filled
from xform.checks.unit.clock import frozen
from xform.checks.unit.comparing import difference
from xform.checks.unit.csv import read_csv
from xform.checks.unit.fitting import fits
from xform.checks.unit.sql import given_query
from xform.plan.cells import Row
from xform.project.unit_tests import Cell
from xform.sema.facts import SchemaColumn
from xform.sema.types.type import read


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("a,b\n1,2\n", [(1, ("a", "b")), (2, ("1", "2"))]),
        ("a,b\r\n1,2", [(1, ("a", "b")), (2, ("1", "2"))]),
        (" a , b\n", [(1, ("a", "b"))]),
        (',""\n', [(1, (None, ""))]),
        ('"a ""b"", c" ,d', [(1, ('a "b", c', "d"))]),
        ('"a\nb",c\n\nd,e', [(1, ("a\nb", "c")), (4, ("d", "e"))]),
        ("a,", [(1, ("a", None))]),
        ("", []),
        ("\n\n", []),
    ],
)
def test_csv(text: str, records: list[tuple[int, tuple[str | None, ...]]]) -> None:
    found, wrong = read_csv(text)
    assert wrong is None
    assert [tuple(record) for record in found] == records


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('a\n"b', 2, "a quote is not closed"),
        ('a\n"b"c', 2, "text behind a closing quote"),
    ],
)
def test_csv_that_is_none(text: str, line: int, message: str) -> None:
    assert read_csv(text)[1] == (line, message)


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.text('a",\n\r x', min_size=1)), min_size=2, max_size=3),
        max_size=5,
    )
)
def test_csv_there_and_back(rows: list[list[str | None]]) -> None:
    quoted = [
        ",".join("" if field is None else '"' + field.replace('"', '""') + '"' for field in row)
        for row in rows
    ]
    found, wrong = read_csv("\n".join(quoted))
    assert wrong is None
    assert [list(record.fields) for record in found] == rows


VALUES: list[tuple[str, list[Any], list[Any]]] = [
    ("integer", [1, "-7", 2.0, None], [1.5, "1.5", 2**31, True, "x", [1]]),
    ("utinyint", [0, 255], [-1, 256]),
    ("decimal(4,2)", [1, 12.25, "-99.99", "1e1"], [100, 1.234, "x", True, float("inf")]),
    ("double", [1, 1.5, "1e9", "-inf", "NaN"], ["x", True, "1,5"]),
    ("boolean", [True, "false", 0, 1], ["maybe", 2]),
    (
        "date",
        ["2024-01-31", "2024-01-31 00:00:00", "infinity"],
        ["2024-01-32", 7, "2024-01-01 9:00"],
    ),
    ("timestamp", ["2024-01-31", "2024-01-31 09:30:00.5"], ["2024-02-30 00:00:00", 7, "7"]),
    ("varchar", ["x", 1, True], [["x"], {"a": 1}]),
    ("uuid", ["00000000-0000-0000-0000-000000000001"], ["x"]),
    ("integer[]", [[], [1, None], "[1, 2]"], [["x"], 7, {"a": 1}]),
    ("struct(a integer)", [{"a": 1}, {"A": None}], [{"b": 1}, {"a": "x"}, [1]]),
    ("map(varchar, integer)", [{"a": 1}], [{"a": "x"}, [1]]),
    ("enum('a', 'b')", ["a"], ["c"]),
    ("json", [{"a": [1]}, [1], 1, "x"], []),
    ("interval", ["1 day"], [7]),
]


@pytest.mark.parametrize(("kind", "fitting", "not_fitting"), VALUES)
def test_values_and_types(kind: str, fitting: list[Any], not_fitting: list[Any]) -> None:
    type_ = read(kind)
    assert [value for value in fitting if not fits(value, type_)] == []
    assert [value for value in not_fitting if fits(value, type_)] == []


@pytest.mark.parametrize(("kind", "fitting"), [(kind, good) for kind, good, _ in VALUES])
def test_values_that_fit_are_taken_by_the_engine(kind: str, fitting: list[Any]) -> None:
    rows = tuple((Cell(value, file_span("x")),) for value in fitting if value != "x")
    columns = [SchemaColumn("v", kind), SchemaColumn("other", "date")]
    sql = given_query(columns, Filled(("V",), rows))
    with duckdb.connect() as connection:
        found = connection.execute(sql)
        assert [column[0] for column in found.description or ()] == ["v", "other"]
        assert len(found.fetchall()) == len(rows)
        empty = connection.execute(given_query(columns, None))
        assert [str(column[1]) for column in empty.description or ()][1] == "DATE"


TIME = "2024-02-29 12:30:00"


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("now()", "'2024-02-29 12:30:00' as timestamp with time zone"),
        ("NOW ( )", "'2024-02-29 12:30:00' as timestamp with time zone"),
        ("current_timestamp", "'2024-02-29 12:30:00' as timestamp with time zone"),
        ("current_timestamp(3)", "'2024-02-29 12:30:00' as timestamp with time zone"),
        ("localtimestamp", "'2024-02-29 12:30:00' as timestamp"),
        ("current_date", "'2024-02-29' as date"),
        ("today()", "'2024-02-29' as date"),
        ("current_time", "'12:30:00' as time"),
    ],
)
def test_the_clock_is_set(sql: str, value: str) -> None:
    assert frozen(f"select {sql}, 1", TIME) == f"select cast({value}), 1"


@pytest.mark.parametrize(
    "sql",
    [
        "select today from t",
        "select t.current_date, 1 as now",
        "select 'now()', \"today()\", $$now()$$, $a$ today() $a$",
        "select 1 -- now()\n, 2 /* today()\n */",
        "select nowhere(), now_(), 'it''s now()'",
    ],
)
def test_what_is_no_clock_stays(sql: str) -> None:
    assert frozen(sql, TIME) == sql


def rows(text: str) -> list[Row]:
    return [
        tuple(None if cell == "~" else cell for cell in line.split()) for line in text.split("|")
    ]


COLUMNS = (("k", "varchar"), ("v", "integer"))
FLOATS = (("k", "varchar"), ("v", "double"))


def test_rows_in_any_order_are_equal() -> None:
    assert difference(COLUMNS, rows("a 1|b ~|b ~"), rows("b ~|a 1|b ~")) is None
    assert difference(COLUMNS, rows("a 1|b 2"), rows("b 2|a 1"), ordered=True) is not None


def test_rows_count_as_often_as_they_come() -> None:
    found = difference(COLUMNS, rows("a 1|a 1"), rows("a 1"))
    assert found is not None
    assert found.message == "1 row is missing (of 2 expected)"


def test_null_is_not_nothing() -> None:
    found = difference(COLUMNS, rows("a ~"), [("a", "")])
    assert found is not None
    assert [change.differ for change in found.changes] == [(1,)]


@pytest.mark.parametrize(
    ("expected", "actual", "tolerance", "equal"),
    [
        ("0.1", "0.1000000000001", None, True),
        ("0.1", "0.11", None, False),
        ("0.1", "0.11", 0.02, True),
        ("nan", "nan", None, True),
        ("nan", "1", 9.0, False),
        ("inf", "inf", None, True),
        ("~", "0", 9.0, False),
    ],
)
def test_floating_point(expected: str, actual: str, tolerance: float | None, equal: bool) -> None:
    found = difference(FLOATS, rows(f"a {expected}"), rows(f"a {actual}"), tolerance=tolerance)
    assert (found is None) == equal


def test_whole_numbers_have_no_tolerance() -> None:
    assert difference(COLUMNS, rows("a 1"), rows("a 2"), tolerance=5) is not None


def test_rows_are_put_together_by_key_before_likeness() -> None:
    columns = (("k", "varchar"), ("v", "integer"), ("w", "integer"))
    expected, actual = rows("a 1 1|b 2 2"), rows("a 2 2|c 1 1")
    found = difference(columns, expected, actual, keys=(0,))
    assert found is not None
    assert [(c.expected, c.actual) for c in found.changes] == [
        (expected[0], actual[0]),
        (expected[1], None),
        (None, actual[1]),
    ]
    found = difference(columns, expected, actual)
    assert found is not None
    assert [(c.expected, c.actual) for c in found.changes] == [
        (expected[0], actual[1]),
        (expected[1], actual[0]),
    ]


ROW = st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["1", "2", None]))


@given(st.lists(ROW, max_size=6), st.lists(ROW, max_size=6))
def test_differences_account_for_every_row(expected: list[Row], actual: list[Row]) -> None:
    found = difference(COLUMNS, expected, actual)
    assert (found is None) == (sorted(expected, key=str) == sorted(actual, key=str))
    if found is not None:
        wanted = [change for change in found.changes if change.expected is not None]
        came = [change for change in found.changes if change.actual is not None]
        assert found.equal + len(wanted) == len(expected)
        assert found.equal + len(came) == len(actual)
        assert all(c.differ for c in found.changes if c.expected and c.actual)

"""Rows as a table: exactly what is printed."""

from __future__ import annotations

import datetime
import decimal
from textwrap import dedent
from typing import Any

import pytest

from xform.console.paint import plain
from xform.console.tables import table_lines
from xform.console.terminal import Surface
from xform.run.ports import QueryResult

RESULT = QueryResult(
    (
        ("flight_date", "DATE"),
        ("carrier", "VARCHAR"),
        ("flights", "BIGINT"),
        ("share", "DOUBLE"),
        ("note", "VARCHAR"),
        ("tags", "INTEGER[]"),
    ),
    [
        (datetime.date(2013, 1, 1), "UA", 165, 0.5, "a note that goes on and on and on", [1, 2]),
        (None, None, None, None, None, None),
        (datetime.date(2013, 1, 2), "日本語", 80789, 12.25, "two\nlines", []),
    ],
)


def shown(result: QueryResult, width: int, total: int | None = None) -> str:
    rows = table_lines(result, Surface(width=width), total=total)
    return "\n".join(map(plain, rows)) + "\n"


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_all_columns_where_they_fit() -> None:
    assert shown(RESULT, 200) == expected("""
        flight_date  carrier  flights   share  note                               tags
        date         varchar   bigint  double  varchar                            integer[]
        ───────────  ───────  ───────  ──────  ─────────────────────────────────  ─────────
        2013-01-01   UA           165     0.5  a note that goes on and on and on  [1, 2]
        NULL         NULL        NULL    NULL  NULL                               NULL
        2013-01-02   日本語     80789   12.25  two\\nlines                         []
        3 rows
    """)


def test_long_values_are_cut_before_columns_go() -> None:
    assert shown(RESULT, 80, total=80789) == expected("""
        flight_date  carrier  flights   share  note                      tags
        date         varchar   bigint  double  varchar                   integer[]
        ───────────  ───────  ───────  ──────  ────────────────────────  ─────────
        2013-01-01   UA           165     0.5  a note that goes on and…  [1, 2]
        NULL         NULL        NULL    NULL  NULL                      NULL
        2013-01-02   日本語     80789   12.25  two\\nlines                []
        3 of 80,789 rows
    """)


def test_columns_that_do_not_fit_are_named_below() -> None:
    assert shown(RESULT, 40) == expected("""
        flight_date  carrier  flights   share
        date         varchar   bigint  double
        ───────────  ───────  ───────  ──────
        2013-01-01   UA           165     0.5
        NULL         NULL        NULL    NULL
        2013-01-02   日本語     80789   12.25
        3 rows
        2 more columns: note, tags
    """)


def test_no_rows() -> None:
    assert shown(QueryResult((("n", "INTEGER"),), []), 80) == expected("""
              n
        integer
        ───────
        0 rows
    """)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (1e-7, "1e-07"),
        (decimal.Decimal("1E+3"), "1000"),
        (datetime.datetime(2013, 1, 1, 3, tzinfo=datetime.UTC), "2013-01-01 03:00:00+00:00"),
        (datetime.timedelta(hours=1), "1:00:00"),
        (b"\x00\xff", "\\x00ff"),
        ({"a": [None, datetime.date(2013, 1, 1)]}, '{"a": [null, "2013-01-01"]}'),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("", ""),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert shown(QueryResult((("v", "ANY"),), [(value,)]), 80).split("\n")[3] == text


@pytest.mark.parametrize(
    ("type_", "right"),
    [
        ("BIGINT", True),
        ("UTINYINT", True),
        ("DECIMAL(18,3)", True),
        ("DOUBLE", True),
        ("double precision", True),
        ("INTEGER[]", False),
        ("DECIMAL(18,3)[]", False),
        ("INTERVAL", False),
        ("VARCHAR", False),
    ],
)
def test_numbers_stand_at_the_right(type_: str, right: bool) -> None:
    line = shown(QueryResult((("a_rather_long_name", type_),), [(1,)]), 80).split("\n")[3]
    assert line.startswith(" ") is right

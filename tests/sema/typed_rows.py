"""Rows for the tables of typed_engine.py: NULL, equal values and empty ones in every column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from threading import Timer

import duckdb
from typed_engine import TABLES

Rows = dict[str, list[dict[str, str]]]
"""For each table its rows: the literal of each column."""
Result = tuple[list[tuple[str, str]], Counter[str]]
"""Names and types of columns; rows, as text, with how often each is there."""

COUNT = 6
MOST = 2_000
"""Rows of a result that are looked at: a query of more is left alone."""
SECONDS = 2.0
_DATES = ("2020-01-31", "2021-02-01", "", "2020-01-31", "1999-12-31", "2020-03-01")
_TIMES = ("10:00:00", "23:59:59", "", "00:00:00", "10:00:00", "11:00:01")
_NUMBERS = ("1", "2", "null", "2", "3", "0")
_FRACTIONS = ("1.5", "-2.25", "null", "2", "0", "1.5")
_VALUES: Mapping[str, Sequence[str]] = {
    "boolean": ("true", "false", "null", "true", "false", "true"),
    "varchar": ("'a'", "'b'", "null", "'1'", "''", "'aB'"),
    "blob": ("'a'::blob", "'b'::blob", "null", "''::blob", "'a'::blob", "'zz'::blob"),
    "interval": ("interval 1 day", "interval 30 day", "null", "interval 1 month",
                 "interval 2 hour", "interval 0 day"),
    "uuid": tuple(f"'00000000-0000-0000-0000-00000000000{number}'" for number in range(COUNT)),
    "json": ("""'{"a": 1, "b": [1, 2]}'""", """'[1, {"a": 2}]'""", "null", "'1'", """'"x"'""",
             """'{"a": {"b": "c"}}'"""),
    "enum('a', 'b')": ("'a'", "'b'", "null", "'b'", "'a'", "'a'"),
    "integer[]": ("[1, 2, 3]", "[]", "null", "[null, 2]", "[3, 1]", "[2]"),
    "varchar[]": ("['a', 'b']", "[]", "null", "['b', null]", "['']", "['a', 'a']"),
    "integer[][]": ("[[1], [2, 3]]", "[]", "null", "[[], null]", "[[1, 2]]", "[[3]]"),
    "integer[3]": ("[1, 2, 3]", "[3, 2, 1]", "null", "[null, 1, 2]", "[0, 0, 0]", "[1, 1, 2]"),
    "struct(a integer, b varchar)": (
        "{'a': 1, 'b': 'x'}", "{'a': 2, 'b': null}", "null", "{'a': null, 'b': 'y'}",
        "{'a': 1, 'b': 'x'}", "{'a': 0, 'b': ''}",
    ),
    "map(varchar, integer)": ("map {'a': 1}", "map {}", "null", "map {'b': 2, 'a': 3}",
                              "map {'a': null}", "map {'x': 0}"),
    "bit": ("'101'", "'0'", "null", "'111'", "'1'", "'0011'"),
    "struct(x struct(y date, z integer[]), w double)[]": (
        "[{'x': {'y': date '2020-01-01', 'z': [1]}, 'w': 1.5}]", "[]", "null", "[null]",
        "[{'x': null, 'w': 2.0}, {'x': {'y': null, 'z': [2, 3]}, 'w': null}]",
        "[{'x': {'y': date '2021-01-01', 'z': []}, 'w': 0}]",
    ),
}  # fmt: skip


def value(kind: str, number: int) -> str:
    """The literal of a column's type that stands in a row of a number."""
    if kind in _VALUES:
        return _VALUES[kind][number]
    day, time = _DATES[number], _TIMES[number]
    if kind == "date" or kind.startswith(("time", "timestamp")):
        text = day if kind == "date" else f"{day} {time}" if "stamp" in kind else time
        return f"'{text}'" if day else "null"
    if kind.startswith("decimal") or kind in ("float", "double"):
        return _FRACTIONS[number]
    return _NUMBERS[number]


def rows() -> Rows:
    """Rows in which columns differ in where their values stand."""
    return {
        table: [
            {
                column: value(kind, (number * (1 + at % 2) + at // 2) % COUNT)
                for at, (column, kind) in enumerate(columns.items())
            }
            for number in range(COUNT)
        ]
        for table, columns in TABLES.items()
    }


def perturbed(random: Random, given: Rows, table: str, column: str) -> Rows:
    """The rows with other values in one column."""
    kind = TABLES[table][column]
    changed = [
        row
        | {column: value(kind, random.randrange(COUNT)) if random.random() < 0.7 else row[column]}
        for row in given[table]
    ]
    return given | {table: changed}


class Engine:
    """DuckDB with the tables, one thread, and nothing but them to read."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute("set enable_external_access = false")

    def load(self, given: Rows) -> None:
        for table, columns in TABLES.items():
            listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            self.connection.execute(f"create or replace table {table} ({listed})")
            tuples = ", ".join(f"({', '.join(row.values())})" for row in given[table])
            self.connection.execute(f"insert into {table} values {tuples}")

    def run(self, query: str, columns: Sequence[int] | None = None) -> Result | None:
        """A query's result, or that of some of its columns; None of one that fails, or is too
        long to be looked at."""
        stop = Timer(SECONDS, self.connection.interrupt)
        stop.start()
        try:
            cursor = self.connection.execute(query)
            described = [(str(item[0]).lower(), str(item[1])) for item in cursor.description]
            found = cursor.fetchmany(MOST)
        except duckdb.Error:
            return None
        finally:
            stop.cancel()
        if len(found) == MOST:
            return None
        at = range(len(described)) if columns is None else columns
        return [described[i] for i in at], Counter(repr([row[i] for i in at]) for row in found)

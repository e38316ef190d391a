"""Runs random queries on DuckDB: data in, rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import duckdb
from random_queries import TABLES, random_rows

Rows = list[list[int | None]]
Data = Mapping[str, Rows]


class Engine:
    """An in-memory DuckDB with one thread, so that the order of rows is the same in each run."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")

    def load(self, data: Data) -> None:
        for table, rows in data.items():
            columns = ", ".join(f"{column} integer" for column in TABLES[table])
            self._connection.execute(f"create or replace table {table} ({columns})")
            marks = ", ".join("?" * len(TABLES[table]))
            self._connection.executemany(f"insert into {table} values ({marks})", rows)

    def run(self, sql: str) -> tuple[list[str], list[tuple[int | None, ...]]]:
        """Names of columns and rows. Raises duckdb.Error."""
        result = self._connection.execute(sql)
        return [column[0] for column in result.description or ()], result.fetchall()


def random_data(random: Random) -> dict[str, Rows]:
    return {table: random_rows(random, table) for table in TABLES}


def perturbed(random: Random, data: Data, table: str, column: str) -> dict[str, Rows]:
    """The same rows, with other values in one column."""
    changed = {name: [list(row) for row in rows] for name, rows in data.items()}
    at = TABLES[table].index(column)
    for row in changed[table]:
        row[at] = random.choice([0, 1, 2, 3, 4, 5, None])
    return changed


def projected(
    rows: Sequence[tuple[int | None, ...]], columns: Sequence[int]
) -> list[tuple[tuple[bool, int], ...]]:
    """The multiset of rows cut down to some columns, as a sorted list."""
    return sorted(tuple((row[at] is None, row[at] or 0) for at in columns) for row in rows)

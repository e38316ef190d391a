"""Fingerprints are those of what is asked for, not of how it is written; and whatever has equal
fingerprints gives equal results. Thousands of pairs run on DuckDB under the profile `deep`."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import duckdb
from hypothesis import given
from hypothesis import strategies as st
from random_plans import TABLES, VALUES, Changes, Plans, Query
from random_spellings import Spelling
from sema_bound import prints_of

ROWS = 7


class Warehouse:
    """DuckDB with the tables of plans."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")
        for table, columns in TABLES.items():
            self._connection.execute(f"create table {table} ({', '.join(columns)})")

    def fill(self, random: Random) -> None:
        for table, columns in TABLES.items():
            self._connection.execute(f"delete from {table}")
            kinds = [column.partition(" ")[2] for column in columns]
            rows = [[random.choice(VALUES[kind]) for kind in kinds] for _ in range(ROWS)]
            marks = ", ".join("?" * len(kinds))
            self._connection.executemany(f"insert into {table} values ({marks})", rows)

    def run(self, sql: str) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """Names and types of columns, and rows. Raises duckdb.Error."""
        result = self._connection.execute(sql)
        shape = [(column[0], str(column[1])) for column in result.description or ()]
        return shape, result.fetchall()


WAREHOUSE = Warehouse()


@given(st.integers(0, 2**32))
def test_spelling_does_not_matter(seed: int) -> None:
    random = Random(seed)
    plan = Plans(random).query(2)
    one, other = Spelling(random).sql(plan), Spelling(random).sql(plan)
    assert digest(one) == digest(other), f"{one}\n----\n{other}"
    WAREHOUSE.fill(random)
    equal_results(plan, one, other)


@given(st.integers(0, 2**32))
def test_a_change_of_result_is_a_change_of_fingerprint(seed: int) -> None:
    random = Random(seed)
    plan = Plans(random).query(1)
    one = Spelling(random).sql(plan)
    for _ in range(5):
        WAREHOUSE.fill(random)
        changed = Changes(random).query(plan)
        other = Spelling(random).sql(changed)
        if digest(one) == digest(other):
            equal_results(plan, one, other)


def digest(sql: str) -> str:
    return prints_of(sql, TABLES).build.digest


def equal_results(plan: Query, one: str, other: str) -> None:
    try:
        shape, rows = WAREHOUSE.run(one)
        other_shape, other_rows = WAREHOUSE.run(other)
    except duckdb.Error:
        return  # a literal that does not convert: no result to compare
    said = f"{one}\n----\n{other}"
    assert shape == other_shape, said
    if plan.order:  # all outputs are sorted by, so the order is total
        assert rows == other_rows, said
    else:
        assert Counter(rows) == Counter(other_rows), said

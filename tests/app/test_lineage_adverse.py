"""Value and row lineage of queries that are easily got wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lineage_portable import EVERYWHERE, TABLES

from xform.app.lineage.outside import lineage_of_sql

LISTED = Path(__file__).with_name("adverse_lineage.txt")
Refs = set[tuple[str, str]]


def cases() -> Iterator[tuple[str, str, str, str]]:
    """(dialect, query, columns, rows) of every line."""
    dialect = ""
    for line in LISTED.read_text("utf-8").splitlines():
        if line.startswith("["):
            dialect = line.strip("[]")
        elif line and not line.startswith("#"):
            sql, _, answer = line.rpartition(" ==> ")
            columns, _, rows = answer.partition(" # ")
            yield dialect, sql, columns, rows


CASES = list(cases())


def refs(text: str) -> Refs:
    return {(table, column) for table, _, column in (ref.rpartition(".") for ref in text.split())}


def columns_of(text: str) -> list[tuple[str, Refs]]:
    """`name=table.column …; name=…`; a name may hold a sign of equality itself."""
    parts = [item.rpartition("=") for item in text.split(";") if item.strip()]
    return [(name.strip(), refs(sources)) for name, _, sources in parts]


@pytest.mark.parametrize(
    ("dialect", "sql", "columns", "rows"),
    [pytest.param(*case, id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_lineage(dialect: str, sql: str, columns: str, rows: str) -> None:
    answer = lineage_of_sql(sql, dialect, TABLES)
    assert [str(item) for item in answer.diagnostics] == []
    assert [(name, set(value)) for name, value in answer.columns.items()] == columns_of(columns)
    assert set(answer.rows) == refs(rows)


def test_there_are_queries_of_every_dialect() -> None:
    assert {case[0] for case in CASES} == set(EVERYWHERE)
    assert len(CASES) >= 250

"""Lineage of long queries in the manner of each dialect."""

from __future__ import annotations

import pytest
from lineage_long import LONG

from xform.app.lineage.outside import lineage_of_sql


def refs(text: str) -> set[tuple[str, str]]:
    return {(table, column) for table, _, column in (ref.rpartition(".") for ref in text.split())}


@pytest.mark.parametrize(
    ("dialect", "tables", "sql", "columns", "rows"), LONG, ids=[case[0] for case in LONG]
)
def test_lineage(dialect: str, tables: dict[str, str], sql: str, columns: str, rows: str) -> None:
    schema = {name: dict.fromkeys(listed.split(), "any") for name, listed in tables.items()}
    answer = lineage_of_sql(sql, dialect, schema)
    assert [str(item) for item in answer.diagnostics] == []
    wanted = {name.strip(): refs(sources) for name, _, sources in
              (item.partition("=") for item in columns.split(";"))}  # fmt: skip
    assert {name: set(value) for name, value in answer.columns.items()} == wanted
    assert set(answer.rows) == refs(rows)

"""Value and row lineage of well over a hundred queries, each written down by reasoning."""

from __future__ import annotations

import pytest
from lineage_cases import CASES, TABLES
from sema_bound import facts_of


def refs(text: str) -> set[tuple[str, str]]:
    return {(table, column) for table, _, column in (ref.partition(".") for ref in text.split())}


@pytest.mark.parametrize(("sql", "columns", "rows"), CASES, ids=[case[0] for case in CASES])
def test_lineage(sql: str, columns: str, rows: str) -> None:
    facts = facts_of(sql, TABLES)
    wanted = [(name, refs(sources)) for name, _, sources in
              (item.strip().partition("=") for item in columns.split(";"))]  # fmt: skip
    assert [(column.name, set(column.value)) for column in facts.columns] == wanted
    assert set(facts.rows) == refs(rows)

"""Value and row lineage in each dialect, each case written down by reasoning."""

from __future__ import annotations

import pytest
from lineage_analytic import CLICKHOUSE, DUCKDB, POSTGRES, REDSHIFT, TRINO
from lineage_portable import EVERYWHERE, TABLES, portable
from lineage_warehouses import BIGQUERY, DATABRICKS, SNOWFLAKE, SPARK, TSQL

from xform.app.lineage.outside import lineage_of_sql

OWN = {
    "duckdb": DUCKDB, "postgres": POSTGRES, "snowflake": SNOWFLAKE, "bigquery": BIGQUERY,
    "databricks": DATABRICKS, "spark": SPARK, "redshift": REDSHIFT, "trino": TRINO,
    "tsql": TSQL, "clickhouse": CLICKHOUSE,
}  # fmt: skip
CASES = [(dialect, *case) for dialect in EVERYWHERE for case in (*portable(dialect), *OWN[dialect])]


def refs(text: str) -> set[tuple[str, str]]:
    return {(table, column) for table, _, column in (ref.partition(".") for ref in text.split())}


@pytest.mark.parametrize(
    ("dialect", "sql", "columns", "rows"),
    [pytest.param(*case, id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_lineage(dialect: str, sql: str, columns: str, rows: str) -> None:
    answer = lineage_of_sql(sql, dialect, TABLES)
    wanted = [(name.strip(), refs(sources)) for name, _, sources in
              (item.rpartition("=") if item.count("=") > 1 else item.partition("=")
               for item in columns.split(";") if item.strip())]  # fmt: skip
    assert [str(item) for item in answer.diagnostics] == []
    assert [(name, set(value)) for name, value in answer.columns.items()] == wanted
    assert set(answer.rows) == refs(rows)


@pytest.mark.parametrize("dialect", EVERYWHERE)
def test_each_dialect_has_cases_enough(dialect: str) -> None:
    assert sum(case[0] == dialect for case in CASES) >= 40

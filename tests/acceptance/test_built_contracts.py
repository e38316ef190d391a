"""Contracts against what was built: what does not keep one is not published."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, project

SEGMENTS = """\
from xform import model


@model(
    contract={"enforced": True},
    columns={
        "customer_id": "bigint",
        "name": "varchar",
    },
)
def segments(customers: "duckdb.DuckDBPyRelation"):
    return customers.select("customer_id::bigint as customer_id, name")
"""
CUSTOMERS = "select 1::bigint as customer_id, 'Ann' as name\n"
READER = "/* @model\nkind: table\n*/\nselect count(*) as n, max(name) as name from segments\n"


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    made = project(
        tmp_path / "shop",
        {
            "models/m/customers.sql": CUSTOMERS,
            "models/m/segments.py": SEGMENTS,
            "models/m/report.sql": READER,
        },
    )
    made.ok("build")
    return made


def said(shop: Project, *args: str) -> list[tuple[str, int, str]]:
    """(code, line, message) of what a command reports, which has to fail."""
    answer = shop.call(*args, "--format", "json")
    assert answer.code == 1
    return [
        (found["code"], found["line"], found["message"]) for found in answer.data["diagnostics"]
    ]


@pytest.mark.parametrize(
    ("returned", "line", "message"),
    [
        (
            "customer_id::integer as customer_id, name",
            7,
            "column 'customer_id' came out as integer, and is bigint in the contract",
        ),
        ("customer_id", 8, "the build has no column 'name'"),
        (
            "customer_id, name, 1 as score",
            5,
            "the build has a column 'score', which the contract does not declare",
        ),
    ],
)
def test_a_python_model_that_breaks_its_contract_is_not_published(
    shop: Project, returned: str, line: int, message: str
) -> None:
    shop.replace("models/m/segments.py", "customer_id::bigint as customer_id, name", returned)
    shop.write("models/m/customers.sql", CUSTOMERS.replace("Ann", "Bo"))

    assert said(shop, "build") == [("XF0721", line, f"m.segments: {message}")]
    assert shop.rows("select * from m.segments") == [(1, "Ann")]
    assert shop.rows("select * from m.report") == [(1, "Ann")]

    shop.write("models/m/segments.py", SEGMENTS)
    shop.ok("build")
    assert shop.rows("select * from m.report") == [(1, "Bo")]


def test_a_contract_that_is_kept_asks_nothing_of_the_engine(shop: Project) -> None:
    assert shop.json("plan")["actions"] == []


def test_a_type_that_the_compiler_does_not_know_is_held_against_the_build(
    tmp_path: Path,
) -> None:
    query = (
        "/* @model\nkind: table\ncontract: true\ncolumns:\n  total: struct(year integer)\n*/\n"
        "select date_part(['year'], date '2026-01-01') as total\n"
    )
    shop = project(tmp_path / "shop", {"models/m/totals.sql": query})

    message = (
        "m.totals: column 'total' came out as struct(\"year\" bigint), and is "
        "struct(year integer) in the contract"
    )
    assert said(shop, "build") == [("XF0721", 5, message)]
    shop.replace("models/m/totals.sql", "as total", "as total, 1 as more")
    answer = shop.call("compile", "--format", "json")
    assert [found["code"] for found in answer.data["diagnostics"]] == ["XF0463"]


def test_a_contract_declared_later_is_held_against_the_build_that_stands(tmp_path: Path) -> None:
    query = "/* @model\nkind: table\n*/\nselect date_part(['year'], date '2026-01-01') as total\n"
    shop = project(tmp_path / "shop", {"models/m/totals.sql": query})
    shop.ok("build")
    ((_, kind),) = shop.rows(
        "select column_name, data_type from duckdb_columns() "
        "where table_name = 'totals' and schema_name = 'm'"
    )
    header = f"kind: table\ncontract: true\ncolumns:\n  total: {kind}\n"

    shop.replace("models/m/totals.sql", "kind: table\n", header)
    assert shop.actions() == {"m.totals": "test"}
    shop.ok("build")
    assert shop.actions() == {}

    shop.replace("models/m/totals.sql", f"total: {kind}", "total: blob")
    assert said(shop, "build") == [
        (
            "XF0721",
            5,
            f"m.totals: column 'total' came out as {kind.lower()}, and is blob in the contract",
        )
    ]


@pytest.mark.parametrize("kind", ["kind: table", "kind: snapshot\nunique_key: id"])
def test_a_snapshot_has_its_own_columns_besides(tmp_path: Path, kind: str) -> None:
    query = (
        f"/* @model\n{kind}\ncontract: true\ncolumns:\n  id: integer\n  name: text\n*/\n"
        "select 1 as id, 'a' as name\n"
    )
    shop = project(tmp_path / "shop", {"models/m/people.sql": query})
    shop.ok("build")
    assert shop.value("select count(*) from m.people") == 1

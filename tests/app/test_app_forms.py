"""The JSON forms of a small project, value by value, and lineage of SQL from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from compile_steps import Site

from xform.app.lineage.columns import LineageReader, find_asset, find_columns
from xform.app.lineage.outside import lineage_of_sql
from xform.app.output.forms import compile_form, lineage_form, plan_form, query_lineage_form
from xform.app.planning.environment import EnvironmentPlanner
from xform.base.names import AssetName


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("forms"))


@pytest.fixture(scope="module")
def assets(site: Site) -> dict[str, Any]:
    form = compile_form(site.compile())
    assert json.loads(json.dumps(form)) == form
    return {asset["name"]: asset for asset in form["assets"]}


def test_assets_come_by_name(assets: dict[str, Any]) -> None:
    assert list(assets) == sorted(assets)


def test_a_model_in_the_form(assets: dict[str, Any]) -> None:
    form = assets["marts.paid"]
    assert (form["kind"], form["language"], form["path"]) == (
        "view",
        "sql",
        "models/marts/paid.sql",
    )
    assert form["depends_on"] == ["marts.orders"]
    assert [column["name"] for column in form["columns"]] == ["order_id", "amount"]
    assert form["columns"][1]["value_lineage"] == [["marts.orders", "amount"]]
    assert form["row_lineage"] == [["marts.orders", "amount"]]
    assert "marts.orders" in form["compiled_sql"]


def test_a_template_in_the_form_is_rendered(assets: dict[str, Any]) -> None:
    assert "(amount * 100) as cents" in assets["marts.in_cents"]["compiled_sql"]


def test_a_seed_in_the_form(assets: dict[str, Any]) -> None:
    form = assets["raw.people"]
    assert (form["kind"], form["language"], form["compiled_sql"]) == ("seed", "none", None)
    assert [(column["name"], column["type"]) for column in form["columns"]] == [
        ("id", "bigint"),
        ("name", "varchar"),
    ]


def test_every_fingerprint_is_there(assets: dict[str, Any]) -> None:
    for form in assets.values():
        prints = [form["row_fingerprint"], form["build_fingerprint"]]
        prints += [column["fingerprint"] for column in form["columns"]]
        assert all(len(found) == 32 for found in prints), form["name"]


def test_a_plan_in_the_form(site: Site) -> None:
    workspace = site.open()
    planned = EnvironmentPlanner(workspace, workspace.compile()).plan()
    form = plan_form(planned.plan)
    assert (form["version"], form["environment"], form["unchanged"]) == (1, "prod", [])
    assert form["actions"][0]["reasons"] == [
        {"kind": "new", "detail": "not built yet", "columns": []}
    ]
    workspace.state.close()


def test_lineage_in_the_form(site: Site) -> None:
    reader = LineageReader(site.compile())
    names, total = AssetName("marts.names"), AssetName("marts.customers")
    assert lineage_form(reader.recursive(names, "name")) == {
        "version": 1,
        "column": ["marts.names", "name"],
        "value": [["raw.people", "name"]],
        "rows": [["raw.order_rows", "customer"], ["raw.people", "id"], ["raw.people", "name"]],
    }
    assert reader.direct(total, "TOTAL").value == (("marts.orders", "amount"),)


def test_names_on_the_command_line(site: Site) -> None:
    compilation = site.compile()
    assert find_asset(compilation, "PAID") == ("marts.paid", [])
    assert find_asset(compilation, "marts.Paid") == ("marts.paid", [])
    nothing, (said,) = find_asset(compilation, "piad")
    assert nothing is None
    assert (said.message, said.help) == ("no asset is called 'piad'", "did you mean 'paid'?")


def test_columns_on_the_command_line(site: Site) -> None:
    compilation = site.compile()
    assert find_columns(compilation, "paid.AMOUNT") == ("marts.paid", ("amount",), [])
    assert find_columns(compilation, "marts.paid")[1] == ("order_id", "amount")
    _, columns, (said,) = find_columns(compilation, "marts.paid.amuont")
    assert columns == ()
    assert said.message == "'marts.paid' has no column 'amuont'"
    assert said.help == "did you mean 'amount'?"


# SQL from outside --------------------------------------------------------------------------------

SCHEMA = {"t": {"id": "int", "x": "int"}, "s.u": {"id": "int", "y": "int"}}


def test_lineage_of_any_query() -> None:
    form = query_lineage_form(
        lineage_of_sql(
            "select t.x + u.y as total, 1 as one from t join s.u on t.id = u.id", "duckdb", SCHEMA
        )
    )
    assert form == {
        "version": 1,
        "tables": ["s.u", "t"],
        "columns": {"total": {"value": [["s.u", "y"], ["t", "x"]]}, "one": {"value": []}},
        "rows": [["s.u", "id"], ["t", "id"]],
        "diagnostics": [],
    }


def test_tables_without_a_schema_take_any_column() -> None:
    found = lineage_of_sql("select a, b from anything", "duckdb", {})
    assert found.columns == {"a": (("anything", "a"),), "b": (("anything", "b"),)}
    assert found.diagnostics == ()


def test_a_table_that_the_schema_lacks_is_told_of() -> None:
    (said,) = lineage_of_sql("select a from other", "duckdb", SCHEMA).diagnostics
    assert said.message == "the columns of 'other' are not known"
    assert (said.span.line, said.span.column, said.span.end_column) == (1, 15, 20)


def test_an_unknown_column_is_told_of() -> None:
    (said,) = lineage_of_sql("select z from t", "duckdb", SCHEMA).diagnostics
    assert said.message == "unknown column 'z'"


def test_a_syntax_error_is_told_of() -> None:
    found = lineage_of_sql("select\n  from where", "duckdb", SCHEMA, "query.sql")
    assert (found.tables, found.columns) == ((), {})
    assert found.diagnostics[0].span.path == "query.sql"
    assert found.diagnostics[0].span.line == 2


def test_an_unknown_dialect_is_told_of() -> None:
    found = lineage_of_sql("select 1", "ducksql", {})
    assert [d.code for d in found.diagnostics] == ["XF0305"]

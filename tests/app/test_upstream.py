"""An unknown column points at the place where it would come from, and says if it was dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from compile_steps import Site
from typer.testing import CliRunner

from xform.base.diagnostics import Diagnostic
from xform.cli.app import application

READER = "models/marts/names.sql"


def found(site: Site, path: str = READER) -> Diagnostic:
    (problem,) = [item for item in site.compile().diagnostics if item.span.path == path]
    return problem


def pointed(problem: Diagnostic) -> list[tuple[str, int, int, str]]:
    return [
        (label.span.path, label.span.line, label.span.column, label.message)
        for label in problem.labels
    ]


def test_the_model_that_is_read_is_shown_nearest_columns_first(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(READER, "select totl from customers\n")
    assert pointed(found(site)) == [
        ("models/marts/customers.sql", 1, 48, "'marts.customers' has total, customer_id, name")
    ]


def test_of_a_header_and_a_template_the_written_place_is_shown(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(READER, "select custmer from orders\n")
    site.write(
        "models/marts/orders.sql",
        "/* @model\nkind: table\n*/\n{% set shown = 'customer' %}\n"
        "select order_id,\n  {{ shown }},\n  amount from stg_orders\n",
    )
    ((path, line, column, _),) = pointed(found(site))
    assert (path, line, column) == ("models/marts/orders.sql", 6, 3)


@pytest.mark.parametrize(
    "reader",
    [
        "select totl from customers as c",
        "select c.totl from customers as c",
        "select c.totl from customers as c join orders on customer = customer_id",
        "with c as (select * from customers) select totl from c",
        "with c as (select *, 1 as one from {{ ref('customers') }}) select c.totl from c",
        "select totl from (select * from customers) as c",
        "select name from customers where exists (select 1 from paid where totl > amount)",
    ],
)
def test_what_passes_all_columns_on_is_looked_through(tmp_path: Path, reader: str) -> None:
    site = Site(tmp_path)
    site.write(READER, reader)
    assert "models/marts/customers.sql" in [path for path, *_ in pointed(found(site))]


def test_a_cte_that_chooses_columns_is_not_looked_through(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(READER, "with c as (select name from customers) select total from c\n")
    assert pointed(found(site)) == []


def test_models_that_pass_all_columns_on_are_followed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(READER, "select custmer from everything\n")
    assert [path for path, *_ in pointed(found(site))] == [
        "models/marts/everything.sql",
        "models/marts/orders.sql",
    ]


def test_seeds_and_sources_are_shown_where_they_are_declared(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(
        "models/marts/sources.yml",
        "sources:\n  - name: crm\n    tables:\n      - name: leads\n"
        "        columns: [{name: id, data_type: integer}]\n",
    )
    site.write(READER, "select nme from raw.people\n")
    assert [path for path, *_ in pointed(found(site))] == ["seeds/raw/people.csv"]
    site.write(READER, "select nme from crm.leads\n")
    assert pointed(found(site)) == [("models/marts/sources.yml", 4, 15, "'crm.leads' has id")]


def test_many_columns_are_cut(tmp_path: Path) -> None:
    site = Site(tmp_path)
    many = ", ".join(f"{number} as c{number}" for number in range(20))
    site.write("models/marts/orders.sql", f"select {many}\n")
    site.write(READER, "select zzz from orders\n")
    ((*_, message),) = pointed(found(site))
    assert message == "'marts.orders' has c0, c1, c2, c3, c4, c5, c6, c7, …"


def test_a_test_on_a_missing_column_points_at_the_model(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(
        "models/marts/marts.yml",
        "models:\n  - name: names\n    columns: [{name: nmae, tests: [not_null]}]\n",
    )
    assert pointed(found(site, "models/marts/marts.yml")) == [
        (READER, 1, 8, "'marts.names' has name")
    ]


# Dropped since the last build --------------------------------------------------------------------


@pytest.fixture
def built(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    result = CliRunner().invoke(application(("build",)), ["build", "--project-dir", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    return site


def test_a_column_dropped_since_the_last_build_is_said_to_be(built: Site) -> None:
    built.write("models/marts/customers.sql", "select customer_id from stg_customers\n")
    problem = found(built)
    assert problem.message == "unknown column 'name'"
    assert problem.help.startswith("'marts.customers' had it in its build of 2")
    assert problem.help.endswith("put it back there, or take it out here")
    assert found(built).help == problem.help  # from the index


def test_a_column_renamed_since_then_has_its_new_name_said(built: Site) -> None:
    built.replace("models/marts/customers.sql", "c.name", "c.name as names")
    assert found(built).help.endswith("; did you mean 'names'?")


def test_a_column_that_never_was_there_is_not_said_to_be_dropped(built: Site) -> None:
    built.write(READER, "select nmae from customers\n")
    assert found(built).help == "did you mean 'name'?"


def test_a_state_that_cannot_be_read_is_done_without(built: Site) -> None:
    built.write("models/marts/customers.sql", "select customer_id from stg_customers\n")
    (built.root / ".xform" / "state.db").write_bytes(b"no database")
    assert found(built).message == "unknown column 'name'"

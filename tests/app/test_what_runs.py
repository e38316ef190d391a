"""Which queries run after an edit: what the edit touches, and not one more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from compile_steps import FILES, Site

from xform.app.compiling.bodies import compiled_sql
from xform.base.names import AssetName
from xform.host.files import ProjectFiles

ORDERS = "models/marts/orders.sql"


@pytest.fixture(params=["whole", "part"])
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Site:
    """A project that has been compiled once; the next compilation is of the whole, or of the part
    that an edit reaches."""
    # Files as young as these would be read again to be sure; tests do not wait for two seconds.
    monkeypatch.setattr("xform.host.files.RACY_NS", 0)
    if request.param == "part":
        monkeypatch.setattr("xform.app.remembering.circumstances.RACY_NS", 0)
    site = Site(tmp_path)
    site.ran()
    return site


def test_at_first_everything_runs(tmp_path: Path) -> None:
    ran = Site(tmp_path).ran()
    models = [path for path in FILES if path.endswith(".sql") and path.startswith("models/")]
    for query in ("parse", "bind"):
        assert sum(name == query for name, _ in ran) == len(models) == 10
    assert {subject for query, subject in ran if query == "describe"} == {
        "raw.order_rows",
        "raw.people",
    }


def test_nothing_changed_nothing_runs_and_no_file_is_read(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(ProjectFiles, "_digest", lambda self, path, size: read.append(path))
    original = ProjectFiles.read

    def noted(self: ProjectFiles, path: str) -> bytes:
        read.append(path)
        return original(self, path)

    monkeypatch.setattr(ProjectFiles, "read", noted)
    assert site.ran() == set()
    assert [path for path in read if path != "pyproject.toml"] == []


def test_a_touched_file_computes_nothing(site: Site) -> None:
    os.utime(site.root / ORDERS)
    assert site.ran() == set()
    assert site.ran() == set()


def test_a_comment_computes_its_own_model(site: Site) -> None:
    site.replace(ORDERS, "select order_id", "-- all of them\nselect order_id")
    assert site.ran() == {
        ("declare", ORDERS),
        ("parse", "marts.orders"),
        ("bind", "marts.orders"),
    }


def test_a_changed_expression_binds_no_reader(site: Site) -> None:
    site.replace(ORDERS, "amount from", "order_id as amount from")
    assert site.ran() == {
        ("declare", ORDERS),
        ("parse", "marts.orders"),
        ("bind", "marts.orders"),
    }


def test_another_type_binds_the_readers(site: Site) -> None:
    site.replace(ORDERS, "amount from", "amount::double as amount from")
    bound = {subject for query, subject in site.ran() if query == "bind"}
    assert {"marts.orders", "marts.paid", "marts.customers", "marts.everything"} <= bound
    assert "staging.stg_orders" not in bound


def test_a_new_column_binds_the_readers_and_who_hands_it_on(site: Site) -> None:
    site.replace(ORDERS, "amount from", "amount, 1 as one from")
    ran = site.ran()
    assert {subject for query, subject in ran if query == "parse"} == {"marts.orders"}
    assert {subject for query, subject in ran if query == "bind"} == {
        "marts.orders",
        "marts.paid",
        "marts.customers",
        "marts.in_cents",
        "marts.everything",
    }


def test_a_description_computes_its_file(site: Site) -> None:
    site.replace("models/marts/marts.yml", "who they are", "all of them")
    ran = site.ran()
    assert ("declare", "models/marts/marts.yml") in ran
    assert {subject for _, subject in ran} <= {"models/marts/marts.yml", "marts.names"}
    assert "bind" not in {query for query, _ in ran}


def test_a_macro_parses_what_may_call_it(site: Site) -> None:
    site.replace("macros/money.sql", "* 100", "* 1000")
    ran = site.ran()
    assert ("parse", "marts.in_cents") in ran
    assert {subject for query, subject in ran if query == "bind"} == {"marts.in_cents"}


def test_a_variable_parses_what_asks_for_it(site: Site) -> None:
    ran = site.ran(variables={"least": 3})
    assert ran == {("parse", "marts.top"), ("bind", "marts.top")}


def test_a_variable_that_nobody_asks_for_computes_nothing(site: Site) -> None:
    assert site.ran(variables={"other": 3}) == set()


def test_an_environment_variable_parses_what_asks_for_it(site: Site) -> None:
    ran = site.ran(environ={"TAG": "blue"})
    assert ran == {("parse", "marts.tagged"), ("bind", "marts.tagged")}
    assert site.ran(environ={"TAG": "blue", "OTHER": "1"}) == set()


def test_new_rows_of_a_seed_are_described_again(site: Site) -> None:
    site.replace("seeds/raw/order_rows.csv", "3,2,5", "3,2,7")
    assert site.ran() == {("describe", "raw.order_rows")}


def test_a_new_column_of_a_seed_binds_its_readers(site: Site) -> None:
    site.write("seeds/raw/people.csv", "id,name,city\n1,ann,x\n2,bob,y\n")
    assert site.ran() == {("describe", "raw.people"), ("bind", "staging.stg_customers")}


def test_what_was_compiled_before_is_known_again(site: Site) -> None:
    site.replace(ORDERS, "amount from", "amount + 1 as amount from")
    site.ran()
    site.write(ORDERS, FILES[ORDERS])
    assert site.ran() == set()


def test_a_removed_model_computes_nothing(site: Site) -> None:
    (site.root / "models/marts/names.sql").unlink()
    site.write("models/marts/marts.yml", "")
    assert "bind" not in {query for query, _ in site.ran()}


def test_a_moved_model_is_its_own_business(site: Site) -> None:
    (site.root / "models/marts/deep").mkdir()
    (site.root / ORDERS).rename(site.root / "models/marts/deep/orders.sql")
    assert {subject for query, subject in site.ran() if query == "bind"} == {"marts.orders"}


def test_the_environment_computes_nothing(site: Site) -> None:
    assert site.ran(environment="dev_ann") == set()


def test_compiled_sql_follows_the_environment(site: Site) -> None:
    compilation = site.compile(environ={"TAG": "new"})
    sql = compiled_sql(compilation, AssetName("marts.tagged"))
    assert sql is not None
    assert "'new'" in sql

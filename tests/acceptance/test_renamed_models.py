"""A renamed model is the same model: its build is shown under the new name, and nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, project

FILES = {
    "seeds/raw/items.csv": "id,price\n1,5\n2,6\n",
    "models/shop/old.sql": (
        "/* @model\nkind: table\ncolumns:\n  id: {tests: [unique]}\n*/\n"
        "select id, price * 2 as double from raw.items\n"
    ),
    "models/shop/reader.sql": "/* @model\nkind: table\n*/\nselect sum(double) as s from shop.old\n",
    "models/shop/seen.sql": "select double from shop.old where double > 1\n",
    "models/shop/behind.sql": "/* @model\nkind: table\n*/\nselect max(double) m from shop.seen\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    made = project(tmp_path, FILES)
    made.ok("build")
    return made


def rename(shop: Project) -> None:
    shop.path("models/shop/old.sql").rename(shop.path("models/shop/new.sql"))
    for name in ("reader", "seen"):
        shop.replace(f"models/shop/{name}.sql", "shop.old", "shop.new")


def test_a_renamed_model_takes_its_build_along(shop: Project) -> None:
    before = dict(shop.rows("select asset, physical from _xform.ledger_publications"))
    rename(shop)
    actions = shop.actions()
    assert "build" not in actions.values()
    assert actions["shop.new"] == "reuse"
    assert actions["shop.old"] == "drop"
    assert "was shop.old: what it holds is the same" in shop.ok("plan").out
    shop.ok("build")
    after = dict(shop.rows("select asset, physical from _xform.ledger_publications"))
    assert after["shop.new"] == before["shop.old"]
    assert after["shop.reader"] == before["shop.reader"]
    assert after["shop.behind"] == before["shop.behind"]
    assert shop.value("select sum(double) from shop.new") == 22
    assert shop.actions() == {}


def test_and_grows_on_as_itself(shop: Project) -> None:
    rename(shop)
    shop.ok("build")
    shop.write("seeds/raw/items.csv", "id,price\n1,5\n2,7\n")
    assert shop.stale() >= {"shop.new", "shop.reader", "shop.behind"}
    shop.ok("build")
    assert shop.value("select s from shop.reader") == 24
    assert shop.value("select m from shop.behind") == 14
    assert shop.actions() == {}


def test_a_copy_is_another_model(shop: Project) -> None:
    shop.write("models/shop/copy.sql", shop.read("models/shop/old.sql"))
    assert shop.actions() == {"shop.copy": "build"}

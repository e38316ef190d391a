"""Versions of a model side by side: what they are called, what is declared of each, who reads
which."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project

from xform.app.compiling.compiled import Compilation
from xform.app.workspace import Options, Workspace
from xform.base.names import AssetName

V1 = "select 1::bigint as id, 'north' as region, 7 as amount\n"
V2 = "select 1::bigint as id, 7 as amount\n"
YML = """\
models:
  - name: orders
    description: One row for each order.
    access: public
    {latest}
    columns:
      - {name: id, data_type: bigint, tests: [unique]}
      - {name: region, data_type: varchar}
    versions:
      - v: 1
        deprecation_date: 2027-01-31
        config: {materialized: table}
      - v: 2
        columns:
          - include: all
            exclude: [region]
          - {name: amount, data_type: integer}
"""
FILES = {
    "xform.toml": 'name = "shop"\n',
    "profiles.yml": "shop:\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb}\n",
    "models/shop/orders_v1.sql": V1,
    "models/shop/orders_v2.sql": V2,
}


def write(root: Path, files: dict[str, str], latest: str = "") -> None:
    yml = YML.replace("{latest}\n", f"{latest}\n" if latest else "config: {}\n")
    for path, text in {**FILES, "models/orders.yml": yml, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def compiled(root: Path, files: dict[str, str], latest: str = "") -> Compilation:
    write(root, files, latest)
    return Workspace(Options(project_dir=root), {}).compile()


def reads(compilation: Compilation, name: str) -> tuple[str, ...]:
    return compilation.assets[AssetName(name)].depends_on


def test_each_version_is_a_model_and_the_plain_name_shows_the_latest(tmp_path: Path) -> None:
    found = compiled(tmp_path, {})

    assert found.diagnostics == ()
    assert sorted(found.assets) == ["shop.orders", "shop.orders_v1", "shop.orders_v2"]
    assert reads(found, "shop.orders") == ("shop.orders_v2",)
    columns = found.body(AssetName("shop.orders")).schema.columns or ()
    assert [column.name for column in columns] == ["id", "amount"]


def test_what_is_declared_of_the_model_holds_for_each_version(tmp_path: Path) -> None:
    declared = compiled(tmp_path, {}).declared
    one, two, plain = (declared[AssetName(f"shop.orders{v}")] for v in ("_v1", "_v2", ""))

    assert [column.name for column in one.columns] == ["id", "region"]
    assert [column.name for column in two.columns] == ["amount", "id"]
    assert (str(one.kind), str(two.kind), str(plain.kind)) == ("table", "view", "view")
    assert {asset.access for asset in (one, two, plain)} == {"public"}
    assert {asset.description for asset in (one, two, plain)} == {"One row for each order."}
    assert (one.deprecation_date, two.deprecation_date) == ("2027-01-31", None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select id from orders", "shop.orders"),
        ("select id from shop.orders_v1", "shop.orders_v1"),
        ("select id from {{ ref('orders') }}", "shop.orders"),
        ("select id from {{ ref('orders', v=1) }}", "shop.orders_v1"),
        ("select id from {{ ref('orders', version='2') }}", "shop.orders_v2"),
        ("select id from {{ ref('shop', 'orders', v=2) }}", "shop.orders_v2"),
    ],
)
def test_how_a_version_is_named(tmp_path: Path, query: str, expected: str) -> None:
    assert reads(compiled(tmp_path, {"models/shop/r.sql": query}), "shop.r") == (expected,)


def test_how_an_exposure_names_one(tmp_path: Path) -> None:
    board = (
        "exposures:\n  - name: board\n    type: dashboard\n"
        "    depends_on: [\"ref('orders', v=1)\", ref('orders')]\n"
    )
    found = compiled(tmp_path, {"models/board.yml": board})
    assert reads(found, "exposure.board") == ("shop.orders", "shop.orders_v1")


def test_a_version_that_is_not_there(tmp_path: Path) -> None:
    query = "select id from {{ ref('orders', v=3) }}"
    (found,) = compiled(tmp_path, {"models/shop/r.sql": query}).diagnostics
    assert found.message == "unknown relation 'orders_v3'"


def test_readers_of_an_old_version_are_told_what_to_read(tmp_path: Path) -> None:
    (found,) = compiled(tmp_path, {"models/shop/r.sql": "select id from orders_v1"}).diagnostics
    assert (found.code, found.help) == (
        "XF0462",
        "read 'shop.orders_v2', or 'shop.orders' for the latest version",
    )


def test_the_plain_name_does_not_go_with_the_version_that_it_shows(tmp_path: Path) -> None:
    files = {"models/shop/r.sql": "select id from orders"}
    assert compiled(tmp_path, files, "latest_version: 1").diagnostics == ()


def test_a_version_may_be_in_a_file_of_any_name(tmp_path: Path) -> None:
    write(tmp_path, {}, "latest_version: 1")
    (tmp_path / "models/shop/orders_v2.sql").rename(tmp_path / "models/shop/orders.sql")
    yml = tmp_path / "models/orders.yml"
    yml.write_text(yml.read_text().replace("- v: 2\n", "- v: 2\n        defined_in: orders\n"))

    found = Workspace(Options(project_dir=tmp_path), {}).compile()

    assert found.diagnostics == ()
    assert found.declared[AssetName("shop.orders_v2")].path == "models/shop/orders.sql"
    assert reads(found, "shop.orders") == ("shop.orders_v1",)


def test_a_model_beside_the_plain_name(tmp_path: Path) -> None:
    (found,) = compiled(tmp_path, {"models/shop/orders.sql": V1}).diagnostics
    assert (found.code, found.message) == ("XF0145", "'shop.orders' is declared twice")


def test_a_version_may_be_a_python_model(tmp_path: Path) -> None:
    code = (
        "from xform import model\n\n\n"
        '@model(columns={"id": "bigint"})\ndef orders_v3(orders_v2):\n    return orders_v2\n'
    )
    yml = YML.replace("    {latest}\n", "") + "      - {v: 3, columns: [{include: [id]}]}\n"
    files = {"models/shop/orders_v3.py": code, "models/orders.yml": yml}
    assert reads(compiled(tmp_path, files), "shop.orders") == ("shop.orders_v3",)


def test_versions_are_published_side_by_side(tmp_path: Path) -> None:
    write(tmp_path, {}, "latest_version: 1")
    shop = Project(tmp_path)
    shop.ok("build")
    assert shop.published() == {"shop.orders", "shop.orders_v1", "shop.orders_v2"}
    assert shop.rows("select * from shop.orders") == [(1, "north", 7)]

    yml = tmp_path / "models/orders.yml"
    yml.write_text(yml.read_text().replace("latest_version: 1", "latest_version: 2"))
    answer = shop.json("plan")
    assert [(item["asset"], item["action"]) for item in answer["actions"]] == [
        ("shop.orders", "build")
    ]
    shop.ok("build")
    assert shop.rows("select * from shop.orders") == [(1, 7)]
    assert shop.rows("select * from shop.orders_v1") == [(1, "north", 7)]


def test_versions_are_selected_by_how_they_stand_to_the_latest(tmp_path: Path) -> None:
    write(tmp_path, {}, "latest_version: 1")
    shop = Project(tmp_path)

    def named(version: str) -> list[str]:
        found = shop.ok("ls", "--select", f"version:{version}", "--resource-type", "model").out
        return found.split()

    assert named("latest") == ["shop.orders_v1"]
    assert named("prerelease") == ["shop.orders_v2"]
    assert named("none") == ["shop.orders"]


def test_the_plain_name_has_compiled_sql_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {})
    Project(tmp_path).ok("compile")
    written = tmp_path / "target/compiled/models/orders.yml/orders.sql"
    assert written.read_text() == "select * from shop.orders_v2 as orders_v2\n"

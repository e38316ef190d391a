"""Models that grow by key, by appending, and snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import Project, project

from xform.host import clock


def at(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    monkeypatch.setattr(clock, "now", lambda: f"2026-03-{day}T08:00:00.000Z")


def shop_of(to: Path, settings: str, query: str = "select id, name, at_ from raw.items") -> Project:
    made = project(to, {"models/shop/kept.sql": f"/* @model\n{settings}\n*/\n{query}\n"})
    seed(made, "1,ann,2026-01-01", "2,bob,2026-01-02")
    return made


def seed(shop: Project, *rows: str) -> None:
    shop.write("seeds/raw/items.csv", "id,name,at_\n" + "".join(f"{row}\n" for row in rows))


def kept(shop: Project, columns: str = "id, name") -> list[tuple[Any, ...]]:
    return shop.rows(f"select {columns} from shop.kept order by all")


MERGED = "kind: incremental\nunique_key: id"


def test_rows_are_replaced_by_their_key_and_stay(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, MERGED)
    shop.ok("build")
    seed(shop, "2,bo,2026-01-02", "3,cy,2026-01-03")
    assert shop.actions() == {"raw.items": "build", "shop.kept": "interval"}
    shop.ok("build")
    assert kept(shop) == [(1, "ann"), (2, "bo"), (3, "cy")]
    assert shop.actions() == {}
    ((count,),) = shop.rows("select count(*) from _xform.ledger_builds where asset = 'shop.kept'")
    assert count == 1, "it is carried on"


def test_the_form_that_carries_on_reads_what_was_built(tmp_path: Path) -> None:
    query = (
        "select id, name, at_ from {{ ref('items') }}\n"
        "{% if is_incremental() %}where at_ > (select max(at_) from {{ this }}){% endif %}"
    )
    shop = shop_of(tmp_path, MERGED, query)
    shop.ok("build")
    seed(shop, "1,changed but old,2026-01-01", "3,cy,2026-01-03")
    shop.ok("build")
    assert kept(shop) == [(1, "ann"), (2, "bob"), (3, "cy")]
    statements = shop.json("runs", "show")["run"]["statements"]
    assert any("select max(at_) from" in one["sql"] for one in statements)
    shop.replace("models/shop/kept.sql", "at_ > (", "at_ >= (")
    assert shop.actions() == {"shop.kept": "build"}, "its meaning is another"


def test_a_key_that_comes_twice_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, MERGED)
    shop.ok("build")
    seed(shop, "2,bo,2026-01-02", "2,bob,2026-01-02")
    answer = shop.call("build")
    assert answer.code == 1
    assert "1 key stands more than once in the new rows (unique_key: id)" in answer.err
    assert kept(shop) == [(1, "ann"), (2, "bob")]
    shop.replace(
        "models/shop/kept.sql", "unique_key: id", "unique_key: id\nstrategy: delete+insert"
    )
    shop.ok("build")
    seed(shop, "2,x,2026-01-02", "2,y,2026-01-02", "2,z,2026-01-02")
    shop.ok("build")
    assert kept(shop) == [(2, "x"), (2, "y"), (2, "z")]


def test_rows_are_put_behind(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, "kind: incremental\nstrategy: append")
    shop.ok("build")
    seed(shop, "3,cy,2026-01-03")
    shop.ok("build")
    assert kept(shop) == [(1, "ann"), (2, "bob"), (3, "cy")]
    shop.ok("build")
    assert len(kept(shop)) == 3


def test_readers_run_when_it_has_changed_and_only_then(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, MERGED)
    shop.write(
        "models/shop/n.sql", "/* @model\nkind: table\n*/\nselect count(*) as n from shop.kept"
    )
    shop.ok("build")
    seed(shop, "3,cy,2026-01-03")
    shop.ok("build")
    assert shop.value("select n from shop.n") == 3
    seed(shop, "3,cy,2026-01-03", "1,ann,2026-01-01")
    result = shop.json("build")
    assert {node["asset"] for node in result["nodes"] if node["kept"]} == {"shop.n"}
    assert shop.actions() == {}


def test_a_failed_test_takes_the_rows_back(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, MERGED + "\ncolumns:\n  name: {tests: [not_null]}")
    shop.ok("build")
    seed(shop, "1,,2026-01-01")
    assert shop.call("build").code == 1
    assert kept(shop) == [(1, "ann"), (2, "bob")]


def test_another_environment_takes_a_copy_along(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, MERGED)
    shop.ok("build")
    shop.ok("build", "--env", "dev")
    seed(shop, "3,cy,2026-01-03")
    shop.ok("build", "--env", "dev")
    assert kept(shop) == [(1, "ann"), (2, "bob")]
    assert shop.value("select count(*) from shop__dev.kept") == 3


VERSIONS = "id, name, strftime(valid_from, '%d'), strftime(valid_to, '%d')"


def test_a_snapshot_keeps_every_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "01")
    shop = shop_of(tmp_path, "kind: snapshot\nunique_key: id\nstrategy: check\ncheck_cols: [name]")
    shop.ok("build")
    at(monkeypatch, "05")
    seed(shop, "1,ann,2026-02-02", "2,bo,2026-01-02", "3,cy,2026-01-03")
    shop.ok("build")
    expected = [
        (1, "ann", "01", None),
        (2, "bo", "05", None),
        (2, "bob", "01", "05"),
        (3, "cy", "05", None),
    ]
    assert kept(shop, VERSIONS) == expected
    at(monkeypatch, "07")
    shop.ok("build")
    assert kept(shop, VERSIONS) == expected, "the same rows change nothing"
    seed(shop, "3,cy,2026-01-03")
    shop.ok("build")
    assert kept(shop, VERSIONS) == expected, "rows that no longer come are left as they are"


def test_a_snapshot_by_timestamp_and_rows_that_no_longer_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "01")
    settings = "kind: snapshot\nunique_key: id\nupdated_at: at_\nhard_deletes: invalidate"
    shop = shop_of(tmp_path, settings)
    shop.ok("build")
    at(monkeypatch, "05")
    seed(shop, "2,bo,2026-02-20")
    shop.ok("build")
    assert kept(shop, VERSIONS) == [
        (1, "ann", "01", "05"),
        (2, "bo", "20", None),
        (2, "bob", "02", "20"),
    ]
    at(monkeypatch, "09")
    seed(shop, "1,ann,2026-03-08", "2,bo,2026-02-20")
    shop.ok("build")
    assert (1, "ann", "08", None) in kept(shop, VERSIONS)


def test_the_columns_of_a_snapshot_can_be_read(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, "kind: snapshot\nunique_key: id")
    shop.write("models/shop/now.sql", "select id, name from shop.kept where valid_to is null")
    shop.ok("build")
    assert shop.value("select count(*) from shop.now") == 2
    assert "valid_from" in shop.ok("lineage", "shop.kept").out


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("kind: incremental", "no 'time_column' and no 'unique_key'"),
        ("kind: snapshot", "a snapshot has no 'unique_key'"),
        ("kind: snapshot\nunique_key: id\nstrategy: timestamp", "has no 'updated_at'"),
        ("kind: incremental\nunique_key: id\nstrategy: check", "is that of snapshots"),
        ("kind: snapshot\nunique_key: id\nstrategy: merge", "cannot be 'merge'"),
        ("kind: incremental\nunique_key: nid", "grows by 'nid', and has no such column"),
    ],
)
def test_settings_that_make_no_sense(settings: str, said: str, tmp_path: Path) -> None:
    answer = shop_of(tmp_path, settings).call("compile")
    assert answer.code == 2
    assert said in answer.err


def test_a_form_that_reads_something_else_is_refused(tmp_path: Path) -> None:
    query = (
        "select id, name, at_ from raw.items "
        "{% if is_incremental() %}where id not in (select id from raw.others){% endif %}"
    )
    shop = shop_of(tmp_path, MERGED, query)
    shop.write("seeds/raw/others.csv", "id\n1\n")
    answer = shop.call("compile")
    assert answer.code == 2
    assert "XF0443" in answer.err

"""Early cut-off on data: readers of what came out as before do not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, project

from xform.host import clock

CLEAN = "/* @model\nkind: table\n*/\nselect id, trim(name) as name, price from raw.items\n"
NAMES = (
    "/* @model\nkind: table\ncolumns:\n  name: {tests: [not_null]}\n*/\n"
    "select name, count(*) as n from shop.clean group by name\n"
)
LISTED = "/* @model\nkind: table\n*/\nselect string_agg(name) as names from shop.clean\n"
SEEN = "select name, n from shop.names where n > 0\n"
TOP = "/* @model\nkind: table\n*/\nselect max(n) as most from shop.seen\n"


def seed(place: Project, *rows: str) -> None:
    place.write("seeds/raw/items.csv", "id,name,price\n" + "".join(f"{row}\n" for row in rows))


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    files = {"clean": CLEAN, "names": NAMES, "seen": SEEN, "top": TOP, "listed": LISTED}
    made = project(tmp_path, {f"models/shop/{name}.sql": text for name, text in files.items()})
    seed(made, "1,ann,5", "2,bob,6", "3,bob,7")
    made.ok("build")
    return made


def builds(place: Project) -> dict[str, str]:
    return dict(place.rows("select asset, physical from _xform.ledger_publications"))


def kept(place: Project) -> set[str]:
    """What a build takes from before, though it was planned to be built."""
    result = place.json("build")
    assert result["status"] == "success"
    return {node["asset"] for node in result["nodes"] if node["kept"]}


def test_new_data_that_come_out_as_before_stop_there(shop: Project) -> None:
    before = builds(shop)
    seed(shop, "1,  ann,5", "2,bob,6", "3,bob  ,7")
    assert shop.stale() == {
        "raw.items", "shop.clean", "shop.names", "shop.top", "shop.listed"
    }  # fmt: skip
    assert kept(shop) == {"shop.names", "shop.top", "shop.listed"}
    after = builds(shop)
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {"raw.items", "shop.clean", "shop.seen"}, "a view costs nothing"
    assert shop.actions() == {}
    assert "is fresh" in shop.ok("why", "shop.top").out


def test_data_that_differ_go_on(shop: Project) -> None:
    seed(shop, "1,ann,5", "2,bob,6", "3,cy,7")
    assert kept(shop) == set()
    assert shop.value("select most from shop.top") == 1
    seed(shop, "1,ann,9", "2,bob,6", "3,cy,7")
    assert kept(shop) == {"shop.top"}, "names holds the same, made of other prices"
    assert shop.actions() == {}


def test_code_that_comes_to_the_same_stops_there_too(shop: Project) -> None:
    before = builds(shop)
    shop.replace("models/shop/clean.sql", "trim(name)", "rtrim(ltrim(name))")
    assert shop.stale() >= {"shop.clean", "shop.names", "shop.top"}
    assert kept(shop) == {"shop.names", "shop.top", "shop.listed"}
    assert builds(shop)["shop.names"] == before["shop.names"]
    assert shop.actions() == {}
    shop.replace("models/shop/clean.sql", "rtrim(ltrim(name))", "trim(name)")
    assert shop.stale() == set()
    shop.ok("build")
    assert shop.actions() == {}
    shop.replace("models/shop/clean.sql", "trim(name)", "rtrim(ltrim(name))")
    assert shop.stale() == set()


def test_a_reader_that_depends_on_order_runs_where_the_order_differs(shop: Project) -> None:
    seed(shop, "3,bob,7", "2,bob,6", "1,ann,5")
    assert kept(shop) == {"shop.names", "shop.top"}
    assert shop.value("select names from shop.listed") == "bob,bob,ann"


def test_a_reader_whose_own_text_changed_runs(shop: Project) -> None:
    seed(shop, "1,  ann,5", "2,bob,6", "3,bob  ,7")
    shop.replace("models/shop/names.sql", "count(*)", "count(*) + 1")
    assert kept(shop) == {"shop.listed"}
    assert shop.value("select max(n) from shop.names") == 3


def test_a_view_between_whose_text_changed_counts(shop: Project) -> None:
    seed(shop, "1,  ann,5", "2,bob,6", "3,bob  ,7")
    shop.replace("models/shop/seen.sql", "n > 0", "n < 2")
    assert "shop.top" not in kept(shop)
    assert shop.value("select most from shop.top") == 1


def test_new_tests_are_run_on_what_stands(shop: Project) -> None:
    good = builds(shop)
    seed(shop, "1,  ann,5", "2,bob,6", "3,bob  ,7")
    shop.replace("models/shop/names.sql", "not_null", "{accepted_values: {values: [zoe]}}")
    answer = shop.call("build")
    assert answer.code == 1
    assert builds(shop)["shop.names"] == good["shop.names"]
    shop.replace("models/shop/names.sql", "zoe", "ann, bob")
    assert kept(shop) >= {"shop.names"}
    assert shop.actions() == {}


def test_without_a_checksum_readers_run(shop: Project) -> None:
    shop.replace("models/shop/clean.sql", "kind: table", "kind: table\nchecksum: false")
    shop.ok("build")
    seed(shop, "1,  ann,5", "2,bob,6", "3,bob  ,7")
    shop.ok("build")
    seed(shop, "1,  ann,5", "2, bob,6", "3,bob  ,7")
    assert kept(shop) == {"shop.top"}


def test_what_is_kept_is_compared_with_what_comes_next(shop: Project) -> None:
    shop.replace("models/shop/clean.sql", "trim(name)", "rtrim(ltrim(name))")
    assert "shop.names" in kept(shop)
    assert shop.json("why", "shop.names")["differences"] == []
    shop.replace("models/shop/names.sql", "count(*)", "count(*) + 1")
    (action,) = (a for a in shop.json("plan")["actions"] if a["asset"] == "shop.names")
    assert [reason["detail"] for reason in action["reasons"]] == ["column n changed"]
    (difference,) = shop.json("why", "shop.names")["differences"]
    assert difference["component"] == "column n"


def test_a_full_refresh_runs_everything(shop: Project) -> None:
    result = shop.json("build", "--full-refresh")
    assert not [node for node in result["nodes"] if node["kept"]]


def test_other_environments_have_what_stands(shop: Project) -> None:
    seed(shop, "1,  ann,5", "2,bob,6", "3,bob  ,7")
    shop.ok("build", "--env", "dev")
    assert shop.stale() == set()
    shop.ok("build")
    assert shop.actions() == {}
    assert shop.actions("--env", "dev") == {}


def test_a_text_with_bounds_reads_what_stands_under_a_shorter_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily = (
        "/* @model\nkind: incremental\ntime_column: day\nstart: 2024-01-01\n*/\n"
        "select day, count(*) as n from shop.whole where day >= @start and day < @end "
        "group by day\n"
    )
    files = {
        "trimmed": "/* @model\nkind: table\n*/\n"
        "select id, trim(name) as name, cast(day as date) as day from raw.days\n",
        "whole": "/* @model\nkind: table\n*/\nselect name, day from shop.trimmed\n",
        "daily": daily,
    }
    made = project(tmp_path, {f"models/shop/{name}.sql": text for name, text in files.items()})

    def written(*names: str) -> None:
        rows = [f"{at},{name},2024-01-{at:02d}" for at, name in enumerate(names, 1)]
        made.write("seeds/raw/days.csv", "\n".join(["id,name,day", *rows, ""]))

    monkeypatch.setattr(clock, "now", lambda: "2024-01-03T08:00:00.000Z")
    for number in range(9):
        written("ann", "bob", f"cy{number}")
        made.ok("build")
    ninth = builds(made)["shop.whole"]
    assert ninth.endswith("_9")

    monkeypatch.setattr(clock, "now", lambda: "2024-01-04T08:00:00.000Z")
    written("ann ", " bob", "cy8")
    assert kept(made) == {"shop.whole"}
    assert builds(made)["shop.whole"] == ninth
    days = made.rows("select cast(day as varchar), n from shop.daily order by day")
    assert days == [("2024-01-01", 1), ("2024-01-02", 1), ("2024-01-03", 1)]

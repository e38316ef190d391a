"""Incremental models by time: what is computed, what is not, and that it is as a clean build."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import duckdb
import pytest
from command_line import Answer, Project, copied, project

from xform.host import clock

DAILY = """\
/* @model
kind: incremental
time_column: day
start: 2024-01-01
columns:
  day: {tests: [not_null]}
  total: {tests: [{range: {min: 0}}]}
*/
select cast(placed_at as date) as day, customer, count(*) as orders, sum(amount) as total
from raw.orders
group by all
"""
TOP = (
    "/* @model\nkind: table\n*/\nselect customer, sum(total) as total from shop.daily group by 1\n"
)
HEAD = "id,placed_at,customer,amount\n"


def orders(count: int, days: int = 10) -> list[str]:
    return [
        f"{number},2024-01-{number % days + 1:02d} {number % 24:02d}:30:00,{number % 3},{number}"
        for number in range(count)
    ]


def at(monkeypatch: pytest.MonkeyPatch, now: str) -> None:
    monkeypatch.setattr(clock, "now", lambda: f"{now}T08:00:00.000Z")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    at(monkeypatch, "2024-01-11")
    made = project(tmp_path / "shop", {"models/shop/daily.sql": DAILY, "models/shop/top.sql": TOP})
    seed(made, orders(60))
    made.ok("build")
    return made


def seed(place: Project, lines: list[str]) -> None:
    place.write("seeds/raw/orders.csv", HEAD + "\n".join(lines) + "\n")


def computed(answer: Answer) -> dict[str, list[list[str]]]:
    return {
        item["asset"]: item["intervals"] for item in answer.data["actions"] if "intervals" in item
    }


def intervals(place: Project, *args: str) -> dict[str, list[list[str]]]:
    return computed(place.ok("plan", "--format", "json", *args))


def days(first: str, last: str) -> list[str]:
    return [f"2024-01-{first} 00:00:00", f"2024-01-{last} 00:00:00"]


def clean(place: Project, to: Path, name: str = "shop.daily") -> list[tuple[object, ...]]:
    other = copied(place, to)
    for path in ("warehouse.duckdb", ".xform"):
        target = other.path(path)
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()
    other.ok("build")
    return other.rows(f"select * from {name} order by all")


def daily(place: Project) -> list[tuple[object, ...]]:
    return place.rows("select * from shop.daily order by all")


def test_the_whole_is_computed_once_and_then_nothing(shop: Project, tmp_path: Path) -> None:
    expected = shop.rows(
        "select cast(placed_at as date), customer, count(*), sum(amount) from raw.orders "
        "group by all order by all"
    )
    assert daily(shop) == expected
    assert shop.actions() == {}
    assert "holds        2024-01-01 … 2024-01-10 (10 days)" in shop.ok("why", "shop.daily").out


def test_days_that_pass_are_computed_alone(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(shop, [*orders(60), "100,2024-01-11 09:00:00,1,5", "101,2024-01-12 09:00:00,1,7"])
    shop.ok("build")
    assert shop.value("select max(day) from shop.daily").day == 10
    at(monkeypatch, "2024-01-12")
    assert shop.actions() == {"shop.daily": "interval", "shop.top": "build"}
    assert intervals(shop) == {"shop.daily": [days("11", "12")]}
    shop.ok("build")
    assert shop.value("select max(day) from shop.daily").day == 11
    assert shop.actions() == {}


def test_data_of_the_past_are_found_where_they_changed(shop: Project, tmp_path: Path) -> None:
    before = shop.rows("select physical from _xform.ledger_builds where asset = 'shop.daily'")
    lines = orders(60)
    lines[3] = lines[3].replace(",3", ",4000")
    del lines[17]
    seed(shop, lines)
    assert shop.actions()["shop.daily"] == "interval"
    shop.ok("build")
    assert daily(shop) == clean(shop, tmp_path / "clean")
    after = shop.rows("select physical from _xform.ledger_builds where asset = 'shop.daily'")
    assert before == after, "it is carried on, not built anew"
    assert shop.actions() == {}


def test_only_the_days_that_changed_are_written(shop: Project) -> None:
    """Rows put in by hand show what was left alone."""
    (physical,) = shop.rows("select physical from _xform.ledger_builds where asset = 'shop.daily'")[
        0
    ]
    with duckdb.connect(str(shop.path("warehouse.duckdb"))) as connection:
        connection.execute(f"update _xform.{physical} set orders = -1")
    lines = orders(60)
    lines[4] = lines[4].replace(",1,4", ",1,4444")
    seed(shop, lines)
    shop.ok("build")
    touched = shop.rows("select distinct day from shop.daily where orders <> -1")
    assert [day.day for (day,) in touched] == [5]


def test_a_reader_of_other_columns_does_not_look_at_intervals_again(shop: Project) -> None:
    """Columns that the model does not read are no change of its inputs."""
    shop.write("seeds/raw/orders.csv", shop.read("seeds/raw/orders.csv").replace("id,", "key,"))
    shop.ok("build")
    assert shop.actions() == {}


def test_a_failed_test_takes_the_intervals_back(shop: Project) -> None:
    good = daily(shop)
    lines = orders(60)
    lines[5] = lines[5].replace(",5", ",-500")
    seed(shop, lines)
    answer = shop.call("build")
    assert answer.code == 1
    assert "XF07" in answer.err
    assert daily(shop) == good
    assert shop.actions()["shop.daily"] == "interval"
    seed(shop, orders(60))
    shop.ok("build")
    assert daily(shop) == good


def test_a_failing_interval_leaves_nothing_marked_as_done(shop: Project) -> None:
    shop.replace(
        "models/shop/daily.sql", "sum(amount) as total", "sum(cast(amount as utinyint)) as total"
    )
    shop.ok("build")
    good = daily(shop)
    seed(shop, [*orders(60), "99,2024-01-02 10:00:00,1,1000"])
    assert shop.call("build").code == 1
    assert daily(shop) == good
    seed(shop, [*orders(60), "99,2024-01-02 10:00:00,1,100"])
    shop.ok("build")
    assert shop.value("select sum(total) from shop.daily where day = '2024-01-02'") > 100
    assert shop.actions() == {}


def test_a_change_of_meaning_builds_it_anew(shop: Project, tmp_path: Path) -> None:
    shop.replace("models/shop/daily.sql", "sum(amount)", "max(amount)")
    assert shop.actions()["shop.daily"] == "build"
    shop.ok("build")
    assert daily(shop) == clean(shop, tmp_path / "clean")


def test_a_later_start_is_another_table(shop: Project) -> None:
    shop.replace("models/shop/daily.sql", "start: 2024-01-01", "start: 2024-01-04")
    shop.ok("build")
    assert shop.value("select min(day) from shop.daily").day == 4


def test_a_view_over_it_shows_what_is_new_and_its_readers_follow(
    shop: Project, tmp_path: Path
) -> None:
    shop.write("models/shop/seen.sql", "select day, total from shop.daily where total > 10")
    shop.write(
        "models/shop/best.sql", "/* @model\nkind: table\n*/\nselect max(total) as m from shop.seen"
    )
    shop.ok("build")
    lines = orders(60)
    lines[0] = lines[0][:-1] + "99999"
    seed(shop, lines)
    assert shop.actions().keys() >= {"shop.daily", "shop.best"}
    shop.ok("build")
    assert shop.value("select m from shop.best") > 90_000
    assert shop.actions() == {}


def test_another_environment_takes_it_and_then_grows_its_own(shop: Project) -> None:
    shop.ok("build", "--env", "dev")
    assert shop.actions("--env", "dev") == {}
    good = daily(shop)
    lines = orders(60)
    lines[0] = lines[0][:-1] + "99999"
    seed(shop, lines)
    shop.ok("build", "--env", "dev")
    assert daily(shop) == good, "what prod shows is not written to from dev"
    assert shop.value("select max(total) from shop__dev.daily") > 90_000
    assert shop.actions("--env", "dev") == {}
    shop.ok("build")
    assert shop.value("select max(total) from shop.daily") > 90_000
    assert shop.actions() == {}
    assert shop.actions("--env", "dev") == {}


def test_without_restating_the_past_is_final(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.replace("models/shop/daily.sql", "start:", "restate: never\nlookback: 2\nstart:")
    shop.ok("build")
    good = daily(shop)
    lines = orders(60)
    lines[0] = lines[0][:-1] + "99999"
    seed(shop, lines)
    assert intervals(shop) == {"shop.daily": [days("09", "11")]}
    shop.ok("build")
    assert daily(shop) == good
    answer = shop.ok("backfill", "-s", "daily", "--start", "2024-01-01", "--end", "2024-01-02")
    assert "shop.daily" in answer.out + answer.err
    assert shop.value("select max(total) from shop.daily") > 90_000


WEEKLY = """\
/* @model
kind: incremental
time_column: week
grain: week
start: 2024-01-01
*/
select date_trunc('week', day) as week, sum(total) as total from shop.daily group by 1
"""


def test_intervals_that_an_input_lacks_are_refused(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("models/shop/weekly.sql", WEEKLY)
    shop.ok("build")
    assert shop.rows("select week, total from shop.weekly")[0][0].day == 1
    at(monkeypatch, "2024-01-15")
    answer = shop.call("build", "--select", "weekly")
    assert answer.code == 2
    assert (
        "shop.weekly reads intervals of shop.daily that it does not hold: "
        "2024-01-11 … 2024-01-14 (4 days)" in answer.err
    )
    shop.ok("build", "--select", "weekly", "--allow-missing", "--dry-run")
    shop.ok("build", "--select", "+weekly")
    assert shop.value("select count(*) from shop.weekly") == 2


def test_a_backfill_goes_on_to_readers(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("models/shop/weekly.sql", WEEKLY)
    at(monkeypatch, "2024-01-15")
    shop.ok("build")
    span = ("--start", "2024-01-09", "--end", "2024-01-10")
    plan = shop.ok(
        "backfill", "-s", "daily", *span, "--downstream", "--dry-run", "--format", "json"
    )
    assert computed(plan) == {
        "shop.daily": [days("09", "10")],
        "shop.weekly": [days("08", "15")],
    }
    before = daily(shop)
    shop.ok("backfill", "-s", "daily", *span, "--downstream")
    assert daily(shop) == before
    assert shop.actions() == {}


def test_a_backfill_that_failed_is_retried(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.replace("models/shop/daily.sql", "start:", "restate: never\nstart:")
    shop.ok("build")
    lines = orders(60)
    lines[0] = lines[0][:-1] + "-55555"
    seed(shop, lines)
    shop.ok("build")
    at(monkeypatch, "2024-01-12")
    span = ("--start", "2024-01-01", "--end", "2024-01-02")
    assert shop.call("backfill", "-s", "daily", *span).code == 1
    lines[0] = lines[0].replace("-55555", "77777")
    seed(shop, lines)
    failed = shop.json("runs", "--limit", "1")["runs"][0]["run_id"]
    shop.ok("build", "--select", "raw.orders")
    plan = shop.ok("retry", "--run", failed, "--dry-run", "--format", "json")
    assert computed(plan)["shop.daily"][0] == days("01", "02")
    shop.ok("retry", "--run", failed)
    assert shop.value("select max(total) from shop.daily") > 70_000
    assert "nothing undone" in shop.ok("retry").err


def test_bounds_in_the_query_and_in_its_template(shop: Project) -> None:
    shop.write(
        "models/shop/said.sql",
        "/* @model\nkind: incremental\ntime_column: t\ngrain: day\nstart: 2024-01-01\n"
        "lookback: 1\n*/\n"
        "select placed_at as t, sum(amount) over (order by placed_at, id) as s\n"
        "from raw.orders\nwhere placed_at >= {{ start }} - interval 1 day and placed_at < @end\n",
    )
    shop.ok("build")
    assert shop.value("select count(*) from shop.said") == 60
    sums = "select sum(amount) from raw.orders where placed_at < '2024-01-02'"
    assert shop.value("select max(s) from shop.said where t < '2024-01-02'") == shop.value(sums)
    assert shop.actions() == {}


def test_an_error_in_an_interval_points_into_the_file(shop: Project) -> None:
    shop.write(
        "models/shop/said.sql",
        "/* @model\nkind: incremental\ntime_column: t\nstart: 2024-01-01\n*/\n"
        "select placed_at as t, @start as s, cast('x' || id as integer) as n\n"
        "from raw.orders where placed_at >= @start and placed_at < @end\n",
    )
    answer = shop.call("build")
    assert answer.code == 1
    assert "models/shop/said.sql:6" in answer.err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("start: 2024-01-01\n", "", "an incremental model has no 'start'"),
        ("time_column: day\n", "", "an incremental model has no 'time_column'"),
        ("2024-01-01", "soon", "'start' must be a date or a time"),
        ("start:", "end: 2023-01-01\nstart:", "'end' is not after 'start'"),
        ("start:", "time_zone: Mars/Base\nstart:", "there is no time zone 'Mars/Base'"),
        ("start:", "lookback: -1\nstart:", "'lookback' must be 0 or more"),
        ("start:", "batch: lots\nstart:", "'batch' must be 'single' or a number of intervals"),
        ("start:", "time_grain: year\nstart:", "'time_grain' cannot be 'year'"),
    ],
)
def test_settings_that_make_no_sense(shop: Project, old: str, new: str, said: str) -> None:
    shop.replace("models/shop/daily.sql", old, new)
    answer = shop.call("compile")
    assert answer.code == 2
    assert said in answer.err


SHAPES = {
    "grouped": "select cast(placed_at as date) as day, customer, sum(amount) as s "
    "from raw.orders group by all",
    "joined": "select cast(o.placed_at as date) as day, o.id, n.note, w.mood from raw.orders o "
    "left join raw.notes n on o.customer = n.customer "
    "left join raw.moods w on cast(o.placed_at as date) = w.day",
    "windowed": "select cast(placed_at as date) as day, id, "
    "row_number() over (partition by day order by id) as n from raw.orders",
    "united": "select cast(placed_at as date) as day, id from raw.orders where amount > 5 "
    "union all select day, mood from raw.moods",
    "looking back": "select cast(placed_at as date) as day, id, "
    "count(*) over (order by placed_at, id) as n from raw.orders "
    "where placed_at >= @start - interval 2 day and placed_at < @end",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("draw", range(3))
def test_whatever_happens_to_the_data_it_is_as_a_clean_build(
    shape: str, draw: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(f"{shape} {draw}")
    settings = "lookback: 2\n" if shape == "looking back" else ""
    model = (
        f"/* @model\nkind: incremental\ntime_column: day\nstart: 2024-01-01\n{settings}*/\n"
        f"{SHAPES[shape]}\n"
    )
    place = project(tmp_path / "shop", {"models/shop/daily.sql": model})
    lines = orders(40)
    notes = ["customer,note", *(f"{number},n{number}" for number in range(3))]
    moods = ["day,mood", *(f"2024-01-{number:02d},{number}" for number in range(1, 12))]
    for step in range(5):
        at(monkeypatch, f"2024-01-{9 + step:02d}")
        seed(place, lines)
        place.write("seeds/raw/notes.csv", "\n".join(notes) + "\n")
        place.write("seeds/raw/moods.csv", "\n".join(moods) + "\n")
        place.ok("build")
        assert daily(place) == clean(place, tmp_path / f"clean{step}")
        assert place.actions() == {}
        match chance.randrange(5):
            case 0:
                lines[chance.randrange(len(lines))] = f"{200 + step},2024-01-05 00:00:00,1,8"
            case 1:
                del lines[chance.randrange(len(lines))]
            case 2:
                lines += [f"{300 + step},2024-01-{chance.randint(1, 14):02d} 12:00:00,2,9"] * 2
            case 3:
                notes[chance.randint(1, 3)] = f"{step % 3},other{step}"
            case _:
                moods[chance.randint(1, 11)] = f"2024-01-{chance.randint(1, 12):02d},{50 + step}"


FORWARD = DAILY.replace("start:", "on_code_change: forward\nstart:")


def forward(tmp_path: Path, more: str = "") -> Project:
    model = FORWARD.replace("start:", f"{more}start:")
    made = project(tmp_path / "forward", {"models/shop/daily.sql": model})
    seed(made, orders(60))
    made.ok("build")
    return made


def test_new_code_is_for_new_intervals_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2024-01-11")
    shop = forward(tmp_path)
    before = daily(shop)
    shop.replace("models/shop/daily.sql", "sum(amount)", "sum(amount) * 1000")
    assert shop.actions() == {"shop.daily": "interval"}
    assert intervals(shop) == {}
    shop.ok("build")
    assert daily(shop) == before
    assert shop.actions() == {}
    at(monkeypatch, "2024-01-12")
    seed(shop, [*orders(60), "99,2024-01-11 09:00:00,1,5"])
    shop.ok("build")
    older = "select * from shop.daily where day < '2024-01-11' order by all"
    assert shop.rows(older) == before
    assert shop.value("select total from shop.daily where day = '2024-01-11'") == 5000
    assert "its rows are of 2 codes" in shop.ok("why", "shop.daily").out
    assert shop.actions() == {}


@pytest.mark.parametrize(
    ("on_schema", "columns"),
    [
        ("append", ["day", "customer", "orders", "total", "most"]),
        ("sync", ["day", "customer", "total", "most"]),
        ("ignore", ["day", "customer", "orders", "total"]),
    ],
)
def test_columns_that_new_code_brings_and_takes(
    on_schema: str, columns: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2024-01-11")
    shop = forward(tmp_path, f"on_schema_change: {on_schema}\n")
    path = "models/shop/daily.sql"
    shop.replace(
        path, "count(*) as orders, sum(amount) as total", "sum(amount) as total, max(id) as most"
    )
    at(monkeypatch, "2024-01-12")
    seed(shop, [*orders(60), "99,2024-01-11 09:00:00,1,5"])
    shop.ok("build")
    described = [row[0] for row in shop.rows("describe shop.daily")]
    assert described == columns
    last = "select * from shop.daily where day = '2024-01-11'"
    assert 5 in shop.rows(last)[0]


def test_other_columns_are_refused_where_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2024-01-11")
    shop = forward(tmp_path)
    before = daily(shop)
    shop.replace("models/shop/daily.sql", "count(*) as orders, ", "")
    at(monkeypatch, "2024-01-12")
    answer = shop.call("build")
    assert answer.code == 1
    assert "has orders, which no longer come" in answer.err
    assert daily(shop) == before


def test_a_table_that_grows_by_key_goes_forward_too(tmp_path: Path) -> None:
    model = (
        "/* @model\nkind: incremental\nunique_key: id\non_code_change: forward\n"
        "on_schema_change: append\n*/\nselect id, amount from raw.orders\n"
    )
    shop = project(tmp_path, {"models/shop/kept.sql": model})
    seed(shop, orders(3))
    shop.ok("build")
    shop.replace("models/shop/kept.sql", "id, amount", "id, amount * 10 as amount, customer")
    assert shop.actions() == {"shop.kept": "interval"}
    seed(shop, ["7,2024-01-01 00:00:00,2,7"])
    shop.ok("build")
    rows = shop.rows("select id, amount, customer from shop.kept order by id")
    assert rows == [(0, 0, None), (1, 1, None), (2, 2, None), (7, 70, 2)]

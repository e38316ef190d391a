"""Data tests as a user has them: what they find, what they keep from being shown, what is asked of
the warehouse, and what is not asked again."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest
from command_line import Answer, Project, project

from xform.host import clock

ORDERS = """\
/* @model
tests:
  - expression: "net <= gross -- in EUR"
  - row_count: {min: 2}
  - unique: {columns: [id, kind]}
columns:
  id: {tests: [not_null, unique]}
  kind: {tests: [{accepted_values: {values: [a, b]}}, {regex: '^[a-z]$'}]}
  net: {tests: [{range: {min: 0, where: "kind = 'a'"}}]}
*/
select id, kind, net, gross, customer from seeds.orders
"""
ROWS = "id,kind,net,gross,customer\n1,a,1,2,10\n2,b,3,4,11\n3,a,5,6,\n"


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(
        tmp_path / "shop", {"models/m/orders.sql": ORDERS, "seeds/seeds/orders.csv": ROWS}
    )


def checks(answer: Answer) -> dict[str, tuple[str, int | None]]:
    return {check["check"]: (check["status"], check["failures"]) for check in answer.data["checks"]}


def statements(place: Project) -> list[str]:
    """Those of the last run that ask tests."""
    with sqlite3.connect(place.root / ".xform" / "state.db") as state:
        found = state.execute(
            "select sql from statements where run_id = "
            "(select run_id from runs order by started_at desc, rowid desc limit 1)"
        ).fetchall()
    return [sql for (sql,) in found if "_tested" in sql or "_bad" in sql]


def shown(place: Project, sql: str) -> list[Any]:
    with duckdb.connect(str(place.root / "warehouse.duckdb")) as connection:
        return connection.execute(sql).fetchall()


def rows(place: Project, *lines: str) -> None:
    place.write("seeds/seeds/orders.csv", "\n".join((ROWS.splitlines()[0], *lines)) + "\n")


def model(place: Project, settings: str) -> None:
    query = ORDERS.partition("*/\n")[2]
    place.write("models/m/orders.sql", f"/* @model\n{settings}*/\n{query}")


def test_all_tests_of_a_model_are_one_query_and_one_scan(shop: Project) -> None:
    answer = shop.ok("build", "--format", "json")
    assert len(answer.data["checks"]) == 8
    assert {check["status"] for check in answer.data["checks"]} == {"pass"}
    (asked,) = statements(shop)
    with duckdb.connect(str(shop.root / "warehouse.duckdb")) as connection:
        ((_, plan),) = connection.execute(f"explain {asked}").fetchall()
    assert plan.upper().replace("_", " ").count("SEQ SCAN") == 1


def test_each_test_tells_what_it_found(shop: Project) -> None:
    rows(shop, "1,a,-1,2,10", "1,a,3,4,11", "2,C,9,6,", ",b,1,1,")
    answer = shop.call("build", "--format", "json")
    assert answer.code == 1
    assert checks(answer) == {
        "not_null_m_orders_id": ("fail", 1),
        "unique_m_orders_id": ("fail", 1),
        "accepted_values_m_orders_kind": ("fail", 1),
        "regex_m_orders_kind": ("fail", 1),
        "range_m_orders_net": ("fail", 1),
        "expression_m_orders": ("fail", 1),
        "row_count_m_orders": ("pass", 0),
        "unique_m_orders_id_kind": ("fail", 1),
    } | {"regex_m_orders_kind": ("fail", 1)}
    assert answer.data["published"] == ["seeds.orders"]


def test_what_fails_without_blocking_is_shown_and_exits_1(shop: Project) -> None:
    model(shop, "columns: {customer: {tests: [{not_null: {blocking: false}}]}}\n")
    answer = shop.call("build")
    assert answer.code == 1
    assert "customer is NULL: 1 row" in answer.err
    assert shown(shop, "select count(*) from m.orders") == [(3,)]
    again = shop.call("build")
    assert (again.code, "up to date" in again.err) == (0, True)


@pytest.mark.parametrize(
    ("settings", "code", "status"),
    [
        ('error_if: "> 1"', 0, "warn"),
        ('error_if: "> 1", warn_if: "> 1"', 0, "pass"),
        ('error_if: ">= 1"', 1, "fail"),
        ("severity: warn", 0, "warn"),
        ('config: {severity: WARN, warn_if: "> 5"}', 0, "pass"),
    ],
)
def test_severity_and_thresholds(shop: Project, settings: str, code: int, status: str) -> None:
    model(shop, f"columns: {{customer: {{tests: [{{not_null: {{{settings}}}}}]}}}}\n")
    answer = shop.call("build", "--format", "json")
    assert (answer.code, checks(answer)) == (code, {"not_null_m_orders_customer": (status, 1)})


def test_what_is_known_is_not_asked_again(shop: Project) -> None:
    shop.ok("build")
    answer = shop.ok("test")
    assert "8 tests passed (8 unchanged)" in answer.err
    assert statements(shop) == []
    assert "unchanged" not in shop.ok("test", "--force").err
    assert len(statements(shop)) == 1


def test_a_changed_test_alone_is_asked(shop: Project) -> None:
    shop.ok("build")
    shop.write("models/m/orders.sql", ORDERS.replace("min: 2}", "min: 3}"))
    assert "2 more" not in shop.ok("build").err
    (asked,) = statements(shop)
    assert asked.count("_n1") == 0
    shop.write("models/m/orders.sql", ORDERS.replace("[a, b]", "[a, b, c]"))
    shop.ok("build")
    (asked,) = statements(shop)
    assert "'c'" in asked
    assert "regexp" not in asked


def test_a_threshold_alone_asks_nothing(shop: Project) -> None:
    tests = "columns: {{customer: {{tests: [{{not_null: {{{}}}}}]}}}}\n"
    model(shop, tests.format("severity: warn"))
    shop.ok("build")
    model(shop, tests.format('severity: warn, warn_if: "> 1"'))
    assert "1 test passed (1 unchanged)" in shop.ok("build").err
    assert statements(shop) == []


def test_what_reads_other_builds_is_asked_again_when_those_change(shop: Project) -> None:
    shop.write("seeds/seeds/customers.csv", "id\n10\n11\n")
    model(
        shop,
        "columns: {customer: {tests: [{relationships: {to: ref('customers'), field: id}}]}}\n",
    )
    shop.ok("build")
    assert "(1 unchanged)" in shop.ok("test").err
    shop.write("seeds/seeds/customers.csv", "id\n10\n")
    answer = shop.call("build")
    assert answer.code == 1
    assert "customer is no id of seeds.customers: 1 row" in answer.err


def test_what_asks_the_clock_is_always_asked(shop: Project) -> None:
    model(shop, "tests: [{expression: 'now() is not null'}]\n")
    shop.ok("build")
    assert "unchanged" not in shop.ok("test").err
    assert len(statements(shop)) == 1


def test_what_is_read_where_it_lies_is_always_asked(shop: Project) -> None:
    shop.write("data/raw.csv", "x\n1\n")
    shop.write(
        "models/m/raw.yml",
        "sources: [{name: raw, tables: [{name: t, path: data/raw.csv, columns: [{name: x}]}]}]\n",
    )
    shop.write(
        "models/m/v.sql",
        "/* @model\nkind: view\ncolumns: {x: {tests: [not_null]}}\n*/\nselect x from raw.t\n",
    )
    shop.ok("build")
    assert "9 tests passed (8 unchanged)" in shop.ok("test").err


def test_rows_against_the_build_before(shop: Project) -> None:
    model(shop, "tests: [{row_count: {min_share: 0.5, max_share: 1.5}}]\n")
    shop.ok("build")
    rows(shop, "1,a,1,2,3")
    answer = shop.call("build")
    assert answer.code == 1
    assert "not 0.5 to 1.5 times as many rows as before: 1 row after 3, 1 too few" in answer.err
    rows(shop, "1,a,1,2,3", "2,a,1,2,3", "3,b,1,2,3", "4,b,1,2,3")
    shop.ok("build")
    rows(shop, *(f"{number},a,1,2,3" for number in range(6)))
    shop.ok("build")


def test_drift_against_the_builds_before(shop: Project) -> None:
    model(shop, "columns: {net: {tests: [{drift: {mean: 0.5, null_share: 0.2, over: 2}}]}}\n")
    shop.ok("build")
    rows(shop, "1,a,4,2,3")
    shop.ok("build")
    rows(shop, "1,a,40,2,3")
    answer = shop.call("build")
    assert answer.code == 1
    assert "mean 40, 3.5 in the last 2 builds" in answer.err
    rows(shop, "1,a,4,2,3", "2,a,,2,3", "3,a,,2,3")
    assert "null share 0.6667, 0 in the last 2 builds" in shop.call("build").err
    rows(shop, "1,a,5,2,3")
    shop.ok("build")
    assert "(1 unchanged)" in shop.ok("test").err


def test_fresh_and_recent(shop: Project) -> None:
    query = "select 1 as id, 'a' as kind, {} as at union all select 2, 'b', now()::timestamp\n"
    head = (
        "/* @model\nvolatile: ignore\ntests:\n  - freshness: {field: at, max_age: 1d}\n"
        "  - dbt_utils.recency: {field: at, datepart: day, interval: 2, group_by_columns: [kind]}\n"
        "*/\n"
    )
    shop.write("models/m/orders.sql", head + query.format("now()::timestamp"))
    shop.ok("build")
    shop.write("models/m/orders.sql", head + query.format("timestamp '2020-01-01'"))
    answer = shop.call("build", "--format", "json")
    assert checks(answer) == {
        "freshness_m_orders_at": ("pass", 0),
        "recency_m_orders_at": ("fail", 1),
    }


def test_macros_and_files_are_tests(shop: Project) -> None:
    shop.write(
        "macros/even.sql",
        "{% macro test_even(model, column_name) %}select * from {{ model }} "
        "where {{ column_name }} % 2 <> 0{% endmacro %}",
    )
    shop.write(
        "macros/under.py",
        "from xform import macro\n\n\n@macro\ndef under(model, column_name, other):\n"
        "    return f'select m.* from {model} as m join {other} as o on m.id = o.id'\n",
    )
    shop.write("seeds/seeds/banned.csv", "id\n2\n")
    shop.write(
        "tests/data/cheap.sql",
        "/* @test\nseverity: warn\n*/\n"
        "select o.id from m.orders as o join {{ ref('banned') }} as b on o.id = b.id",
    )
    model(
        shop,
        "columns: {id: {tests: [even, {under: {other: ref('banned'), severity: warn}}]}}\n",
    )
    answer = shop.call("build", "--format", "json")
    assert answer.code == 1
    assert checks(answer) == {
        "even_m_orders_id": ("fail", 2),
        "under_m_orders_id": ("warn", 1),
        "cheap": ("warn", 1),
    }
    rows(shop, "4,a,1,2,3")
    shop.ok("build")
    assert "3 tests passed (3 unchanged)" in shop.ok("test").err
    shop.write("seeds/seeds/banned.csv", "id\n4\n")
    answer = shop.ok("build", "--format", "json")
    assert checks(answer) == {
        "even_m_orders_id": ("pass", 0),
        "under_m_orders_id": ("warn", 1),
        "cheap": ("warn", 1),
    }


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("tests: [evn]", "XF0130"),
        ("columns: {id: {tests: [{regex: {patern: x}}]}}", "did you mean 'pattern'?"),
        ("tests: [{expression: 'nett > 0'}]", "did you mean 'net'?"),
        ("columns: {id: {tests: [{not_null: {where: 'kin = 1'}}]}}", "did you mean 'kind'?"),
        ("tests: [{expression: 'net > '}]", "test expression_m_orders: "),
        ("tests: [{expression: 'id in (select 1 from x)'}]", "XF0807"),
        ("columns: {id: {tests: [{relationships: {to: orders_seed, field: id}}]}}", "XF0"),
        (
            "columns: {customer: {tests: [{relationships: {to: seeds.orders, field: ide}}]}}",
            "XF0808",
        ),
    ],
)
def test_what_is_wrong_with_a_test_is_told_where_it_stands(
    shop: Project, settings: str, said: str
) -> None:
    model(shop, f"{settings}\n")
    answer = shop.call("compile", "--format", "line")
    assert answer.code == 2
    (line,) = [line for line in answer.out.splitlines() if ": error " in line]
    assert line.startswith("models/m/orders.sql:2:")
    assert said in line


DAILY = """\
/* @model
kind: incremental
time_column: day
start: 2024-01-01
columns:
  day: {tests: [not_null]}
  total: {tests: [{range: {min: 0, severity: warn}}, unique]}
*/
select cast(day as date) as day, total from seeds.days
"""


def test_of_a_table_that_grows_the_new_intervals_alone_are_tested_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on(day: int, *lines: str) -> Project:
        monkeypatch.setattr(clock, "now", lambda: f"2024-01-{day:02d}T08:00:00.000Z")
        return project(
            tmp_path / "shop",
            {
                "models/m/daily.sql": DAILY,
                "seeds/seeds/days.csv": "\n".join(("day,total", *lines)) + "\n",
            },
        )

    days = [f"2024-01-{number:02d},{number}" for number in range(1, 9)]
    shop = on(4, *days)
    shop.ok("build")
    assert len(statements(shop)) == 1
    shop = on(6, *days)
    shop.ok("build")
    (asked,) = statements(shop)
    narrow, whole = asked.split(") as _q0")[0], asked.split(") as _q0")[1]
    assert "where (\"day\" >= timestamp '2024-01-04 00:00:00'" in narrow
    assert "count(distinct" in whole
    assert "timestamp" not in whole
    days[6] = "2024-01-07,-1"
    shop = on(8, *days)
    answer = shop.ok("build", "--format", "json")
    assert checks(answer)["range_m_daily_total"] == ("warn", 1)
    days[7] = "2024-01-08,-2"
    shop = on(9, *days)
    answer = shop.ok("build", "--format", "json")
    assert checks(answer)["range_m_daily_total"] == ("warn", 2), "what did not pass is seen whole"


PERSONS = """\
/* @model
columns:
  id: {tests: [{not_null: {error_if: "> 9"}}, {unique: {limit: 1}}]}
  email: {tags: [PII]}
*/
select id, email, day from seeds.persons
"""


@pytest.fixture
def persons(tmp_path: Path) -> Project:
    lines = ["id,email,day", "1,a@x,2024-01-01", "1,b@x,2024-01-02", ",c@x,2024-01-03"]
    return project(
        tmp_path / "persons",
        {
            "models/m/persons.sql": PERSONS,
            "seeds/seeds/persons.csv": "\n".join(lines) + "\n",
            "tests/data/named.sql": "/* @test\nseverity: warn\n*/\n"
            "select lower(email) as address, day from m.persons",
        },
    )


def kept(place: Project, name: str, *more: str) -> dict[str, Any]:
    found = place.json("show", name, "--failures", *more)["failures"]
    return {bad["test"]: bad["rows"] for bad in found}


def test_bad_rows_are_kept_though_the_build_is_not(persons: Project) -> None:
    answer = persons.call("build", "--store-failures")
    assert answer.code == 1
    assert persons.json("ls")["assets"] != []
    assert (
        "1 bad row is kept, without email: xform show --failures not_null_m_persons_id"
        in answer.err
    )
    assert kept(persons, "m.persons") == {
        "named": [{"day": "2024-01-01"}, {"day": "2024-01-02"}, {"day": "2024-01-03"}],
        "not_null_m_persons_id": [{"id": None, "day": "2024-01-03"}],
        "unique_m_persons_id": kept(persons, "unique_m_persons_id")["unique_m_persons_id"],
    }
    (repeated,) = kept(persons, "unique_m_persons_id").values()
    assert [row["id"] for row in repeated] == [1], "no more than its limit"
    told = persons.ok("show", "persons", "--failures").out
    assert "not_null_m_persons_id" in told
    assert "@" not in told
    ((text,),) = shown(persons, "select string_agg(bad_row) from _xform.ledger_bad_rows")
    assert "@" not in text


def test_bad_rows_go_when_the_test_passes_and_with_gc(persons: Project) -> None:
    persons.call("build", "--store-failures")
    persons.write("seeds/seeds/persons.csv", "id,email,day\n1,a@x,2024-01-01\n,b@x,2024-01-02\n")
    persons.ok("build", "--store-failures")
    assert set(kept(persons, "m.persons")) == {"named", "not_null_m_persons_id"}
    assert persons.call("show", "unique_m_persons_id", "--failures").code == 2
    assert "bad rows of 2 tests" in persons.ok("gc", "--grace", "0s").out
    answer = persons.call("show", "m.persons", "--failures")
    assert "XF0613" in answer.err
    assert "bad rows" not in persons.ok("gc", "--grace", "0s").out


def test_rows_of_what_is_known_to_fail_are_fetched(persons: Project) -> None:
    persons.write("models/m/persons.sql", PERSONS.replace(", {unique: {limit: 1}}", ""))
    persons.ok("build")
    assert "XF0613" in persons.call("show", "m.persons", "--failures").err
    assert "(1 unchanged)" not in persons.ok("test", "--store-failures").err
    assert set(kept(persons, "m.persons", "-n", "1")) == {"named", "not_null_m_persons_id"}
    assert kept(persons, "named", "-n", "1") == {"named": [{"day": "2024-01-01"}]}


def test_a_test_may_always_keep_its_bad_rows(persons: Project) -> None:
    persons.replace("models/m/persons.sql", '"> 9"', '"> 9", store_failures: true')
    persons.call("build")
    assert set(kept(persons, "m.persons")) == {"not_null_m_persons_id"}


def test_an_environment_has_its_own_bad_rows(persons: Project) -> None:
    persons.call("build", "--store-failures")
    assert persons.call("show", "m.persons", "--failures", "--env", "dev").code == 2

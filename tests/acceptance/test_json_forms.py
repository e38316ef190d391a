"""The JSON forms of the command line: keys and types exactly, and the values of a small project."""

from __future__ import annotations

import json
from pathlib import Path
from types import UnionType
from typing import Any

import pytest
from command_line import Project, project

FILES = {
    "seeds/raw/orders.csv": "id,customer,amount\n1,ann,10\n2,bob,-5\n3,ann,7\n",
    "models/staging/stg_orders.sql": (
        "/* @model\n"
        "kind: view\n"
        "columns:\n"
        "  id: {tests: [not_null, unique]}\n"
        "  amount: {tests: [{range: {min: 0, severity: warn}}]}\n"
        "*/\n"
        "select id, customer, amount from raw.orders where id > 0\n"
    ),
    "models/marts/customers.sql": (
        "select customer, sum(amount) as total, count(*) as n\n"
        "from {{ ref('stg_orders') }} group by customer\n"
    ),
    "models/marts/sizes.py": (
        "from xform import model\n\n\n"
        '@model(columns={"n": "bigint"})\n'
        "def sizes(customers):\n"
        '    return customers.aggregate("count(*) as n")\n'
    ),
}

NULLABLE = bool | None
"""False, or null where it is not known."""
Shape = Any
"""A type, a union of types, `[shape]` for a list, `{key: shape}` for an object with just these."""


def check(value: Any, shape: Shape, at: str = "$") -> None:
    match shape:
        case dict():
            assert isinstance(value, dict), f"{at}: {value!r}"
            assert list(value) == list(shape), at
            for key, inner in shape.items():
                check(value[key], inner, f"{at}.{key}")
        case [inner]:
            assert isinstance(value, list), f"{at}: {value!r}"
            for number, item in enumerate(value):
                check(item, inner, f"{at}[{number}]")
        case tuple():
            assert isinstance(value, list), f"{at}: {value!r}"
            assert len(value) == len(shape), at
            for number, (item, inner) in enumerate(zip(value, shape, strict=True)):
                check(item, inner, f"{at}[{number}]")
        case type() | UnionType():
            assert isinstance(value, shape), f"{at}: {value!r} is no {shape}"
            assert shape in (bool, NULLABLE) or not isinstance(value, bool), f"{at}: {value!r}"
        case _:
            assert value == shape, at


NULL: Any = type(None)
REF = (str, str)
PLACE = {
    "path": str,
    "line": int,
    "column": int,
    "end_line": int,
    "end_column": int,
}
DIAGNOSTIC = {
    "code": str,
    "severity": str,
    "message": str,
    **PLACE,
    "help": str,
    "related": [{"message": str, **PLACE}],
}
COLUMN = {
    "name": str,
    "type": str,
    "nullable": NULLABLE,
    "fingerprint": str,
    "value_lineage": [REF],
}
ASSET = {
    "name": str,
    "kind": str,
    "language": str,
    "path": str,
    "depends_on": [str],
    "columns": [COLUMN],
    "row_lineage": [REF],
    "row_fingerprint": str,
    "build_fingerprint": str,
    "compiled_sql": str | NULL,
    "description": str,
    "owner": str | NULL,
    "tags": [str],
    "group": str | NULL,
    "access": str | NULL,
    "contract": bool,
    "deprecation_date": str | NULL,
    "version": str | NULL,
}
COMPILE = {"version": 1, "assets": [ASSET], "diagnostics": [DIAGNOSTIC]}
REASON = {"kind": str, "detail": str, "columns": [str]}
PLAN = {
    "version": 1,
    "environment": str,
    "actions": [{"asset": str, "action": str, "reasons": [REASON]}],
    "unchanged": [str],
}
LINEAGE = {"version": 1, "column": REF, "value": [REF], "rows": [REF]}
CHECK = {
    "asset": str,
    "check": str,
    "status": str,
    "failures": int | NULL,
    "seconds": float,
    "message": str,
    "unchanged": bool,
}
RUN = {
    "version": 1,
    "run_id": str,
    "status": str,
    "nodes": [
        {
            "asset": str,
            "status": str,
            "rows": int | NULL,
            "seconds": float,
            "build": str | NULL,
            "reason": str,
            "message": str,
            "kept": bool,
        }
    ],
    "diagnostics": [DIAGNOSTIC],
    "published": [str],
    "dropped": [str],
    "withheld": [(str, str)],
    "warned": int,
    "seconds": float,
    "abandoned": [str],
    "checks": [CHECK],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = project(tmp_path_factory.mktemp("forms"), FILES)
    made.ok("build")
    return made


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    return project(tmp_path, FILES)


def test_compile(fresh: Project) -> None:
    form = fresh.json("compile")
    check(form, COMPILE)
    assets = {asset["name"]: asset for asset in form["assets"]}
    assert list(assets) == ["marts.customers", "marts.sizes", "raw.orders", "staging.stg_orders"]
    customers = assets["marts.customers"]
    assert (customers["kind"], customers["language"]) == ("view", "sql")
    assert customers["path"] == "models/marts/customers.sql"
    assert customers["depends_on"] == ["staging.stg_orders"]
    lineage = {column["name"]: column["value_lineage"] for column in customers["columns"]}
    assert lineage == {
        "customer": [["staging.stg_orders", "customer"]],
        "total": [["staging.stg_orders", "amount"]],
        "n": [],
    }
    assert customers["row_lineage"] == [["staging.stg_orders", "customer"]]
    assert assets["staging.stg_orders"]["row_lineage"] == [["raw.orders", "id"]]
    assert "ref(" not in customers["compiled_sql"]
    assert "staging.stg_orders" in customers["compiled_sql"]
    assert assets["marts.sizes"]["language"] == "python"
    assert assets["raw.orders"]["language"] == "none"


def test_compile_needs_no_warehouse_and_leaves_artefacts(fresh: Project) -> None:
    form = fresh.json("compile")
    assert not fresh.path("warehouse.duckdb").exists()
    assert json.loads(fresh.read("target/manifest.json")) == form
    compiled = fresh.read("target/compiled/models/marts/customers.sql")
    assert compiled.strip() == form["assets"][0]["compiled_sql"]


def test_plan(fresh: Project) -> None:
    form = fresh.json("plan")
    check(form, PLAN)
    assert form["environment"] == "prod"
    assert {action["action"] for action in form["actions"]} == {"build"}
    assert {reason["kind"] for a in form["actions"] for reason in a["reasons"]} == {"new"}
    assert not fresh.path("warehouse.duckdb").exists()
    fresh.ok("build")
    form = fresh.json("plan")
    check(form, PLAN)
    assert form["actions"] == []
    assert len(form["unchanged"]) == 4


def test_a_dry_run_prints_the_plan_and_builds_nothing(fresh: Project) -> None:
    assert fresh.json("build", "--dry-run") == fresh.json("plan")
    assert not fresh.path("warehouse.duckdb").exists()


def test_build(fresh: Project) -> None:
    form = fresh.json("build")
    check(form, RUN)
    assert form["status"] == "success"
    assert {node["asset"]: node["rows"] for node in form["nodes"]} == {
        "raw.orders": 3,
        "staging.stg_orders": None,
        "marts.customers": None,
        "marts.sizes": 1,
    }
    assert {item["check"].partition("_")[0]: item["status"] for item in form["checks"]} == {
        "not": "pass",
        "unique": "pass",
        "range": "warn",
    }
    assert [item["code"] for item in form["diagnostics"]] == ["XF0709"]
    form = fresh.json("build")
    check(form, RUN)
    assert (form["status"], form["nodes"], form["published"]) == ("success", [], [])


def test_test(built: Project) -> None:
    form = built.json("test")
    check(form, RUN)
    assert [item["failures"] for item in form["checks"]] == [0, 0, 1]
    assert built.json("test", "--select", "customers")["checks"] == []


def test_lineage(built: Project) -> None:
    form = built.json("lineage", "customers.total")
    check(form, LINEAGE)
    assert form["column"] == ["marts.customers", "total"]
    assert form["value"] == [["staging.stg_orders", "amount"]]
    assert form["rows"] == [["staging.stg_orders", "customer"]]
    form = built.json("lineage", "marts.customers.TOTAL", "--recursive")
    check(form, LINEAGE)
    assert form["value"] == [["raw.orders", "amount"]]
    assert form["rows"] == [["raw.orders", "customer"], ["raw.orders", "id"]]


QUERY = {
    "version": 1,
    "tables": [str],
    "columns": dict,
    "rows": [REF],
    "diagnostics": [DIAGNOSTIC],
}
SQL = (
    "select a.x + b.y as z, count(*) as n from t a join u b on a.id = b.id where b.k > 1 group by 1"
)


def test_lineage_of_a_query_from_a_file_or_stdin(tmp_path: Path) -> None:
    anywhere = Project(tmp_path)
    anywhere.write("query.sql", SQL)
    form = anywhere.json("lineage", "--sql", str(tmp_path / "query.sql"), "--dialect", "duckdb")
    check(form, QUERY)
    assert form["tables"] == ["t", "u"]
    assert form["columns"]["z"] == {"value": [["t", "x"], ["u", "y"]]}
    assert form["rows"] == [
        ["t", "id"],
        ["t", "x"],
        ["u", "id"],
        ["u", "k"],
        ["u", "y"],
    ]
    piped = anywhere.ok("lineage", "--sql", "-", "--format", "json", stdin=SQL)
    assert piped.data == form


def test_lineage_of_a_query_with_a_schema(tmp_path: Path) -> None:
    anywhere = Project(tmp_path)
    anywhere.write("schema.json", '{"t": {"a": "int", "b": "int"}}')
    schema = str(tmp_path / "schema.json")
    arguments = ("lineage", "--sql", "-", "--schema", schema, "--format", "json")
    form = anywhere.ok(*arguments, stdin="select * from t").data
    check(form, QUERY)
    assert form["columns"] == {"a": {"value": [["t", "a"]]}, "b": {"value": [["t", "b"]]}}
    wrong = anywhere.call(*arguments, stdin="select c from t")
    assert wrong.code == 2
    check(wrong.data, QUERY)
    assert [item["code"] for item in wrong.data["diagnostics"]] == ["XF0403"]


def test_lineage_of_many_queries(tmp_path: Path) -> None:
    requests = [
        {"id": 1, "sql": "select x from t", "dialect": "duckdb", "schema": {"t": {"x": "int"}}},
        {"id": "two", "sql": "select `x y` from `p.q`", "dialect": "bigquery"},
        {"id": 3, "dialect": "duckdb"},
        {"id": 4, "sql": "select x from (", "dialect": "duckdb"},
        {"id": 5, "sql": "select x from t", "dialect": "cobol"},
        {"id": 6, "sql": "select x from t", "schema": [1]},
    ]
    lines = [*map(json.dumps, requests), "", "not json", "[1]"]
    answer = Project(tmp_path).ok("lineage", "--jsonl", stdin="\n".join(lines) + "\n")
    forms = [json.loads(line) for line in answer.out.splitlines()]
    for form in forms:
        check(form, {"id": int | str | NULL, **QUERY})
    assert [form["id"] for form in forms] == [1, "two", 3, 4, 5, 6, None, None]
    assert [bool(form["diagnostics"]) for form in forms] == [False, False, *[True] * 6]
    assert forms[0]["columns"] == {"x": {"value": [["t", "x"]]}}


def test_ls(built: Project) -> None:
    form = built.json("ls", "--select", "stg_orders+")
    check(form, {"version": 1, "assets": [{"name": str, "resource_type": str, "path": str}]})
    models = [item["name"] for item in form["assets"] if item["resource_type"] == "model"]
    assert models == ["marts.customers", "marts.sizes", "staging.stg_orders"]
    lines = built.ok("ls", "--output", "json", "--resource-type", "model").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == models


VERSION = {"leaf": str, "recorded": str | NULL, "current": str | NULL}
BUILD = {
    "physical": str,
    "fingerprint": str,
    "built_at": str,
    "seconds": float,
    "rows": int | NULL,
    "run_id": str,
    "published": bool,
    "codes": int,
    "holds": str,
}
INPUT = {"name": str, "old": str | NULL, "new": str | NULL}
COMPARED = {
    "asset": str,
    "upstream": str,
    "how": {"sample": float, "float_digits": int | NULL},
    "ahead": bool,
}
WHY = {
    "version": 1,
    "asset": str,
    "environment": str,
    "kind": str,
    "path": str,
    "fresh": bool,
    "fingerprint": str,
    "reasons": [REASON],
    "differences": [{"component": str, "old": str | NULL, "new": str | NULL, "inputs": [INPUT]}],
    "versions": [VERSION],
    "build": BUILD,
    "compared": [COMPARED],
}


def test_why(fresh: Project) -> None:
    check(fresh.json("why", "sizes"), {**WHY, "build": NULL})
    fresh.ok("build")
    form = fresh.json("why", "sizes")
    check(form, WHY)
    assert (form["fresh"], form["reasons"], form["differences"]) == (True, [], [])
    fresh.replace("models/marts/customers.sql", "sum(amount)", "sum(amount + 1)")
    assert fresh.call("why", "customers", "--exit-code").code == 3
    form = fresh.json("why", "customers")
    check(form, WHY)
    assert form["fresh"] is False
    (difference,) = form["differences"]
    assert difference["component"] == "column total"
    assert "1" in difference["new"]
    assert "1" not in difference["old"]


def test_show(built: Project) -> None:
    form = built.json("show", "customers", "--limit", "1")
    check(
        form,
        {
            "version": 1,
            "asset": "marts.customers",
            "columns": [{"name": str, "type": str}],
            "total": int | NULL,
            "rows": [dict],
        },
    )
    assert [column["name"] for column in form["columns"]] == ["customer", "total", "n"]
    assert len(form["rows"]) == 1


def test_debug_and_explain(built: Project) -> None:
    finding = {"topic": str, "state": str, "text": str, "help": str}
    check(built.json("debug"), {"version": 1, "findings": [finding]})
    code = {"code": str, "title": str, "severity": str}
    check(built.json("explain"), {"version": 1, "codes": [code]})
    check(built.json("explain", "XF0403"), {"version": 1, **code, "page": str})


EVENTS: dict[str, Shape] = {
    "run_start": {"run_id": str, "environment": str, "nodes": [str], "threads": int, "at": str},
    "node_start": {"asset": str, "reason": str, "at": str},
    "check": CHECK,
    "node_done": {
        "asset": str,
        "status": str,
        "rows": int | NULL,
        "seconds": float,
        "build": str | NULL,
        "reason": str,
        "message": str,
        "kept": bool,
    },
    "node_skip": {"asset": str, "reason": str},
    "publish": {"assets": [str], "dropped": [str], "seconds": float},
    "log": {"level": str, "message": str},
    "run_end": {
        "run_id": str,
        "status": str,
        "built": int,
        "failed": int,
        "skipped": int,
        "warned": int,
        "seconds": float,
        "at": str,
        "kept": int,
    },
}


def events_of(text: str) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        check(event, {"event": event["event"], **EVENTS[event["event"]]})
    return events


def test_events(fresh: Project) -> None:
    fresh.write("models/marts/broken.sql", "select 1 / customer::int as x from stg_orders")
    fresh.write(
        "models/marts/broken.sql",
        "/* @model\nkind: table\n*/\nselect error(customer) as x from stg_orders",
    )
    fresh.write("models/marts/reader.sql", "/* @model\nkind: table\n*/\nselect x from broken")
    answer = fresh.call("build", "--events", "-")
    assert answer.code == 1
    events = events_of(answer.out)
    kinds = [event["event"] for event in events]
    assert kinds[0] == "run_start"
    assert kinds[-2:] == ["publish", "run_end"]
    assert {"node_start", "node_done", "check", "node_skip"} <= set(kinds)
    order = {(event["event"], event.get("asset")): at for at, event in enumerate(events)}
    for event in events:
        if event["event"] == "node_done":
            assert order["node_start", event["asset"]] < order["node_done", event["asset"]]
    end = events[-1]
    assert (end["status"], end["built"], end["failed"], end["skipped"]) == ("failed", 4, 1, 1)


def test_events_to_a_file(fresh: Project, tmp_path: Path) -> None:
    fresh.ok("build", "--events", str(tmp_path / "events.ndjson"))
    events = events_of(fresh.read("events.ndjson"))
    assert events[-1]["status"] == "success"
    fresh.ok("build", "--events", str(tmp_path / "events.ndjson"))
    assert [event["event"] for event in events_of(fresh.read("events.ndjson"))] == [
        "run_start",
        "run_end",
    ]


@pytest.mark.parametrize("command", ["compile", "plan", "build"])
def test_errors(fresh: Project, command: str) -> None:
    fresh.replace("models/marts/customers.sql", "sum(amount)", "sum(amonut)")
    answer = fresh.call(command, "--format", "json")
    assert answer.code == 2
    shape = COMPILE if command == "compile" else {"version": 1, "diagnostics": [DIAGNOSTIC]}
    if command == "compile":
        assets = {item["name"]: item for item in answer.data["assets"]}
        assert assets["marts.customers"]["build_fingerprint"] is None
        shape = {"version": 1, "assets": list, "diagnostics": [DIAGNOSTIC]}
    check(answer.data, shape)
    (found,) = answer.data["diagnostics"]
    assert (found["code"], found["path"], found["line"]) == (
        "XF0403",
        "models/marts/customers.sql",
        1,
    )
    column = found["column"]
    assert fresh.read(found["path"]).splitlines()[0][column - 1 : found["end_column"] - 1] == (
        "amonut"
    )
    assert "amount" in found["help"]

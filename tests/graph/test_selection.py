"""What each way of writing a selection selects, over one small shop."""

from __future__ import annotations

import pytest

from xform.base.names import AssetName, ColumnRef
from xform.graph import nodes
from xform.graph.selection.request import Request
from xform.graph.selection.select import methods_used, select
from xform.graph.selection.spec import Selectors
from xform.graph.selectors import read_selectors


def name(text: str) -> AssetName:
    return AssetName(text)


def asset(text: str, kind: str, path: str, reads: str = "", **more: object) -> nodes.Node:
    folders = path.removeprefix("models/").removeprefix("seeds/").split("/")[:-1]
    fqn = ("shop", *folders, text.partition(".")[2])
    depends_on = tuple(name(read) for read in reads.split())
    return nodes.Node(name(text), kind, path, depends_on, fqn=fqn, **more)  # type: ignore[arg-type]


def check(text: str, kind: str, of: str, other: str = "", **more: object) -> nodes.TestNode:
    reads = (name(of), *map(name, other.split()))
    path = "models/staging/_schema.yml" if of.startswith("staging") else "models/marts/fct.sql"
    return nodes.TestNode(text, kind, name(of), reads, path=path, **more)  # type: ignore[arg-type]


NODES = (
    asset("raw.orders", "source", "models/sources.yml", owner="platform"),
    asset("raw.payments", "source", "models/sources.yml"),
    asset("seeds.countries", "seed", "seeds/seeds/countries.csv"),
    asset(
        "staging.orders",
        "model",
        "models/staging/shop/orders.sql",
        "raw.orders",
        declared_in=("models/staging/_schema.yml",),
        tags=("daily", "pii"),
        owner="growth@shop.example",
        config={"kind": "view", "meta": {"pii": True, "level": 3}, "tags": ["daily", "pii"]},
        access="public",
    ),
    asset(
        "staging.payments",
        "model",
        "models/staging/shop/payments.py",
        "raw.payments",
        tags=("daily",),
        config={"kind": "view"},
        domain="finance",
        version="old",
        engine="spark",
    ),
    asset(
        "marts.fct",
        "model",
        "models/marts/fct.sql",
        "staging.orders staging.payments seeds.countries",
        group="finance",
        config={"kind": "table"},
    ),
    asset("marts.kpis", "model", "models/marts/kpis.sql", "marts.fct", tags=("weekly",)),
    asset("exposures.board", "exposure", "models/exposures.yml", "marts.kpis"),
)
UNIQUE, PARTNER, ACCEPTED = "unique_staging_orders_id", "partner_fct_orders", "accepted_fct_kind"
CHECKS = (
    check(UNIQUE, "unique", "staging.orders"),
    check(PARTNER, "relationships", "marts.fct", "staging.orders"),
    check(ACCEPTED, "accepted_values", "marts.fct", severity="warn"),
)
GRAPH = nodes.Graph("shop", {node.name: node for node in NODES}, CHECKS)


def column(text: str) -> ColumnRef:
    schema, table, leaf = text.split(".")
    return name(f"{schema}.{table}"), leaf


READERS = {
    "raw.orders.id": "staging.orders.id",
    "raw.orders.amount": "staging.orders.amount",
    "raw.orders.status": "staging.orders.*",
    "staging.orders.id": "marts.fct.id",
    "staging.orders.amount": "marts.fct.amount",
    "staging.payments.paid": "marts.fct.paid",
    "marts.fct.amount": "marts.kpis.revenue",
}
FACTS = nodes.SelectionFacts(
    column_readers={column(read): (column(by),) for read, by in READERS.items()},
    columns={
        name("staging.orders"): ("id", "amount", "Note"),
        name("marts.fct"): ("id", "amount", "paid"),
        name("marts.kpis"): ("revenue",),
    },
    stale=frozenset({name("marts.fct"), name("marts.kpis")}),
    results={"marts.fct": "error", UNIQUE: "fail", "marts.kpis": "skipped"},
    changed={
        "modified": frozenset({name("staging.orders")}),
        "modified.body": frozenset({name("staging.orders")}),
        "new": frozenset({name("marts.kpis")}),
    },
    source_status={name("raw.orders"): "fresher"},
)
SELECTORS, _ = read_selectors(
    "selectors:\n"
    "- {name: daily, definition: 'tag:daily'}\n"
    "- name: quiet\n"
    "  definition: {method: fqn, value: staging.orders, indirect_selection: empty}\n",
    "selectors.yml",
)


def assets_of(*texts: str, exclude: tuple[str, ...] = ()) -> str:
    """The selected assets, sorted; the selection must raise no diagnostic."""
    selected, diagnostics = select(GRAPH, Request(texts, exclude), FACTS, SELECTORS)
    assert diagnostics == []
    return " ".join(sorted(selected.assets))


def checks_of(*texts: str, indirect: str = "eager", exclude: tuple[str, ...] = ()) -> list[str]:
    request = Request(texts, exclude, indirect=indirect)
    selected, diagnostics = select(GRAPH, request, FACTS, SELECTORS)
    assert diagnostics == []
    return [test.name for test in selected.tests]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders", "staging.orders"),
        ("staging.orders", "staging.orders"),
        ("staging", "staging.orders staging.payments"),
        ("staging.*", "staging.orders staging.payments"),
        ("*.orders", "staging.orders"),
        ("*", "marts.fct marts.kpis seeds.countries staging.orders staging.payments"),
        ("f?t", "marts.fct"),
        ("shop.staging.shop.orders", "staging.orders"),
        ("staging.shop.p*", "staging.payments"),
        ("shop.marts", "marts.fct marts.kpis"),
        ("fqn:fct", "marts.fct"),
        ("raw.orders", "raw.orders"),
        ("tag:daily", "staging.orders staging.payments"),
        ("tag:p?i", "staging.orders"),
        ("path:models/staging", "staging.orders staging.payments"),
        ("models/staging/shop/*.py", "staging.payments"),
        ("models/**/kpis.sql", "marts.kpis"),
        ("./models/marts/", "marts.fct marts.kpis"),
        ("path:models/staging/_schema.yml", "staging.orders"),
        ("payments.py", "staging.payments"),
        ("file:countries", "seeds.countries"),
        ("source:raw", "raw.orders raw.payments"),
        ("source:raw.ord*", "raw.orders"),
        ("source:shop.raw.payments", "raw.payments"),
        ("source:*", "raw.orders raw.payments"),
        ("config.kind:table", "marts.fct"),
        ("config.materialized:view", "staging.orders staging.payments"),
        ("config.meta.pii:TRUE", "staging.orders"),
        ("config.meta.level:3", "staging.orders"),
        ("config.meta:pii", "staging.orders"),
        ("config.tags:pii", "staging.orders"),
        ("resource_type:seed", "seeds.countries"),
        ("owner:*@shop.example", "staging.orders"),
        ("group:fin*", "marts.fct"),
        ("access:public", "staging.orders"),
        ("access:protected", "marts.fct marts.kpis staging.payments"),
        ("version:old", "staging.payments"),
        ("version:none", "marts.fct marts.kpis staging.orders"),
        ("domain:finance", "staging.payments"),
        ("engine:spark", "staging.payments"),
        ("package:this,tag:weekly", "marts.kpis"),
        ("package:sh*,tag:weekly", "marts.kpis"),
        ("exposure:board", "exposures.board"),
        ("exposure:shop.*", "exposures.board"),
        ("state:modified", "staging.orders"),
        ("state:modified.body", "staging.orders"),
        ("result:error", "marts.fct"),
        ("source_status:fresher", "raw.orders"),
        ("stale:*", "marts.fct marts.kpis"),
        ("stale:kpis", "marts.kpis"),
        ("selector:daily", "staging.orders staging.payments"),
        ("column:staging.orders.amount", "staging.orders"),
        ("column:orders.NOTE", "staging.orders"),
        ("column:*.*.amount", "marts.fct raw.orders staging.orders"),
    ],
)
def test_methods(text: str, expected: str) -> None:
    assert assets_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "+fct",
            "marts.fct raw.orders raw.payments seeds.countries staging.orders staging.payments",
        ),
        ("1+fct", "marts.fct seeds.countries staging.orders staging.payments"),
        ("0+fct", "marts.fct"),
        ("orders+", "exposures.board marts.fct marts.kpis staging.orders"),
        ("orders+1", "marts.fct staging.orders"),
        ("1+fct+1", "marts.fct marts.kpis seeds.countries staging.orders staging.payments"),
        ("+exposure:board,tag:weekly", "marts.kpis"),
        ("@kpis", " ".join(sorted(GRAPH.nodes))),
        ("@orders", " ".join(sorted(GRAPH.nodes))),
        ("2+kpis", "marts.fct marts.kpis seeds.countries staging.orders staging.payments"),
        ("99999999999999999999+orders", "raw.orders staging.orders"),
        ("selector:daily+1", "marts.fct staging.orders staging.payments"),
        ("1+selector:daily", "raw.orders raw.payments staging.orders staging.payments"),
    ],
)
def test_graph_operators(text: str, expected: str) -> None:
    assert assets_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("column:raw.orders.id+", "marts.fct raw.orders staging.orders"),
        ("column:staging.orders.amount+", "marts.fct marts.kpis staging.orders"),
        ("column:staging.orders.amount+1", "marts.fct staging.orders"),
        # What decides rows of staging.orders reaches all that read any column of it.
        ("column:raw.orders.status+", "marts.fct marts.kpis raw.orders staging.orders"),
        ("column:staging.orders.note+", "staging.orders"),
        ("+column:marts.kpis.revenue", "marts.fct marts.kpis raw.orders staging.orders"),
        ("1+column:marts.kpis.revenue", "marts.fct marts.kpis"),
        ("+column:marts.fct.paid", "marts.fct staging.payments"),
        ("@column:marts.fct.paid", assets_of("+fct")),
    ],
)
def test_column_operators_follow_lineage(text: str, expected: str) -> None:
    assert assets_of(text) == expected


@pytest.mark.parametrize("known", [{}, {name("raw.orders"): ()}])
def test_any_column_is_believed_where_none_are_known(
    known: dict[AssetName, tuple[str, ...]],
) -> None:
    facts = nodes.SelectionFacts(columns=known, given=frozenset({"column"}))
    for text, expected in (("raw.orders.x", {"raw.orders"}), ("raw.*.x", set()), ("x.y.z", set())):
        assert select(GRAPH, Request((f"column:{text}",)), facts)[0].assets == expected


def test_rows_are_read_with_any_column() -> None:
    counting = nodes.SelectionFacts(
        column_readers={
            column("raw.orders.status"): (column("staging.orders.*"),),
            column("staging.orders.*"): (column("marts.fct.*"),),
        }
    )
    selected, _ = select(GRAPH, Request(("column:raw.orders.status+",)), counting)
    assert name("marts.fct") in selected.assets


@pytest.mark.parametrize(
    ("texts", "exclude", "expected"),
    [
        (("orders fct",), (), "marts.fct staging.orders"),
        (("orders", "fct"), (), "marts.fct staging.orders"),
        (("  orders   fct ",), (), "marts.fct staging.orders"),
        (("tag:daily,staging.payments",), (), "staging.payments"),
        (("orders,path:models/staging kpis",), (), "marts.kpis staging.orders"),
        (("+kpis",), ("staging source:*",), "marts.fct marts.kpis seeds.countries"),
        ((), ("resource_type:model",), "exposures.board raw.orders raw.payments seeds.countries"),
        ((), (), " ".join(sorted(GRAPH.nodes))),
    ],
)
def test_set_operations(texts: tuple[str, ...], exclude: tuple[str, ...], expected: str) -> None:
    assert assets_of(*texts, exclude=exclude) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test_name:unique", [UNIQUE]),
        ("test_type:generic", [UNIQUE, PARTNER, ACCEPTED]),
        ("test_type:data,test_name:rel*", [PARTNER]),
        ("resource_type:test", [UNIQUE, PARTNER, ACCEPTED]),
        (UNIQUE, [UNIQUE]),
        ("accepted_*", [ACCEPTED]),
        ("config.severity:WARN", [ACCEPTED]),
        ("result:fail", [UNIQUE]),
    ],
)
def test_tests_are_selected_by_themselves(text: str, expected: list[str]) -> None:
    assert checks_of(text) == expected
    assert assets_of(text) == ""


def test_parents_of_a_test_are_what_it_reads() -> None:
    assert assets_of(f"1+{PARTNER}") == "marts.fct staging.orders"
    assert assets_of(f"2+{UNIQUE}") == "raw.orders staging.orders"
    assert assets_of(f"0+{UNIQUE}") == ""


@pytest.mark.parametrize(
    ("text", "indirect", "expected"),
    [
        ("orders", "eager", [UNIQUE, PARTNER]),
        ("orders", "cautious", [UNIQUE]),
        ("orders", "buildable", [UNIQUE]),
        ("orders", "empty", []),
        ("fct", "cautious", [ACCEPTED]),
        ("fct", "buildable", [PARTNER, ACCEPTED]),
        ("fct", "eager", [PARTNER, ACCEPTED]),
        ("orders fct", "cautious", [UNIQUE, PARTNER, ACCEPTED]),
        ("tag:daily kpis", "cautious", [UNIQUE]),
        ("*,fct", "cautious", [ACCEPTED]),
        ("*,fct", "buildable", [PARTNER, ACCEPTED]),
        # Tests below an asset are its descendants, in every mode.
        ("orders+1", "empty", [UNIQUE, PARTNER]),
        ("orders+", "empty", [UNIQUE, PARTNER, ACCEPTED]),
        ("selector:quiet", "eager", []),
        ("selector:quiet+1", "eager", [UNIQUE, PARTNER, ACCEPTED]),
    ],
)
def test_indirect_selection(text: str, indirect: str, expected: list[str]) -> None:
    assert checks_of(text, indirect=indirect) == expected


def test_excluding_an_asset_takes_its_tests_along() -> None:
    assert checks_of("orders fct", exclude=("orders",)) == [ACCEPTED]
    assert checks_of("orders fct", exclude=("test_name:unique",)) == [PARTNER, ACCEPTED]


def test_everything_is_selected_by_the_empty_request() -> None:
    selected, diagnostics = select(GRAPH, Request())
    assert diagnostics == []
    assert selected.assets == set(GRAPH.nodes)
    assert selected.tests == GRAPH.tests


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(), set()),
        (
            Request(("orders tag:daily,result:fail",), ("models/x",)),
            {"fqn", "tag", "result", "path"},
        ),
        (Request(selector="daily"), {"selector", "tag"}),
        (Request(("selector:daily+",)), {"selector", "tag"}),
        (Request(("@x+",)), set()),
    ],
)
def test_methods_used(request_: Request, expected: set[str]) -> None:
    assert methods_used(request_, SELECTORS) == expected


def test_methods_of_the_default_selector_are_used() -> None:
    default = Selectors(SELECTORS.named, "daily")
    assert methods_used(Request(), default) == {"selector", "tag"}
    assert methods_used(Request(("orders",)), default) == {"fqn"}


def test_the_default_selector_answers_the_empty_request() -> None:
    selected, diagnostics = select(GRAPH, Request(), FACTS, Selectors(SELECTORS.named, "daily"))
    assert diagnostics == []
    assert sorted(selected.assets) == ["staging.orders", "staging.payments"]

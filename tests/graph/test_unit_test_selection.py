"""Unit tests as nodes that can be selected."""

from __future__ import annotations

import pytest

from xform.base.names import AssetName
from xform.graph import nodes
from xform.graph.nodes import Graph, Node
from xform.graph.selection.request import Request
from xform.graph.selection.select import select

ORDERS, DAILY = AssetName("shop.orders"), AssetName("shop.daily")
GRAPH = Graph(
    "shop",
    {
        ORDERS: Node(ORDERS, "model", "models/orders.sql", fqn=("shop", "orders")),
        DAILY: Node(DAILY, "model", "models/daily.sql", (ORDERS,), fqn=("shop", "daily")),
    },
    (
        nodes.TestNode("unique_orders_id", "unique", ORDERS, (ORDERS,)),
        nodes.TestNode("no_gaps", "file", DAILY, (DAILY, ORDERS), path="tests/data/no_gaps.sql"),
        nodes.TestNode(
            "totals",
            "totals",
            DAILY,
            (DAILY,),
            path="tests/unit/daily.yml",
            tags=("core",),
            unit=True,
        ),
    ),
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("test_type:unit", "totals"),
        ("resource_type:unit_test", "totals"),
        ("resource_type:test", "unique_orders_id no_gaps"),
        ("test_type:data", "unique_orders_id no_gaps"),
        ("test_type:singular", "no_gaps"),
        ("test_type:generic", "unique_orders_id"),
        ("test_name:tot*", "totals"),
        ("unit_test:totals", "totals"),
        ("unit_test:shop.t*", "totals"),
        ("totals", "totals"),
        ("tag:core", "totals"),
        ("path:tests/unit", "totals"),
        ("file:daily.yml", "totals"),
        ("daily", "no_gaps totals"),
        ("orders", "unique_orders_id no_gaps"),
        ("orders+,test_type:unit", "totals"),
        ("config.severity:error", "unique_orders_id no_gaps"),
    ],
)
def test_which_tests_are_meant(asked: str, expected: str) -> None:
    selected, found = select(GRAPH, Request((asked,)))

    assert found == []
    assert [test.name for test in selected.tests] == expected.split()


def test_a_unit_test_reads_its_model_alone() -> None:
    """So it comes with the model, whatever else is selected."""
    selected, _ = select(GRAPH, Request(("daily",), indirect="cautious"))
    without, _ = select(GRAPH, Request(("daily",), ("test_type:unit",)))

    assert [test.name for test in selected.tests] == ["totals"]
    assert [test.name for test in without.tests] == ["no_gaps"]


def test_a_misspelt_name_is_said_with_what_is_near() -> None:
    _, found = select(GRAPH, Request(("unit_test:totalls",)))

    assert "totals" in found[0].help

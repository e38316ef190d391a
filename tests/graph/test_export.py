"""The graph as networkx sees it."""

from __future__ import annotations

import subprocess
import sys

import networkx

from xform.base.names import AssetName
from xform.graph.export import to_networkx
from xform.graph.nodes import Graph, Node

RAW, STG, GONE = AssetName("raw.orders"), AssetName("staging.orders"), AssetName("raw.gone")
GRAPH = Graph(
    "shop",
    {
        STG: Node(STG, "model", "models/staging/orders.sql", (RAW, GONE), tags=("daily",)),
        RAW: Node(RAW, "source", "models/sources.yml", owner="platform"),
    },
)


def test_nodes_carry_what_they_are() -> None:
    drawn = to_networkx(GRAPH)
    assert drawn.graph == {"project": "shop"}
    assert drawn.nodes[STG] == {
        "resource_type": "model",
        "path": "models/staging/orders.sql",
        "tags": ["daily"],
        "owner": None,
    }
    assert drawn.nodes[RAW]["owner"] == "platform"


def test_edges_run_with_the_data_between_known_assets() -> None:
    drawn = to_networkx(GRAPH)
    assert list(drawn.edges) == [(RAW, STG)]
    assert networkx.descendants(drawn, RAW) == {STG}


def test_nothing_in_graph_imports_networkx() -> None:
    code = (
        "import sys, xform.graph.export, xform.graph.order, xform.graph.selectors\n"
        "import xform.graph.selection\n"
        "print([name for name in ('networkx', 'yaml', 'sqlglot', 'duckdb') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

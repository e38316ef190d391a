"""`ls`: names, paths, JSON lines."""

from __future__ import annotations

import json

from xform.base.names import AssetName
from xform.console.listing import json_lines, name_lines, path_lines
from xform.graph import nodes

LISTED = (
    nodes.Node(AssetName("raw.flights"), "seed", "seeds/raw/flights.csv", tags=("daily",)),
    nodes.Node(AssetName("app.one"), "source", "models/sources.yml"),
    nodes.Node(AssetName("app.two"), "source", "models/sources.yml"),
    nodes.TestNode("unique_id", "unique", AssetName("app.one"), (AssetName("app.one"),)),
)


def test_names() -> None:
    assert name_lines(LISTED) == ["raw.flights", "app.one", "app.two", "unique_id"]


def test_each_path_once() -> None:
    assert path_lines(LISTED) == ["seeds/raw/flights.csv", "models/sources.yml"]


def test_each_json_line_stands_alone() -> None:
    seed, *_, test = map(json.loads, json_lines(LISTED))
    assert (seed["name"], seed["resource_type"], seed["tags"]) == ("raw.flights", "seed", ["daily"])
    assert (test["name"], test["resource_type"]) == ("unique_id", "test")

"""Settings by `config(…)` in a template."""

from __future__ import annotations

from xform.base.names import AssetName
from xform.base.spans import Span, file_span
from xform.project.assets import Asset, Kind, Language
from xform.project.template_config import place_of_config, with_config

PATH = "models/marts/m.sql"
ASSET = Asset(
    AssetName("marts.m"),
    Kind.VIEW,
    Language.SQL,
    PATH,
    file_span(PATH),
    tags=("a",),
    owner="ops",
    meta={"x": 1},
    config={"kind": "view", "owner": "ops"},
)
AT = Span(PATH, 1, 4, 1, 11)


def test_config_is_nearest_and_adds_tags_and_meta() -> None:
    asset, found = with_config(
        ASSET, {"materialized": "table", "tags": ["b"], "meta": {"y": 2}}, AT
    )
    assert not found
    assert asset.kind is Kind.TABLE
    assert asset.tags == ("a", "b")
    assert asset.meta == {"x": 1, "y": 2}
    assert asset.owner == "ops"
    assert asset.config["kind"] == asset.config["materialized"] == "table"


def test_an_unknown_setting_points_at_the_call() -> None:
    _, found = with_config(ASSET, {"materialised": "table"}, AT)
    assert [(d.span, "materialized" in d.help) for d in found] == [(AT, True)]


def test_the_place_is_that_of_the_call() -> None:
    span = place_of_config(PATH, "-- x\n{{ config(kind='table') }}\nselect 1")
    assert (span.line, span.column) == (2, 4)

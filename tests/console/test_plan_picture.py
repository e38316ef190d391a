"""The picture of a plan."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from xform.base.names import AssetName
from xform.console.picture import plan_svg
from xform.plan.plan import Action, ActionKind, Plan, Reason, ReasonKind

PLAN = Plan(
    "prod",
    (Action(AssetName("marts.a"), ActionKind.BUILD, (Reason(ReasonKind.NEW, "not built yet"),)),),
    (),
)


def test_the_picture_is_svg_that_shows_the_plan_and_loads_nothing() -> None:
    svg = plan_svg(PLAN)
    words = "".join(ET.fromstring(svg).itertext()).replace("\xa0", " ")
    assert "1 to build" in words
    assert "+marts.a" in words  # each stretch of a style is placed on its own
    assert 'url("http' not in svg
    assert "@font-face" not in svg


def test_the_same_plan_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = plan_svg(PLAN)
    for name, value in {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "30", "CI": "1"}.items():
        monkeypatch.setenv(name, value)
    assert plan_svg(PLAN) == first

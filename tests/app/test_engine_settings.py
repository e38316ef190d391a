"""Which settings of an engine enter build fingerprints."""

from __future__ import annotations

from typing import Any

import pytest

from xform.app.compiling.inputs import engine_of
from xform.project.profile import Target


def target(**settings: Any) -> Target:
    return Target("shop", "dev", "duckdb", 4, settings={"settings": settings})


@pytest.mark.parametrize("name", ["TimeZone", "default_null_order", "integer_division"])
def test_a_setting_that_changes_results_enters(name: str) -> None:
    assert engine_of(target(**{name: "a"})) != engine_of(target(**{name: "b"}))
    assert engine_of(target(**{name: "a"})) != engine_of(target())


@pytest.mark.parametrize("name", ["memory_limit", "threads", "temp_directory"])
def test_a_setting_that_only_changes_speed_does_not(name: str) -> None:
    assert engine_of(target(**{name: "a"})) == engine_of(target()) == "duckdb"

"""The trace of a rendering tells whether it can be used again."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from xform.base.names import AssetName
from xform.template.macros import MacroLibrary, load_macros
from xform.template.reads import still_valid
from xform.template.render import render
from xform.template.rendered import Rendered
from xform.template.scope import Scope

SCOPE = Scope(
    AssetName("main.m"),
    variables={"a": 1, "b": {"x": [1, 2]}},
    environ={"E": "secret"},
    target={"name": "dev", "threads": 4},
    config={"kind": "view"},
)


def rendered(text: str, macros: MacroLibrary | None = None) -> Rendered:
    result, diagnostics = render("m.sql", text, SCOPE, macros or MacroLibrary())
    assert not diagnostics
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("template", "kind", "change"),
    [
        ("{{ var('a') }}", "var", {"variables": {"a": 2}}),
        ("{{ var('a') }}", "var", {"variables": {"a": "1"}}),
        ("{{ var('a') }}", "var", {"variables": {"a": True}}),
        ("{{ var('b').x[0] }}", "var", {"variables": {"b": {"x": [1, 3]}}}),
        ("{{ var('c', 1) }}", "var", {"variables": {"c": 1}}),
        ("{{ env_var('E') }}", "env_var", {"environ": {"E": "other"}}),
        ("{{ env_var('F', '') }}", "env_var", {"environ": {"F": ""}}),
        ("{{ target.name }}", "target", {"target": {"name": "prod"}}),
        ("{{ target.x is defined }}", "target", {"target": {"x": 1}}),
        ("{{ target }}", "target", {"target": {"name": "dev", "threads": 4, "x": 1}}),
        ("{{ config.get('kind') }}", "config", {"config": {"kind": "table"}}),
        ("{{ this.name }}", "asset", {"asset": AssetName("main.other")}),
    ],
)
def test_what_was_read_decides(template: str, kind: str, change: dict[str, Any]) -> None:
    reads = rendered(template).reads
    assert {read.kind for read in reads} == {kind}
    assert still_valid(reads, SCOPE)
    assert not still_valid(reads, replace(SCOPE, **change))


def test_what_was_not_read_does_not_matter() -> None:
    reads = rendered("{{ var('a') }} {{ target.name }}").reads
    assert still_valid(reads, replace(SCOPE, variables={"a": 1}, environ={}, config={}))
    assert still_valid(reads, replace(SCOPE, target={"name": "dev", "threads": 8}))


def test_values_never_stand_in_the_trace() -> None:
    assert "secret" not in repr(rendered("{{ env_var('E') }}").reads)


def test_macros_are_in_the_trace() -> None:
    first, _ = load_macros({"m.sql": "{% macro m() %}1{% endmacro %}"}, {})
    second, _ = load_macros({"m.sql": "{% macro m() %}2{% endmacro %}"}, {})
    reads = rendered("{{ m() }}", first).reads
    assert still_valid(reads, SCOPE, first)
    assert not still_valid(reads, SCOPE, second)
    assert still_valid(reads, SCOPE)


def test_a_macro_that_comes_to_be_is_noticed() -> None:
    reads = rendered("{{ m is defined }}").reads
    library, _ = load_macros({"m.sql": "{% macro m() %}1{% endmacro %}"}, {})
    assert not still_valid(reads, SCOPE, library)

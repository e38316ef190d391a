"""Templates that would never end, or fill the memory, end soon in a diagnostic."""

from __future__ import annotations

import pytest

from xform.base.names import AssetName
from xform.template.macros import load_macros
from xform.template.render import render
from xform.template.scope import Scope

MACROS, _ = load_macros(
    {
        "macros/m.sql": "{% macro double(n) %}{% if n %}{{ double(n - 1) }}{{ double(n - 1) }}"
        "{% else %}x{% endif %}{% endmacro %}"
        "{% macro silent(n) %}{% if n %}{% do silent(n - 1) %}{% do silent(n - 1) %}{% endif %}"
        "{% endmacro %}"
    },
    {},
)
GROW = "{% set n = namespace(v=SEED) %}{% for i in range(99) %}{% set n.v = STEP %}{% endfor %}"


def _grow(seed: str, step: str, use: str = "") -> str:
    return GROW.replace("SEED", seed).replace("STEP", step) + use


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% for i in range(10**30) %}x{% endfor %}",
        "{% for i in range(9**5) %}{% for j in range(9**5) %}{% endfor %}{% endfor %}",
        "{% for i in range(9**5) %}" + "x" * 1000 + "{% endfor %}",
        "{{ 'x' * 10**10 }}",
        "{{ 10**10 * 'x' }}",
        "{{ [1] * 10**10 }}",
        "{{ 2 ** (10**9) }}",
        "{{ 'x'.ljust(10**10) }}",
        "{{ 'x' | center(10**10) }}",
        "{{ ['x'] | batch(10**10, 'y') | list }}",
        "{{ '{:99999999999}'.format(1) }}",
        "{{ '{:{w}}'.format(1, w=10**10) }}",
        "{{ '%99999999999d' % 1 }}",
        "{{ '%99999999999d' | format(1) }}",
        "{{ ('x' * 10**7).replace('', 'y' * 10**6) }}",
        "{{ ('x' * 10**7) | replace('x', 'y' * 10**6) }}",
        "{{ ','.join(['x' * 10**7] * 10**5) }}",
        "{{ (['x' * 10**7] * 10**5) | join(',') }}",
        _grow("'x'", "n.v ~ n.v"),
        _grow("'x'", "n.v + n.v"),
        _grow("[1]", "n.v + n.v"),
        _grow("[1]", "[n.v, n.v]", "{{ n.v }}"),
        _grow("[1]", "[n.v, n.v]", "{{ n.v | tojson }}"),
        _grow("3", "n.v * n.v"),
        "{% set l = [1] %}{% for i in range(99) %}{% do l.extend(l) %}{% endfor %}",
        "{{ double(80) }}",
        "{{ silent(80) }}",
    ],
)
def test_bounded(template: str) -> None:
    rendered, diagnostics = render("m.sql", template, Scope(AssetName("main.m")), MACROS)
    assert rendered is None
    assert [diagnostic.code for diagnostic in diagnostics] == ["XF0215"]


def test_ordinary_sizes_are_not_bounded() -> None:
    template = "{% for i in range(20000) %}select {{ i }} as {{ 'c' ~ i }},\n{% endfor %}"
    rendered, _ = render("m.sql", template, Scope(AssetName("main.m")), MACROS)
    assert rendered is not None
    assert rendered.text.count("\n") == 20000

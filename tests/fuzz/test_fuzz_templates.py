"""Whatever stands in a template or a macro file, rendering it ends in a text or in diagnostics."""

from __future__ import annotations

import pytest
from broken_texts import spoiled
from hypothesis import given, settings
from sound_findings import check_findings

from xform.base.diagnostics import has_errors
from xform.base.names import AssetName
from xform.sql.parse import Place, parse_model
from xform.template.macros import load_macros
from xform.template.render import render
from xform.template.scope import Scope

VALID = (
    "select {{ a }}, {{ ref('orders') }}.b from {{ ref('m', 'orders') }}",
    (
        "{% set cols = ['a', 'b'] %}select {% for c in cols %}{{ c }}{{ ',' if not loop.last }}"
        "{% endfor %} from {{ source('raw', 'orders') }}"
    ),
    "{% if var('start') > 1 %}select 1 as a{% elif false %}x{% else %}select 2 as a{% endif %}",
    "{% macro m(x, y=2) -%} {{ x }} + {{ y }} {%- endmacro %}select {{ m(1) }} as z",
    "{{ config(materialized='table', tags=['a', 'b']) }}\nselect {{ cents('a') }} as a",
    "{# a comment #}select '{{ \"quoted\" | upper | replace('Q', 'q') }}' as q",
    "{% raw %}{{ not this }}{% endraw %}select {{ [1, 2][0] ** 2 // 3 % 4 }} as n",
    "{% call(x) cents('b') %}{{ x }}{% endcall %}",
    (
        "{% set ns = namespace(n=0) %}{% for i in range(5) %}{% set ns.n = ns.n + i %}{% endfor %}"
        "select {{ ns.n }} as n"
    ),
    "{% filter lower %}SELECT {{ target.name }} AS t{% endfilter %}",
    "select {{ 'a' ~ 'b' if 1 is defined and x is not defined else none }} as c",
    "{%- for k, v in {'a': 1, 'b': {'c': 2}}.items() if v -%}{{ k }}={{ v }}{%- endfor -%}",
    "{{ env_var('HOME', 'x') }} {{ this }} {{ adapter.dispatch('m')() }} {{ log('x') }}",
    "{% import 'a.sql' as a %}{% include 'b' %}{% extends 'c' %}{% block d %}{% endblock %}",
    "{% do [].append(1) %}{% set x %}a {{ 1 }}{% endset %}select {{ x }}",
    "select {{ '%05.2f' | format(1.5) }}, {{ '{:>8}'.format(3) }}, {{ [3, 1] | sort | join('-') }}",
)
WORDS = (
    "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "{{-", "-}}", "if", "else", "elif", "endif",
    "for", "endfor", "in", "set", "endset", "macro", "endmacro", "call", "endcall", "raw",
    "endraw", "filter", "endfilter", "block", "extends", "include", "import", "from", "do", "is",
    "not", "and", "or", "none", "true", "loop.last", "range(", "ref(", "source(", "var(",
    "config(", "this", "target", "a.b", "a[0]", "|", "~", "**", "//", "''", '"', "1",
)  # fmt: skip
CENTS = "{% macro cents(x) %}{{ x }}{{ caller }}{% endmacro %}"
MACROS, _ = load_macros({"macros/a.sql": CENTS}, {})
SCOPE = Scope(AssetName("main.m"), variables={"start": 1}, target={"name": "dev"})

TEMPLATES = spoiled(VALID, WORDS)


def check_template(text: str) -> None:
    """As a model: rendered, and what came of it parsed."""
    files = {"m.sql": text, "macros/a.sql": CENTS}
    rendered, found = render("m.sql", text, SCOPE, MACROS)
    check_findings(files, found)
    assert (rendered is None) == has_errors(found), found
    if rendered is None:
        return
    place = Place("m.sql", lambda: text, rendered.source_map)
    _, found_in_sql = parse_model(AssetName("main.m"), place, rendered, "duckdb")
    check_findings(files, found_in_sql)


def check_macros(text: str) -> None:
    """As a file of macros, which a model then calls."""
    model = "select {{ m(1) }}, {{ cents(2, 3) }} as a"
    files = {"m.sql": model, "macros/a.sql": text}
    library, found = load_macros({"macros/a.sql": text}, {})
    check_findings(files, found)
    rendered, found = render("m.sql", model, SCOPE, library)
    check_findings(files, found)
    assert (rendered is None) == has_errors(found), found


@given(text=TEMPLATES)
def test_a_template_of_any_text_is_rendered(text: str) -> None:
    check_template(text)


@given(text=TEMPLATES)
def test_a_macro_file_of_any_text_is_read(text: str) -> None:
    check_macros(text)


@pytest.mark.deep
@settings(max_examples=50_000)
@given(text=TEMPLATES)
def test_fifty_thousand_templates_are_rendered(text: str) -> None:
    check_template(text)
    check_macros(text)

"""A plain template comes out as Jinja has it: text, places, references, reads and settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xform.base.names import AssetName
from xform.template.macros import load_macros
from xform.template.parse import environment
from xform.template.plain import read_plain
from xform.template.scope import Scope
from xform.template.session import render_by_jinja, render_template
from xform.template.source import TemplateSource

MACROS, _ = load_macros(
    {
        "m.sql": "{% macro m(x, y=1) -%}\n<{{ x }},{{ y }}>{{ ref('inner') }}{% endmacro %}"
        "{% macro list() %}{% do return %}{% endmacro %}",
        "n.sql": "{% macro me() %}{{ this }} {{ var('one') }} {{ target.name }}{% endmacro %}",
    },
    {"py": lambda *args, **keywords: f"{args}{keywords}", "items": lambda: ["a", 2, None]},
)
SCOPE = Scope(
    AssetName("main.a"),
    {"one": 1, "many": ["x", "y"], "none": []},
    {"HOME": "here"},
    {"name": "dev"},
    {"kind": "view"},
)

PLAIN = [
    "select 1",
    "select * from {{ ref('a') }}",
    "{{ref('a')}}, {{- ref(\"s\", 'b') -}}  x {{ source('raw', 'b',) }}",
    "{{ config(kind='table', tags=['a', \"b\"], meta={'x': {'y': 1}, 'z': none}) }}\nselect 1",
    "{{\n  config(\n    kind = 'view',\n    on = true,\n  )\n}}\r\n{{ this }}\r\n{# {{ no }} #}",
    "{%- for d in [1, 2] -%} a{{ d }},{# x -#}  {{ m(d, y=var('one')) }} {% endfor %}{{ me() }}",
    "{% for d in var('many') %}{{ ref(d) }}{% endfor %}{% for d in items() %}{{ d }}{% endfor %}",
    "{{ 5 }}{{ 'é ü' }}{{ true }}{{ none }}",
    "{{ [1, 'a'] }}{{ {'a': 1} }}{{ py(1, {'b': [2]}, c=m(3)) }}",
    "{{ env_var('HOME') }}{{ env_var('X', 'else') }}{{ var('x', [1]) }}{{ is_incremental() }}",
    "{{ ref('a') }} {{ ref('b') }} {{ ref('a') }}{#- -#}  {{ log('x', info=True) }}",
]
OTHER = r"""
{{ 'a' 'b' }}
{{ 'a\n' }}
{{ 1.5 }}
{{ 01 }}
{{ -1 }}
{{ a.b }}
{{ a | upper }}
{{ f (1) }}
{{ f(1)(2) }}
{{ (1) }}
{{ 1, 2 }}
{{+ 1 }}
{{ loop }}
{{ f(*x) }}
{% set a = 1 %}
{% if a %}{% endif %}
{% raw %}{{ x }}{% endraw %}
{{ f(a=1, 2) }}
{{ f(a=1, a=2) }}
{% for a in [1] %}{% for b in [1] %}{% endfor %}{% endfor %}
{% for a, b in x %}{% endfor %}
{% for a in [1] if a %}{% endfor %}
{{ a ~ b }}
{{ a
{% for a in [1] %}{% else %}{% endfor %}
{% for a in [1] %}
{% endfor %}
{# a
{{ }}
{{ a == b }}
{{ f(a==b) }}
{{ [1][0] }}
{{ _a }}
{{ ä }}
{{ 0x1 }}
{{ 1_0 }}
""".strip().splitlines()
BROKEN = r"""
{{ nothing }}
{{ nothing() }}
{{ ref() }}
{{ ref('') }}
{{ ref }}
{{ ref(x) }}
{% for a in [] %}{{ nothing }}{% endfor %}
{% for a in 'abc' %}{{ a }}{% endfor %}
{% for a in x %}{% endfor %}
{{ env_var('XFORM_SECRET_A') }}
{{ m(1, 2, 3) }}
{{ list() }}
{% for a in 1 %}{% endfor %}
{{ py(1)(2) }}
{{ var('x') }}
{% for a in none %}{% endfor %}
{% for ref in ['a'] %}{{ ref }}{% endfor %}{{ ref('b') }}
{% for a in var('none') %}{% endfor %}
{% for a in [1] %}{{ a }}{% endfor %}{{ a }}
""".strip().splitlines()

PIECES = st.sampled_from(
    [
        *("{{", "}}", "{{-", "-}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "{#-", "-#}"),
        *("for", "in", "endfor", "ref", "source", "config", "var", "m", "py", "this", "x", "items"),
        *("(", ")", "[", "]", "{", "}", ",", "=", ":", "'a'", '"b"', "'one'", "1", "0", "none"),
        *(" ", "\n", "\r\n", "\t", " select ", "é", "\\", "+", "."),
    ]
)
SOUP = st.lists(PIECES, max_size=14).map("".join)

SPACE = st.sampled_from(["", " ", "\n", "\r\n  "])
VALUES = st.recursive(
    st.sampled_from(["'a'", '"b"', "1", "0", "none", "true", "x", "this", "one", "items()"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: f"[{', '.join(found)}]"),
        st.builds("{{'k': {}}}".format, inner),
        st.builds("m({})".format, inner),
        st.builds("py({}, k = {})".format, inner, inner),
        st.builds("ref({})".format, inner),
        st.builds("var('one',{})".format, inner),
    ),
    max_leaves=5,
)
OPENING, CLOSING = st.sampled_from(["", "-"]), st.sampled_from(["", "-"])
PRINTS = st.builds("{{{{{}{}{}{}{}}}}}".format, OPENING, SPACE, VALUES, SPACE, CLOSING)
DATA = st.sampled_from(["select ", "\n", " \r\n", "from t", "{", "}", "{# x #}", "{#- y -#} "])
FLAT = st.lists(st.one_of(PRINTS, DATA), max_size=4).map("".join)
LOOPS = st.builds(
    "{{%{0} for x in {1} {2}%}}{3}{{%{2} endfor {0}%}}".format, OPENING, VALUES, CLOSING, FLAT
)
TEMPLATES = st.lists(st.one_of(FLAT, LOOPS, SOUP), max_size=3).map("".join)


def compare(text: str) -> None:
    """What the two ways make of one text, with and without an error."""
    plain = read_plain(text)
    if plain is not None:
        source = TemplateSource(text)
        source.scan(environment().lexer)
        assert plain.source.tokens == source.tokens
        assert all(plain.source.tag(at) == source.tag(at) for at in range(len(text)))
    here = render_template("models/a.sql", text, SCOPE, MACROS)
    assert here == render_by_jinja("models/a.sql", text, SCOPE, MACROS)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_templates_need_no_jinja(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(text)
    monkeypatch.setattr("xform.template.session.render_by_jinja", None)
    rendered, found = render_template("models/a.sql", text, SCOPE, MACROS)
    assert rendered is not None
    assert not found


@pytest.mark.parametrize("text", OTHER)
def test_other_templates_are_left_to_jinja(text: str) -> None:
    assert read_plain(text) is None
    compare(text)


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_wrong_is_said_by_jinja(text: str) -> None:
    compare(text)


@given(TEMPLATES)
def test_plain_templates_are_as_jinja_has_them(text: str) -> None:
    compare(text)


def test_deep_brackets_are_left_to_jinja() -> None:
    assert read_plain("{{ " + "[" * 1000 + "]" * 1000 + " }}") is None
    assert read_plain("{{ " + "m(" * 9 + ")" * 9 + " }}") is not None

"""The source map: every character of the output leads back to where it was written."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from xform.base.names import AssetName
from xform.base.spans import LineIndex
from xform.template.macros import load_macros
from xform.template.render import render
from xform.template.rendered import Rendered
from xform.template.scope import Scope

MACROS, _ = load_macros(
    {
        "macros/m.sql": "{% macro twice(x) %}<{{ x }}\n{{ x }}>{% endmacro %}"
        "{% macro wrapped() %}({{ caller() }}){% endmacro %}"
    },
    {},
)
MARK = "·"
"""Stands for a character of data in a drawn template; each becomes one that occurs only once."""

BREAK = st.sampled_from(["\n", "\r\n", " ", "\t\n  ", "\r"])
DATA = st.lists(st.one_of(st.just(MARK), BREAK), min_size=1, max_size=6).map("".join)
EXPRESSION = st.sampled_from(
    [
        "{{ 1 }}",
        "{{- 'a' ~ 2 -}}",
        "{{ 'many characters' | upper }}",
        "{{\n  twice('b')\n}}",
        "{{ config(kind='table') }}",
        "{{ ref('orders') }}",
        "{{ {'k': '}}'}.k }}",
        "{% set v = 1 %}",
        "{%- set w %}unseen {{ 1 }}{% endset -%}",
        "{# a comment ·· #}",
        "{#- another -#}",
        "{% do [].append(1) %}",
        "{% filter upper %}up{{ 1 }}{% endfilter %}",
        "{% call wrapped() %}in it{% endcall %}",
    ]
)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    minus = st.sampled_from(["", "-"])
    body = st.lists(inner, max_size=4).map("".join)
    loop = st.builds(
        lambda a, b, c, d, one, other: (
            f"{{%{a} for i in range({len(one) % 3}) {b}%}}{one}"
            f"{{%{c} else %}}{other}{{%{d} endfor {a}%}}"
        ),
        *(minus, minus, minus, minus, body, body),
    )
    choice = st.builds(
        lambda a, b, c, value, one, other: (
            f"{{%{a} if {value} {b}%}}{one}{{% elif true %}}{other}{{%- else %}}x{{%{c} endif %}}"
        ),
        *(minus, minus, minus, st.booleans(), body, body),
    )
    raw = st.builds(lambda a, b: f"{{%{a} raw %}}·{{{{ · }}}}·{{% endraw {b}%}}", minus, minus)
    scoped = body.map(lambda text: f"{{% with v = 2 %}}{text}{{% endwith %}}")
    return st.one_of(loop, choice, raw, scoped)


PIECE = st.recursive(st.one_of(DATA, EXPRESSION), _blocks, max_leaves=12)
TEMPLATES = st.lists(PIECE, min_size=1, max_size=6).map("".join)


def _unique(template: str) -> str:
    """Each mark becomes a character of its own."""
    numbers = iter(range(0x4E00, 0x9000))
    return "".join(chr(next(numbers)) if char == MARK else char for char in template)


def _render(text: str, header_end: int = 0) -> Rendered:
    scope = Scope(AssetName("main.m"), header_end=header_end)
    rendered, diagnostics = render("models/m.sql", text, scope, MACROS)
    assert not diagnostics
    assert rendered is not None
    return rendered


@settings(max_examples=300, deadline=None)
@given(TEMPLATES)
def test_every_character_leads_back(template: str) -> None:
    written = _unique(template) + "{{ 1 }}"
    rendered = _render(written)
    for at, char in enumerate(rendered.text):
        start, end = rendered.source_map.locate(at, at + 1)
        if ord(char) >= 0x4E00:
            assert written[start:end] == char
        elif written[start:end].replace("\r", "\n") != char:
            assert written[start:end].startswith(("{{", "{%"))
            assert written[start:end].endswith(("}}", "%}"))


@settings(max_examples=100, deadline=None)
@given(TEMPLATES)
def test_segments_cover_the_output(template: str) -> None:
    rendered = _render(_unique(template) + "{{ 1 }}")
    at = 0
    for segment in rendered.source_map.segments:
        assert segment.out == at
        at += segment.length
    assert at == len(rendered.text)


def test_place_after_a_loop() -> None:
    written = "select\n{% for i in range(9) %}\n  a{{ i }},\n{% endfor %}\n  wrong from t\n"
    rendered = _render(written)
    at = rendered.text.index("wrong")
    start, _ = rendered.source_map.locate(at, at + 5)
    assert LineIndex(written).position(start) == (5, 3)


def test_place_in_a_loop_body() -> None:
    written = "{% for i in range(3) %}\n  a{{ i }} as bad\n{% endfor %}"
    rendered = _render(written)
    at = rendered.text.rindex("bad")
    assert written[slice(*rendered.source_map.locate(at, at + 3))] == "bad"


def test_macro_output_leads_to_its_call() -> None:
    written = "select {{ twice('zz') }} from t"
    rendered = _render(written)
    at = rendered.text.rindex("zz")
    assert written[slice(*rendered.source_map.locate(at, at + 2))] == "{{ twice('zz') }}"


def test_stretch_over_several_pieces() -> None:
    written = "a + {{ 1 }} + {{ 2 }} + b"
    rendered = _render(written)
    assert written[slice(*rendered.source_map.locate(2, 9))] == "+ {{ 1 }} + {{ 2 }}"


def test_header_is_blanked_and_offsets_stay() -> None:
    header = "/* @model\nowner: {{ nobody }}\n*/"
    for body in ("\nselect 1", "\nselect {{ 1 }}"):
        rendered = _render(header + body, header_end=len(header))
        assert rendered.text.strip() == "select 1"
        assert rendered.text.index("select") == len(header) + 1
        assert rendered.text.count("\n") == 3


def test_trailing_newlines_stay() -> None:
    assert _render("{{ 1 }}\n\n").text == "1\n\n"

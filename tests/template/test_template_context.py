"""What templates can say, and what comes out."""

from __future__ import annotations

import pytest
from jinja2 import Template, nodes

from xform.base.names import AssetName
from xform.template.macros import MacroLibrary, load_macros
from xform.template.render import has_jinja, render
from xform.template.rendered import Reference, Rendered
from xform.template.scope import Scope

SCOPE = Scope(
    AssetName("staging.orders"),
    variables={"start": "2020-01-01", "days": [1, 2], "none": None},
    environ={"REGION": "eu"},
    target={"name": "dev", "schema": "main", "type": "duckdb"},
    config={"kind": "table", "tags": ["a"]},
)
MACROS, _ = load_macros(
    {
        "macros/cents.sql": "{% macro cents(x, places=2) %}"
        "round({{ x }}, {{ places }}){% endmacro %}",
        "macros/deep/rel.sql": "{% set unit = 'cm' %}\n"
        "{% macro rel(name) %}{{ ref(name) }}{% endmacro %}\n"
        "{% macro both(x) -%} {{ cents(x) }} {{ unit }} {{ _hidden() }} {%- endmacro %}\n"
        "{% macro _hidden() %}h{% endmacro %}\n"
        "{% macro wrap() %}({{ caller() }}){% endmacro %}",
    },
    {"plus": lambda a, b=1: a + b},
)


def rendered(text: str, macros: MacroLibrary = MACROS) -> Rendered:
    result, diagnostics = render("models/m.sql", text, SCOPE, macros)
    assert not diagnostics, [str(diagnostic) for diagnostic in diagnostics]
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ var('start') }}", "2020-01-01"),
        ("{{ var('nope', 7) }}", "7"),
        ("{{ var('nope', default='x') }}", "x"),
        ("{{ var('none') is none }}", "True"),
        ("{{ env_var('REGION') }}", "eu"),
        ("{{ env_var('NOPE', 'd') }}", "d"),
        ("{{ target.name }} {{ target['schema'] }} {{ target.get('x', 'd') }}", "dev main d"),
        ("{{ target.threads is defined }}", "False"),
        ("{{ 'name' in target }}", "True"),
        ("{{ this.name }} {{ this.schema }} {{ this.identifier }}", "orders staging orders"),
        ("{{ ref('orders').name }}", "orders"),
        ("{{ ref('staging', 'orders').schema }}", "staging"),
        ("{{ source('raw', 'events').table }}", "events"),
        ("a{{ config(kind='view') }}b", "ab"),
        ("{{ config.get('kind') }}{{ config(kind='view') }}{{ config.get('kind') }}", "tableview"),
        ("{{ config.get('nope', 'd') }} {{ config.require('kind') }}", "d table"),
        ("{% if is_incremental() %}x{% endif %}", ""),
        ("{{ log('hello', info=True) }}", ""),
        ("{{ cents('a') }} {{ cents('b', places=0) }}", "round(a, 2) round(b, 0)"),
        ("{{ both('a') }}", "round(a, 2) cm h"),
        ("{% call wrap() %}in{{ 1 }}{% endcall %}", "(in1)"),
        ("{{ plus(1) }} {{ plus(1, b=5) }}", "2 6"),
        ("{% set l = [] %}{% do l.append(1) %}{{ l }}", "[1]"),
        ("{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "01"),
        ("{% macro own(x) %}<{{ x }}>{% endmacro %}{{ own(1) }}", "<1>"),
        ("{% set n = namespace(a=1) %}{% set n.a = n.a + 1 %}{{ n.a }}", "2"),
        ("{% for i in [1, 2] recursive %}{{ i }}{% endfor %}", "12"),
        ("{% raw %}{{ not }}{% endraw %}", "{{ not }}"),
        ("{{ '<&>' }}{# gone #}", "<&>"),
        ("{{ foo is defined }}", "False"),
        ("{{ [3, 1] | sort | join(', ') }}", "1, 3"),
        (r"{{ '\d+' }}", r"\d+"),
    ],
)
def test_output(template: str, expected: str) -> None:
    assert rendered(template).text == expected


def test_text_without_jinja_is_itself() -> None:
    text = "select 1 -- { } %}\r\n"
    assert not has_jinja(text)
    assert rendered(text) == Rendered(text)


def test_references_are_numbered_by_call_and_arguments() -> None:
    result = rendered(
        "{{ ref('a') }} {{ source('r', 'a') }} {{ ref('a') }} {{ ref('s', 'a') }} {{ this }}"
    )
    numbers = [0, 1, 0, 2, 3]
    assert result.text == " ".join(f"__xform_relation_{number}__" for number in numbers)
    assert [(reference.call, reference.arguments) for reference in result.references] == [
        ("ref", ("a",)),
        ("source", ("r", "a")),
        ("ref", ("s", "a")),
        ("this", ()),
    ]


def _place(reference: Reference) -> tuple[int, int, int]:
    return reference.span.line, reference.span.column, reference.span.end_column


def test_references_know_their_call() -> None:
    result = rendered("select\n{{ ref('a') ~ ref( 'b' ) }} {{ this }}\n{{ rel('c') }}")
    assert [_place(reference) for reference in result.references] == [
        (2, 4, 12),
        (2, 15, 25),
        (2, 32, 36),
        (3, 4, 12),
    ]


def test_this_in_a_branch_not_taken_is_no_reference() -> None:
    result = rendered("{% if is_incremental() %}{{ this }}{% endif %}{{ this.name }}")
    assert result.references == ()


def test_config_is_recorded_as_plain_data() -> None:
    result = rendered("{{ config({'tags': ('a',)}, kind='view', upstream=ref('x').name) }}")
    assert result.config == {"tags": ["a"], "kind": "view", "upstream": "x"}
    assert type(result.config["upstream"]) is str


def test_templates_cannot_change_what_they_are_given() -> None:
    rendered("{% do var('days').append(3) %}{% do config.get('tags').append('b') %}")
    assert SCOPE.variables["days"] == [1, 2]
    assert SCOPE.config["tags"] == ["a"]


def test_macros_used_directly_and_through_others() -> None:
    assert rendered("{{ both(1) }}").macros == ("_hidden", "both", "cents")
    assert rendered("{{ 1 }}").macros == ()


def test_equal_texts_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from xform.template import parse

    compiled: list[object] = []
    genuine = parse.compile_tree

    def counted(tree: nodes.Template) -> Template:
        compiled.append(tree)
        return genuine(tree)

    monkeypatch.setattr(parse, "compile_tree", counted)
    for _ in range(3):
        rendered("{{ 'compiled once' | upper }}")
    assert len(compiled) == 1


@pytest.mark.parametrize("name", ["DBT_ENV_SECRET_TOKEN", "XFORM_SECRET_TOKEN"])
def test_a_secret_never_gets_into_sql(name: str) -> None:
    scope = Scope(AssetName("staging.orders"), environ={name: "s3cret"})
    text = f"select '{{{{ env_var('{name}') }}}}' as token"
    result, diagnostics = render("models/m.sql", text, scope, MacroLibrary())
    assert result is None
    assert [d.code for d in diagnostics] == ["XF0219"]
    assert "s3cret" not in str(diagnostics)

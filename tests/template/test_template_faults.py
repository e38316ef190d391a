"""Every mistake in a template: code, exact place, message, next step."""

from __future__ import annotations

import pytest

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.template.macros import load_macros
from xform.template.render import render
from xform.template.scope import Scope


def _raises(text: str) -> str:
    raise ValueError(f"no such unit: {text}")


MACROS, _ = load_macros(
    {
        "macros/a.sql": "{% macro cents(x) %}{{ x }}{% endmacro %}\n"
        "{% macro bad(c) -%}\n  {{ c + nope }}\n{% endmacro %}\n"
        "{% macro again() %}{{ again() }}{% endmacro %}\n"
        "{% macro ping() %}{{ pong() }}{% endmacro %}\n"
        "{% macro stop() %}{{ exceptions.raise_compiler_error('not here') }}{% endmacro %}",
        "macros/b.sql": "{% macro pong() %}{{ ping() }}{% endmacro %}",
        "macros/c.sql": "{% macro unread() %}{{ 'x }}{% endmacro %}",
    },
    {"raises": _raises, "leaves": lambda: exit(3)},
)
SCOPE = Scope(AssetName("main.m"), variables={"start": 1}, target={"name": "dev"})


def fault(template: str) -> Diagnostic:
    rendered, diagnostics = render("models/m.sql", template, SCOPE, MACROS)
    assert rendered is None
    (diagnostic,) = diagnostics
    assert diagnostic.span.path == "models/m.sql"
    assert diagnostic.asset == "main.m"
    assert diagnostic.help
    return diagnostic


# «…» marks the place that the diagnostic must point at.
CASES = [
    ("XF0201", "{{ a «?» b }}", "unexpected character '?'", "remove it"),
    ("XF0201", "{{ a «)» }}", "unexpected ')'", "remove ')'"),
    ("XF0201", "{{ ref('a' «}»}", "unexpected '}', expected ')'", "with ')'"),
    ("XF0201", "{{ «'»a }}", "text in quotes is not closed", "close it with '"),
    ("XF0201", "{{ «}}»", "expected an expression, got '}}'", "{{ … }}"),
    ("XF0201", "{{ 1 «2» }}", "expected token '}}', got 'integer'", "{{ … }}"),
    ("XF0201", "select {{ «a»", "unexpected end of the file", "close the tag"),
    ("XF0202", "{% «snapshot» x %}", "unknown tag 'snapshot'", "the tags are if"),
    ("XF0202", "{% «iff» x %}", "unknown tag 'iff'", "did you mean 'if'"),
    ("XF0202", "{% «endif» %}", "'endif' has no opening tag here", "remove it"),
    ("XF0202", "{% for x in [] %}{% «endif» %}", "'endif' has no opening", "{% endfor %}"),
    ("XF0202", "{% if 1 %}«{% break %}»{% endif %}", "'break' outside of a loop", "{% for %}"),
    (
        "XF0202",
        "{% for i in [] %}{% break %}{% else %}«{% break %}»{% endfor %}",
        "'break' outside of a loop",
        "{% for %}",
    ),
    ("XF0203", "a\n«{% if x %}»\nb", "'if' is never closed", "{% endif %}"),
    ("XF0203", "{% if 1 %}«{% for x in y %}»", "'for' is never closed", "{% endfor %}"),
    ("XF0203", "a «{#» b", "'{#' is never closed", "'#}'"),
    ("XF0203", "a «{% raw %}» b", "'{% raw %}' is never closed", "endraw"),
    ("XF0204", "«{% include 'x' %}»", "'include' is not available", "macros/"),
    ("XF0204", "«{% extends 'x' %}»", "'extends' is not available", "macros/"),
    (
        "XF0205",
        "«{% for i in [1] %}»" + "{% for i in [1] %}" * 30 + "{% endfor %}" * 31,
        "nested too deeply",
        "macro",
    ),
    ("XF0206", "a\n  {{ «foo» }}", "undefined variable 'foo'", "var("),
    (
        "XF0206",
        "{{ «startt» }}{% set started = 1 %}",
        "undefined variable",
        "did you mean 'started'",
    ),
    ("XF0206", "{{ «start» }}", "undefined variable 'start'", "write var('start')"),
    ("XF0206", "{% if «foo» %}{% endif %}", "undefined variable 'foo'", "set"),
    ("XF0206", "{% if 0 %}{% elif «foo» %}{% endif %}", "undefined variable 'foo'", "set"),
    ("XF0206", "{% for i in «foo» %}{% endfor %}", "undefined variable 'foo'", "set"),
    ("XF0206", "{% set a = «foo» %}{{ a }}", "undefined variable 'foo'", "set"),
    ("XF0206", "{{ ref(«foo») }}", "undefined variable 'foo'", "set"),
    ("XF0206", "{{ «utils».star(1) }}", "undefined variable 'utils'", "macros of packages"),
    ("XF0206", "x {{ cents(«foo») }}", "undefined variable 'foo'", "set"),
    ("XF0207", "{{ target.«nam» }}", "no 'nam' in target", ".get("),
    ("XF0207", "{{ {'key': 1}.«kei» }}", "no 'kei' in a mapping", "did you mean 'key'"),
    ("XF0207", "{{ this.«database» }}", "no 'database' in a relation", "did you mean"),
    ("XF0208", "{{ 1 }} {{ «centz(1)» }}", "unknown macro 'centz'", "did you mean 'cents'"),
    ("XF0208", "{% if «nothing()» %}{% endif %}", "unknown macro 'nothing'", "macros/"),
    ("XF0208", "{{ ref(«unheard()») }}", "unknown macro 'unheard'", "macros/"),
    ("XF0209", "{{ «ref()» }}", "ref() takes one or two names, not 0 arguments", "ref('name')"),
    ("XF0209", "{{ «ref(1)» }}", "ref() takes names as text, not a number", "ref('name')"),
    ("XF0209", "{{ «ref('a', w=2)» }}", "ref() takes no argument 'w'", "ref('name')"),
    ("XF0209", "{{ «ref(' ')» }}", "ref() with an empty name", "ref('name')"),
    ("XF0209", "{{ «source('a')» }}", "source() takes two names, not 1 argument", "source("),
    ("XF0209", "{{ «var()» }}", "var() takes a name and perhaps a default", "var('name')"),
    ("XF0209", "{{ «var([1])» }}", "var() takes its name as text, not a list", "var('name')"),
    ("XF0209", "{{ «config(1)» }}", "config() takes settings by name", "config(key=value"),
    ("XF0209", "{{ «config(a=ref)» }}", "config(): 'a' is a Ref", "config(key=value"),
    ("XF0209", "{{ «cents(1, 2)» }}", "macro 'cents' takes at most 1 argument", "cents(x)"),
    ("XF0209", "{{ «cents(y=1)» }}", "macro 'cents' takes no keyword argument 'y'", "cents(x)"),
    ("XF0209", "{{ «cents()» }}", "parameter 'x' was not given", "give it in the call"),
    ("XF0209", "{% call «cents(1)» %}{% endcall %}", "does not use caller()", "{{ … }}"),
    ("XF0209", "{{ «raises()» }}", "raises(): missing a required argument: 'text'", "raises(text"),
    ("XF0210", "{{ «var('strat')» }}", "variable 'strat' is not defined", "did you mean 'start'"),
    ("XF0210", "{{ «var('x')» }}", "variable 'x' is not defined", "[tool.xform.vars]"),
    ("XF0211", "{{ «env_var('X')» }}", "environment variable 'X' is not set", "set X in"),
    ("XF0212", "{{ 'a' | «uper» }}", "unknown filter 'uper'", "did you mean 'upper'"),
    ("XF0212", "{{ 1 is «evenn» }}", "unknown test 'evenn'", "did you mean 'even'"),
    ("XF0212", "{% if 1 %}{{ 'a' | «uper» }}{% endif %}", "unknown filter 'uper'", "'upper'"),
    ("XF0213", "«{{ ''.__class__ }}»", "not allowed in a template", "Python macro"),
    ("XF0214", "{{ «again()» }}", "macro 'again' calls itself without end", "condition"),
    ("XF0214", "{{ «ping()» }}", "'ping' and 'pong' call each other without end", "condition"),
    ("XF0216", "«{{ ref }}»", "'ref' is a function and has no text", "ref(…)"),
    ("XF0216", "«{{ cents }}»", "'cents' is a function and has no text", "cents(…)"),
    ("XF0216", "«{{ [1] | map('abs') }}»", "no text of their own", "| list"),
    ("XF0217", "«{{ 1 + 'a' }}»", "expression failed: unsupported operand", "check the values"),
    ("XF0217", "«{{ 1 // 0 }}»", "expression failed: ", "check the values"),
    ("XF0218", "{{ «exceptions.raise_compiler_error('stop it')» }}", "stop it", "template itself"),
    ("XF0222", "{{ «unread()» }}", "macro 'unread' cannot be used", "correct macros/c.sql"),
    ("XF0223", "{{ «raises('m')» }}", "'raises' failed: ValueError: no such unit: m", "check"),
    ("XF0223", "{{ «leaves()» }}", "'leaves' failed: SystemExit: 3", "check"),
]


@pytest.mark.parametrize(("code", "marked", "message", "help_text"), CASES)
def test_fault(code: str, marked: str, message: str, help_text: str) -> None:
    before, _, rest = marked.partition("«")
    inside, _, after = rest.partition("»")
    found = fault(before + inside + after)
    assert found.code == code, str(found)
    assert message in found.message
    assert help_text in found.help
    lines = before.split("\n")
    line, column = len(lines), len(lines[-1]) + 1
    assert (found.span.line, found.span.column) == (line, column)
    assert (found.span.end_line, found.span.end_column) == (line, column + len(inside))


def test_error_in_a_macro_points_at_the_call_and_labels_the_macro() -> None:
    found = fault("select\n  {{ bad('a') }}")
    assert (found.span.line, found.span.column) == (2, 6)
    (label,) = found.labels
    assert (label.span.path, label.span.line, label.span.column) == ("macros/a.sql", 3, 10)
    assert "bad" in label.message


def test_error_raised_in_a_macro_is_labelled() -> None:
    found = fault("{{ stop() }}")
    assert (found.code, found.message) == ("XF0218", "not here")
    assert found.labels[0].span.line == 7


def test_wrong_nesting_labels_the_open_tag() -> None:
    found = fault("{% for x in [] %}\n{% endif %}")
    assert found.labels[0].span.line == 1
    assert found.labels[0].message == "'for' is still open"


def test_places_in_files_with_carriage_returns() -> None:
    found = fault("select\r\n{{ 1 }}\r\n  {{ foo }}\r\n")
    assert (found.span.line, found.span.column, found.span.end_column) == (3, 6, 9)


def test_lines_of_the_header_count() -> None:
    text = "/* @model\nkind: view */ select {{ foo }}"
    scope = Scope(AssetName("main.m"), header_end=text.index("select"))
    _, (found,) = render("models/m.sql", text, scope, MACROS)
    assert (found.span.line, found.span.column) == (2, 25)


def test_a_chain_of_operators_is_as_deep_as_it_is_long() -> None:
    found = fault(f"select {{{{ {' + '.join(['1'] * 5_000)} }}}} as a")
    assert (found.code, found.span.column) == ("XF0205", 8)


def faults(template: str) -> list[tuple[str, int]]:
    rendered, found = render("models/m.sql", template, SCOPE, MACROS)
    assert rendered is None
    return [(item.code, item.span.column) for item in found]


def test_all_that_fails_is_said() -> None:
    template = "{{ cents() }} {{ cnts(1) }}{% if true %}{{ nope }}{% endif %} {{ var('x') }}"
    assert [code for code, _ in faults(template)] == ["XF0209", "XF0208", "XF0206", "XF0210"]


def test_what_fails_in_each_pass_of_a_loop_is_said_once() -> None:
    template = "{% for i in range(100000) %}{{ nope }}{% endfor %}{{ i.x }}"
    assert faults(template)[0] == ("XF0206", 32)
    assert len(faults("{% for i in range(9) %}{{ nope }}{% endfor %}{{ nope2 }}")) == 2


def test_what_fails_within_a_macro_is_said_once() -> None:
    assert faults("{{ bad(1) }} {{ bad(2) }}") == [("XF0206", 4)]


def test_behind_a_statement_that_fails_nothing_is_known() -> None:
    assert faults("{% set a = nope() %}{{ a }} {{ b }}") == [("XF0208", 12)]

"""The macro library: names, what uses what, keys, and files that are broken."""

from __future__ import annotations

from xform.template.macros import load_macros

FILES = {
    "macros/a.sql": "{% macro one() %}{{ two() }}{% endmacro %}\n"
    "{% macro alone() %}a{% endmacro %}",
    "macros/b.sql": "{% macro two() %}{{ three() }}{{ one() }}{% endmacro %}",
    "macros/c.sql": "{% macro three() %}3{% endmacro %}",
    "macros/empty.sql": "nothing here",
}


def test_names_and_closure() -> None:
    library, diagnostics = load_macros(FILES, {"py": lambda: 1})
    assert diagnostics == []
    assert library.names == ("alone", "one", "py", "three", "two")
    assert library.uses("two") == ("one", "three")
    assert library.closure(["one", "no_macro"]) == ("one", "three", "two")


def test_key_follows_what_a_macro_uses_and_nothing_else() -> None:
    before, _ = load_macros(FILES, {})
    after, _ = load_macros({**FILES, "macros/c.sql": "{% macro three() %}33{% endmacro %}"}, {})
    assert before.key("one") != after.key("one")
    assert before.digest("one") == after.digest("one")
    assert before.key("alone") == after.key("alone")
    assert before.key("nobody") == ""


def test_key_follows_statements_beside_the_macro() -> None:
    first, _ = load_macros({"m.sql": "{% set u = 1 %}{% macro m() %}{{ u }}{% endmacro %}"}, {})
    second, _ = load_macros({"m.sql": "{% set u = 2 %}{% macro m() %}{{ u }}{% endmacro %}"}, {})
    assert first.key("m") != second.key("m")


def test_space_in_tags_and_other_macros_leave_the_key() -> None:
    first, _ = load_macros({"m.sql": "{% macro m(a) %}{{ a }}{% endmacro %}"}, {})
    second, _ = load_macros(
        {"m.sql": "{% macro o() %}{% endmacro %}\n\n{% macro  m( a ) %}{{a}}{% endmacro %}"}, {}
    )
    assert first.key("m") == second.key("m")


def test_two_of_one_name() -> None:
    library, (found,) = load_macros(
        {"a.sql": "{% macro m() %}1{% endmacro %}", "b.sql": "\n{% macro m() %}2{% endmacro %}"}, {}
    )
    assert found.code == "XF0220"
    assert (str(found.span), found.span.end_column) == ("b.sql:2:10", 11)
    assert str(found.labels[0].span) == "a.sql:1:10"
    assert library.names == ("m",)


def test_name_of_a_builtin() -> None:
    library, (found,) = load_macros({"a.sql": "{% macro ref(x) %}{% endmacro %}"}, {})
    assert found.code == "XF0221"
    assert library.names == ()


def test_broken_file_does_not_hide_the_others() -> None:
    library, (found,) = load_macros({**FILES, "macros/0.sql": "{% macro x() %}{% if %}"}, {})
    assert found.code == "XF0201"
    assert found.span.path == "macros/0.sql"
    assert library.broken == {"x": "macros/0.sql"}
    assert library.names == ("alone", "one", "three", "two")


def test_nothing_is_compiled_before_a_call() -> None:
    library, _ = load_macros(FILES, {})
    file, _ = library.sql["one"]
    assert "template" not in vars(file)

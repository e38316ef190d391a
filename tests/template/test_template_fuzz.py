"""Whatever a template holds, rendering it ends in text or in a diagnostic with a place."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from xform.base.names import AssetName
from xform.template.macros import load_macros
from xform.template.render import render
from xform.template.scope import Scope

MACROS, _ = load_macros(
    {"m.sql": "{% macro m(x, y=1) %}{{ x[y] }}{{ caller() }}{{ m(x) }}{% endmacro %}"},
    {"py": lambda *args: args[0] / 1},
)
WORDS = """\
{{ }} {% %} {# #} {{- -}} {%- -%} if elif else endif for in endfor set endset macro endmacro call
endcall filter endfilter raw endraw with endwith do break continue recursive block include import
extends autoescape m py ref source var env_var config this target x y loop caller range namespace
exceptions self super ( ) [ ] { } . , : | ~ + - * / % ** == = is not and or 'a' "b" 1 0 2.5 none
true upper join map list first last batch is_incremental log int round default sort items
_ __class__
"""

TEXT = st.lists(
    st.one_of(st.sampled_from(WORDS.split()), st.sampled_from([" ", "\n", "\r\n", "é", "\\", "'"])),
    max_size=25,
).map(" ".join)
EXPRESSIONS = TEXT.map(lambda text: "{{ " + text + " }}")
TAGS = st.tuples(st.sampled_from(["if", "for x in", "set x =", "do", "call"]), TEXT).map(
    lambda tag: f"{{% {tag[0]} {tag[1]} %}}"
)
SCOPE = Scope(AssetName("main.m"), variables={"x": [1]}, target={"name": "dev"})


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(TEXT, EXPRESSIONS, TAGS), max_size=4).map("".join))
def test_rendering_never_raises(text: str) -> None:
    rendered, diagnostics = render("models/m.sql", text, SCOPE, MACROS)
    assert (rendered is None) == bool(diagnostics)
    for diagnostic in diagnostics:
        assert diagnostic.span.line >= 1
        assert diagnostic.span.line <= text.count("\n") + 1
        assert diagnostic.message
        assert diagnostic.help


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="{}%#-+'\"()[]|~.,=abi \n\r", max_size=60))
def test_noise_never_raises(text: str) -> None:
    rendered, diagnostics = render("models/m.sql", "{{" + text, SCOPE, MACROS)
    assert (rendered is None) == bool(diagnostics)

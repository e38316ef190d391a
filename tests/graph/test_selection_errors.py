"""What is said about selections that cannot be read, asked or fulfilled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.graph.nodes import Graph, Node, SelectionFacts
from xform.graph.selection.grammar import parse
from xform.graph.selection.request import Request
from xform.graph.selection.select import Selected, select

NAMES = [AssetName("staging.orders"), AssetName("marts.fct")]
GRAPH = Graph(
    "shop", {name: Node(name, "model", f"models/{name}.sql", tags=("daily",)) for name in NAMES}
)


def told(text: str, facts: SelectionFacts | None = None) -> Diagnostic:
    selected, diagnostics = select(GRAPH, Request((text,)), facts)
    (diagnostic,) = diagnostics
    assert selected == Selected()
    return diagnostic


@pytest.mark.parametrize(
    ("text", "code", "columns", "words", "help_words"),
    [
        ("@orders+", "XF0502", (1, 9), "are incompatible", "'@x'"),
        ("fct tag:", "XF0502", (5, 9), "gives 'tag' no value", "tag:<value>"),
        ("orders,", "XF0502", (8, 9), "one side of a comma", "without spaces"),
        ("orders,,fct", "XF0502", (8, 9), "one side of a comma", "without spaces"),
        ("", "XF0502", (1, 1), "is empty", "leave the option out"),
        ("  ", "XF0502", (1, 3), "is empty", "leave the option out"),
        ("+", "XF0502", (1, 2), "names nothing", "beside the operator"),
        ("2+", "XF0502", (1, 3), "names nothing", "beside the operator"),
        ("two+orders", "XF0502", (1, 11), "belongs to no depth", "whole number"),
        ("fct -1+orders", "XF0502", (5, 14), "belongs to no depth", "whole number"),
        ("orders+x", "XF0502", (1, 9), "belongs to no depth", "whole number"),
        ("1.5+tag:daily", "XF0502", (1, 14), "belongs to no depth", "whole number"),
        ("fct +tags:daily+1", "XF0503", (6, 10), "unknown selection method 'tags'", "'tag'"),
        ("zzz:daily", "XF0503", (1, 4), "unknown selection method 'zzz'", "methods are access"),
        ("config:view", "XF0503", (1, 7), "which setting", "config.kind:view"),
        ("tag.x:daily", "XF0503", (1, 6), "unknown selection method 'tag.x'", "tag:<value>"),
        ("resource_type:modle", "XF0504", (15, 20), "no value 'modle'", "'model'"),
        ("test_type:x", "XF0504", (11, 12), "no value 'x'", "generic"),
        ("access:x", "XF0504", (8, 9), "no value 'x'", "public"),
        ("source_status:older", "XF0504", (15, 20), "no value 'older'", "fresher"),
        ("state:modified", "XF0505", (7, 15), "needs an earlier manifest", "--state DIR"),
        ("result:error", "XF0505", (8, 13), "needs the last run", "xform build"),
        ("source_status:fresher", "XF0505", (15, 22), "as they were before", "--state DIR"),
        ("stale:*", "XF0505", (7, 8), "what is built", "plan, build"),
        ("column:staging.orders.id+", "XF0505", (8, 25), "column lineage", "compiles"),
        ("selector:nightly", "XF0507", (10, 17), "unknown selector 'nightly'", "selectors.yml"),
    ],
)
def test_errors(
    text: str, code: str, columns: tuple[int, int], words: str, help_words: str
) -> None:
    diagnostic = told(text)
    assert diagnostic.code == code
    assert (diagnostic.span.path, diagnostic.span.line) == ("<select>", 1)
    assert (diagnostic.span.column, diagnostic.span.end_column) == columns
    assert words in diagnostic.message
    assert help_words in diagnostic.help


def test_everything_wrong_is_told_at_once() -> None:
    _, diagnostics = select(GRAPH, Request(("@a+ tag:", "nope:x"), ("config:y",)))
    assert [(each.code, each.span.path, each.span.line) for each in diagnostics] == [
        ("XF0502", "<select>", 1),
        ("XF0502", "<select>", 1),
        ("XF0503", "<select>", 2),
        ("XF0503", "<exclude>", 1),
    ]


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("ordrs", "did you mean 'orders'?"),
        ("+stagin.orders", "did you mean 'staging.orders' or 'orders'?"),
        ("tag:dayly", "did you mean 'daily'?"),
        ("tag:daily,fact", "did you mean 'fct'?"),
        ("owner:nobody", "`xform ls` shows what can be selected"),
        ("column:staging.orders", "`xform ls` shows what can be selected"),
    ],
)
def test_no_match_warns_in_the_words_of_dbt(text: str, help_text: str) -> None:
    diagnostic = told(text)
    assert diagnostic.code == "XF0506"
    assert diagnostic.severity == "warning"
    wanted = f"The selection criterion '{text}' does not match any enabled nodes"
    assert diagnostic.message == wanted
    assert diagnostic.help == help_text


def test_only_the_argument_that_matches_nothing_is_named() -> None:
    selected, (diagnostic,) = select(GRAPH, Request(("fct nope",)))
    assert selected.assets == {"marts.fct"}
    assert "'nope'" in diagnostic.message
    assert (diagnostic.span.column, diagnostic.span.end_column) == (5, 9)


def test_an_exclusion_that_matches_nothing_is_named() -> None:
    selected, (diagnostic,) = select(GRAPH, Request(("fct",), ("nada",)))
    assert selected.assets == {"marts.fct"}
    assert diagnostic.span.path == "<exclude>"


@pytest.mark.parametrize("method", ["state", "result", "stale", "source_status", "column"])
def test_facts_that_are_empty_are_not_facts_that_are_missing(method: str) -> None:
    values = {"state": "new", "result": "error", "source_status": "fresher", "column": "a.b.c"}
    text = f"{method}:{values.get(method, '*')}+"
    diagnostic = told(text, SelectionFacts(given=frozenset({method})))
    assert diagnostic.code == "XF0506"


def test_unknown_indirect_selection() -> None:
    _, (diagnostic,) = select(GRAPH, Request(indirect="egaer"))
    assert (diagnostic.code, diagnostic.help) == ("XF0504", "did you mean 'eager'?")


def test_a_selector_beside_other_options_warns_and_wins() -> None:
    _, diagnostics = select(GRAPH, Request(("fct",), selector="nightly"))
    assert [each.code for each in diagnostics] == ["XF0510", "XF0507"]


@given(st.text(alphabet="ab@+,:. */1[]é\n", max_size=12))
def test_any_text_is_a_spec_or_diagnosed(text: str) -> None:
    spec, diagnostics = parse(text)
    assert (spec is None) == bool(diagnostics)
    select(GRAPH, Request((text,)))

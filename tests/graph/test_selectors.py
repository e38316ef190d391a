"""Every form of `selectors.yml`, and what is said about broken ones."""

from __future__ import annotations

import textwrap

import pytest

from xform.base.codes import BAD_YAML
from xform.base.names import AssetName
from xform.graph import nodes
from xform.graph.selection.request import Request
from xform.graph.selection.select import select
from xform.graph.selection.spec import Selectors
from xform.graph.selectors import read_selectors


def node(text: str, *reads: str, tags: str = "", config: str = "view") -> nodes.Node:
    return nodes.Node(
        AssetName(text),
        "model",
        f"models/{text.replace('.', '/')}.sql",
        tuple(map(AssetName, reads)),
        tags=tuple(tags.split()),
        config={"kind": config},
    )


NODES = [
    node("stg.a", tags="nightly"),
    node("stg.b", "stg.a", tags="nightly hourly"),
    node("mart.c", "stg.b", tags="hourly", config="table"),
    node("mart.d", "mart.c", config="table"),
    node("mart.e", "stg.a"),
]
TESTS = (
    nodes.TestNode("unique_b", "unique", NODES[1].name, (NODES[1].name,)),
    nodes.TestNode("pair_bc", "relationships", NODES[2].name, (NODES[2].name, NODES[1].name)),
)
GRAPH = nodes.Graph("shop", {each.name: each for each in NODES}, TESTS)


def read(definition: str) -> Selectors:
    """The selectors of a file in which `x` has the definition; no diagnostics."""
    body = textwrap.indent(textwrap.dedent(definition).strip("\n"), "      ")
    text = f"selectors:\n  - name: x\n    definition:\n{body}\n"
    selectors, diagnostics = read_selectors(text, "selectors.yml")
    assert diagnostics == []
    return selectors


def selected(definition: str) -> tuple[str, list[str]]:
    answer, diagnostics = select(GRAPH, Request(selector="x"), None, read(definition))
    assert diagnostics == []
    return " ".join(sorted(answer.assets)), [test.name for test in answer.tests]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("'tag:nightly'", "stg.a stg.b"),
        ("tag:nightly,tag:hourly mart.e", "mart.e stg.b"),
        ("stg.b+1", "mart.c stg.b"),
        ("tag: hourly", "mart.c stg.b"),
        ("config.kind: table", "mart.c mart.d"),
        ("{method: tag, value: nightly}", "stg.a stg.b"),
        ("{method: fqn, value: c, parents: true}", "mart.c stg.a stg.b"),
        ("{method: fqn, value: c, parents: true, parents_depth: 1}", "mart.c stg.b"),
        ("{method: fqn, value: stg.b, children: true, children_depth: 1}", "mart.c stg.b"),
        ("{method: fqn, value: c, childrens_parents: 'true'}", "mart.c mart.d stg.a stg.b"),
        ("{method: tag, value: nightly, exclude: [stg.a]}", "stg.b"),
        ("{method: tag, value: nightly, exclude: [{tag: hourly}, mart.e]}", "stg.a"),
        ("union: [mart.e, {tag: nightly}]", "mart.e stg.a stg.b"),
        ("intersection: [{tag: nightly}, {method: tag, value: hourly}]", "stg.b"),
        ("union: [{tag: nightly}, {tag: hourly}, {exclude: [stg.b]}]", "mart.c stg.a"),
        ("intersection: ['+mart.c', {tag: nightly}, {exclude: [stg.b]}]", "stg.a"),
        (
            """
            union:
              - intersection:
                  - tag: nightly
                  - tag: hourly
              - method: config.kind
                value: table
                exclude:
                  - mart.d
            """,
            "mart.c stg.b",
        ),
    ],
)
def test_forms(definition: str, expected: str) -> None:
    assert selected(definition)[0] == expected


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("{method: fqn, value: stg.b}", ["unique_b", "pair_bc"]),
        ("{method: fqn, value: stg.b, indirect_selection: cautious}", ["unique_b"]),
        ("{method: fqn, value: stg.b, indirect_selection: empty}", []),
        ("{method: fqn, value: c, indirect_selection: buildable}", ["pair_bc"]),
        (
            """
            union:
              - {method: fqn, value: stg.b, indirect_selection: cautious}
              - {method: fqn, value: c, indirect_selection: cautious}
            """,
            ["unique_b", "pair_bc"],
        ),
    ],
)
def test_indirect_selection_of_a_criterion(definition: str, expected: list[str]) -> None:
    assert selected(definition)[1] == expected


def test_selectors_reuse_each_other_in_any_order() -> None:
    text = """
selectors:
  - name: both
    description: everything that runs by the clock
    default: true
    definition:
      union:
        - {method: selector, value: night, children: true, children_depth: 1}
        - selector:hour
  - {name: night, definition: 'tag:nightly'}
  - {name: hour, definition: 'tag:hourly'}
"""
    selectors, diagnostics = read_selectors(text, "selectors.yml")
    assert diagnostics == []
    assert selectors.default == "both"
    assert selectors.named["both"].description == "everything that runs by the clock"
    answer, _ = select(GRAPH, Request(), None, selectors)
    assert sorted(answer.assets) == ["mart.c", "mart.e", "stg.a", "stg.b"]


def test_a_selector_that_matches_nothing_is_warned_of_as_a_whole() -> None:
    selectors = read("union: [tag:none, {tag: nada}]")
    _, (diagnostic,) = select(GRAPH, Request(("selector:x",)), None, selectors)
    wanted = "The selection criterion 'selector:x' does not match any enabled nodes"
    assert diagnostic.message == wanted
    assert select(GRAPH, Request(selector="x"), None, selectors)[1][0].message == wanted


@pytest.mark.parametrize(("shown", "expected"), [("true", "x"), (" False ", None)])
def test_a_templated_default(shown: str, expected: str | None) -> None:
    text = "selectors:\n- {name: x, default: \"{{ target.name == 'prod' }}\", definition: a}\n"
    selectors, diagnostics = read_selectors(text, "selectors.yml", lambda template: shown)
    assert diagnostics == []
    assert selectors.default == expected


def test_an_empty_file_has_no_selectors() -> None:
    assert read_selectors("", "selectors.yml") == (Selectors(), [])
    assert read_selectors("selectors:\n", "selectors.yml") == (Selectors(), [])


HEAD = "selectors:\n- name: x\n  definition: "


@pytest.mark.parametrize(
    ("text", "code", "place", "words"),
    [
        ("- a\n", "XF0508", (1, 1), "is no mapping"),
        ("selektors: []\n", "XF0508", (1, 1), "no key 'selektors'"),
        ("selectors: x\n", "XF0508", (1, 12), "'selectors' is text, not a list"),
        ("selectors:\n- x\n", "XF0508", (2, 3), "a selector is text"),
        ("selectors:\n- definition: a\n", "XF0508", (2, 3), "has no name"),
        ("selectors:\n- name: x\n", "XF0508", (2, 9), "'x' has no definition"),
        (
            f"{HEAD}a\n- name: x\n  definition: b\n",
            "XF0508",
            (4, 9),
            "'x' is defined twice",
        ),
        (f"{HEAD}a\n  colour: red\n", "XF0508", (4, 3), "no key 'colour'"),
        (f"{HEAD}3\n", "XF0508", (3, 15), "a definition is a number"),
        (f"{HEAD}'@a+'\n", "XF0502", (3, 15), "are incompatible"),
        (f"{HEAD}tagg:x\n", "XF0503", (3, 15), "method 'tagg'"),
        (f"{HEAD}{{tagg: x}}\n", "XF0503", (3, 16), "method 'tagg'"),
        (f"{HEAD}{{tag: [a, b]}}\n", "XF0508", (3, 21), "the value of 'tag' is a list"),
        (f"{HEAD}{{method: tag}}\n", "XF0508", (3, 15), "has no 'value'"),
        (f"{HEAD}{{method: tag, value: a, parent: true}}\n", "XF0508", (3, 39), "no key 'parent'"),
        (f"{HEAD}{{method: tag, value: a, parents: 1}}\n", "XF0508", (3, 48), "not true or false"),
        (
            f"{HEAD}{{method: tag, value: a, children_depth: -1}}\n",
            "XF0508",
            (3, 55),
            "is no whole number",
        ),
        (
            f"{HEAD}{{method: tag, value: a, children: true, childrens_parents: true}}\n",
            "XF0502",
            (3, 15),
            "are incompatible",
        ),
        (
            f"{HEAD}{{method: tag, value: a, indirect_selection: egaer}}\n",
            "XF0508",
            (3, 59),
            "'egaer'",
        ),
        (f"{HEAD}{{union: [a], intersection: [b]}}\n", "XF0508", (3, 28), "side by side"),
        (f"{HEAD}{{union: []}}\n", "XF0508", (3, 16), "has no items"),
        (f"{HEAD}{{union: a}}\n", "XF0508", (3, 23), "'union' is text, not a list"),
        (
            f"{HEAD}{{union: [a, {{exclude: [b]}}, {{exclude: [c]}}]}}\n",
            "XF0508",
            (3, 44),
            "a second 'exclude'",
        ),
        (f"{HEAD}{{union: [a, {{exclude: []}}]}}\n", "XF0508", (3, 28), "'exclude' has no items"),
        (f"{HEAD}selector:y\n", "XF0507", (3, 15), "unknown selector 'y'"),
        (f"{HEAD}a\n  default: maybe\n", "XF0508", (4, 12), "'default' is 'maybe'"),
        (f"{HEAD}{{tag: a\n", BAD_YAML.id, (3, 22), "YAML"),
    ],
)
def test_errors_have_a_place(text: str, code: str, place: tuple[int, int], words: str) -> None:
    _, diagnostics = read_selectors(text, "selectors.yml")
    (diagnostic,) = diagnostics
    assert words in diagnostic.message
    assert diagnostic.span.path == "selectors.yml"
    assert (diagnostic.span.line, diagnostic.span.column) == place
    assert diagnostic.code == code
    assert diagnostic.help


def test_two_defaults() -> None:
    text = (
        "selectors:\n- {name: a, default: true, definition: x}\n"
        "- {name: b, default: true, definition: x}\n"
    )
    selectors, (diagnostic,) = read_selectors(text, "selectors.yml")
    assert selectors.default == "a"
    assert diagnostic.message == "'b' and 'a' are both the default selector"
    assert (diagnostic.span.line, diagnostic.labels[0].span.line) == (3, 2)


def test_circular_references_are_a_path_and_are_left_out() -> None:
    text = (
        "selectors:\n- {name: a, definition: 'selector:b'}\n- {name: b, definition: 'selector:a'}\n"
        "- {name: c, definition: 'selector:c'}\n- {name: d, definition: x}\n"
    )
    selectors, diagnostics = read_selectors(text, "selectors.yml")
    assert list(selectors.named) == ["d"]
    assert [each.message for each in diagnostics] == [
        "circular selectors: a → b → a",
        "circular selectors: c → c",
    ]
    assert [each.code for each in diagnostics] == ["XF0509", "XF0509"]
    assert diagnostics[0].span.line == 2
    assert diagnostics[0].labels[0].span.line == 3

"""Order, cycles, ancestors and descendants, with networkx as the oracle."""

from __future__ import annotations

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xform.base.names import AssetName
from xform.base.spans import Span
from xform.graph.order import (
    ancestors,
    children_of,
    cycle_diagnostic,
    descendants,
    order,
    reachable,
)

NAMES = [f"s.n{number}" for number in range(9)]
Edges = dict[str, list[str]]


@st.composite
def graphs(draw: st.DrawFn) -> Edges:
    """Any directed graph over a few names, cycles and loops among them."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    return {name: draw(st.lists(st.sampled_from(names), max_size=3)) for name in names}


@st.composite
def acyclic(draw: st.DrawFn) -> Edges:
    return {
        name: draw(st.lists(st.sampled_from(NAMES[:at]), max_size=3)) if at else []
        for at, name in enumerate(NAMES)
    }


def drawn(edges: Edges) -> networkx.DiGraph:
    graph = networkx.DiGraph()
    graph.add_nodes_from(edges)
    graph.add_edges_from((name, read) for name, reads in edges.items() for read in reads)
    return graph


@given(graphs())
def test_order_holds_all_but_members_of_cycles_behind_what_they_read(edges: Edges) -> None:
    ordered, _ = order(edges)
    on_cycle = {name for cycle in networkx.simple_cycles(drawn(edges)) for name in cycle}
    assert sorted(ordered) == sorted(set(edges) - on_cycle)
    place = {name: at for at, name in enumerate(ordered)}
    assert all(
        place[read] < place[name] for name in ordered for read in edges[name] if read in place
    )


@given(graphs())
def test_cycles_are_simple_and_hold_every_member(edges: Edges) -> None:
    _, cycles = order(edges)
    on_cycle = {name for cycle in networkx.simple_cycles(drawn(edges)) for name in cycle}
    assert {name for cycle in cycles for name in cycle} == on_cycle
    for cycle in cycles:
        assert len(set(cycle)) == len(cycle)
        assert cycle[0] == min(cycle)
        following = (*cycle[1:], cycle[0])
        assert all(read in edges[name] for name, read in zip(cycle, following, strict=True))


@given(graphs(), st.randoms(use_true_random=False))
def test_order_does_not_depend_on_the_order_of_the_input(edges: Edges, random: object) -> None:
    names = list(edges)
    random.shuffle(names)  # type: ignore[attr-defined]
    assert order({name: list(reversed(edges[name])) for name in names}) == order(edges)


@given(acyclic())
def test_order_goes_by_level_then_name(edges: Edges) -> None:
    ordered, _ = order(edges)
    levels: dict[str, int] = {}
    for name in ordered:
        levels[name] = 1 + max((levels[read] for read in edges[name]), default=-1)
    assert ordered == sorted(edges, key=lambda name: (levels[name], name))


@given(graphs(), st.sampled_from(NAMES), st.none() | st.integers(0, 4))
def test_ancestors_and_descendants(edges: Edges, name: str, depth: int | None) -> None:
    edges.setdefault(name, [])
    graph = drawn(edges)
    below = networkx.single_source_shortest_path_length(graph, name, cutoff=depth)
    above = networkx.single_source_shortest_path_length(graph.reverse(), name, cutoff=depth)
    assert ancestors(edges, name, depth) == set(below) - {name}
    assert descendants(edges, name, depth) == set(above) - {name}


def test_a_chain_of_ten_thousand() -> None:
    names = [f"s.m{number:05}" for number in range(10_000)]
    edges = {name: names[at - 1 : at] for at, name in enumerate(names)}
    assert order(edges) == (names, [])
    assert len(ancestors(edges, names[-1])) == 9_999
    assert len(descendants(edges, names[0])) == 9_999


def test_a_cycle_of_ten_thousand() -> None:
    names = [f"s.m{number:05}" for number in range(10_000)]
    edges = {name: [names[at - 1]] for at, name in enumerate(names)}
    ordered, (cycle,) = order(edges)
    assert ordered == []
    assert cycle == (names[0], *reversed(names[1:]))


def test_what_reads_a_cycle_is_ordered_without_it() -> None:
    edges = {"s.a": ["s.b"], "s.b": ["s.a"], "s.c": ["s.a", "s.d"], "s.d": [], "s.e": ["s.c"]}
    assert order(edges) == (["s.d", "s.c", "s.e"], [("s.a", "s.b")])


def test_reads_of_unknown_names_are_passed_over() -> None:
    assert order({"s.a": ["s.gone"]}) == (["s.a"], [])
    assert children_of({"s.a": ["s.gone"]}) == {"s.a": []}
    assert reachable({"s.a": ["s.gone"]}, ["s.a", "s.other"]) == {"s.a"}


A, B, C = AssetName("s.a"), AssetName("s.b"), AssetName("s.c")


def test_a_cycle_is_told_as_a_path_with_the_place_of_each_reference() -> None:
    places = {
        (A, B): Span("models/s/a.sql", 2, 6, 2, 9),
        (B, C): Span("models/s/b.sql", 3, 6, 3, 9),
        (C, A): Span("models/s/c.sql", 4, 6, 4, 9),
    }
    diagnostic = cycle_diagnostic((A, B, C), places)
    assert diagnostic.code == "XF0501"
    assert diagnostic.message == "dependency cycle: s.a → s.b → s.c → s.a"
    assert diagnostic.span == places[A, B]
    assert [label.span for label in diagnostic.labels] == [places[B, C], places[C, A]]
    assert [label.message for label in diagnostic.labels] == ["s.b reads s.c", "s.c reads s.a"]


def test_a_model_that_reads_itself() -> None:
    diagnostic = cycle_diagnostic((A,), {(A, A): Span("models/s/a.sql", 1, 15, 1, 18)})
    assert diagnostic.message == "s.a reads itself: s.a → s.a"
    assert diagnostic.labels == ()


@pytest.mark.parametrize("depth", [0, 1])
def test_a_start_is_reached_at_any_depth(depth: int) -> None:
    assert A in reachable({A: [B], B: []}, [A], depth)

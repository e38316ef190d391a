"""What criteria are matched against: the graph, what was gathered about it, named selectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from xform.base.names import AssetName
from xform.graph.nodes import Graph, SelectionFacts
from xform.graph.order import children_of
from xform.graph.selection.columns import ColumnGraph
from xform.graph.selection.spec import Selectors


@dataclass(frozen=True, slots=True)
class Found:
    """What a spec selects. Tests are numbers in `Graph.tests`.

    `pending` tests read something selected, but not all they read is selected yet; they come in
    where a union brings the rest. The value is the rule (cautious or buildable) they wait by.
    """

    assets: frozenset[AssetName] = frozenset()
    tests: frozenset[int] = frozenset()
    pending: Mapping[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.assets or self.tests)


class World:
    """The graph in the forms that matching needs, each made when first asked for."""

    def __init__(self, graph: Graph, facts: SelectionFacts, selectors: Selectors) -> None:
        self.graph = graph
        self.facts = facts
        self.selectors = selectors

    @cached_property
    def depends_on(self) -> dict[AssetName, tuple[AssetName, ...]]:
        return {name: node.depends_on for name, node in self.graph.nodes.items()}

    @cached_property
    def children(self) -> dict[AssetName, list[AssetName]]:
        return children_of(self.depends_on)

    @cached_property
    def columns(self) -> ColumnGraph:
        return ColumnGraph(self.facts)

    @cached_property
    def sources(self) -> frozenset[AssetName]:
        nodes = self.graph.nodes.values()
        return frozenset(node.name for node in nodes if node.resource_type == "source")

    @cached_property
    def test_parents(self) -> list[frozenset[AssetName]]:
        """For each test, all that it reads."""
        return [frozenset((test.asset, *test.reads)) for test in self.graph.tests]

    @cached_property
    def _tests_of(self) -> dict[AssetName, list[int]]:
        found: dict[AssetName, list[int]] = {}
        for number, parents in enumerate(self.test_parents):
            for parent in parents:
                found.setdefault(parent, []).append(number)
        return found

    def tests_reading(self, assets: Iterable[AssetName]) -> frozenset[int]:
        """The tests that read any of the assets."""
        return frozenset(number for name in assets for number in self._tests_of.get(name, ()))

    def parents_of(self, tests: Iterable[int]) -> frozenset[AssetName]:
        return frozenset(name for number in tests for name in self.test_parents[number])

    def package_of(self, name: AssetName) -> str:
        node = self.graph.nodes.get(name)
        return node.fqn[0] if node is not None and node.fqn else self.graph.project

"""From a spec to what it selects: method, then graph operators, then tests, then set operations.

The order is that of dbt, so that the same words select the same things.
"""

from __future__ import annotations

from functools import reduce
from typing import Protocol, TypeVar, assert_never

from xform.base.codes import SELECTION_EMPTY
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Span
from xform.graph.order import reachable
from xform.graph.selection.methods import match, vocabulary
from xform.graph.selection.request import BUILDABLE, CAUTIOUS, EAGER, EMPTY
from xform.graph.selection.spec import (
    SELECTOR,
    Criterion,
    Difference,
    Intersection,
    Reach,
    Spec,
    Union,
    criteria,
)
from xform.graph.selection.values import check_value
from xform.graph.selection.world import Found, World

Member = TypeVar("Member")


class Operation(Protocol):
    """A set operation on sets of anything."""

    def __call__(
        self, left: frozenset[Member], right: frozenset[Member], /
    ) -> frozenset[Member]: ...


NO_MATCH = "The selection criterion '{}' does not match any enabled nodes"
"""dbt's words, which people search for."""


class Evaluation:
    """One selection over one world. `diagnostics` fills up on the way."""

    def __init__(self, world: World) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._world = world
        self._named: dict[tuple[str, str], Found] = {}

    def resolve(self, spec: Spec, indirect: str, *, expect: bool = True) -> Found:
        """What a spec selects. With `expect`, an argument that matches nothing is warned of."""
        match spec:
            case Criterion():
                return self._criterion(spec, spec.indirect or indirect)
            case Union(parts):
                found = [self.resolve(part, indirect, expect=expect) for part in parts]
                return self._combine(found, frozenset.union)
            case Intersection(parts, raw, span):
                before = len(self.diagnostics)
                found = [self.resolve(part, indirect, expect=expect) for part in parts]
                both = self._combine(found, frozenset.intersection)
                if expect and not both and raw is not None and len(self.diagnostics) == before:
                    assert span is not None, "an argument has a place"
                    self.warn_empty(spec, raw, span)
                return both
            case Difference(include, exclude):
                return self.subtract(
                    self.resolve(include, indirect, expect=expect),
                    self.resolve(exclude, EAGER, expect=expect),
                )
            case never:
                assert_never(never)

    def subtract(self, included: Found, excluded: Found) -> Found:
        return self._combine([included, excluded], frozenset.difference)

    def warn_empty(self, spec: Spec, raw: str, span: Span) -> None:
        near = (self._meant(leaf) for leaf in criteria(spec))
        help_text = next(filter(None, near), "`xform ls` shows what can be selected")
        self.diagnostics.append(diagnose(SELECTION_EMPTY, NO_MATCH.format(raw), span, help_text))

    def _meant(self, criterion: Criterion) -> str:
        known = vocabulary(criterion.method, self._world)
        return "" if criterion.value in known else did_you_mean(criterion.value, known)

    def _criterion(self, criterion: Criterion, indirect: str) -> Found:
        world = self._world
        wrong = check_value(criterion, world.facts, world.selectors)
        if wrong is not None:
            self.diagnostics.append(wrong)
            return Found()
        if criterion.method == SELECTOR:
            start = self._selector(criterion.value, indirect)
            if criterion.reach == Reach():
                return start
            # Which tests follow is said by the selector: only what is new brings its own. And
            # tests that followed lead nowhere: a relationship's other side was not meant.
            meant = self._selector(criterion.value, EMPTY)
            wider = self._reach(meant, criterion.reach)
            new = self._attach(wider, wider.assets - start.assets, indirect)
            return self._combine([start, new], frozenset.union)
        start = match(criterion, world)
        if criterion.method == "column":
            wider = self._column_reach(start, criterion)
        else:
            wider = self._reach(start, criterion.reach)
        return self._attach(wider, wider.assets, indirect)

    def _selector(self, name: str, indirect: str) -> Found:
        key = (name, indirect)
        if key not in self._named:
            spec = self._world.selectors.named[name].spec
            self._named[key] = self.resolve(spec, indirect, expect=False)
        return self._named[key]

    def _reach(self, start: Found, reach: Reach) -> Found:
        """What the graph operators add; tests are leaves below all that they read."""
        world = self._world
        assets, tests = start.assets, start.tests
        if reach.childrens_parents:
            below = reachable(world.children, start.assets)
            tests |= world.tests_reading(below)
            assets |= reachable(world.depends_on, below | world.parents_of(tests))
        if reach.parents:
            depth = reach.parents_depth
            assets |= reachable(world.depends_on, start.assets, depth)
            if depth != 0 and start.tests:
                beside = world.parents_of(start.tests)
                assets |= reachable(world.depends_on, beside, None if depth is None else depth - 1)
        if reach.children:
            depth = reach.children_depth
            assets |= reachable(world.children, start.assets, depth)
            if depth != 0:
                above = reachable(
                    world.children, start.assets, None if depth is None else depth - 1
                )
                tests |= world.tests_reading(above)
        return Found(assets, tests)

    def _column_reach(self, start: Found, criterion: Criterion) -> Found:
        """The operators of `column:` follow column lineage; what `@` needs besides is whole."""
        world, reach = self._world, criterion.reach
        columns = world.columns.find(world.graph, criterion.value)
        assets: frozenset[AssetName] = start.assets
        if reach.parents:
            assets |= world.columns.sources(columns, reach.parents_depth)
        if reach.children:
            assets |= world.columns.readers(columns, reach.children_depth)
        if reach.childrens_parents:
            below = world.columns.readers(columns, None) | start.assets
            assets |= reachable(world.depends_on, below)
        return Found(assets & frozenset(world.graph.nodes))

    def _attach(self, found: Found, bringing: frozenset[AssetName], indirect: str) -> Found:
        """`found` with the tests that follow the assets in `bringing`."""
        if indirect == EMPTY:
            return found
        near = self._world.tests_reading(bringing) - found.tests
        if indirect == EAGER:
            return Found(found.assets, found.tests | near)
        return self._settle(found.assets, found.tests, dict.fromkeys(near, indirect))

    def _settle(
        self, assets: frozenset[AssetName], tests: frozenset[int], waiting: dict[int, str]
    ) -> Found:
        """Take in the waiting tests whose parents are all there; keep the others pending."""
        world = self._world
        allowed = {CAUTIOUS: assets, BUILDABLE: assets}
        if BUILDABLE in waiting.values():
            allowed[BUILDABLE] = reachable(world.depends_on, assets) | world.sources
        ready = frozenset(
            number
            for number, rule in waiting.items()
            if world.test_parents[number] <= allowed[rule]
        )
        pending = {number: rule for number, rule in waiting.items() if number not in ready}
        return Found(assets, tests | ready, pending)

    def _combine(self, parts: list[Found], operation: Operation) -> Found:
        """A set operation on assets and on tests. Tests that wait take part as if selected, and
        are then judged by all the assets that came together."""
        if not parts:
            return Found()
        assets = reduce(operation, (part.assets for part in parts))
        tests = reduce(operation, (part.tests for part in parts))
        near = reduce(operation, (part.tests.union(part.pending) for part in parts))
        return self._settle(
            assets, tests, {number: _rule(number, parts) for number in near - tests}
        )


def _rule(number: int, parts: list[Found]) -> str:
    """The rule that a pending test waits by: the stricter where parts differ."""
    rules = {part.pending[number] for part in parts if number in part.pending}
    return CAUTIOUS if CAUTIOUS in rules else BUILDABLE

"""Topological order, cycles, and what lies upstream and downstream.

Edges run from an asset to what it reads. Names that are read but are no key of the mapping are
passed over. Nothing here recurses: a chain of any length works.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from xform.base.codes import DEPENDENCY_CYCLE
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import AssetName
from xform.base.spans import Span

Name = TypeVar("Name", bound=str)
Item = TypeVar("Item", bound=Hashable)


def order(
    depends_on: Mapping[Name, Sequence[Name]],
) -> tuple[list[Name], list[tuple[Name, ...]]]:
    """(names in topological order, cycles).

    The order goes by level (the longest way from a root), then by name, so it does not depend on
    the order of the mapping. It holds every name that is on no cycle; a name that reads a member
    of a cycle is in it too, ordered as if that member did not exist. Members of cycles are only
    in the second list.

    A cycle is a path `(a, b, c)`: a reads b, b reads c, c reads a; it begins with its smallest
    name. Of the many ways around a tangle only some are listed, short ones, such that every name
    on any cycle stands in at least one of them.
    """
    levels = _levels(depends_on)
    if len(levels) == len(depends_on):
        return levels, []
    done = set(levels)
    rest = {
        name: [read for read in reads if read in depends_on and read not in done]
        for name, reads in depends_on.items()
        if name not in done
    }
    cycles: list[tuple[Name, ...]] = []
    cyclic: set[Name] = set()
    for component in _components(rest):
        members = set(component)
        if len(members) == 1 and component[0] not in rest[component[0]]:
            continue
        cyclic |= members
        cycles += _cover(members, rest)
    without = {name: reads for name, reads in depends_on.items() if name not in cyclic}
    return _levels(without), sorted(cycles)


def children_of(depends_on: Mapping[Name, Sequence[Name]]) -> dict[Name, list[Name]]:
    """The edges turned round: for each key, the names that read it, sorted."""
    children: dict[Name, list[Name]] = {name: [] for name in depends_on}
    for name in sorted(depends_on):
        for read in dict.fromkeys(depends_on[name]):
            if read in children:
                children[read].append(name)
    return children


def reachable(
    edges: Mapping[Item, Iterable[Item]], starts: Iterable[Item], depth: int | None = None
) -> frozenset[Item]:
    """Keys of `edges` at most `depth` edges from any start, the starts among them."""
    found = {start for start in starts if start in edges}
    frontier = list(found)
    left = len(edges) if depth is None else depth
    while frontier and left > 0:
        left -= 1
        reached = {far for near in frontier for far in edges[near] if far in edges}
        frontier = list(reached - found)
        found |= reached
    return frozenset(found)


def ancestors(
    depends_on: Mapping[Name, Sequence[Name]], name: Name, depth: int | None = None
) -> frozenset[Name]:
    """What a name reads, directly or through at most `depth` edges; never the name itself."""
    return reachable(depends_on, (name,), depth) - {name}


def descendants(
    depends_on: Mapping[Name, Sequence[Name]], name: Name, depth: int | None = None
) -> frozenset[Name]:
    """What reads a name, directly or through at most `depth` edges; never the name itself."""
    return reachable(children_of(depends_on), (name,), depth) - {name}


def cycle_diagnostic(
    path: tuple[AssetName, ...], spans: Mapping[tuple[AssetName, AssetName], Span]
) -> Diagnostic:
    """The diagnostic of one cycle of `order`.

    `spans` gives for each edge (reader, read) of the path the place of the reference.
    """
    edges = list(zip(path, (*path[1:], path[0]), strict=True))
    drawn = " → ".join((*path, path[0]))
    labels = [Label(spans[edge], f"{edge[0]} reads {edge[1]}") for edge in edges[1:]]
    if len(path) == 1:
        message = f"{path[0]} reads itself: {drawn}"
        help_text = "read from what it is built of; a CTE of that name hides the asset"
    else:
        message = f"dependency cycle: {drawn}"
        help_text = "take one of these references out, or move what both need into a third model"
    return diagnose(
        DEPENDENCY_CYCLE, message, spans[edges[0]], help_text, asset=path[0], labels=labels
    )


def _levels(depends_on: Mapping[Name, Sequence[Name]]) -> list[Name]:
    """Kahn's algorithm in waves; what is on a cycle or behind one is left out."""
    waiting: dict[Name, int] = {}
    children: dict[Name, list[Name]] = {name: [] for name in depends_on}
    for name, reads in depends_on.items():
        known = {read for read in reads if read in depends_on}
        waiting[name] = len(known)
        for read in known:
            children[read].append(name)
    ordered: list[Name] = []
    wave = sorted(name for name, count in waiting.items() if count == 0)
    while wave:
        ordered += wave
        following: list[Name] = []
        for name in wave:
            for child in children[name]:
                waiting[child] -= 1
                if waiting[child] == 0:
                    following.append(child)
        wave = sorted(following)
    return ordered


def _components(edges: Mapping[Name, Sequence[Name]]) -> list[list[Name]]:
    """Strongly connected components (Tarjan 1972, with a stack of its own for the recursion)."""
    index: dict[Name, int] = {}
    low: dict[Name, int] = {}
    open_names: list[Name] = []
    is_open: set[Name] = set()
    components: list[list[Name]] = []
    for root in sorted(edges):
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        open_names.append(root)
        is_open.add(root)
        while work:
            name, following = work[-1]
            for read in following:
                if read not in index:
                    index[read] = low[read] = len(index)
                    open_names.append(read)
                    is_open.add(read)
                    work.append((read, iter(edges[read])))
                    break
                if read in is_open:
                    low[name] = min(low[name], index[read])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    component = [open_names.pop()]
                    while component[-1] != name:
                        component.append(open_names.pop())
                    is_open.difference_update(component)
                    components.append(component)
    return components


def _cover(members: set[Name], edges: Mapping[Name, Sequence[Name]]) -> list[tuple[Name, ...]]:
    """Short cycles of one component that together hold all its members."""
    cycles: list[tuple[Name, ...]] = []
    covered: set[Name] = set()
    for name in sorted(members):
        if name not in covered:
            cycle = _shortest_cycle(name, members, edges)
            covered.update(cycle)
            least = cycle.index(min(cycle))
            cycles.append((*cycle[least:], *cycle[:least]))
    return cycles


def _shortest_cycle(
    start: Name, members: set[Name], edges: Mapping[Name, Sequence[Name]]
) -> tuple[Name, ...]:
    """The first shortest way from a member of a component back to itself."""
    came_from: dict[Name, Name] = {}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        for read in sorted(edges[name]):
            if read == start:
                path = [name]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return tuple(reversed(path))
            if read in members and read not in came_from:
                came_from[read] = name
                queue.append(read)
    raise AssertionError(f"{start} is on no cycle")

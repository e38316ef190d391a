"""Trees in text: the branches in front of each line. Built without recursion, since a chain of
models may be longer than Python's stack.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from xform.console.terminal import Symbols

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Twig(Generic[Item]):
    """One item of a tree: what stands before its first line, and before those that follow."""

    item: Item
    first: str
    rest: str


def twigs(
    roots: Sequence[Item], children: Mapping[Item, Sequence[Item]], symbols: Symbols
) -> Iterator[Twig[Item]]:
    """The items from the top down, each before its children. `children` must hold no cycle."""
    blank = " " * len(symbols.rail)
    stack = [(root, "", at == len(roots) - 1) for at, root in reversed(list(enumerate(roots)))]
    while stack:
        item, lead, last = stack.pop()
        below = children.get(item, ())
        inner = lead + (blank if last else symbols.rail)
        rest = inner + (symbols.rail if below else blank)
        yield Twig(item, lead + (symbols.last if last else symbols.branch), rest)
        stack.extend(
            (child, inner, at == len(below) - 1) for at, child in reversed(list(enumerate(below)))
        )

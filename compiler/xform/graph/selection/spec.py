"""What a selection says, as a tree. Read from arguments (`grammar`) or from `selectors.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from xform.base.spans import Span

SELECTOR = "selector"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far to go from what is selected. A depth of None has no end; 0 goes nowhere."""

    parents: bool = False
    parents_depth: int | None = None
    children: bool = False
    children_depth: int | None = None
    childrens_parents: bool = False


@dataclass(frozen=True, slots=True)
class Criterion:
    """`method[.argument…]:value` with its graph operators. `span` is of the value."""

    method: str
    value: str
    span: Span
    arguments: tuple[str, ...] = ()
    reach: Reach = Reach()
    indirect: str | None = None
    """Overrides the request's; only `selectors.yml` can say it."""


@dataclass(frozen=True, slots=True)
class Union:
    parts: tuple[Spec, ...]


@dataclass(frozen=True, slots=True)
class Intersection:
    """`raw` is the argument as written where one stands behind it: to be named when it matches
    nothing."""

    parts: tuple[Spec, ...]
    raw: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    include: Spec
    exclude: Spec


Spec: TypeAlias = Criterion | Union | Intersection | Difference


@dataclass(frozen=True, slots=True)
class Selector:
    """A named selection of `selectors.yml`."""

    name: str
    spec: Spec
    span: Span
    description: str = ""


@dataclass(frozen=True, slots=True)
class Selectors:
    """All named selections. `default` is used where the command line selects nothing."""

    named: Mapping[str, Selector] = field(default_factory=dict)
    default: str | None = None


def criteria(spec: Spec) -> Iterator[Criterion]:
    """The leaves of a spec, from left to right."""
    waiting: list[Spec] = [spec]
    while waiting:
        match waiting.pop():
            case Criterion() as criterion:
                yield criterion
            case Union(parts) | Intersection(parts):
                waiting += reversed(parts)
            case Difference(include, exclude):
                waiting += (exclude, include)
            case never:
                assert_never(never)

"""The lineage of a column as a tree: what its value comes from, and what decides its rows.

marts.exec_daily.cancel_rate
├─ value ← marts.fct_departures.cancelled
│  └─ value ← staging.stg_flights.dep_time
└─ rows  ← marts.fct_departures.flight_date
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xform.base.names import ColumnRef
from xform.console.terminal import Surface
from xform.console.text import Fragment, Line, Style, dim, frame, line, strong
from xform.console.tree import twigs
from xform.console.words import count

LIMIT = 200
"""Lines drawn of a tree; JSON has them all."""


@dataclass(frozen=True, slots=True)
class ColumnSources:
    """Of one column, the columns that it directly comes from."""

    value: tuple[ColumnRef, ...]
    rows: tuple[ColumnRef, ...]


@dataclass(frozen=True, slots=True)
class _Edge:
    """One line of the tree; `number` tells apart the places at which a column stands."""

    number: int
    how: str
    column: ColumnRef
    seen: bool


def lineage_lines(
    column: ColumnRef,
    sources: Mapping[ColumnRef, ColumnSources],
    surface: Surface,
    *,
    kind: str = "",
    limit: int = LIMIT,
) -> list[Line]:
    """The tree of `column` as far as `sources` goes: with one entry, its direct sources. `kind`
    says what it holds.

    A column that stands at two places is followed at the first.
    """
    roots, children, hidden = _grow(column, sources, limit)
    lines = [line(strong(".".join(column)), dim(f"  {kind}") if kind else "")]
    if not roots:
        lines.append(line(dim("comes from no column")))
    arrow = surface.symbols.left
    for twig in twigs(roots, children, surface.symbols):
        edge = twig.item
        style = Style.CHANGED if edge.how == "value" else Style.DATA
        lines.append(
            line(
                frame(twig.first),
                Fragment(f"{edge.how:<5} {arrow} ", style),
                ".".join(edge.column),
                dim("  (see above)") if edge.seen else "",
            )
        )
    if hidden:
        lines.append(line(dim(f"and {count(hidden, 'more source')}; all with: --format json")))
    return lines


def _grow(
    root: ColumnRef, sources: Mapping[ColumnRef, ColumnSources], limit: int
) -> tuple[list[_Edge], dict[_Edge, list[_Edge]], int]:
    """The edges under the root, then under each edge, breadth first, and how many were left out."""
    roots: list[_Edge] = []
    children: dict[_Edge, list[_Edge]] = {}
    seen = {root}
    waiting: list[tuple[ColumnRef, list[_Edge]]] = [(root, roots)]
    number = hidden = 0
    for column, below in waiting:
        direct = sources.get(column)
        if direct is None:
            continue
        pairs = [("value", ref) for ref in direct.value] + [("rows", ref) for ref in direct.rows]
        for how, ref in pairs:
            if number >= limit:
                hidden += 1
                continue
            number += 1
            edge = _Edge(number, how, ref, ref in seen and ref in sources)
            below.append(edge)
            if ref not in seen:
                seen.add(ref)
                children[edge] = []
                waiting.append((ref, children[edge]))
    return roots, children, hidden

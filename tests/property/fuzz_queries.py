"""Queries as the generator sees them: small trees that are easy to edit and to keep valid.

A tree says which source of which scope a column is taken from, never how that is written: names of
aliases and CTEs, layout and qualification belong to the `Style` that a query is rendered with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Family: TypeAlias = Literal["int", "text", "bool", "date"]
"""What an expression is, as far as it matters for fitting expressions together."""

Columns: TypeAlias = tuple[tuple[str, Family], ...]
"""Columns of a relation, in order; names are unique."""

MERGED = -1
"""As a column's source: the column that USING made of two."""
ALIAS = -2
"""As a column's source: an output further left in the same SELECT."""


@dataclass(frozen=True, slots=True)
class Col:
    """A column of a source, `level` scopes further out."""

    source: int
    name: str
    family: Family
    level: int = 0


@dataclass(frozen=True, slots=True)
class Lit:
    text: str
    family: Family


@dataclass(frozen=True, slots=True)
class Call:
    """`template` holds `{0}`, `{1}`, … for its arguments."""

    template: str
    args: tuple[Expr, ...]
    family: Family


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A call that makes one value of a group. Its template may hold `{where}` for a FILTER."""

    template: str
    args: tuple[Expr, ...]
    family: Family
    where: Expr | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A call over a window. `order` is total over all columns in scope, by the partition's
    neighbours (`keys`), or none; all of them give the same values in every run."""

    template: str
    args: tuple[Expr, ...]
    family: Family
    partition: tuple[Expr, ...]
    order: Literal["total", "keys", "none"]
    keys: tuple[Expr, ...] = ()
    frame: str = ""


@dataclass(frozen=True, slots=True)
class Nested:
    """A subquery in an expression. `arg` is the left side of IN."""

    how: Literal["scalar", "exists", "not exists", "in"]
    query: Select
    family: Family
    arg: Expr | None = None


@dataclass(frozen=True, slots=True)
class MacroCall:
    """`{{ bump('…') }}`: an integer plus what the project's macro adds."""

    arg: Expr
    family: Family = "int"


@dataclass(frozen=True, slots=True)
class Variable:
    """`{{ var('k') }}`, an integer."""

    family: Family = "int"


Expr: TypeAlias = Col | Lit | Call | Aggregate | Window | Nested | MacroCall | Variable


@dataclass(frozen=True, slots=True)
class Table:
    """An asset of the project by name (`raw.a`)."""

    asset: str
    form: Literal["full", "bare", "ref"] = "full"


@dataclass(frozen=True, slots=True)
class CteRef:
    number: int


@dataclass(frozen=True, slots=True)
class Derived:
    query: Query


@dataclass(frozen=True, slots=True)
class ValuesList:
    columns: Columns
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Series:
    """`range(n)`: one column of integers."""

    count: int


Item: TypeAlias = Table | CteRef | Derived | ValuesList | Series

Join: TypeAlias = Literal["", "cross", "inner", "left", "right", "full", "semi", "anti"]


@dataclass(frozen=True, slots=True)
class Source:
    item: Item
    join: Join = ""
    on: Expr | None = None
    using: tuple[str, ...] = ()
    natural: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """An output column with a name."""

    name: str
    expr: Expr


@dataclass(frozen=True, slots=True)
class StarOut:
    """`*` (source None) or `t.*`, with its modifiers."""

    source: int | None
    exclude: tuple[str, ...] = ()
    replace: tuple[tuple[str, Expr], ...] = ()
    rename: tuple[tuple[str, str], ...] = ()


Projection: TypeAlias = Output | StarOut


@dataclass(frozen=True, slots=True)
class Cte:
    """`shadow` gives it the bare name of a table that it reads."""

    query: Query
    shadow: str | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """`group` says how GROUP BY is written: by all outputs that are no aggregates.
    `first_of` keeps one row of each of its values (DISTINCT ON), under a total order.
    `top` limits to so many rows under a total order; `qualify` keeps two rows of each group."""

    sources: tuple[Source, ...]
    outputs: tuple[Projection, ...]
    ctes: tuple[Cte, ...] = ()
    where: Expr | None = None
    group: Literal["", "all", "ordinal", "expr", "rollup"] = ""
    having: Expr | None = None
    qualify: Window | None = None
    distinct: bool = False
    first_of: Col | None = None
    top: int | None = None
    sorted: bool = False


@dataclass(frozen=True, slots=True)
class SetOp:
    op: Literal["union all", "union", "except", "intersect", "union all by name"]
    left: Select
    right: Select
    ctes: tuple[Cte, ...] = ()


Query: TypeAlias = Select | SetOp


@dataclass(frozen=True, slots=True)
class Style:
    """How a query is written, without a change of meaning."""

    layout: int = 0
    alias: int = 0
    cte: int = 0
    comment: int = 0
    bare: bool = False
    """Columns without a qualifier, where one relation has them."""
    windows: bool = False
    """Windows named in a WINDOW clause."""


USUAL = Style()


def selects_of(query: Query) -> list[Select]:
    """All SELECTs of a query that an edit may change: of it, its CTEs and derived tables."""
    found: list[Select] = []
    pending: list[Query] = [query]
    while pending:
        item = pending.pop()
        pending.extend(cte.query for cte in item.ctes)
        if isinstance(item, SetOp):
            pending.extend((item.right, item.left))
            continue
        found.append(item)
        pending.extend(s.item.query for s in item.sources if isinstance(s.item, Derived))
    return found


def has_star(query: Query) -> bool:
    """Whether the columns of what it reads decide what it is."""
    if isinstance(query, SetOp) and query.op.endswith("by name"):
        return True
    return any(
        isinstance(output, StarOut) for select in selects_of(query) for output in select.outputs
    ) or any(source.natural for select in selects_of(query) for source in select.sources)

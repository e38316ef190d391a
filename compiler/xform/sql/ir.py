"""The intermediate form of a query: small, frozen, storable, free of sqlglot.

A tree of sqlglot is read once (`lower.py`) and dropped; everything after works on this form, so
a model can be bound again, when something upstream changed its columns, without parsing.

Names are folded by the dialect's rule where they are compared (`key`) and kept as written where
they are shown (`written`). Offsets count characters of the rendered text. CTEs are told apart
from tables here, lexically: a `CteScan` names its CTE by number, a `TableScan` its place in
`SqlUnit.tables`.
"""

from __future__ import annotations

import msgspec


class Node(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """Base of all nodes; stored as arrays."""


# Expressions ---------------------------------------------------------------------------------


class Name(Node):
    """A reference to a column, or to what `a.b.c` may mean: parts are folded."""

    parts: tuple[str, ...]
    written: str
    start: int
    end: int


class Text(Node):
    """A leaf whose canonical text says all: a literal, a keyword, a type."""

    text: str


class Op(Node):
    """An operator or function over arguments. `tag` names it and every setting it has.

    `flags` are the FLAG_ bits of this node alone.
    """

    tag: str
    args: tuple[Expr, ...]
    flags: int = 0
    start: int = 0
    end: int = 0


FLAG_AGGREGATE = 1
"""Collapses the rows of its group."""
FLAG_ORDERED = 2
"""An aggregate or window function whose result depends on the order of its input."""
FLAG_CLOCK_DAY = 4
"""Gives another value each day."""
FLAG_CLOCK_RUN = 8
"""Gives another value each time."""
FLAG_UNNEST = 16
"""Yields several rows for one."""


class Order(Node):
    """One term of an ORDER BY; `how` holds direction and place of NULLs."""

    expr: Expr
    how: str


class Window(Node):
    """The definition of a window. `base` is the named window it extends."""

    partition: tuple[Expr, ...]
    order: tuple[Order, ...]
    frame: tuple[Expr, ...]
    base: str | None = None


class Over(Node):
    """A function over a window."""

    function: Expr
    window: Window


class Lambda(Node):
    """Parameters (folded) and body; a parameter in the body is a `Text` already."""

    parameters: tuple[str, ...]
    body: Expr


class Subquery(Node):
    """A query used as a value. `how` is scalar, exists or rows (IN, ANY, ALL, ARRAY)."""

    query: Query
    how: str


class Star(Node):
    """`*`, `t.*`, `COLUMNS(…)`: several columns in place of one.

    `exclude` and `rename` hold folded names; `pattern` is a regular expression of COLUMNS.
    """

    qualifier: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    replace: tuple[tuple[str, Expr], ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    pattern: str | None = None
    names: tuple[str, ...] = ()
    """Of COLUMNS([…]): the columns listed."""
    start: int = 0
    end: int = 0


Expr = Name | Text | Op | Over | Lambda | Subquery | Star


# Relations ------------------------------------------------------------------------------------


class TableScan(Node):
    """A table outside the query: `SqlUnit.tables[site]`."""

    site: int
    alias: str
    columns: tuple[str, ...] = ()


class CteScan(Node):
    """A CTE of this query, by number."""

    cte: int
    alias: str
    columns: tuple[str, ...] = ()


class Derived(Node):
    """A subquery in FROM."""

    query: Query
    alias: str | None
    columns: tuple[str, ...] = ()


class TableFunction(Node):
    """A function in FROM. `name` is its default column name; `rows` how many columns it yields
    (`one`, or `open` where only running it tells). `reads_files` for read_csv and its kind."""

    call: Expr
    name: str
    alias: str | None
    columns: tuple[str, ...] = ()
    shape: str = "one"
    reads_files: bool = False


class ValuesRelation(Node):
    query: Values
    alias: str | None
    columns: tuple[str, ...] = ()


class Joined(Node):
    """A parenthesised join."""

    sources: tuple[Source, ...]
    alias: str | None


class Pivoted(Node):
    """PIVOT or UNPIVOT over a relation: taken whole."""

    relation: Relation
    tag: str
    args: tuple[Expr, ...]
    alias: str | None


Relation = TableScan | CteScan | Derived | TableFunction | ValuesRelation | Joined | Pivoted


class Source(Node):
    """An item of FROM. The first has `join=""`; `join` is the canonical kind: `cross`, `inner`,
    `left`, `right`, `full`, `semi`, `anti`, `positional`, with `asof ` before it for ASOF."""

    relation: Relation
    join: str = ""
    natural: bool = False
    using: tuple[str, ...] = ()
    on: Expr | None = None
    sample: str | None = None


# Queries ---------------------------------------------------------------------------------------


class Cte(Node):
    number: int
    name: str
    query: Query
    columns: tuple[str, ...] = ()
    recursive: bool = False
    start: int = 0
    end: int = 0


class Projection(Node):
    """An output. `name` is the alias as written, or the name that the engine gives it;
    `implicit` where the engine makes the name up from the expression."""

    expr: Expr
    name: str
    alias: str | None
    implicit: bool
    start: int
    end: int


class Group(Node):
    keys: tuple[Expr, ...]
    all: bool = False
    sets: str = ""
    """How keys form grouping sets, where they do."""


class Select(Node):
    projections: tuple[Projection, ...]
    sources: tuple[Source, ...] = ()
    ctes: tuple[Cte, ...] = ()
    where: Expr | None = None
    group: Group | None = None
    having: Expr | None = None
    qualify: Expr | None = None
    windows: tuple[tuple[str, Window], ...] = ()
    distinct: bool = False
    distinct_on: tuple[Expr, ...] = ()
    order: tuple[Order, ...] = ()
    order_all: str | None = None
    limit: tuple[Expr, ...] = ()
    """LIMIT, OFFSET and the like."""
    sample: str | None = None
    start: int = 0
    end: int = 0


class SetOperation(Node):
    op: str
    distinct: bool
    by_name: bool
    left: Query
    right: Query
    ctes: tuple[Cte, ...] = ()
    order: tuple[Order, ...] = ()
    limit: tuple[Expr, ...] = ()
    start: int = 0
    end: int = 0


class Values(Node):
    rows: tuple[tuple[Expr, ...], ...]
    ctes: tuple[Cte, ...] = ()


class Opaque(Node):
    """A query that is not modelled: hashed whole, with all that it reads."""

    tag: str
    sources: tuple[Relation, ...]
    args: tuple[Expr, ...] = ()
    ctes: tuple[Cte, ...] = ()


Query = Select | SetOperation | Values | Opaque


class Table(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place in the text that names a table outside the query.

    `parts` are as written; `reference` is the number of the template's placeholder, or -1.
    `[start, end)` is the text to replace; `alias` is what it is called from then on, to be
    written out where `aliased` is false. `qualifiers` are the stretches of the text that name a
    column through the table's full name (`schema.table.column`), to be replaced by the alias.
    """

    parts: tuple[str, ...]
    start: int
    end: int
    alias: str
    aliased: bool
    reference: int = -1
    self_named: bool = False
    """The name is also that of a CTE around it (`with t as (select * from t)`)."""


class SqlUnit(msgspec.Struct, frozen=True, array_like=True):
    """One query, lowered. `qualifiers` are (start, end, alias) stretches of `schema.table` in
    column references, to be replaced by the alias when tables get other names."""

    query: Query
    tables: tuple[Table, ...]
    qualifiers: tuple[tuple[int, int, str], ...] = ()
    end: int = 0
    """Where the query ends in the text (before a final semicolon)."""

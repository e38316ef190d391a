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


class Name(Node, frozen=True):
    """A reference to a column, or to what `a.b.c` may mean: parts are folded."""

    parts: tuple[str, ...]
    written: str
    start: int
    end: int


class Text(Node, frozen=True):
    """A leaf whose canonical text (`canonical.py`) says all: a literal, a keyword, a type."""

    text: str
    start: int = 0
    end: int = 0


class Position(Node, frozen=True):
    """`#1`: a column of FROM, or of one relation there (`t.$1`), by its number."""

    number: int
    start: int
    end: int
    qualifier: tuple[str, ...] = ()


class Op(Node, frozen=True):
    """An operator or function over arguments. `tag` names it and every setting it has, as
    canonical text. A chain of one left-leaning operator is one node: `a + b + c` has three
    arguments.

    `flags` are the FLAG_ bits of this node alone.
    """

    tag: str
    args: tuple[Expr, ...]
    flags: int = 0
    start: int = 0
    end: int = 0


BOUNDS = {"start": "bound start", "end": "bound end"}
"""The canonical texts of the bounds of the intervals that a model is computed for."""
METHOD = "method"
"""The tag of `c.f(x)`: a Name that is a column, or else the schema of the function; the call."""
ORDERED_ARGUMENT = "ordered"
"""The tag around an argument with an order of its own: `list(x ORDER BY y)`."""

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
FLAG_CALL = 32
"""A call of a function by its name, as written."""


class Order(Node, frozen=True):
    """One term of an ORDER BY; `how` holds direction and place of NULLs."""

    expr: Expr
    how: str


class Window(Node, frozen=True):
    """The definition of a window. `base` is the named window it extends."""

    partition: tuple[Expr, ...]
    order: tuple[Order, ...]
    frame: tuple[Expr, ...]
    base: str | None = None
    start: int = 0
    end: int = 0


class Over(Node, frozen=True):
    """A function over a window."""

    function: Expr
    window: Window


class Lambda(Node, frozen=True):
    """Parameters (folded) and body; a parameter in the body is a `Text` already."""

    parameters: tuple[str, ...]
    body: Expr


class Subquery(Node, frozen=True):
    """A query used as a value. `how` is scalar, exists, rows (IN, ANY, ALL) or list (ARRAY)."""

    query: Query
    how: str


class Pattern(Node, frozen=True):
    """Which columns of a star are meant, by name: `COLUMNS('…')`, `* LIKE '…'`.

    `how` is regexp, like, ilike, glob, or unknown for what only the engine can tell.
    """

    how: str
    text: str
    negated: bool = False


class Star(Node, frozen=True):
    """`*`, `t.*`, `COLUMNS(…)`: several columns in place of one.

    Names are folded; those of `exclude` and `rename` may be qualified. `repeats` is set for
    `COLUMNS(…)`, which makes its whole expression into one for each column.
    """

    qualifier: tuple[str, ...]
    exclude: tuple[tuple[str, ...], ...] = ()
    replace: tuple[tuple[str, Expr], ...] = ()
    rename: tuple[tuple[tuple[str, ...], str], ...] = ()
    pattern: Pattern | None = None
    names: tuple[str, ...] = ()
    """Of COLUMNS([…]): the columns listed."""
    repeats: bool = False
    unpack: bool = False
    """Of `*COLUMNS(…)`: all columns stand in one expression."""
    called: tuple[str, ...] = ()
    """Of `t.* AS (a, b)`: what the columns are called, in order."""
    start: int = 0
    end: int = 0


Expr = Name | Text | Position | Op | Over | Lambda | Subquery | Star


# Relations ------------------------------------------------------------------------------------


class TableScan(Node, frozen=True):
    """A table outside the query: `SqlUnit.tables[site]`."""

    site: int
    alias: str
    columns: tuple[str, ...] = ()


class CteScan(Node, frozen=True):
    """A CTE of this query, by number."""

    cte: int
    alias: str
    columns: tuple[str, ...] = ()


class Derived(Node, frozen=True):
    """A subquery in FROM."""

    query: Query
    alias: str | None
    columns: tuple[str, ...] = ()


class TableFunction(Node, frozen=True):
    """A function in FROM. `name` is its default column name; `shape` says how many columns it
    yields (`one`, or `open` where only running it tells). `reads_files` for read_csv and its
    kind; `pure` where the arguments alone decide what it yields."""

    call: Expr
    name: str
    alias: str | None
    columns: tuple[str, ...] = ()
    shape: str = "one"
    reads_files: bool = False
    pure: bool = True
    start: int = 0
    end: int = 0


class ValuesRelation(Node, frozen=True):
    query: Values
    alias: str | None
    columns: tuple[str, ...] = ()


class Joined(Node, frozen=True):
    """A join that is bound before its neighbours: in parentheses, or between commas."""

    sources: tuple[Source, ...]
    alias: str | None


class Reshape(Node, frozen=True):
    """Which columns a PIVOT or UNPIVOT makes, and of what.

    `taken` are the input's columns that it uses up; the others pass through, or only `keys` where
    it says which (`grouped`). `made` are (name, what it draws from), where their names can be
    known; `open` is what made columns draw from where they cannot. `rows` decide which rows there
    are, beside what passes through a PIVOT (`collapses`).
    """

    taken: tuple[Expr, ...]
    keys: tuple[Expr, ...]
    grouped: bool
    made: tuple[tuple[str, tuple[Expr, ...]], ...]
    open: tuple[Expr, ...]
    rows: tuple[Expr, ...]
    collapses: bool


class Pivoted(Node, frozen=True):
    """PIVOT or UNPIVOT over a relation: hashed whole. `args` are the subqueries in it."""

    relation: Relation
    tag: str
    args: tuple[Expr, ...]
    alias: str | None
    columns: tuple[str, ...] = ()
    shape: Reshape | None = None


Relation = TableScan | CteScan | Derived | TableFunction | ValuesRelation | Joined | Pivoted


class Source(Node, frozen=True):
    """An item of FROM. The first has `join=""`; `join` is the canonical kind: `cross`, `inner`,
    `left`, `right`, `full`, `semi`, `anti`, `positional`, with `asof ` before it for ASOF."""

    relation: Relation
    join: str = ""
    natural: bool = False
    using: tuple[str, ...] = ()
    on: Expr | None = None
    sample: str | None = None
    start: int = 0
    end: int = 0
    comma: bool = False
    """Put beside the others by a comma, or by a JOIN that is not said to be a CROSS JOIN."""


# Queries ---------------------------------------------------------------------------------------


UNSEEN = "set "
"""Before the names of outputs that a statement sets, and does not see itself."""


class Cte(Node, frozen=True):
    """`recursive` where its query reads it; `settings` is what USING KEY and the like say.
    `added` are columns that SEARCH and CYCLE make of those called `by`."""

    number: int
    name: str
    query: Query
    columns: tuple[str, ...] = ()
    recursive: bool = False
    settings: str = ""
    start: int = 0
    end: int = 0
    added: tuple[str, ...] = ()
    by: tuple[str, ...] = ()


class Projection(Node, frozen=True):
    """An output. `name` is the alias as written, or the name that the engine gives it; `alias`
    is the folded alias; `implicit` where the engine makes the name up from the expression."""

    expr: Expr
    name: str
    alias: str | None
    implicit: bool
    start: int
    end: int


class Group(Node, frozen=True):
    keys: tuple[Expr, ...]
    all: bool = False
    sets: str = ""
    """How keys form grouping sets, where they do."""


class Select(Node, frozen=True):
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


class SetStep(Node, frozen=True):
    """One UNION, INTERSECT or EXCEPT: what stands before it, with `query`. `order` and `limit`
    work on the result."""

    op: str
    distinct: bool
    by_name: bool
    query: Query
    order: tuple[Order, ...] = ()
    limit: tuple[Expr, ...] = ()
    start: int = 0
    end: int = 0


class SetOperation(Node, frozen=True):
    """A chain of set operations, from left to right. It is flat: chains of thousands are walked,
    stored and read without recursion."""

    first: Query
    steps: tuple[SetStep, ...]
    ctes: tuple[Cte, ...] = ()


class Values(Node, frozen=True):
    rows: tuple[tuple[Expr, ...], ...]
    ctes: tuple[Cte, ...] = ()


class Opaque(Node, frozen=True):
    """A query that is not modelled: hashed whole (`SqlUnit.whole`), with all that it reads."""

    tag: str
    sources: tuple[Relation, ...]
    args: tuple[Expr, ...] = ()
    ctes: tuple[Cte, ...] = ()


Query = Select | SetOperation | Values | Opaque


class Table(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place in the text that names a table outside the query.

    `parts` are as written; `reference` is the number of the template's placeholder, or -1.
    `[start, end)` is the text to replace; `alias` is what it is called from then on, to be
    written out where `aliased` is false.
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
    whole: str = ""
    """A digest of all tokens, where something in the query is not modelled."""
    bounds: tuple[tuple[int, int, str], ...] = ()
    """Of a model that grows by time: (start, end, `start` or `end`) stretches of `@start` and
    `@end`, to be replaced by the bounds of the intervals that are computed."""

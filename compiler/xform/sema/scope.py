"""Relations with their columns, and the scopes in which names are looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import field

from xform.sema.meaning import Hole
from xform.sema.types.type import UNKNOWN, Type
from xform.sql.ir import Expr

Sources = frozenset[Hole]
"""Holes of external columns."""
NO_SOURCES: Sources = frozenset()


class Column:
    """A column of a relation: its definition and its value sources.

    `key` is its name without case. `exact` is its name as the dialect folds it: a name that is
    the same goes before one that differs in case. `required`: it is never NULL.
    """

    __slots__ = ("exact", "hole", "key", "name", "required", "type", "value")

    def __init__(
        self,
        name: str,
        hole: Hole,
        value: Sources,
        type_: Type = UNKNOWN,
        exact: str = "",
        required: bool = False,
    ) -> None:
        self.name = name
        self.key = name.lower()
        self.exact = exact or self.key
        self.hole = hole
        self.value = value
        self.type = type_
        self.required = required

    def called(self, name: str, exact: str = "") -> Column:
        return Column(name, self.hole, self.value, self.type, exact, self.required)


More = Callable[[str], Column]
"""Makes a column that a relation does not list, by its folded name."""


class Ordering(msgspec.Struct, frozen=True):
    """What decides in which order rows come: definitions, and the columns they draw from."""

    holes: tuple[Hole, ...] = ()
    sources: Sources = NO_SOURCES

    def then(self, other: Ordering) -> Ordering:
        return Ordering((*self.holes, *other.holes), self.sources | other.sources)


UNORDERED_ROWS = Ordering()
"""Nothing decides the order."""


class Relation(msgspec.Struct, eq=False):
    """What a query or an item of FROM yields.

    `rows` are the row sources. `more` makes a column that is not listed, where the relation may
    have some (`None`: all are listed); `covered` says that the rows' definition takes in those
    columns too. `pseudo` makes one that only a table has, and no star shows (`rowid`).
    """

    columns: list[Column]
    rows_hole: Hole
    rows: Sources
    order: Ordering
    more: More | None = None
    broken: bool = False
    covered: bool = False
    pseudo: More | None = None

    def find(self, key: str) -> Column | None:
        key = key.lower()
        for column in self.columns:
            if column.key == key:
                return column
        return None

    def everything(self) -> list[Column]:
        """All columns, with one that stands for those that are not listed."""
        return [*self.columns, self.more("*")] if self.more is not None else self.columns

    def sources(self) -> Sources:
        """Whatever the relation draws from."""
        columns = (column.value for column in self.everything())
        return self.rows.union(self.order.sources, *columns)

    def with_columns(self, columns: list[Column]) -> Relation:
        return Relation(
            columns, self.rows_hole, self.rows, self.order, self.more, self.broken, self.covered,
            self.pseudo,
        )  # fmt: skip


class Merged(msgspec.Struct, eq=False):
    """A column that USING made of several; a star shows it at its first member."""

    column: Column
    members: list[Member]


class Member(msgspec.Struct, eq=False):
    """A relation in a FROM clause. `full_name` is empty where an alias hides it; `visible` is
    false for the right side of a semi join; `optional` says that an outer join may fill its columns
    with NULL. `by_key` may hold names that a star does not show."""

    relation: Relation
    alias: str | None
    number: int
    full_name: tuple[str, ...] = ()
    visible: bool = True
    optional: bool = False
    by_key: dict[str, Column] = field(default_factory=dict)
    merged: dict[str, Merged] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column in self.relation.columns:
            self.by_key.setdefault(column.exact, column)
        for column in self.relation.columns:
            if column.exact != column.key:
                self.by_key.setdefault(column.key, column)

    def column(self, key: str) -> Column | None:
        """The column of a folded name; where there is none, one that differs in case only."""
        found = self.by_key.get(key)
        return found if found is not None else self.by_key.get(key.lower())

    def named(self, prefix: tuple[str, ...]) -> bool:
        """Whether a qualifier means this relation."""
        if len(prefix) == 1:
            return self.alias == prefix[0]
        if not self.full_name:
            return False
        return self.full_name == tuple(part.lower() for part in prefix[-len(self.full_name) :])


class Found(msgspec.Struct):
    """A column as found from a scope, `level` scopes out.

    `column` is None for a relation's whole row. `member` is None for a column that USING made of
    several. `fields` are those of a struct, for `a.b.c`. `guess`: the relation may not have it.
    """

    column: Column | None
    member: Member | None
    scope: Scope
    level: int = 0
    fields: tuple[str, ...] = ()
    guess: bool = False


class Aliased(msgspec.Struct):
    """An output of a SELECT, named in one of its other clauses or in a query within."""

    name: str
    expr: Expr
    scope: Scope
    level: int
    fields: tuple[str, ...] = ()


class Scope(msgspec.Struct, eq=False):
    """The relations of one SELECT and what its expressions may refer to."""

    parent: Scope | None = None
    members: list[Member] = field(default_factory=list)
    aliases: dict[str, Expr] = field(default_factory=dict)
    """Output names that expressions may use."""
    busy: set[str] = field(default_factory=set)
    """Aliases whose own expression is being written: there they mean a column."""
    proven: set[tuple[int, str]] = field(default_factory=set)
    """Columns, by number of the member and key, that WHERE keeps from being NULL."""
    collapsed: bool = False
    """An aggregate in a query within works on the rows of this one."""
    depth: int = 0
    by_alias: dict[str | None, list[Member]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.depth = self.parent.depth + 1 if self.parent is not None else 0

    def add(self, member: Member) -> None:
        self.members.append(member)
        self.by_alias.setdefault(member.alias, []).append(member)

    def visible(self) -> list[Member]:
        return [member for member in self.members if member.visible]

    @property
    def broken(self) -> bool:
        return any(member.relation.broken for member in self.members)

    def member(self, prefix: tuple[str, ...]) -> Member | None:
        """The relation that a qualifier means."""
        called = self.by_alias.get(prefix[0], ()) if len(prefix) == 1 else self.members
        for member in called:
            if member.visible and member.named(prefix):
                return member
        return None

    def outward(self) -> Iterator[tuple[int, Scope]]:
        """This scope and those around it, with how far out they are."""
        level, at = 0, self
        while True:
            yield level, at
            if at.parent is None:
                return
            level, at = level + 1, at.parent


def star_columns(scope: Scope, members: list[Member], qualified: bool = False) -> Iterator[Found]:
    """The columns that `*` (or `t.*`) stands for, in order.

    A column of USING stands once, where its left side has it.
    """
    for member in members:
        for column in member.relation.columns:
            merged = None if qualified else member.merged.get(column.key)
            if merged is None:
                yield Found(column, member, scope)
            elif merged.members[0] is member:
                yield Found(merged.column, None, scope)


def deduplicate(columns: list[Column]) -> list[Column]:
    """Columns under the names that DuckDB shows in a subquery or table: `a`, `a_1`, …"""
    taken = {column.exact for column in columns}
    if len(taken) == len(columns):
        return columns
    seen: set[str] = set()
    result = []
    counts: dict[str, int] = {}
    for column in columns:
        key = column.exact
        if key in seen:
            while True:
                counts[key] = counts.get(key, 0) + 1
                candidate = f"{column.name}_{counts[key]}"
                if candidate.lower() not in taken:
                    break
            column = column.called(candidate)
            taken.add(column.exact)
        seen.add(column.exact)
        result.append(column)
    return result

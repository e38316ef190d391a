"""Relations with their columns, and the scopes in which names are looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from xform.sema.facts import UNKNOWN_TYPE
from xform.sema.meaning import Hole
from xform.sql.ir import Expr

Sources = frozenset[Hole]
"""Holes of external columns."""
NO_SOURCES: Sources = frozenset()


class Column:
    """A column of a relation: its definition and its value sources."""

    __slots__ = ("hole", "key", "name", "type", "value")

    def __init__(self, name: str, hole: Hole, value: Sources, type_: str = UNKNOWN_TYPE) -> None:
        self.name = name
        self.key = name.lower()
        self.hole = hole
        self.value = value
        self.type = type_


@dataclass(slots=True)
class Relation:
    """What a query or an item of FROM yields.

    `rows` are the row sources; `order` the holes that decide the order of rows. `more` makes a
    column that is not listed, where the relation may have some (`None`: all are listed).
    """

    columns: list[Column]
    rows_hole: Hole
    rows: Sources
    order: tuple[Hole, ...] = ()
    more: Callable[[str], Column] | None = None
    broken: bool = False

    def find(self, key: str) -> Column | None:
        for column in self.columns:
            if column.key == key:
                return column
        return None


@dataclass(slots=True)
class Member:
    """A relation in a FROM clause. `hidden` columns of a USING join stand once in a star, at the
    left side; `visible` is false for the right side of a semi join."""

    relation: Relation
    alias: str | None
    number: int
    full_name: tuple[str, ...] = ()
    hidden: set[str] = field(default_factory=set)
    visible: bool = True
    by_key: dict[str, Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column in self.relation.columns:
            self.by_key.setdefault(column.key, column)


@dataclass(slots=True)
class Found:
    """A column as found from a scope.

    `column` is None for a relation's whole row. `member` is None for a column that USING made of
    several. `scope` is where it was found, `level` how many scopes out. `fields` are those of a
    struct, for `a.b.c`.
    """

    column: Column | None
    member: Member | None
    scope: Scope
    level: int = 0
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Scope:
    """The relations of one SELECT and what its expressions may refer to."""

    parent: Scope | None = None
    members: list[Member] = field(default_factory=list)
    merged: dict[str, Column] = field(default_factory=dict)
    """Columns of USING and NATURAL joins by name, made of those of both sides."""
    aliases: dict[str, Expr] = field(default_factory=dict)
    """Output names that expressions may use."""
    busy_aliases: set[str] = field(default_factory=set)
    """Aliases whose own expression is being written: there they mean a column."""

    def visible(self) -> Iterator[Member]:
        return (member for member in self.members if member.visible)

    @property
    def single(self) -> bool:
        return len(self.members) == 1

    def member(self, alias: str) -> Member | None:
        for member in self.members:
            if member.alias == alias:
                return member
        return None

    def column_names(self) -> set[str]:
        return {column.name for member in self.visible() for column in member.relation.columns}


def star_columns(scope: Scope, members: list[Member], qualified: bool = False) -> Iterator[Found]:
    """The columns that `*` (or `t.*`) stands for, in order.

    A column of USING stands once, where its left side has it.
    """
    for member in members:
        for column in member.relation.columns:
            merged = None if qualified else scope.merged.get(column.key)
            if merged is None:
                yield Found(column, member, scope)
            elif column.key not in member.hidden:
                yield Found(merged, None, scope)


def deduplicate(names: list[str]) -> list[str]:
    """The names under which DuckDB shows columns of a subquery or table: `a`, `a_1`, …"""
    taken = {name.lower() for name in names}
    if len(taken) == len(names):
        return names
    seen: set[str] = set()
    result = []
    counts: dict[str, int] = {}
    for name in names:
        key = name.lower()
        if key in seen:
            while True:
                counts[key] = counts.get(key, 0) + 1
                candidate = f"{name}_{counts[key]}"
                if candidate.lower() not in taken:
                    break
            taken.add(candidate.lower())
            name = candidate
        seen.add(name.lower())
        result.append(name)
    return result

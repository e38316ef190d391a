"""Relations of a FROM clause that nothing links, so that every row meets every row.

Links are the conditions of ON and WHERE, conjunct by conjunct: one that names columns of several
relations links these. What is said to be so is taken so: CROSS JOIN, `ON true`, a relation of one
row, a function in FROM, a query that refers to what stands before it. Where it is not certain what
a name means, it links everything: this may say too little, not too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any, TypeAlias

from xform.base.codes import SQL_SYNTAX, UNLINKED_RELATION
from xform.sema.clauses import Finding
from xform.sema.names import NameBinder
from xform.sema.scope import Found, Scope
from xform.sema.single import is_single
from xform.sql.ir import (
    Derived,
    Expr,
    Joined,
    Name,
    Node,
    Op,
    Relation,
    Select,
    Source,
    TableFunction,
)

COMPARISONS = frozenset(["eq", "neq", "lt", "lte", "gt", "gte", "nullsafeeq", "nullsafeneq"])

ADVICE = (
    "every row meets every row: add the condition to ON or WHERE; where that is meant, write"
    " CROSS JOIN"
)

Leaf: TypeAlias = tuple[Source, Relation]
"""A relation, with the item of FROM that it came with."""


class Links:
    """Which relations of one FROM clause are linked, by their numbers."""

    def __init__(self, count: int) -> None:
        self._to = list(range(count))

    def link(self, numbers: Sequence[int]) -> None:
        for number in numbers[1:]:
            self._to[self._root(number)] = self._root(numbers[0])

    def linked(self, first: int, second: int) -> bool:
        return self._root(first) == self._root(second)

    def groups(self) -> list[int]:
        """The first relation of each group that is linked."""
        seen: dict[int, int] = {}
        for number in range(len(self._to)):
            seen.setdefault(self._root(number), number)
        return sorted(seen.values())

    def _root(self, number: int) -> int:
        while self._to[number] != number:
            number = self._to[number]
        return number


def unlinked(
    binder: NameBinder, query: Select, scope: Scope, single: Set[int]
) -> Iterator[Finding]:
    """What is to be said of the FROM clause of `query`, whose members `scope` has. `single`
    are the CTEs of one row."""
    if len(scope.members) < 2:
        return
    leaves = list(_leaves(query.sources))
    if len(leaves) != len(scope.members):
        return
    links = Links(len(leaves))
    judge = _Judge(binder, scope, links, single)
    with binder.silent():  # names of queries within are looked up here too
        judge.sources(query.sources, 0)
        for conjunct in _conjuncts(query.where):
            links.link(judge.drawn(conjunct))
    for number in links.groups()[1:]:
        source, _ = leaves[number]
        alias = scope.members[number].alias
        name = f"'{alias}'" if alias else "this query"
        yield (
            UNLINKED_RELATION,
            f"nothing links {name} to what stands before it in FROM",
            source.start,
            source.end,
            ADVICE,
        )


def unconditional(sources: Sequence[Source]) -> Iterator[Finding]:
    """Joins that need a condition and have none."""
    for source in sources:
        if isinstance(source.relation, Joined):
            yield from unconditional(source.relation.sources)
        if source.join not in _NEEDING or source.on is not None or source.using or source.natural:
            continue
        message = "this JOIN has no condition"
        advice = "add ON or USING; where every combination is meant, write CROSS JOIN"
        yield SQL_SYNTAX, message, source.start, source.end, advice


class _Judge:
    def __init__(self, binder: NameBinder, scope: Scope, links: Links, single: Set[int]) -> None:
        self._binder = binder
        self._scope = scope
        self._links = links
        self._single = single
        self._everything = list(range(len(scope.members)))
        self._busy: set[str] = set()
        """Outputs whose expressions are being looked through."""

    def sources(self, sources: Sequence[Source], at: int) -> int:
        """Link what the joins among `sources` link. `at` is the number of their first relation;
        returns that behind their last."""
        start = at
        for number, source in enumerate(sources):
            before = at
            relation = source.relation
            if isinstance(relation, Joined) and relation.alias is None:
                at = self.sources(relation.sources, at)
            else:
                at += 1
                if before and self._goes_with_any(relation, before):
                    self._links.link(self._everything)
            if number:
                self._join(source, range(start, before), range(before, at))
        if len(sources) > 1 and is_single(sources[0].relation, self._single):
            self._links.link([start, start + 1])
        return at

    def _goes_with_any(self, relation: Relation, number: int) -> bool:
        """Whether it is no accident that a relation is combined with all before it."""
        if isinstance(relation, TableFunction) or is_single(relation, self._single):
            return True
        if not isinstance(relation, Derived):
            return False
        earlier = {member.alias for member in self._scope.members[:number]}
        return any(name.parts[0] in earlier for name in _names(relation) if len(name.parts) > 1)

    def _join(self, source: Source, left: range, right: range) -> None:
        if source.on is None:
            said = source.join == "cross" and not source.comma
            if said or source.natural or source.using or source.join not in _BY_CONDITION:
                self._links.link([left[-1], right[0]])
            return
        conjuncts = list(_conjuncts(source.on))
        for conjunct in conjuncts:
            self._links.link(self.drawn(conjunct))
        if not any(_compares_columns(conjunct) for conjunct in conjuncts):
            self._links.link([left[-1], right[0]])  # a choice of rows, not a slip

    def drawn(self, expr: Expr) -> list[int]:
        """The relations that an expression draws from; all where that is not certain."""
        numbers: set[int] = set()
        for name in _names(expr):
            found = self._found(name)
            if found is None:
                return self._everything
            numbers.update(found)
        return sorted(numbers)

    def _found(self, name: Name) -> list[int] | None:
        found = self._binder.find_in(name, self._scope, 0)
        if isinstance(found, Found):
            return None if found.member is None else [found.member.number]
        alias = name.parts[0]
        aliased = self._scope.aliases.get(alias)
        if aliased is not None and not isinstance(aliased, Name):
            if alias in self._busy:
                return None  # a name within its own expression: of a query in it, say
            self._busy.add(alias)
            drawn = self.drawn(aliased)
            self._busy.discard(alias)
            return drawn
        member = self._scope.member(name.parts)
        if member is not None:
            return [member.number]
        outer = self._scope.parent
        return [] if outer is not None and self._binder.finds(name, outer) else None


_BY_CONDITION = frozenset(["cross", "inner", "left", "right", "full"])
"""Joins that combine all with all where no condition stands."""


_NEEDING = frozenset(["inner", "left", "right", "full"])


def _leaves(sources: Sequence[Source]) -> Iterator[Leaf]:
    """The relations in the order in which they become members of the scope."""
    for source in sources:
        relation = source.relation
        if isinstance(relation, Joined) and relation.alias is None:
            (_, first), *others = _leaves(relation.sources)
            yield source, first
            yield from others
        else:
            yield source, relation


def _conjuncts(expr: Expr | None) -> Iterator[Expr]:
    if isinstance(expr, Op) and expr.tag in ("and", "paren"):
        for argument in expr.args:
            yield from _conjuncts(argument)
    elif expr is not None:
        yield expr


def _compares_columns(expr: Expr) -> bool:
    return (
        isinstance(expr, Op)
        and expr.tag in COMPARISONS
        and all(isinstance(argument, Name) for argument in expr.args)
    )


def _names(node: Node) -> Iterator[Name]:
    """All names within, those of queries within too."""
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, Name):
            yield item
        elif isinstance(item, Node):
            stack.extend(getattr(item, field) for field in item.__struct_fields__)
        elif isinstance(item, tuple):
            stack.extend(item)

"""What stands between brackets, taken apart: clauses, items of a list, operands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from xform.sql.keywords import JOINING
from xform.sql.layout.lexing import Kind, Token
from xform.sql.layout.nesting import Block, Bracket, Item


class Shape(Enum):
    """How what belongs to a clause is set."""

    NONE = "no clause: what stands before the first"
    SELECT = "a list that begins on a line of its own"
    LIST = "a list; a single item stays behind the keyword"
    CONDITION = "operands of AND and OR"
    WITH = "queries with names"
    SET = "a set operation, between two queries"
    JOIN = "a relation that is joined"
    ON = "how it is joined"
    BRANCH = "WHEN … THEN …, ELSE …"


class Context(Enum):
    """Which clauses may begin."""

    QUERY = "those of a query"
    INNER = "those within other brackets"
    CASE = "branches"


@dataclass(slots=True)
class Clause:
    shape: Shape
    head: list[Item]
    body: list[Item]

    @property
    def items(self) -> list[Item]:
        return [*self.head, *self.body]


_QUERY: dict[tuple[str, ...], Shape] = {
    ("select",): Shape.SELECT,
    ("with",): Shape.WITH,
    ("from",): Shape.LIST,
    ("where",): Shape.CONDITION,
    ("having",): Shape.CONDITION,
    ("qualify",): Shape.CONDITION,
    ("group", "by"): Shape.LIST,
    ("order", "by"): Shape.LIST,
    ("partition", "by"): Shape.LIST,
    ("sort", "by"): Shape.LIST,
    ("cluster", "by"): Shape.LIST,
    ("distribute", "by"): Shape.LIST,
    ("window",): Shape.LIST,
    ("limit",): Shape.LIST,
    ("offset",): Shape.LIST,
    ("fetch",): Shape.LIST,
    ("values",): Shape.LIST,
    ("using", "sample"): Shape.LIST,
    ("union",): Shape.SET,
    ("intersect",): Shape.SET,
    ("except",): Shape.SET,
    ("on",): Shape.ON,
    ("using",): Shape.ON,
}
_WITHIN: tuple[tuple[str, ...], ...] = (
    *(("where",), ("having",), ("group", "by"), ("order", "by"), ("partition", "by")),
    *(("sort", "by"), ("cluster", "by"), ("distribute", "by"), ("limit",), ("on",), ("using",)),
)
_INNER: dict[tuple[str, ...], Shape] = {
    **{words: _QUERY[words] for words in _WITHIN},
    ("rows",): Shape.LIST,
    ("range",): Shape.LIST,
    ("groups",): Shape.LIST,
}
_CASE: dict[tuple[str, ...], Shape] = {("when",): Shape.BRANCH, ("else",): Shape.BRANCH}
_HEADS = {Context.QUERY: _QUERY, Context.INNER: _INNER, Context.CASE: _CASE}
_BEHIND_SET = frozenset(["all", "distinct", "by", "name", "corresponding"])
_QUERY_WORDS = frozenset(["select", "with", "from", "values", "pivot", "unpivot"])


def word_of(item: Item | None) -> str:
    """A keyword in lower case; else nothing."""
    return item.text.lower() if isinstance(item, Token) and item.keyword else ""


def context_of(items: Sequence[Item], inner: Context) -> Context:
    """What stands in a bracket or at the root, by how it begins. `inner`: where it is no query."""
    for item in items:
        if isinstance(item, Block):
            if any(context_of(s.items, inner) is Context.QUERY for s in item.sections):
                return Context.QUERY
        elif not isinstance(item, Token) or not item.alone:
            if isinstance(item, Bracket) and any(word_of(i) in _SETS for i in items):
                return Context.QUERY
            return Context.QUERY if word_of(item) in _QUERY_WORDS else inner
    return inner


_SETS = frozenset(["union", "intersect", "except"])


def clauses(items: Sequence[Item], context: Context) -> list[Clause]:
    """The clauses that items are made of."""
    found = [Clause(Shape.NONE, [], [])]
    at = 0
    while at < len(items):
        shape, length = _head(items, at, context, found[-1])
        if length:
            length += _more_of_head(items, at + length, shape)
            found.append(Clause(shape, list(items[at : at + length]), []))
        elif _begins_clause(items[at], context):
            found.append(Clause(Shape.NONE, [], [items[at]]))
            length = 1
        else:
            found[-1].body.append(items[at])
            length = 1
        at += length
    return [clause for clause in found if clause.head or clause.body]


def _head(items: Sequence[Item], at: int, context: Context, last: Clause) -> tuple[Shape, int]:
    """The clause that begins at an item, and how many words its name has; 0 where none does."""
    word = word_of(items[at])
    if not word:
        return Shape.NONE, 0
    previous = word_of(items[at - 1]) if at else ""
    if context is not Context.CASE and (word in JOINING or word == "join"):
        return Shape.JOIN, _joins(items, at)
    heads = _HEADS[context]
    following = word_of(items[at + 1]) if at + 1 < len(items) else ""
    if (word, following) in heads:
        return heads[word, following], 2
    shape = heads.get((word,))
    if shape is None:
        return Shape.NONE, 0
    if (
        word == "from"
        and previous == "distinct"
        and len(last.items) > 1
        and (len(items) > 1 and at > 1 and word_of(items[at - 2]) in ("is", "not"))
    ):
        return Shape.NONE, 0
    if word == "on" and previous == "distinct":
        return Shape.NONE, 0
    if word == "except" and not _is_set(items, at):
        return Shape.NONE, 0
    if word == "with" and at and last.shape is not Shape.NONE and last.shape is not Shape.SET:
        return Shape.NONE, 0
    return shape, 1


def _joins(items: Sequence[Item], at: int) -> int:
    """How many words make a JOIN; 0 where none follows."""
    for number, item in enumerate(items[at:], 1):
        word = word_of(item)
        if word == "join":
            lateral = at + number < len(items) and word_of(items[at + number]) == "lateral"
            return number + lateral
        if word not in JOINING:
            break
    return 0


def _is_set(items: Sequence[Item], at: int) -> bool:
    """Whether EXCEPT stands between two queries, and not behind a star."""
    previous = items[at - 1] if at else None
    if isinstance(previous, Token) and previous.text == "*":
        behind = items[at + 1] if at + 1 < len(items) else None
        return not isinstance(behind, Bracket) or bool(
            behind.items and word_of(behind.items[0]) in _QUERY_WORDS
        )
    return True


def _more_of_head(items: Sequence[Item], at: int, shape: Shape) -> int:
    """Words and brackets behind a clause's name that belong to it."""
    start = at
    if shape is Shape.SET:
        while at < len(items) and word_of(items[at]) in _BEHIND_SET | {"name"}:
            at += 1
        if at and word_of(items[at - 1]) == "by" and at < len(items):
            at += 1
    elif shape is Shape.SELECT:
        if at < len(items) and word_of(items[at]) in ("distinct", "all"):
            at += 1
            if (
                at + 1 < len(items)
                and word_of(items[at]) == "on"
                and isinstance(items[at + 1], Bracket)
            ):
                at += 2
    elif shape is Shape.WITH and at < len(items) and word_of(items[at]) == "recursive":
        at += 1
    return at - start


def _begins_clause(item: Item, context: Context) -> bool:
    """Whether a block of a template stands between clauses: one begins with it."""
    if not isinstance(item, Block) or item.inline:
        return False
    return any(
        bool(_head(section.items, 0, context, Clause(Shape.NONE, [], []))[1])
        for section in item.sections
        if section.items
    )


def listed(items: Sequence[Item]) -> Iterator[tuple[list[Item], Token | None]]:
    """The items of a list, each with the comma behind it."""
    item: list[Item] = []
    for each in items:
        if isinstance(each, Token) and each.kind is Kind.COMMA:
            yield item, each
            item = []
        else:
            item.append(each)
    if item:
        yield item, None


def operands(items: Sequence[Item], operators: frozenset[str]) -> list[list[Item]]:
    """Items cut before each of these operators; a sign is none, nor is the AND of BETWEEN."""
    found: list[list[Item]] = [[]]
    between = 0
    previous: Item | None = None
    for item in items:
        word = word_of(item)
        between += word == "between"
        if word == "and" and between:
            between -= 1
        elif word in operators or (
            isinstance(item, Token)
            and item.kind is Kind.OPERATOR
            and item.text in operators
            and not item.glued
            and previous is not None
            and _is_operand(previous)
        ):
            found.append([])
        found[-1].append(item)
        previous = item
    return found if found[0] else found[1:] or [[]]


def _is_operand(item: Item) -> bool:
    if not isinstance(item, Token):
        return True
    return item.kind is not Kind.OPERATOR and not (
        item.keyword and item.text.lower() not in ("null", "true", "false")
    )

"""Random queries as plans: what is asked for, without how it is written.

A plan is drawn over three small tables of integers, doubles and texts, and may be changed a little.
`Spelling` (`random_spellings.py`) writes it as SQL in one of very many ways.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

TABLES: dict[str, tuple[str, ...]] = {
    "t": ("k integer", "a integer", "b integer", "f double", "s varchar"),
    "u": ("k integer", "c integer", "g double", "n decimal(6,2)"),
    "w": ("a integer", "e bigint", "s varchar"),
}
VALUES = {
    "integer": (0, 1, 2, 3, 4, None),
    "bigint": (0, 1, 2, 3, None),
    "double": (0.1, 0.2, 0.3, 1.0, 1e16, -1e16, None),
    "decimal(6,2)": (0.1, 0.25, 1.0, 2.5, None),
    "varchar": ("", "a", "b", "1", "2", None),
}


@dataclass(frozen=True)
class Column:
    """A column of a relation of the query, by the relation's number."""

    relation: int
    name: str
    type: str
    known: bool
    """The compiler knows the type: it comes straight from a table."""


@dataclass(frozen=True)
class Literal:
    text: str


@dataclass(frozen=True)
class Call:
    """An operator or function; casts have their type behind a colon (`cast:double`)."""

    op: str
    args: tuple[Expr, ...]


Expr: TypeAlias = Column | Literal | Call


@dataclass(frozen=True)
class Join:
    kind: str
    """`inner`, `left`, `right`, `full`, `cross`; empty for the first."""
    source: str | Query
    on: Expr | None = None


@dataclass(frozen=True)
class Query:
    joins: tuple[Join, ...]
    outputs: tuple[tuple[str, Expr], ...]
    where: Expr | None = None
    keys: int | None = None
    """How many of the first outputs are grouping keys; the others are then aggregates."""
    distinct: bool = False
    order: tuple[int, ...] = ()
    """Outputs that the rows are sorted by: none or all of them."""
    limit: int | None = None


def width(kind: str) -> str:
    return "number" if kind not in ("varchar", "boolean") else kind


class Plans:
    """Draws plans."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0

    def named(self, exprs: list[Expr]) -> tuple[tuple[str, Expr], ...]:
        """Outputs, each of a name that is nowhere else."""
        self.count += len(exprs)
        return tuple((f"o{self.count - i}", expr) for i, expr in enumerate(exprs))

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def query(self, depth: int) -> Query:
        pick = self.random.choice
        joins: list[Join] = []
        columns: list[Column] = []
        on: Expr | None
        for number in range(pick([1, 1, 2, 2, 3])):
            source = self.query(depth - 1) if depth and self.chance(0.35) else pick(list(TABLES))
            mine = columns_of(source, number)
            kind = pick(["inner", "inner", "left", "right", "full", "cross"]) if number else ""
            on = None
            if number and kind != "cross":
                on = self.equality(columns, mine)
                if self.chance(0.4):
                    on = Call("and", (on, self.equality(columns, mine)))
                if kind == "inner" and self.chance(0.3):
                    on = Call("and", (on, self.condition([*columns, *mine], 1)))
            columns += mine
            joins.append(Join(kind, source, on))
        where = self.condition(columns, 2) if self.chance(0.6) else None
        if self.chance(0.35):
            query = self.grouped(tuple(joins), where, columns)
        else:
            outputs = self.named([self.output(columns) for _ in range(pick([1, 2, 3]))])
            query = Query(tuple(joins), outputs, where, distinct=self.chance(0.2))
        if self.chance(0.3):
            order = list(range(len(query.outputs)))
            self.random.shuffle(order)
            limit = self.random.randint(1, 4) if self.chance(0.6) else None
            query = replace(query, order=tuple(order), limit=limit)
        return query

    def grouped(self, joins: tuple[Join, ...], where: Expr | None, columns: list[Column]) -> Query:
        keys = list(dict.fromkeys(self.random.choice(columns) for _ in range(3)))
        keys = keys[: self.random.choice([0, 1, 2, 3])]
        aggregates: list[Expr] = [
            Call(self.random.choice(["min", "max", "count"]), (self.output(columns),))
            for _ in range(self.random.choice([1, 2]))
        ]
        outputs = self.named([*keys, *aggregates])
        return Query(joins, outputs, where, len(keys))

    def output(self, columns: list[Column]) -> Expr:
        kind = self.random.randrange(6)
        if kind == 0:
            value = self.number(columns, 1)
            return Call("case", (self.condition(columns, 1), value, self.number(columns, 1)))
        if kind == 1 and len(columns) > 1:
            keys = self.random.sample(columns, self.random.choice([1, 2]))
            operands: list[Expr] = [self.random.choice(columns), *keys]
            return Call("max over", tuple(operands))
        if kind < 4:
            return self.number(columns, 2)
        return self.random.choice(columns)

    def number(self, columns: list[Column], depth: int) -> Expr:
        numbers = [column for column in columns if width(column.type) == "number"]
        kind = self.random.randrange(8)
        if not numbers or kind == 0:
            return Literal(self.random.choice(["0", "1", "2", "1.0", "0.5"]))
        if not depth or kind < 3:
            return self.random.choice(numbers)
        if kind == 3:
            to = self.random.choice(["bigint", "double", "decimal(12,2)"])
            return Call(f"trycast:{to}", (self.number(columns, depth - 1),))
        op = self.random.choice(["add", "mul", "sub", "coalesce"])
        return Call(op, (self.number(columns, depth - 1), self.number(columns, depth - 1)))

    def equality(self, left: list[Column], right: list[Column]) -> Expr:
        one = self.random.choice(left)
        fit = [column for column in right if width(column.type) == width(one.type)]
        return Call("eq", (one, self.random.choice(fit))) if fit else Literal("true")

    def condition(self, columns: list[Column], depth: int) -> Expr:
        kind = self.random.randrange(9 if depth else 5)
        if kind > 6:
            return Call("not", (self.condition(columns, depth - 1),))
        if kind > 4:
            count = self.random.choice([2, 3])
            found = tuple(self.condition(columns, depth - 1) for _ in range(count))
            return Call(self.random.choice(["and", "or"]), found)
        column = self.random.choice(columns)
        if column.type == "varchar":
            values = [Literal(f"'{value}'") for value in ("", "a", "b", "1")]
        else:
            values = [Literal(str(value)) for value in range(4)]
        self.random.shuffle(values)
        if kind == 0:
            return Call("between", (column, *values[:2]))
        if kind == 1:
            return Call("in", (column, *values[: self.random.choice([1, 2, 3])]))
        if kind == 2:
            return Call("is null", (column,))
        fit = [other for other in columns if width(other.type) == width(column.type)]
        others: list[Expr] = [*fit, values[0]]
        return Call(
            self.random.choice(["eq", "neq", "lt", "lte"]), (column, self.random.choice(others))
        )


def columns_of(source: str | Query, number: int) -> list[Column]:
    """The columns that a relation shows."""
    if isinstance(source, str):
        split = [column.partition(" ") for column in TABLES[source]]
        return [Column(number, name, kind, True) for name, _, kind in split]
    return [
        Column(number, name, *(("double", False) if isinstance(e, Literal) else type_of(e)))
        for name, e in source.outputs
    ]


def type_of(expr: Column | Call) -> tuple[str, bool]:
    if isinstance(expr, Column):
        return expr.type, expr.known
    if expr.op in ("min", "max", "max over"):
        inner = expr.args[0]
        return ("double" if isinstance(inner, Literal) else type_of(inner)[0]), False
    return "double", False


# A small change ----------------------------------------------------------------------------------

OTHERS = (
    ("eq", "neq", "lt", "lte"),
    ("and", "or"),
    ("add", "sub", "mul", "coalesce"),
    ("min", "max", "count"),
    ("trycast:bigint", "trycast:double", "trycast:decimal(12,2)", "trycast:integer"),
    ("inner", "left", "right", "full"),
)


class Changes:
    """Changes one thing in a plan: mostly its meaning, sometimes only its look."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def query(self, query: Query) -> Query:
        kind = self.random.randrange(7)
        at = self.random.randrange(len(query.joins))
        join = query.joins[at]
        if kind == 0 and isinstance(join.source, Query):
            join = replace(join, source=self.query(join.source))
        elif kind == 1 and join.on is not None:
            kind_of_join = self.other(join.kind) if self.random.random() < 0.3 else join.kind
            join = Join(kind_of_join, join.source, self.expr(query, join.on, at + 1))
        elif kind == 2 and query.where is not None:
            return replace(query, where=self.expr(query, query.where))
        elif kind == 3 and query.keys is None:
            return replace(query, distinct=not query.distinct)
        elif kind == 4 and query.order:
            order = self.random.choice([(), query.order[::-1]])
            return replace(query, order=order, limit=query.limit if order else None)
        elif kind > 4:
            number = self.random.randrange(query.keys or 0, len(query.outputs))
            name, expr = query.outputs[number]
            outputs = list(query.outputs)
            outputs[number] = (name, self.expr(query, expr))
            return replace(query, outputs=tuple(outputs))
        joins = (*query.joins[:at], join, *query.joins[at + 1 :])
        return replace(query, joins=joins)

    def other(self, op: str) -> str:
        return next((self.random.choice(group) for group in OTHERS if op in group), op)

    def expr(self, query: Query, expr: Expr, until: int = 9) -> Expr:
        if isinstance(expr, Literal):
            if expr.text[:1] == "'":
                return Literal(self.random.choice(["'a'", "'b'", "''"]))
            return Literal(self.random.choice(["0", "1", "2", "1.0", "1.00", "0.5", "'1'"]))
        if isinstance(expr, Column):
            found = [
                column
                for number, join in enumerate(query.joins[:until])
                for column in columns_of(join.source, number)
                if width(column.type) == width(expr.type)
            ]
            return self.random.choice(found)
        kind = self.random.randrange(4)
        if kind == 0:
            return replace(expr, op=self.other(expr.op))
        args = list(expr.args)
        if kind == 1 and expr.op not in ("case", "max over"):
            if expr.op in ("in", "between"):
                args[1:] = reversed(args[1:])
            else:
                args.reverse()
        else:
            at = self.random.randrange(len(args))
            args[at] = self.expr(query, args[at], until)
        return replace(expr, args=tuple(args))

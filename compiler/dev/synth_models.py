"""The queries of synthetic models, in the shapes that people write: imports in CTEs, joins,
aggregates, windows, unions, stars.

A shape takes relations and gives a query whose relation keeps the promises of `synth_columns`.
Every query holds exactly one `id <> NUMBER` that no row meets: changing the number is an edit
that changes what the query says and not what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from synth_columns import (
    Column,
    Made,
    Scope,
    Type,
    aggregate,
    condition,
    expression,
    scope_of,
    window,
)

MOST_COLUMNS = 40

_NOUNS = (
    "account", "order", "invoice", "parcel", "basket", "visit", "ticket", "refund",
    "return", "campaign", "claim", "contract", "lead", "payment", "supplier", "stock",
    "warehouse", "route", "shift", "driver", "device", "session", "coupon", "credit",
)  # fmt: skip
_WORDS = {
    Type.INT: ("units", "score", "days", "level", "attempts", "weight", "points"),
    Type.MONEY: ("amount", "cost", "revenue", "margin", "tax", "discount"),
    Type.TEXT: ("status", "segment", "region", "code", "channel", "tier"),
    Type.DATE: ("opened_on", "closed_on", "due_on", "changed_on"),
    Type.FLAG: ("is_late", "is_open", "is_valid", "is_first"),
}
_JOINS = (*("left join",) * 6, "inner join")


@dataclass(frozen=True, slots=True)
class Relation:
    schema: str
    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """`reads` are the relations that the text names."""

    text: str
    columns: tuple[Column, ...]
    reads: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a select list."""

    sql: str
    column: Column

    def __str__(self) -> str:
        same = self.sql.rpartition(".")[2] == self.column.name
        return self.sql if same else f"{self.sql} as {self.column.name}"


class Pen:
    """Chance and habits of one model: what it calls its columns, how it names what it reads."""

    def __init__(self, rng: Random, *, jinja: bool) -> None:
        self.rng = rng
        self.jinja = jinja
        self._bare = rng.random() < 0.3
        self._taken: set[str] = set()

    def relation(self, relation: Relation) -> str:
        if self.jinja:
            return f"{{{{ ref('{relation.name}') }}}}"
        return relation.name if self._bare else f"{relation.schema}.{relation.name}"

    def keep(self, name: str) -> bool:
        """Take a column's name, unless it is taken."""
        if name in self._taken:
            return False
        self._taken.add(name)
        return True

    def name(self, ending: str) -> str:
        """A new column name."""
        while True:
            name = f"{self.rng.choice(_NOUNS)}_{ending}"
            if self.keep(name):
                return name

    def new(self, of: Type) -> str:
        words = _WORDS[of]
        if len(self._taken) > 12 * len(words):
            return self.name(f"{self.rng.choice(words)}_{len(self._taken)}")
        return self.name(self.rng.choice(words))

    def unmet(self, qualifier: str = "") -> str:
        return f"{qualifier}id <> {self.rng.randrange(10_000, 100_000)}"


def staging(pen: Pen, seed: Relation) -> Query:
    """Raw columns, cleaned and renamed."""
    kept = scope_of(seed.columns, "source")
    source = f"source as (\n    select * from {pen.relation(seed)}\n    where {pen.unmet()}\n)"
    items = select_items(pen, kept, pen.rng.randrange(10, 25), expression)
    return finish(pen, [source], items, "source", kept.written(Type.INT)[0], (seed,))


def enrich(pen: Pen, inputs: Sequence[Relation]) -> Query:
    """A relation with columns of one or two others, joined by their unique `id`."""
    main, *others = inputs
    base, base_columns = import_cte(pen, "base", main, pen.unmet())
    ctes = [base]
    columns = [(f"base.{column.name}", column) for column in base_columns]
    source = "base"
    shared = pen.rng.random() < 0.4
    for number, other in enumerate(others, 1):
        alias = f"side_{number}"
        cte, other_columns = import_cte(pen, alias, other, None)
        ctes.append(cte)
        key = pen.rng.choice(scope_of(base_columns, "base").keys)
        on = "using (id)" if shared and number == 1 else f"on {key} = {alias}.id"
        source += f"\n{pen.rng.choice(_JOINS)} {alias} {on}"
        columns += [
            (f"{alias}.{column.name}", column) for column in other_columns if column.name != "id"
        ]
    items = select_items(pen, Scope(tuple(columns)), pen.rng.randrange(12, 32), expression)
    if pen.rng.random() < 0.15:
        known = scope_of(base_columns, "base")
        source += f"\nwhere coalesce(not ({condition(pen.rng, known)}), true)"
    counted = scope_of(base_columns, "base").written(Type.INT)[0]
    return finish(pen, ctes, items, source, counted, tuple(inputs))


def summarize(pen: Pen, inputs: Sequence[Relation]) -> Query:
    """One row for each value of a key."""
    relation = inputs[0]
    base, columns = import_cte(pen, "base", relation, pen.unmet())
    scope = scope_of(columns)
    key = pen.rng.choice(scope.keys)
    pen.keep("id")
    other = pen.rng.choice(scope.keys)
    items = [
        Item(key, Column("id", Type.INT)),
        Item(f"max({other})", Column(pen.name("key"), Type.INT)),
    ]
    items += aggregates(pen, scope, pen.rng.randrange(8, 20))
    by = "1" if pen.rng.random() < 0.3 else key
    source = f"base\nwhere {key} is not null\ngroup by {by}"
    if pen.rng.random() < 0.3:
        source += "\nhaving count(*) >= 1"
    return finish(pen, [base], items, source, "count(*)", (relation,))


def rank(pen: Pen, inputs: Sequence[Relation]) -> Query:
    """Windows over a relation, and sometimes only the first rows of each partition."""
    relation = inputs[0]
    base, columns = import_cte(pen, "base", relation, pen.unmet())
    scope = scope_of(columns)

    def windowed(rng: Random, within: Scope, of: Type) -> Made:
        if rng.random() < 0.5:
            return Made(window(rng, within, of))
        return expression(rng, within, of)

    items = select_items(pen, scope, pen.rng.randrange(10, 26), windowed)
    source = "base"
    if pen.rng.random() < 0.3:
        key = pen.rng.choice(scope.keys)
        source += f"\nqualify row_number() over (partition by {key} order by id) <= 5"
    return finish(pen, [base], items, source, scope.written(Type.INT)[0], (relation,))


def unite(pen: Pen, inputs: Sequence[Relation]) -> Query:
    """Relations one below the other, then one row for each `id`."""
    rng = pen.rng
    types = wanted_types(pen, rng.randrange(5, 10))
    parts = [Column("id", Type.INT), Column(pen.name("key"), Type.INT)]
    parts += [Column(pen.new(of), of) for of in types]
    selects = []
    for number, relation in enumerate(inputs):
        scope = scope_of(relation.columns)
        sources = ["id", rng.choice(scope.keys)]
        sources += [rng.choice(scope.written(of)) for of in types]
        listed = [str(Item(sql, part)) for sql, part in zip(sources, parts, strict=True)]
        where = f"\n    where {pen.unmet()}" if number == 0 else ""
        body = ",\n        ".join(listed)
        selects.append(f"    select\n        {body}\n    from {pen.relation(relation)}{where}")
    stacked = "stacked as (\n" + "\n    union all\n".join(selects) + "\n)"
    pen.keep("id")
    scope = scope_of(parts)
    items = [
        Item("id", parts[0]),
        Item(f"min({scope.keys[0]})", Column(pen.name("key"), Type.INT)),
    ]
    items += aggregates(pen, scope, rng.randrange(8, 14))
    return finish(pen, [stacked], items, "stacked\ngroup by id", "count(*)", tuple(inputs))


def star(pen: Pen, inputs: Sequence[Relation]) -> Query:
    """All columns of a relation, or all but some, and a few new ones."""
    rng = pen.rng
    relation = inputs[0]
    columns = list(relation.columns)
    dropped: list[str] = []
    counts = {of: len(scope_of(columns).written(of)) for of in Type}
    surplus = len(columns) - rng.randrange(20, MOST_COLUMNS - 6)
    wish = min(max(surplus, rng.randrange(4)), len(columns) - 10)
    for column in rng.sample(columns, len(columns)):
        if len(dropped) < wish and not column.is_key and counts[column.type] > 1:
            counts[column.type] -= 1
            dropped.append(column.name)
    columns = [column for column in columns if column.name not in dropped]
    for column in relation.columns:
        pen.keep(column.name)
    everything = f"* exclude ({', '.join(dropped)})" if dropped else "*"
    lines = [everything]
    scope = scope_of(columns)
    for of in wanted_types(pen, rng.randrange(1, 6))[: MOST_COLUMNS - len(columns)]:
        made = expression(rng, scope, of)
        column = Column(pen.new(of), of, made.labels)
        columns.append(column)
        lines.append(str(Item(made.sql, column)))
    body = ",\n    ".join(lines)
    text = f"select\n    {body}\nfrom {pen.relation(relation)}\nwhere {pen.unmet()}\n"
    return Query(text, tuple(columns), (relation,))


def import_cte(
    pen: Pen, alias: str, relation: Relation, where: str | None
) -> tuple[str, tuple[Column, ...]]:
    """A CTE that brings a relation in: all of it, or the columns that are wanted."""
    rng = pen.rng
    columns = relation.columns
    name = pen.relation(relation)
    below = f"\n    where {where}" if where else ""
    if rng.random() < 0.35:
        return f"{alias} as (\n    select * from {name}{below}\n)", columns
    needed = {"id", rng.choice(scope_of(columns).keys)}
    needed.update(rng.choice(scope_of(columns).written(of)) for of in Type)
    kept = tuple(c for c in columns if c.name in needed or rng.random() < 0.6)
    body = ",\n        ".join(column.name for column in kept)
    return f"{alias} as (\n    select\n        {body}\n    from {name}{below}\n)", kept


def wanted_types(pen: Pen, count: int) -> list[Type]:
    """Types of new columns: first one of each (where `count` allows), then by chance."""
    types = list(Type)
    return types[:count] + pen.rng.choices(types, weights=(4, 3, 3, 2, 1), k=max(0, count - 5))


def aggregates(pen: Pen, scope: Scope, count: int) -> list[Item]:
    """Aggregates, at least one of each type."""
    types = wanted_types(pen, count)
    return [Item(aggregate(pen.rng, scope, of), Column(pen.new(of), of)) for of in types]


def select_items(
    pen: Pen, scope: Scope, count: int, make: Callable[[Random, Scope, Type], Made]
) -> list[Item]:
    """`id`, a key, one column of each type, and up to `count` more: some handed on, some made."""
    rng = pen.rng
    key = rng.choice(scope.keys)
    pen.keep("id")
    bare = key.rpartition(".")[2]
    key_name = bare if pen.keep(bare) else pen.name("key")
    items = [Item(scope.id, Column("id", Type.INT)), Item(key, Column(key_name, Type.INT))]
    handed_on = [(sql, column) for sql, column in scope.columns if not column.is_key]
    rng.shuffle(handed_on)
    for of in wanted_types(pen, max(count - 2, 8)):
        if rng.random() < 0.45:
            found = next((pair for pair in handed_on if pair[1].type is of), None)
            if found is not None:
                handed_on.remove(found)
                if pen.keep(found[1].name):
                    items.append(Item(*found))
                    continue
        made = make(rng, scope, of)
        items.append(Item(made.sql, Column(pen.new(of), of, made.labels)))
    return items


def finish(
    pen: Pen,
    ctes: Sequence[str],
    items: Sequence[Item],
    source: str,
    number: str,
    reads: tuple[Relation, ...],
) -> Query:
    """Put the query together; with Jinja, some of its columns come from a loop and a macro.

    `number` is a whole number that may stand in the select list.
    """
    lines = [str(item) for item in items]
    columns = [item.column for item in items]
    if pen.jinja:
        loop, made = templated(pen, number)
        lines[-1:] = [loop + lines[-1]]
        columns[-1:] = [*made, columns[-1]]
    note = "-- " + pen.rng.choice(("what readers want", "the result", "one row for each id"))
    imports = ",\n\n".join(ctes)
    body = ",\n    ".join(lines)
    text = f"with {imports}\n\n{note}\nselect\n    {body}\nfrom {source}\n"
    return Query(text, tuple(columns), reads)


def templated(pen: Pen, number: str) -> tuple[str, list[Column]]:
    """Text to stand before the last column of a select list, and the columns that it becomes."""
    steps = pen.rng.sample((7, 14, 28, 30, 60, 90), 3)
    stem = pen.name("load")
    while not all(pen.keep(f"{stem}_{days}") for days in steps):
        stem = pen.name("load")
    loop = (
        f"{{% for days in {steps} -%}}\n"
        f"    cast({number} % 1009 * {{{{ days }}}} as bigint) as {stem}_{{{{ days }}}},\n"
        "    {% endfor -%}\n    "
    )
    columns = [Column(f"{stem}_{days}", Type.INT) for days in steps]
    name = pen.name("bound")
    macro = f"{{{{ bounded('{number}', 0, var('ceiling')) }}}} as {name},\n    "
    return loop + macro, [*columns, Column(name, Type.INT)]

"""Random queries over three small tables of integers, valid for DuckDB by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

TABLES: dict[str, tuple[str, ...]] = {
    "t": ("k", "a", "b"),
    "u": ("k", "c", "d"),
    "w": ("a", "e", "k"),
}
ROWS = 6
"""Rows of each table: enough for groups, matches and misses."""


def random_rows(random: Random, table: str) -> list[list[int | None]]:
    return [[random.choice([0, 1, 2, 3, 4, 5, None]) for _ in TABLES[table]] for _ in range(ROWS)]


@dataclass(frozen=True)
class Item:
    """A relation of a FROM clause: its alias and what columns it shows."""

    alias: str
    columns: tuple[str, ...]


@dataclass
class Frame:
    """What an expression may refer to: items by alias, and those of queries around."""

    items: list[Item] = field(default_factory=list)
    outer: Frame | None = None


class Queries:
    """Draws queries. `depth` bounds the nesting."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.ctes: list[tuple[str, tuple[str, ...]]] = []
        self.count = 0

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    # Expressions -------------------------------------------------------------------------------

    def column(self, frame: Frame) -> str:
        at = frame
        while at.outer is not None and (not at.items or self.chance(0.35)):
            at = at.outer
        if not at.items:
            return str(self.random.randint(0, 3))
        item = self.random.choice(at.items)
        return f"{item.alias}.{self.random.choice(item.columns)}"

    def value(self, frame: Frame, depth: int) -> str:
        kind = self.random.randrange(12)
        if depth <= 0 or kind < 5:
            return self.column(frame)
        a, b = self.value(frame, depth - 1), self.value(frame, depth - 1)
        match kind:
            case 5:
                return f"({a} {self.random.choice(['+', '-', '*'])} {b})"
            case 6:
                return f"coalesce({a}, {b})"
            case 7:
                return f"case when {self.condition(frame, depth - 1)} then {a} else {b} end"
            case 8:
                return f"{self.random.choice(['greatest', 'least', 'nullif'])}({a}, {b})"
            case 9:
                return self.scalar(frame, depth - 1)
            case 10:
                return f"cast({self.condition(frame, depth - 1)} as integer)"
            case _:
                return str(self.random.randint(0, 3))

    def condition(self, frame: Frame, depth: int) -> str:
        a, b = self.value(frame, depth - 1), self.value(frame, depth - 1)
        kind = self.random.randrange(9 if depth > 0 else 4)
        match kind:
            case 4:
                return f"not ({self.condition(frame, depth - 1)})"
            case 5:
                join = self.random.choice(["and", "or"])
                left, right = self.condition(frame, depth - 1), self.condition(frame, depth - 1)
                return f"({left} {join} {right})"
            case 6:
                how = self.random.choice(["exists", "not exists"])
                return f"{how} ({self.inner(frame, depth - 1)})"
            case 7:
                how = self.random.choice(["in", "not in"])
                return f"{a} {how} ({self.inner(frame, depth - 1)})"
            case 8:
                return f"{a} between {b} and {self.value(frame, depth - 1)}"
            case 3:
                return f"{a} is {self.random.choice(['null', 'not null', f'distinct from {b}'])}"
            case _:
                return f"{a} {self.random.choice(['=', '<', '>=', '<>'])} {b}"

    def scalar(self, frame: Frame, depth: int) -> str:
        """A correlated or free scalar subquery of one row."""
        inner = Frame([], frame)
        source = self.source(inner, depth)
        agg = self.aggregate(Frame(inner.items), depth)
        where = f" where {self.condition(inner, depth)}" if self.chance(0.6) else ""
        return f"(select {agg} from {source}{where})"

    def inner(self, frame: Frame, depth: int) -> str:
        """A one-column query for IN and EXISTS."""
        inner = Frame([], frame)
        source = self.source(inner, depth)
        where = f" where {self.condition(inner, depth)}" if self.chance(0.7) else ""
        return f"select {self.column(Frame(inner.items))} as x from {source}{where}"

    def aggregate(self, frame: Frame, depth: int) -> str:
        if self.chance(0.2):
            return "count(*)"
        function = self.random.choice(["sum", "min", "max", "count", "first", "count distinct"])
        value = self.column(frame) if self.chance(0.7) else self.value(frame, min(depth, 1))
        distinct = "distinct " if function.endswith("distinct") else ""
        order = ""
        if function == "first" and self.chance(0.5):
            order = f" order by {', '.join(self.all_columns(frame))}"
        call = f"{function.split()[0]}({distinct}{value}{order})"
        return call + (f" filter (where {self.condition(frame, 0)})" if self.chance(0.2) else "")

    def window(self, frame: Frame) -> str:
        function = self.random.choice(["row_number()", "sum(%s)", "lag(%s)", "count(*)"])
        if "%" in function:
            function %= self.column(frame)
        partition = f"partition by {self.column(frame)}" if self.chance(0.5) else ""
        order = f"order by {', '.join(self.all_columns(frame))}" if self.chance(0.7) else ""
        return f"{function} over ({partition} {order})"

    @staticmethod
    def all_columns(frame: Frame) -> list[str]:
        return [f"{item.alias}.{column}" for item in frame.items for column in item.columns]

    # FROM --------------------------------------------------------------------------------------

    def relation(self, frame: Frame, depth: int) -> tuple[str, Item]:
        kind = self.random.randrange(10)
        alias = self.fresh("r")
        if depth > 0 and kind < 2:
            text, columns = self.query(depth - 1, Frame([], frame.outer))
            return f"({text}) as {alias}", Item(alias, columns)
        if kind == 2:
            rows = ", ".join(f"({i}, {self.random.randint(0, 3)})" for i in range(2))
            return f"(values {rows}) as {alias}(k, p)", Item(alias, ("k", "p"))
        if self.ctes and kind < 7:
            name, _ = self.random.choice(self.ctes)
            columns = dict(self.ctes)[name]
            return f"{name} as {alias}", Item(alias, columns)
        name = self.random.choice(list(TABLES))
        columns = {**TABLES, **dict(self.ctes)}[name]  # a CTE may have the name of a table
        return f"{name} as {alias}", Item(alias, columns)

    def source(self, frame: Frame, depth: int) -> str:
        text, item = self.relation(frame, depth)
        frame.items.append(item)
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            text = self.join(text, frame, depth)
        return text

    def join(self, left: str, frame: Frame, depth: int) -> str:
        text, item = self.relation(frame, depth)
        kind = self.random.choice(["join", "left join", "full join", "right join", ","])
        if kind == ",":
            frame.items.append(item)
            return f"{left}, {text}"
        if self.chance(0.15):
            on = Frame([*frame.items, item])
            how = self.random.choice(["semi join", "anti join"])
            return f"{left} {how} {text} on {self.condition(on, 0)}"
        names = [column for other in frame.items for column in other.columns]
        shared = [c for c in item.columns if names.count(c) == 1]
        if shared and self.chance(0.4) and "," not in left:
            frame.items.append(item)
            return f"{left} {kind} {text} using ({self.random.choice(shared)})"
        frame.items.append(item)
        on = Frame([frame.items[-2], item]) if "," in left else frame
        return f"{left} {kind} {text} on {self.column(on)} = {self.column(Frame([item]))}"

    # Queries -----------------------------------------------------------------------------------

    def query(self, depth: int, frame: Frame | None = None) -> tuple[str, tuple[str, ...]]:
        """A query and the names of its columns."""
        frame = frame if frame is not None else Frame()
        known = len(self.ctes)
        clause = ""
        if depth > 0 and self.chance(0.35):
            parts: list[str] = []
            for _ in range(self.random.choice([1, 2])):
                text, columns = self.query(depth - 1, Frame([], frame.outer))
                name = self.fresh("cte") if parts or self.chance(0.7) else "t"
                parts.append(f"{name} as ({text})")
                self.ctes.append((name, columns))
            clause = f"with {', '.join(parts)} "
        body, columns = self.body(depth, frame)
        del self.ctes[known:]
        return clause + body, columns

    def body(self, depth: int, frame: Frame) -> tuple[str, tuple[str, ...]]:
        if depth > 0 and self.chance(0.15):
            return self.set_operation(depth, frame)
        return self.select(depth, frame)

    def set_operation(self, depth: int, frame: Frame) -> tuple[str, tuple[str, ...]]:
        left, columns = self.select(depth - 1, Frame([], frame.outer), plain=True)
        right, others = self.select(depth - 1, Frame([], frame.outer), plain=True)
        op = self.random.choice(["union all", "union", "except", "intersect", "union all by name"])
        if op.endswith("by name"):
            extra = tuple(column for column in others if column not in columns)
            return f"{left} {op} {right}", (*columns, *extra)
        width = min(len(columns), len(others))
        sides = []
        for side, names in ((left, columns), (right, others)):
            shown = ", ".join(names[:width])
            sides.append(f"(select {shown} from ({side}) as {self.fresh('s')})")
        return f" {op} ".join(sides), columns[:width]

    def select(
        self, depth: int, frame: Frame, *, plain: bool = False
    ) -> tuple[str, tuple[str, ...]]:
        source = self.source(frame, depth)
        where = f" where {self.condition(frame, depth)}" if self.chance(0.4) else ""
        local = Frame(frame.items)
        if self.chance(0.3):
            return self.grouped(source, where, local, depth)
        outputs: list[str] = []
        names: list[str] = []
        if self.chance(0.25) and len({c for i in frame.items for c in i.columns}) == sum(
            len(i.columns) for i in frame.items
        ) and "using" not in source:  # fmt: skip
            outputs.append(self.star(frame.items, names))
        for _ in range(self.random.randint(0 if outputs else 1, 3)):
            name = self.fresh("x")
            if names and self.chance(0.1):
                text = f"{self.random.choice(names)} + 1" if not outputs else "7"
            elif self.chance(0.15):
                text = self.window(local)
            else:
                text = self.value(frame, depth)
            outputs.append(f"{text} as {name}")
            names.append(name)
        qualify = f" qualify {self.window(local)} >= 1" if self.chance(0.1) else ""
        distinct = ""
        tail = ""
        if not plain:
            every = ", ".join(self.all_columns(local))
            if self.chance(0.15):
                distinct = "distinct "
            elif self.chance(0.1):
                distinct = f"distinct on ({self.column(local)}) "
                tail = f" order by {every}" if self.chance(0.6) else ""
            elif self.chance(0.25):
                tail = f" order by {every}" if self.chance(0.7) else ""
                tail += f" limit {self.random.randint(1, 5)}"
        text = f"select {distinct}{', '.join(outputs)} from {source}{where}{qualify}{tail}"
        return text, tuple(names)

    def star(self, items: Sequence[Item], names: list[str]) -> str:
        columns = [column for item in items for column in item.columns]
        kind = self.random.randrange(4)
        if kind == 0 and len(columns) > 1:
            gone = self.random.choice(columns)
            names.extend(column for column in columns if column != gone)
            return f"* exclude ({gone})"
        if kind == 1:
            other = self.random.choice(columns)
            names.extend(columns)
            return f"* replace (coalesce({other}, 9) as {self.random.choice(columns)})"
        if kind == 2:
            old, new = self.random.choice(columns), self.fresh("y")
            names.extend(new if column == old else column for column in columns)
            return f"* rename ({old} as {new})"
        names.extend(columns)
        return "*"

    def grouped(
        self, source: str, where: str, frame: Frame, depth: int
    ) -> tuple[str, tuple[str, ...]]:
        keys = [self.column(frame) for _ in range(self.random.choice([0, 1, 1, 2]))]
        outputs, names = [], []
        for key in keys:
            names.append(self.fresh("g"))
            outputs.append(f"{key} as {names[-1]}")
        for _ in range(self.random.randint(0 if keys else 1, 2)):
            names.append(self.fresh("x"))
            outputs.append(f"{self.aggregate(frame, depth)} as {names[-1]}")
        clause = ""
        if keys:
            ordinals = [str(i + 1) for i in range(len(keys))]
            clause = self.random.choice(
                [
                    f" group by {', '.join(keys)}",
                    f" group by {', '.join(ordinals)}",
                    " group by all",
                    f" group by rollup({', '.join(ordinals)})",
                ]
            )
        having = ""
        if clause and self.chance(0.3):
            having = f" having {self.aggregate(frame, 0)} >= {self.random.randint(0, 2)}"
        return f"select {', '.join(outputs)} from {source}{where}{clause}{having}", tuple(names)


def random_query(random: Random, depth: int = 3) -> str:
    return Queries(random).query(depth)[0]

"""Draws queries: what SQL people write, small, with the same answer in every run.

Nothing here depends on the order of rows (every LIMIT, ranking and frame has a total order), on
floating point, on the clock, or grows without bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar, get_args

from fuzz_queries import (
    ALIAS,
    MERGED,
    Aggregate,
    Call,
    Col,
    Cte,
    CteRef,
    Derived,
    Expr,
    Family,
    Item,
    Join,
    Lit,
    MacroCall,
    Nested,
    Output,
    Projection,
    Query,
    Select,
    Series,
    SetOp,
    Source,
    StarOut,
    Table,
    ValuesList,
    Variable,
    Window,
)
from fuzz_resolve import LITERALS, Resolver, Scope, Shape
from hypothesis import strategies as st

Item_ = TypeVar("Item_")

NAMES = ("k", "v", "w", "title", "tag", "flag", "born", "total", "best", "rest")
FAMILIES: tuple[Family, ...] = get_args(Family)

choices = st.randoms(use_true_random=False)
"""What a test draws; a `Chooser` makes the choices of it."""


@dataclass(frozen=True, slots=True)
class Chooser:
    """Small choices; the first of a sequence and `False` are the simplest."""

    random: Random
    templates: bool = True
    """Whether macros and variables may be used (not in files without Jinja)."""

    def below(self, count: int) -> int:
        return self.random.randrange(count) if count > 1 else 0

    def pick(self, items: Sequence[Item_]) -> Item_:
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        return self.below(100) >= 100 - percent

    def count(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)


# Values ------------------------------------------------------------------------------------------

WORDS = ("ann", "bob", "cy", "eve")


def value(choose: Chooser, family: Family) -> str:
    """A value as it stands in a CSV file. Few different ones: joins and groups then meet."""
    match family:
        case "int":
            return str(choose.below(4))
        case "text":
            return choose.pick(WORDS)
        case "bool":
            return choose.pick(("true", "false"))
        case "date":
            return f"2024-01-0{choose.count(1, 4)}"


def literal(choose: Chooser, family: Family) -> Lit:
    written = value(choose, family)
    match family:
        case "text":
            return Lit(f"'{written}'", family)
        case "date":
            return Lit(f"date '{written}'", family)
        case _:
            return Lit(written, family)


# Expressions -------------------------------------------------------------------------------------

CALLS: dict[Family, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "int": (
        ("({0} + {1})", ("int", "int")),
        ("({0} - {1})", ("int", "int")),
        ("({0} % 5)", ("int",)),
        ("abs({0})", ("int",)),
        ("coalesce({0}, {1})", ("int", "int")),
        ("case when {0} then {1} else {2} end", ("bool", "int", "int")),
        ("case {0} when {1} then {2} end", ("text", "text", "int")),
        ("greatest({0}, {1})", ("int", "int")),
        ("nullif({0}, {1})", ("int", "int")),
        ("length({0})", ("text",)),
        ("extract(day from {0})", ("date",)),
        ("list_sum(list_transform([{0}, {1}], lambda x: x + 1))", ("int", "int")),
        ("(case when {0} is null then 0 end)", ("any",)),
    ),
    "text": (
        ("left({0} || {1}, 9)", ("text", "text")),
        ("upper({0})", ("text",)),
        ("coalesce({0}, {1})", ("text", "text")),
        ("case when {0} then {1} else {2} end", ("bool", "text", "text")),
        ("left(cast({0} as varchar), 9)", ("int",)),
        ("substr({0}, 2)", ("text",)),
    ),
    "bool": (
        ("({0} = {1})", ("int", "int")),
        ("({0} > {1})", ("int", "int")),
        ("({0} <> {1})", ("text", "text")),
        ("({0} < {1})", ("date", "date")),
        ("({0} is null or {1})", ("any", "bool")),
        ("({0} and {1})", ("bool", "bool")),
        ("({0} or {1})", ("bool", "bool")),
        ("(not {0})", ("bool",)),
        ("({0} between 1 and 3)", ("int",)),
        ("({0} in ('ann', 'bob'))", ("text",)),
        ("({0} like '%e%')", ("text",)),
        ("({0} is not distinct from {1})", ("int", "int")),
    ),
    "date": (
        ("({0} + 1)", ("date",)),
        ("coalesce({0}, {1})", ("date", "date")),
        ("case when {0} then {1} else {2} end", ("bool", "date", "date")),
        ("greatest({0}, {1})", ("date", "date")),
    ),
}

AGGREGATES: tuple[tuple[str, str, Family | None], ...] = (
    ("count(*)", "", "int"),
    ("count({0})", "any", "int"),
    ("count(distinct {0})", "any", "int"),
    ("sum({0})", "int", "int"),
    ("min({0})", "any", None),
    ("max({0})", "any", None),
    ("bool_or({0})", "bool", "bool"),
    ("left(string_agg({0} || '', '-' order by {0} || ''), 9)", "text", "text"),
    ("left(string_agg(distinct {0} || '', '+' order by {0} || '' desc), 9)", "text", "text"),
)

WINDOWS: tuple[tuple[str, str, Family | None, tuple[str, ...]], ...] = (
    ("row_number()", "", "int", ("total",)),
    ("rank()", "", "int", ("keys",)),
    ("dense_rank()", "", "int", ("keys",)),
    ("sum({0})", "int", "int", ("none", "keys", "total")),
    ("count(*)", "", "int", ("none", "keys", "total")),
    ("max({0})", "any", None, ("none", "keys", "total")),
    ("lag({0})", "any", None, ("total",)),
    ("lead({0}, 2)", "any", None, ("total",)),
    ("first_value({0})", "any", None, ("total",)),
)

FRAMES = (
    "",
    "rows between 1 preceding and current row",
    "rows between unbounded preceding and 1 following",
    "rows between 2 preceding and 1 preceding",
)


@dataclass(frozen=True, slots=True)
class Expressions:
    """Draws expressions over the sources of the innermost of `scopes`."""

    choose: Chooser
    scopes: tuple[Scope, ...]
    resolver: Resolver
    aliases: Mapping[str, Family] = field(default_factory=dict)
    """Outputs so far, which others may refer to."""

    def column(self, family: Family | None = None) -> Col | None:
        scope = self.scopes[-1]
        columns = scope.all_columns()
        columns += [Col(MERGED, name, kind) for name, kind in scope.merged.items()]
        columns += [Col(ALIAS, name, kind) for name, kind in self.aliases.items()]
        if family is not None:
            columns = [col for col in columns if col.family == family]
        return self.choose.pick(columns) if columns else None

    def simple(self, family: Family) -> Expr:
        found = None if self.choose.chance(15) else self.column(family)
        return found or literal(self.choose, family)

    def any_family(self) -> Family:
        found = self.column()
        return found.family if found is not None else "int"

    def value(self, family: Family, depth: int = 2) -> Expr:
        if depth == 0 or not self.choose.chance(45):
            return self.simple(family)
        if family == "int" and self.choose.templates and self.choose.chance(12):
            if self.choose.chance(40):
                return Variable()
            return MacroCall(self.simple("int"))
        template, wanted = self.choose.pick(CALLS[family])
        families = [self.any_family() if kind == "any" else kind for kind in wanted]
        args = tuple(self.value(kind, depth - 1) for kind in families)  # type: ignore[arg-type]
        return Call(template, args, family)

    def condition(self) -> Expr:
        """Something that some rows satisfy: of two conditions often one is enough."""
        choice = self.choose.below(10)
        if choice == 9:
            return self.nested("bool")
        if choice >= 5:
            return Call("({0} or {1})", (self._comparison(), self._comparison()), "bool")
        return self._comparison()

    def _comparison(self) -> Expr:
        template, wanted = self.choose.pick(CALLS["bool"])
        families = [self.any_family() if kind == "any" else kind for kind in wanted]
        first = self.column(families[0])  # type: ignore[arg-type]
        if first is None:
            col = self.column()
            return Call("({0} is not null)", (col or LITERALS["int"],), "bool")
        rest = [self.value(kind, 1) for kind in families[1:]]  # type: ignore[arg-type]
        rest = [literal(self.choose, arg.family) if arg == first else arg for arg in rest]
        return Call(template, (first, *rest), "bool")

    def aggregate(self) -> Aggregate:
        template, wanted, yields = self.choose.pick(AGGREGATES)
        family, args = self._argument(wanted)
        where = self._comparison() if self.choose.chance(15) and "left" not in template else None
        return Aggregate(template, args, yields or family, where)

    def window(self, only: str | None = None) -> Window:
        fitting = [item for item in WINDOWS if only is None or item[0] == only]
        template, wanted, yields, orders = self.choose.pick(fitting)
        family, args = self._argument(wanted)
        partition: tuple[Expr, ...] = ()
        if self.choose.chance(60):
            partition = (self.simple(self.any_family()),)
        order = self.choose.pick(orders)
        keys: tuple[Expr, ...] = ()
        if order == "keys" or (order == "total" and self.choose.chance(30)):
            key = self.column()
            keys = (key,) if key is not None else (LITERALS["date"],)
        frame = self.choose.pick(FRAMES) if template in ("sum({0})", "count(*)") else ""
        return Window(template, args, yields or family, partition, order, keys, frame)  # type: ignore[arg-type]

    def _argument(self, wanted: str) -> tuple[Family, tuple[Expr, ...]]:
        if not wanted:
            return "int", ()
        family = self.any_family() if wanted == "any" else wanted
        return family, (self.value(family, 1),)  # type: ignore[arg-type, return-value]

    def nested(self, family: Family) -> Expr:
        """A subquery, often one that refers to the row outside of it."""
        item = Table(self.choose.pick(list(self.resolver.assets)))
        inner = Scope([self.resolver.assets[item.asset].columns])
        inside = Expressions(self.choose, (*self.scopes, inner), self.resolver)
        where: Expr | None = inside._comparison() if self.choose.chance(50) else None
        outer = self.column()
        if outer is not None and outer.source >= 0 and self.choose.chance(60):
            same = [col for col in inner.all_columns() if col.family == outer.family]
            if same:
                far = Col(outer.source, outer.name, outer.family, 1)
                link = Call("({0} = {1})", (self.choose.pick(same), far), "bool")
                where = link if where is None else Call("({0} and {1})", (link, where), "bool")
        if family != "bool":
            template, wanted, yields = self.choose.pick(
                [item for item in AGGREGATES if (item[2] or item[1]) in (family, "any")]
            )
            kind = family if wanted == "any" and yields is None else wanted
            args: tuple[Expr, ...] = ()
            if kind:
                args = (inside.simple(inside.any_family() if kind == "any" else kind),)  # type: ignore[arg-type]
            output = Output("found", Aggregate(template, args, family))
            return Nested("scalar", Select((Source(item),), (output,), where=where), family)
        how = self.choose.pick(("exists", "not exists", "in"))
        left = self.column()
        if how == "in" and left is not None:
            same = [col for col in inner.all_columns() if col.family == left.family]
            if same:
                output = Output("found", self.choose.pick(same))
                query = Select((Source(item),), (output,), where=where)
                return Nested("in", query, "bool", left)
        outputs: tuple[Projection, ...] = (StarOut(None),)
        if self.choose.chance(50):
            outputs = (Output("one", LITERALS["int"]),)
        return Nested(
            "exists" if how == "in" else how,  # type: ignore[arg-type]
            Select((Source(item),), outputs, where=where),
            "bool",
        )


# Queries -----------------------------------------------------------------------------------------

SET_OPERATIONS = ("union all", "union", "except", "union all by name", "union all", "intersect")
JOINS: tuple[Join, ...] = (
    "inner", "left", "full", "right", "left", "inner", "semi", "anti", "cross"
)  # fmt: skip


@dataclass(slots=True)
class Queries:
    """Draws queries over the assets of a resolver."""

    choose: Chooser
    resolver: Resolver

    def query(self) -> Query:
        """Any query, resolved."""
        ctes: list[Cte] = []
        if self.choose.chance(40):
            for _ in range(self.choose.count(1, 2)):
                ctes.append(self._cte(ctes))
        self.resolver.ctes = [self.resolver.query(cte.query)[1] for cte in ctes]
        query: Query
        if self.choose.chance(18):
            left, right = self.select(depth=0), self.select(depth=0)
            query = SetOp(self.choose.pick(SET_OPERATIONS), left, right, tuple(ctes))  # type: ignore[arg-type]
        else:
            query = replace(self.select(), ctes=tuple(ctes))
        self.resolver.ctes = []
        return self.resolver.query(query)[0]

    def _cte(self, earlier: list[Cte]) -> Cte:
        self.resolver.ctes = [self.resolver.query(cte.query)[1] for cte in earlier]
        inner = self.resolver.select(self.select(depth=0), ())[0]
        shadow = None
        tables = [source.item for source in inner.sources if isinstance(source.item, Table)]
        if tables and self.choose.chance(20):
            shadow = tables[0].asset.partition(".")[2]
        self.resolver.ctes = []
        return Cte(inner, shadow)

    def select(self, depth: int = 1) -> Select:
        count = self.choose.pick((1, 1, 2, 2, 3))
        sources: list[Source] = []
        for number in range(count):
            item = self._item(depth, number)
            if number == 1 and self.choose.chance(20):
                item = sources[0].item
            sources.append(self._source(item, sources) if number else Source(item))
        scope = Scope()
        resolved, _ = self.resolver._sources(tuple(sources), scope, ())
        exprs = Expressions(self.choose, (scope,), self.resolver)
        where = exprs.condition() if self.choose.chance(30) else None
        grouped = self.choose.chance(28)
        outputs = self._grouped(exprs) if grouped else self._outputs(exprs)
        plain = not any(isinstance(o, Output) and isinstance(o.expr, Aggregate) for o in outputs)
        return Select(
            resolved,
            outputs,
            where=where,
            group=self.choose.pick(("expr", "ordinal", "all", "rollup")) if grouped else "",
            having=self._having(exprs) if grouped and self.choose.chance(25) else None,
            qualify=exprs.window("row_number()") if plain and self.choose.chance(10) else None,
            distinct=self.choose.chance(16),
            first_of=exprs.column() if plain and self.choose.chance(6) else None,
            top=self.choose.count(1, 6) if self.choose.chance(10) else None,
            sorted=self.choose.chance(6),
        )

    def _having(self, exprs: Expressions) -> Expr:
        template, limit = self.choose.pick(
            (("count({0})", "0"), ("count(*)", "1"), ("sum({0})", "2"))
        )
        counted = Aggregate(template, (exprs.simple("int"),), "int")
        return Call("({0} > {1})", (counted, Lit(limit, "int")), "bool")

    def _item(self, depth: int, number: int) -> Item:
        choice = self.choose.below(20)
        if choice >= 18 and depth:
            return Derived(self.select(depth - 1))
        if choice == 17 and number:
            return ValuesList(
                (("k", "int"), ("title", "text")), (("1", "'ann'"), ("2", "'bob'"), ("2", "'cy'"))
            )
        if choice == 16 and number:
            return Series(self.choose.count(1, 3))
        if choice >= 9 and self.resolver.ctes:
            return CteRef(self.choose.below(len(self.resolver.ctes)))
        return self.table()

    def table(self) -> Table:
        names = list(self.resolver.assets)
        # The newest first: chains of models matter more than many readers of one.
        asset = names[-1 - self.choose.below(len(names))]
        forms = ("full", "full", "bare", "ref") if self.choose.templates else ("full", "bare")
        return Table(asset, self.choose.pick(forms))  # type: ignore[arg-type]

    def _source(self, item: Item, before: list[Source]) -> Source:
        join = self.choose.pick(JOINS)
        if join == "cross":
            return Source(item, join)
        left = Scope()
        self.resolver._sources(tuple(before), left, ())
        right = self._shape(item).columns
        if self.choose.chance(8):
            return Source(item, join if join not in ("semi", "anti") else "inner", natural=True)
        common = [name for name, _ in right if any(name in dict(cols) for cols in left.sources)]
        if common and self.choose.chance(35):
            return Source(item, join, using=(self.choose.pick(common),))
        mine = [Col(len(before), name, family) for name, family in right]
        pairs = [
            (a, b) for a in left.all_columns() for b in mine if a.family == b.family
        ]  # fmt: skip
        if not pairs:
            return Source(item, "cross")
        on: Expr = Call("({0} = {1})", self.choose.pick(pairs), "bool")
        if self.choose.chance(20) and join != "full":
            more = Call("({0} <> {1})", self.choose.pick(pairs), "bool")
            on = Call("({0} and {1})", (on, more), "bool")
        return Source(item, join, on)

    def _shape(self, item: Item) -> Shape:
        return self.resolver._item(Source(item))[1]

    def _outputs(self, exprs: Expressions) -> tuple[Projection, ...]:
        if self.choose.chance(25):
            star = self._star(exprs)
            extra = [self.output(exprs) for _ in range(self.choose.below(2))]
            return (star, *extra)
        found: list[Projection] = []
        aliases: dict[str, Family] = {}
        for _ in range(self.choose.count(1, 5)):
            output = self.output(replace(exprs, aliases=aliases) if aliases else exprs)
            found.append(output)
            if self.choose.chance(25):
                aliases = {output.name: output.expr.family}
        return tuple(found)

    def output(self, exprs: Expressions) -> Output:
        choice = self.choose.below(14)
        if choice >= 12:
            expr: Expr = exprs.window()
        elif choice >= 10:
            expr = exprs.nested(self.choose.pick(("int", "text", "bool")))
        else:
            expr = exprs.value(exprs.any_family())
        name = expr.name if isinstance(expr, Col) and self.choose.chance(60) else None
        return Output(name or self.choose.pick(NAMES), expr)

    def _star(self, exprs: Expressions) -> StarOut:
        scope = exprs.scopes[-1]
        names = [col.name for col in scope.all_columns()]
        source = None if self.choose.chance(50) else self.choose.below(len(scope.sources))
        exclude: tuple[str, ...] = ()
        if len(names) > 1 and self.choose.chance(40):
            exclude = (self.choose.pick(names),)
        replaced: tuple[tuple[str, Expr], ...] = ()
        if names and self.choose.chance(30):
            replaced = ((self.choose.pick(names), exprs.value(exprs.any_family())),)
        rename: tuple[tuple[str, str], ...] = ()
        if names and self.choose.chance(30):
            rename = ((self.choose.pick(names), self.choose.pick(NAMES)),)
        return StarOut(source, exclude, replaced, rename)

    def _grouped(self, exprs: Expressions) -> tuple[Projection, ...]:
        keys: list[Projection] = []
        for _ in range(self.choose.count(0, 2)):
            key = exprs.value(exprs.any_family(), 1)
            name = key.name if isinstance(key, Col) else self.choose.pick(NAMES)
            keys.append(Output(name, key))
        made = [
            Output(self.choose.pick(NAMES), exprs.aggregate())
            for _ in range(self.choose.count(1, 3))
        ]
        return (*keys, *made)

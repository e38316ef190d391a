"""SQL expressions for synthetic models: typed, deterministic, and bounded at any depth.

Every relation of a synthetic project has a key `id` (1 to `KEYS`, unique, never null), at least
one column whose name ends in `_key` with values of the same range, and at least one column of
each type. Joins are many-to-one and sums are cut, so neither rows nor values grow from layer to
layer, and no expression depends on the order in which an engine happens to add or visit rows.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import assert_never

KEYS = 200


class Type(enum.StrEnum):
    """Column types, by their names in SQL."""

    INT = "bigint"
    MONEY = "decimal(18, 2)"
    TEXT = "varchar"
    DATE = "date"
    FLAG = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """`labels` are the only values of a text column, where they are known."""

    name: str
    type: Type
    labels: tuple[str, ...] = ()

    @property
    def is_key(self) -> bool:
        return self.name == "id" or self.name.endswith("_key")


@dataclass(frozen=True, slots=True)
class Scope:
    """The columns that an expression may use, each as it is written there."""

    columns: tuple[tuple[str, Column], ...]

    def written(self, type: Type) -> list[str]:  # noqa: A002 - the word for it
        return [sql for sql, column in self.columns if column.type is type and not column.is_key]

    @property
    def keys(self) -> list[str]:
        return [sql for sql, column in self.columns if column.is_key and column.name != "id"]

    @property
    def id(self) -> str:
        return next(sql for sql, column in self.columns if column.name == "id")


def scope_of(columns: Sequence[Column], qualifier: str = "") -> Scope:
    """A scope with one relation; with a qualifier, every column is written behind it."""
    before = f"{qualifier}." if qualifier else ""
    return Scope(tuple((before + column.name, column) for column in columns))


@dataclass(frozen=True, slots=True)
class Made:
    """An expression and, for text, the labels that are all it can be."""

    sql: str
    labels: tuple[str, ...] = ()


_LABELS = (
    ("low", "medium", "high"),
    ("new", "active", "lapsed"),
    ("north", "south", "east", "west"),
    ("bronze", "silver", "gold"),
)


def condition(rng: Random, scope: Scope) -> str:
    """A boolean expression; null where its columns are null."""
    simple = _comparison(rng, scope)
    match rng.randrange(4):
        case 0:
            return f"{simple} and {_comparison(rng, scope)}"
        case 1:
            return f"({simple} or {_comparison(rng, scope)})"
        case _:
            return simple


def _comparison(rng: Random, scope: Scope) -> str:
    def one(of: Type) -> str:
        return rng.choice(scope.written(of))

    match rng.randrange(7):
        case 0:
            return f"{one(Type.INT)} > {rng.randrange(5, 5000)}"
        case 1:
            low = rng.randrange(10, 400)
            return f"{one(Type.MONEY)} between {low} and {low + rng.randrange(50, 900)}"
        case 2:
            return f"{one(Type.TEXT)} in ('open', 'paid', 'sent')"
        case 3:
            return f"{one(Type.DATE)} >= date '2024-{rng.randrange(1, 13):02}-01'"
        case 4:
            return f"{one(Type.TEXT)} is not null"
        case 5:
            return f"not coalesce({one(Type.FLAG)}, false)"
        case _:
            return f"{one(Type.INT)} <= {one(Type.INT)}"


def expression(rng: Random, scope: Scope, wanted: Type) -> Made:
    """A row-wise expression of a type."""

    def one(of: Type) -> str:
        return rng.choice(scope.written(of))

    form = rng.randrange(5)
    match wanted:
        case Type.INT:
            return Made(_integer(rng, scope, form, one))
        case Type.MONEY:
            return Made(f"cast({_money(rng, scope, form, one)} as decimal(18, 2))")
        case Type.TEXT:
            return _text(rng, scope, form, one)
        case Type.DATE:
            return Made(_date(rng, form, one))
        case Type.FLAG:
            return Made(f"coalesce({condition(rng, scope)}, false)")
        case _:
            assert_never(wanted)


def _integer(rng: Random, scope: Scope, form: int, one: Callable[[Type], str]) -> str:
    match form:
        case 0:
            factor = rng.randrange(2, 9)
            total = f"coalesce({one(Type.INT)}, 0) + {factor} * coalesce({one(Type.INT)}, 0)"
            return f"({total}) % 10007"
        case 1:
            return f"abs({one(Type.INT)} - {one(Type.INT)}) % 10007"
        case 2:
            return f"length({one(Type.TEXT)})"
        case 3:
            return f"date_diff('day', {one(Type.DATE)}, {one(Type.DATE)})"
        case _:
            return f"case when {condition(rng, scope)} then {one(Type.INT)} else 0 end"


def _money(rng: Random, scope: Scope, form: int, one: Callable[[Type], str]) -> str:
    match form:
        case 0:
            return f"{one(Type.MONEY)} * 1.{rng.randrange(5, 25):02}"
        case 1:
            return f"coalesce({one(Type.MONEY)}, 0) - coalesce({one(Type.MONEY)}, 0)"
        case 2:
            return f"case when {condition(rng, scope)} then {one(Type.MONEY)} else 0 end"
        case 3:
            return f"{one(Type.MONEY)} * ({one(Type.INT)} % 100) / 100"
        case _:
            return f"greatest({one(Type.MONEY)}, {rng.randrange(1, 50)})"


def _text(rng: Random, scope: Scope, form: int, one: Callable[[Type], str]) -> Made:
    match form:
        case 0:
            return Made(f"upper({one(Type.TEXT)})")
        case 1:
            both = f"coalesce({one(Type.TEXT)}, '') || '-' || coalesce({one(Type.TEXT)}, '')"
            return Made(f"left({both}, 24)")
        case 2:
            return Made(f"coalesce(nullif(trim({one(Type.TEXT)}), ''), 'none')")
        case _:
            labels = rng.choice(_LABELS)
            *cases, last = labels
            arms = [f"when {condition(rng, scope)} then '{label}'" for label in cases]
            lines = "".join(f"\n        {arm}" for arm in arms)
            return Made(f"case{lines}\n        else '{last}'\n    end", labels)


def _date(rng: Random, form: int, one: Callable[[Type], str]) -> str:
    match form:
        case 0:
            part = rng.choice(("month", "quarter", "week"))
            return f"cast(date_trunc('{part}', {one(Type.DATE)}) as date)"
        case 1:
            return f"cast({one(Type.DATE)} + interval {rng.randrange(1, 30)} day as date)"
        case 2:
            return f"greatest({one(Type.DATE)}, {one(Type.DATE)})"
        case _:
            return f"coalesce({one(Type.DATE)}, date '2024-01-01')"


def window(rng: Random, scope: Scope, wanted: Type) -> str:
    """A window expression of a type; every order is total, since `id` is unique."""
    key = rng.choice(scope.keys)
    over = f"(partition by {key} order by {scope.id})"
    near = f"(partition by {key} order by {scope.id} rows between 3 preceding and current row)"
    value = rng.choice(scope.written(wanted))
    first = rng.random() < 0.5
    match wanted:
        case Type.INT:
            total = f"cast(sum({value}) over {near} as bigint)"
            return f"row_number() over {over}" if first else total
        case Type.MONEY:
            mean = f"cast(avg({value}) over {near} as decimal(18, 2))"
            return f"lag({value}) over {over}" if first else mean
        case Type.TEXT:
            return f"{'first_value' if first else 'lead'}({value}) over {over}"
        case Type.DATE:
            return (
                f"min({value}) over (partition by {key})" if first else f"lag({value}) over {over}"
            )
        case Type.FLAG:
            return f"row_number() over {over} = 1"
        case _:
            assert_never(wanted)


def aggregate(rng: Random, scope: Scope, wanted: Type) -> str:
    """An aggregate of a type, the same in whatever order the rows come."""
    value = rng.choice(scope.written(wanted))
    form = rng.randrange(4)
    match wanted:
        case Type.INT:
            text = rng.choice(scope.written(Type.TEXT))
            some = condition(rng, scope)
            return (
                "count(*)",
                f"count(distinct {text})",
                f"cast(sum({value}) % 10007 as bigint)",
                f"count(*) filter (where {some})",
            )[form]
        case Type.MONEY:
            some = condition(rng, scope)
            total = f"sum(case when {some} then {value} else 0 end)"
            cut = f"cast(least(greatest({total}, -999999), 999999) as decimal(18, 2))"
            return (f"max({value})", f"cast(avg({value}) as decimal(18, 2))", cut, cut)[form]
        case Type.TEXT:
            some = condition(rng, scope)
            return (f"min({value})", f"max({value})", f"max(case when {some} then {value} end)")[
                form % 3
            ]
        case Type.DATE:
            return f"{('min', 'max')[form % 2]}({value})"
        case Type.FLAG:
            return (f"coalesce(bool_or({value}), false)", "count(*) > 3")[form % 2]
        case _:
            assert_never(wanted)

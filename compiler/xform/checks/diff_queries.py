"""The queries that compare two relations, and their answers.

Every query reads both sides through `_side`, which gives keys as k0, k1, … and the other columns as
c0, c1, …, each in the form in which it is compared. So whatever the columns are called, the rest of
the SQL is the same. `is not distinct from` and GROUP BY hold that NULL equals NULL and NaN equals
NaN.

The two sides are joined once, and the counts of all columns are taken from that join. An engine
takes a time to plan that grows with the square of the number of columns, so wide relations are
compared in slices of `SLICE` columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xform.checks.column_pairs import TEXT, ColumnPair, is_float

SLICE = 100
"""Columns in one query: fewer queries read keys less often, wider ones take long to plan."""

LEFT, RIGHT = 0, 1
_SIDES = ("l", "r")
_HASHES = 2**64
"""How many values the engine's hash has."""


@dataclass(frozen=True, slots=True)
class ColumnCounts:
    """Of one column: pairs of rows that differ in it, and by side the rows in which it is not NULL
    and its distinct values."""

    differing: int
    known: tuple[int, int]
    distinct: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SideKeys:
    """`repeated` keys stand in several rows, `repeats`; `nulls` rows have a NULL in the key. Of
    each column of the key: the rows in which it is not NULL, and its distinct values."""

    rows: int
    repeated: int
    repeats: int
    nulls: int
    columns: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Paired:
    """Rows by their keys; `changed` and the counts are of the columns that were asked for."""

    left: int
    right: int
    both: int
    changed: int
    columns: tuple[ColumnCounts, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows as a whole, each as often as it stands there."""

    equal: int
    added: int
    removed: int


@dataclass(frozen=True)
class Comparison:
    """What is compared: two relations as SQL text, the columns of the key, the other columns.

    `share` of the keys (of the rows, without a key) is looked at, or all; `digits` is how many
    digits of floats count; `exact`: distinct values are counted, not estimated.
    """

    relations: tuple[str, str]
    keys: tuple[ColumnPair, ...]
    columns: tuple[ColumnPair, ...]
    share: float | None = None
    digits: int | None = None
    exact: bool = True
    repeats: bool = False
    """Whether some keys are not unique; then their rows are left out where rows are paired."""

    # Queries ---------------------------------------------------------------------------------

    def keys_query(self) -> str:
        """One row that `read_keys` takes."""
        names = self._key_names()
        nulls = " or ".join(f"{name} is null" for name in names)
        terms = [
            _sum("n"),
            "count(*) filter (where n > 1)",
            _sum("n", "n > 1"),
            _sum("n", nulls),
        ]
        for name in names:
            terms += [_sum("n", f"{name} is not null"), self._distinct(name)]
        listed = ", ".join(names)
        sides = (
            f"(select {', '.join(terms)} from (select {listed}, count(*) as n "
            f"from {self._side(side, ())} as s group by {listed}) as g) as {alias}"
            for side, alias in enumerate(_SIDES)
        )
        return f"select * from {', '.join(sides)}"

    def slices(self) -> Iterator[range]:
        """The places of the columns, in the portions that one query takes; one at least."""
        yield from (
            range(start, min(start + SLICE, len(self.columns)))
            for start in range(0, max(len(self.columns), 1), SLICE)
        )

    def paired_query(self, places: range, *, counts: bool) -> str:
        """One row that `read_paired` takes. `counts`: with those of each side."""
        inner = ["l._p as lp", "r._p as rp"]
        terms = ["count(lp)", "count(rp)", "count(*) filter (where lp and rp)"]
        if places:
            any_differs = " or ".join(f"d{place}" for place in places)
            terms.append(f"count(*) filter (where lp and rp and ({any_differs}))")
        else:
            terms.append("0")
        for place in places:
            inner.append(f"l.c{place} is distinct from r.c{place} as d{place}")
            terms.append(f"count(*) filter (where lp and rp and d{place})")
            if counts:
                inner.append(f"l.c{place} as l{place}, r.c{place} as r{place}")
                terms += [self._known_and_distinct(f"{alias}{place}") for alias in _SIDES]
        joined = f"select {', '.join(inner)} {self._joined('full join', places)}"
        return f"{self._with()}select {', '.join(terms)} from ({joined}) as j"

    def changed_query(self, places: Sequence[int]) -> str:
        """How many pairs differ in any of these columns."""
        return (
            f"{self._with()}select count(*) {self._joined('join', places)} where {_differ(places)}"
        )

    def counts_query(self, side: int, places: range) -> str:
        """One row that `read_counts` takes: of each column on one side."""
        terms = ", ".join(self._known_and_distinct(f"s.c{place}") for place in places)
        return f"select {terms} from {self._side(side, places)} as s"

    def tally_query(self, *, counts: bool) -> str:
        """One row that `read_tally` takes: of all rows, or those with repeated keys. `counts`: with
        those of each column on each side."""
        terms = [_sum("least(x, y)"), _sum("greatest(y - x, 0)"), _sum("greatest(x - y, 0)")]
        if counts:
            for place in range(len(self.columns)):
                for many in ("x", "y"):
                    terms.append(_sum(many, f"c{place} is not null"))
                    terms.append(f"{self._distinct(f'c{place}')} filter (where {many} > 0)")
        return f"{self._with()}select {', '.join(terms)} from {self._tallied()}"

    # Examples --------------------------------------------------------------------------------

    def changed_examples(self, differing: Sequence[int], shown: Sequence[int], limit: int) -> str:
        """Changed rows: the texts of the key, then of each shown column the left text, the right
        text, and whether they differ."""
        texts = [f"r.u{at}" for at in range(len(self.keys))]
        texts += [
            f"l.t{place}, r.t{place}, l.c{place} is distinct from r.c{place}" for place in shown
        ]
        return (
            f"{self._with()}select {', '.join(texts)} "
            f"{self._joined('join', differing, texts=shown)} "
            f"where {_differ(differing)} order by {self._order('r')} limit {limit}"
        )

    def lone_examples(self, side: int, shown: Sequence[int], limit: int) -> str:
        """Rows whose key is not on the other side: the texts of the key, then of the columns."""
        alias, other = _SIDES[side], _SIDES[1 - side]
        texts = [f"{alias}.u{at}" for at in range(len(self.keys))]
        texts += [f"{alias}.t{place}" for place in shown]
        return (
            f"{self._with()}select {', '.join(texts)} "
            f"from {self._unique(side, (), shown)} as {alias} "
            f"left join {self._unique(1 - side, (), ())} as {other} on {self._same_keys()} "
            f"where {other}._p is null order by {self._order(alias)} limit {limit}"
        )

    def tally_examples(self, side: int, shown: Sequence[int], limit: int) -> str:
        """Rows that stand more often on one side: how much more often, then the texts of the key
        and of the columns."""
        more = ("x - y", "y - x")[side]
        texts = [f"cast({name} as {TEXT})" for name in self._key_names()]
        texts += [f"cast(c{place} as {TEXT})" for place in shown]
        names = ", ".join(self._all_names())
        return (
            f"{self._with()}select {', '.join([more, *texts])} from {self._tallied()} "
            f"where {more} > 0 order by row({names}) limit {limit}"
        )

    # Parts -----------------------------------------------------------------------------------

    def _key_names(self) -> list[str]:
        return [f"k{at}" for at in range(len(self.keys))]

    def _all_names(self) -> list[str]:
        return [*self._key_names(), *(f"c{place}" for place in range(len(self.columns)))]

    def _side(self, side: int, places: Sequence[int], texts: Sequence[int] | None = None) -> str:
        """One side with the keys and these columns, and with the keys and `texts` as text."""
        terms = ["true as _p"]
        terms += [f"{key.value(side)} as k{at}" for at, key in enumerate(self.keys)]
        terms += [f"{self._value(side, place)} as c{place}" for place in places]
        if texts is not None:
            written = [(f"u{at}", key) for at, key in enumerate(self.keys)]
            written += [(f"t{place}", self.columns[place]) for place in texts]
            terms += [f"cast({pair.written(side)} as {TEXT}) as {name}" for name, pair in written]
        where = ""
        if self.share is not None:
            hashed = [key.value(side) for key in self.keys] or [
                self._value(side, place) for place in range(len(self.columns))
            ]
            where = f" where hash({', '.join(hashed)}) < {int(self.share * _HASHES)}"
        return f"(select {', '.join(terms)} from {self.relations[side]}{where})"

    def _value(self, side: int, place: int) -> str:
        return self.columns[place].value(side, self.digits)

    def _with(self) -> str:
        if not self.repeats:
            return ""
        listed = ", ".join(self._key_names())
        found = " union ".join(
            f"select {listed} from {self._side(side, ())} as s group by {listed} "
            "having count(*) > 1"
            for side in (LEFT, RIGHT)
        )
        return f"with repeated as (select true as _p, {listed} from ({found}) as u) "

    def _unique(self, side: int, places: Sequence[int], texts: Sequence[int] | None = None) -> str:
        """The rows of one side that can be paired."""
        rows = self._side(side, places, texts)
        if not self.repeats:
            return rows
        return (
            f"(select s.* from {rows} as s left join repeated as q on {self._same_keys('s', 'q')} "
            "where q._p is null)"
        )

    def _joined(self, how: str, places: Sequence[int], texts: Sequence[int] | None = None) -> str:
        left, right = (self._unique(side, places, texts) for side in (LEFT, RIGHT))
        return f"from {left} as l {how} {right} as r on {self._same_keys()}"

    def _same_keys(self, one: str = "l", other: str = "r") -> str:
        return " and ".join(
            f"{one}.{name} is not distinct from {other}.{name}" for name in self._key_names()
        )

    def _tallied(self) -> str:
        """Each row once, with how often it stands on the left (x) and on the right (y)."""
        names = ", ".join(self._all_names())
        qualified = ", ".join(f"s.{name}" for name in self._all_names())
        parts = []
        for side, marks in ((LEFT, "1 as x, 0 as y"), (RIGHT, "0 as x, 1 as y")):
            rows = f"{self._side(side, range(len(self.columns)))} as s"
            if self.repeats:
                rows += f" join repeated as q on {self._same_keys('s', 'q')}"
            parts.append(f"select {marks}, {qualified} from {rows}")
        return (
            f"(select sum(x) as x, sum(y) as y, {names} from ({' union all '.join(parts)}) as b "
            f"group by {names}) as t"
        )

    def _known_and_distinct(self, name: str) -> str:
        return f"count({name}), {self._distinct(name)}"

    def _distinct(self, name: str) -> str:
        return f"count(distinct {name})" if self.exact else f"approx_count_distinct({name})"

    def _order(self, alias: str) -> str:
        return ", ".join(f"{alias}.{name} nulls last" for name in self._key_names())


def _sum(term: str, which: str = "") -> str:
    """A sum as a whole number, 0 of no rows."""
    only = f" filter (where {which})" if which else ""
    return f"cast(coalesce(sum({term}){only}, 0) as bigint)"


def _differ(places: Sequence[int]) -> str:
    """Of many columns at once: a row is compared as quickly as its columns one by one, and planned
    in no time."""
    left, right = (", ".join(f"{alias}.c{place}" for place in places) for alias in _SIDES)
    return f"row({left}) is distinct from row({right})"


def sizes_query(relations: tuple[str, str]) -> str:
    """The numbers of rows on both sides, as one row."""
    left, right = (f"(select count(*) from {relation})" for relation in relations)
    return f"select {left}, {right}"


def loss_query(relation: str, column: str, kind: str, as_type: str) -> str:
    """How many values of a column do not come through a cast as they are. To a float they may lose
    digits, which floats are expected to."""
    there = f"try_cast({column} as {as_type})"
    lost = f"{there} is null"
    if not is_float(as_type):
        lost = f"try_cast({there} as {kind}) is distinct from {column}"
    return f"select count(*) from {relation} where {column} is not null and {lost}"


def read_keys(row: Sequence[Any]) -> tuple[SideKeys, SideKeys]:
    half = len(row) // 2
    return _side_keys(*row[:half]), _side_keys(*row[half:])


def _side_keys(rows: int, repeated: int, repeats: int, nulls: int, *counts: int) -> SideKeys:
    return SideKeys(rows, repeated, repeats, nulls, tuple(read_counts(counts)))


def read_paired(row: Sequence[Any], *, counts: bool) -> Paired:
    left, right, both, changed, *rest = row
    width = 5 if counts else 1
    columns = []
    for at in range(0, len(rest), width):
        each = rest[at : at + width]
        found = each[1:] if counts else [0, 0, 0, 0]
        columns.append(ColumnCounts(each[0], (found[0], found[2]), (found[1], found[3])))
    return Paired(left, right, both, changed, tuple(columns))


def read_counts(row: Sequence[Any]) -> list[tuple[int, int]]:
    """(rows in which it is not NULL, distinct values) of each column."""
    return [(row[at], row[at + 1]) for at in range(0, len(row), 2)]


def read_tally(row: Sequence[Any]) -> tuple[Tally, tuple[ColumnCounts, ...]]:
    counts = read_counts(row[3:])
    columns = (
        ColumnCounts(0, (left[0], right[0]), (left[1], right[1]))
        for left, right in zip(counts[::2], counts[1::2], strict=True)
    )
    return Tally(*row[:3]), tuple(columns)

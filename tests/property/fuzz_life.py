"""Projects that live: models that grow by time beside generated ones, environments, and faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
from fuzz_draw import Chooser
from fuzz_project import Project
from fuzz_warehouse import Attached, Content

START, END = "2024-01-01", "2024-01-04"
"""Of models that grow: data of the fourth lie outside."""

FORMS = (
    "select {column} as day, count(*) as n from {asset} group by 1",
    "select {column} as day, count(*) over (partition by {column}) as n from {asset}",
    "select g.{column} as day, (select count(*) from raw.{seed}) as n from {asset} g",
    "select {column} as day, 1 as n from {asset} union all select {column}, 2 from {asset}",
    (
        "select g.{column} as day, count(h.{column}) as n "
        "from {asset} g left join {asset} h on g.{column} = h.{column} group by all"
    ),
)


@dataclass(frozen=True, slots=True)
class Grown:
    """A model that grows by a date column of an asset, and a table that reads it."""

    name: str
    asset: str
    column: str
    form: int
    lookback: int

    def query(self, seed: str) -> str:
        return FORMS[self.form].format(column=self.column, asset=self.asset, seed=seed)


@dataclass(frozen=True, slots=True)
class Life:
    """A generated project with models that grow. Has what a `Project` has for the harness."""

    project: Project
    grown: tuple[Grown, ...]

    @property
    def stored(self) -> frozenset[str]:
        mine = [f"main.{name}" for one in self.grown for name in (one.name, f"{one.name}_read")]
        return self.project.stored | frozenset(mine)

    def statements(self) -> Iterator[tuple[str, str]]:
        yield from self.project.statements()
        seed = self.project.seeds[0].name
        for one in self.grown:
            query = one.query(seed)
            yield (
                f"main.{one.name}",
                f"select * from ({query}) where day >= '{START}' and day < '{END}'",
            )
            yield f"main.{one.name}_read", _reading(one)

    def files(self) -> dict[str, str]:
        found = self.project.files()
        seed = self.project.seeds[0].name
        for one in self.grown:
            found[f"models/{one.name}.sql"] = (
                f"/* @model\nkind: incremental\ntime_column: day\nstart: {START}\nend: {END}\n"
                f"lookback: {one.lookback}\n*/\n{one.query(seed)}\n"
            )
            found[f"models/{one.name}_read.sql"] = f"/* @model\nkind: table\n*/\n{_reading(one)}\n"
        return found

    def variables(self) -> dict[str, int]:
        return self.project.variables()


def _reading(one: Grown) -> str:
    return f"select count(*) as c, sum(n) as n, max(day) as day from main.{one.name}"


def with_growth(choose: Chooser, project: Project, was: tuple[Grown, ...] = ()) -> Life:
    """The project with models that grow: those that were, as far as what they read is there."""
    dated = {
        (asset, name)
        for asset, shape in project.shapes().items()
        for name, family in shape.columns
        if family == "date" and asset in project.stored and name.isidentifier()
    }
    kept = [one for one in was if (one.asset, one.column) in dated]
    if len(kept) < 2 and dated and choose.chance(60):
        asset, column = choose.pick(sorted(dated))
        names = {one.name for one in kept}
        name = next(name for name in ("g0", "g1", "g2") if name not in names)
        form = choose.below(len(FORMS))
        kept.append(Grown(name, asset, column, form, choose.below(2)))
    return Life(project, tuple(kept))


class Broken(duckdb.Error):
    """The fault that is injected."""


class Faulty:
    """A cursor whose n-th statement fails, counted over all cursors of an engine."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, left: list[int]) -> None:
        self._cursor = cursor
        self._left = left

    def execute(self, *arguments: Any, **keywords: Any) -> Any:
        if self._left:
            self._left[0] -= 1
            if self._left[0] == 0:
                raise Broken("injected")
        return self._cursor.execute(*arguments, **keywords)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


@contextmanager
def fault_at(engine: Attached, number: int) -> Iterator[list[int]]:
    """The n-th statement fails; what is left of the count tells whether it was reached."""
    left = [number]
    plain = engine._cursor

    @contextmanager
    def counted() -> Iterator[Any]:
        with plain() as cursor:
            yield Faulty(cursor, left)

    engine.__dict__["_cursor"] = counted
    try:
        yield left
    finally:
        del engine.__dict__["_cursor"]


def of_environment(published: dict[str, Content], environment: str) -> dict[str, Content]:
    """What one environment shows, under the names that `prod` has."""
    tail = "" if environment == "prod" else f"__{environment}"
    found: dict[str, Content] = {}
    for name, content in published.items():
        schema, _, table = name.partition(".")
        base, mark, other = schema.partition("__")
        if (mark + other) == tail:
            found[f"{base}.{table}"] = content
    return found

"""A generated project: its seeds and models as values, its files, and the SQL it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from fuzz_draw import Chooser, Queries, value
from fuzz_queries import USUAL, Columns, Family, Query, Style
from fuzz_render import Plain, Renderer
from fuzz_resolve import Resolver, Shape

Kind: TypeAlias = Literal["view", "table", "ephemeral"]

ROUNDS = 5
"""How often a query is made valid at most."""
TYPES: dict[Family, str] = {
    "int": "bigint",
    "text": "varchar",
    "bool": "boolean",
    "date": "date",
}
"""Under which type a seed's column is loaded."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A CSV file under `seeds/raw/`. The first column and the first row hold no nulls."""

    name: str
    columns: Columns
    rows: tuple[tuple[str | None, ...], ...]

    @property
    def asset(self) -> str:
        return f"raw.{self.name}"

    def csv(self) -> str:
        lines = [",".join(name for name, _ in self.columns)]
        lines += [",".join("" if cell is None else cell for cell in row) for row in self.rows]
        return "\n".join(lines) + "\n"

    def sql(self) -> str:
        """The same rows as a query."""
        casts = ", ".join(f"cast({name} as {TYPES[kind]}) as {name}" for name, kind in self.columns)
        rows = ", ".join(
            "(" + ", ".join("null" if cell is None else f"'{cell}'" for cell in row) + ")"
            for row in self.rows
        )
        return f"select {casts} from (values {rows}) r({', '.join(n for n, _ in self.columns)})"


@dataclass(frozen=True, slots=True)
class Model:
    """`templates` says that the file holds Jinja, `notes` are parts of its header that do not
    matter for what it holds."""

    name: str
    kind: Kind
    query: Query
    templates: bool = False
    style: Style = USUAL
    notes: int = 0

    @property
    def asset(self) -> str:
        return f"main.{self.name}"


@dataclass(frozen=True, slots=True)
class Project:
    """Models in topological order. `bump` is what the macro adds, `variable` what `--vars` sets."""

    seeds: tuple[Seed, ...]
    models: tuple[Model, ...]
    bump: int = 1
    variable: int = 2

    @property
    def stored(self) -> frozenset[str]:
        """The assets that are published."""
        return frozenset(
            [seed.asset for seed in self.seeds]
            + [model.asset for model in self.models if model.kind != "ephemeral"]
        )

    def model(self, name: str) -> Model:
        return next(model for model in self.models if model.name == name)

    def shapes(self) -> dict[str, Shape]:
        """What every asset yields, in topological order."""
        found = {seed.asset: Shape(seed.columns, len(seed.rows)) for seed in self.seeds}
        for model in self.models:
            found[model.asset] = Resolver(found).query(model.query)[1]
        return found

    def resolved(self) -> Project:
        """The project with every query made valid: a name that was mended may clash with another,
        so until nothing is to be mended."""
        found = {seed.asset: Shape(seed.columns, len(seed.rows)) for seed in self.seeds}
        models: list[Model] = []
        for model in self.models:
            query, shape = Resolver(found).query(model.query)
            for _ in range(ROUNDS):
                before = query
                query, shape = Resolver(found).query(before)
                if query == before:
                    break
            models.append(replace(model, query=query))
            found[model.asset] = shape
        return replace(self, models=tuple(models))

    def statements(self) -> Iterator[tuple[str, str]]:
        """(asset, plain SQL) in topological order: what the project means, without xform."""
        for seed in self.seeds:
            yield seed.asset, seed.sql()
        for model, resolver in self._models():
            plain = Plain(self.bump, self.variable)
            yield model.asset, Renderer(resolver, model.style, plain).query(model.query)

    def files(self) -> dict[str, str]:
        """path → text of the project's folder."""
        found = {
            "xform.toml": 'name = "fuzz"\nprofile = "fuzz"\n',
            "profiles.yml": PROFILES,
            "macros/shared.sql": MACROS.replace("BUMP", str(self.bump)),
        }
        for seed in self.seeds:
            found[f"seeds/raw/{seed.name}.csv"] = seed.csv()
        for model, resolver in self._models():
            sql = Renderer(resolver, model.style).query(model.query)
            found[f"models/{model.name}.sql"] = header(model) + sql + "\n"
        return found

    def variables(self) -> dict[str, int]:
        return {"k": self.variable}

    def _models(self) -> Iterator[tuple[Model, Resolver]]:
        shapes = self.shapes()
        known = {seed.asset: shapes[seed.asset] for seed in self.seeds}
        for model in self.models:
            yield model, Resolver(dict(known))
            known[model.asset] = shapes[model.asset]


PROFILES = """\
fuzz:
  target: dev
  outputs:
    dev: {type: duckdb, path: warehouse.duckdb, threads: 1}
"""

MACROS = "{% macro bump(x) %}({{ x }} + BUMP){% endmacro %}\n"


def header(model: Model) -> str:
    lines = [] if model.kind == "view" else [f"kind: {model.kind}"]
    if model.notes:
        lines += [f"description: note {model.notes}", f"owner: team{model.notes % 3}"]
    return "\n".join(["/* @model", *lines, "*/", ""]) if lines else ""


# Drawing -----------------------------------------------------------------------------------------


def draw_seed(choose: Chooser, name: str) -> Seed:
    pool: list[tuple[str, Family]] = [
        ("v", "int"),
        ("title", "text"),
        ("flag", "bool"),
        ("born", "date"),
        ("w", "int"),
        ("tag", "text"),
    ]
    start = choose.below(len(pool))
    width = choose.count(1, 3)
    columns: Columns = (("k", "int"), *(pool[(start + i) % len(pool)] for i in range(width)))
    count = choose.count(4, 8)
    return Seed(name, columns, tuple(draw_row(choose, columns, not i) for i in range(count)))


def draw_row(choose: Chooser, columns: Columns, full: bool) -> tuple[str | None, ...]:
    return tuple(
        None if i and not full and choose.chance(15) else value(choose, family)
        for i, (_, family) in enumerate(columns)
    )


def draw_model(choose: Chooser, name: str, shapes: dict[str, Shape]) -> Model:
    templates = choose.chance(30)
    kind: Kind = choose.pick(("table", "view", "table", "ephemeral"))
    query = Queries(Chooser(choose.random, templates), Resolver(shapes)).query()
    style = Style(bare=choose.chance(40), windows=choose.chance(20))
    return Model(name, kind, query, templates, style)


def draw_project(choose: Chooser, low: int, high: int) -> Project:
    """Two or three seeds, and `low` to `high` models on one another."""
    seeds = tuple(draw_seed(choose, name) for name in ("a", "b", "c")[: choose.count(2, 3)])
    project = Project(seeds, ())
    for number in range(choose.count(low, high)):
        model = draw_model(choose, f"m{number}", project.shapes())
        project = replace(project, models=(*project.models, model))
    return project

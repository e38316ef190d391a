"""Writes synthetic projects: as many models as wanted, the same bytes for the same seed.

    python compiler/dev/generate.py DIRECTORY --models 1000 [--seed 0]

The project builds with xform and, rendered, as a plain DuckDB script (`plain.py`). Beside what
xform reads it holds `synthetic.json`, the models in an order in which they can be built.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import assert_never

from synth_columns import KEYS, Column, Type
from synth_models import Pen, Query, Relation, enrich, rank, staging, star, summarize, unite

MANIFEST = "synthetic.json"
VARIABLES = {"ceiling": 5000}

_DOMAINS = ("sales", "supply", "finance", "service", "people", "fleet", "web", "stores")
_LEVELS = {"intermediate": 4, "marts": 2}
_WIDEST_VIEW = 4
"""Relations that a view may expand to; above it the model is a table."""
_PER_FOLDER = 50

_MACROS = """\
{#- A whole number, kept between two bounds. -#}
{% macro bounded(value, low, high) -%}
least(greatest({{ value }}, {{ low }}), {{ high }})
{%- endmacro %}
"""

_SETTINGS = f"""\
name = "synthetic"
profile = "synthetic"

[vars]
ceiling = {VARIABLES["ceiling"]}

[defaults."staging/**"]
kind = "view"
tags = ["staging"]

[defaults."intermediate/**"]
kind = "table"

[defaults."marts/**"]
kind = "table"
access = "public"
"""

_PROFILES = """\
synthetic:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: warehouse.duckdb
      threads: 2
"""


@dataclass(frozen=True, slots=True)
class Seed:
    """`types` are of its columns, by name, in order."""

    name: str
    path: str
    types: dict[str, str]


@dataclass(frozen=True, slots=True)
class Model:
    """`reads` are full names of models and seeds. `path` is relative to the project."""

    name: str
    kind: str
    path: str
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Synthetic:
    """What was written. `models` can be built in this order."""

    seeds: tuple[Seed, ...]
    models: tuple[Model, ...]
    variables: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Known:
    """A relation that later models may read. `width` is how many a query of it really reads."""

    relation: Relation
    domain: str
    width: int


class _Shelf:
    """Relations of the layers below, ready to be chosen from."""

    def __init__(self) -> None:
        self._below: dict[str | None, list[_Known]] = {}
        self._nearest: dict[str | None, list[_Known]] = {}

    def add(self, layer: Sequence[_Known]) -> None:
        """A finished layer; it becomes the nearest."""
        self._nearest = {}
        for one in layer:
            for shelf in (self._below, self._nearest):
                for domain in (None, one.domain):
                    shelf.setdefault(domain, []).append(one)

    def choose(self, rng: Random, domain: str, count: int) -> list[_Known]:
        """Different relations, up to `count`: the first from the nearest layer, the rest from
        any, most of the same domain."""
        chosen: list[_Known] = []
        for _ in range(count):
            shelf = self._below if chosen else self._nearest
            wanted = domain if rng.random() < 0.85 and domain in shelf else None
            one = rng.choice(shelf[wanted])
            if one not in chosen:
                chosen.append(one)
        return chosen


def generate(directory: Path, models: int, seed: int = 0) -> Synthetic:
    """Write a project of `models` models (2 or more) into a directory, which is made."""
    if models < 2:
        raise ValueError("a synthetic project has at least 2 models")
    seeds, layer = _seeds(directory, models, seed)
    shelf = _Shelf()
    written: list[Model] = []
    for schema, count in _layers(models):
        shelf.add(layer)
        layer = []
        for _ in range(count):
            number = len(written) + 1
            rng = Random(f"{seed}/model/{number}")
            model, relation = _model(directory, rng, number, schema, shelf)
            written.append(model)
            layer.append(relation)
    synthetic = Synthetic(tuple(seeds), tuple(written), VARIABLES)
    _write(directory / "xform.toml", _SETTINGS)
    _write(directory / "profiles.yml", _PROFILES)
    _write(directory / "macros" / "numbers.sql", _MACROS)
    _write(directory / MANIFEST, json.dumps(asdict(synthetic), indent=1) + "\n")
    return synthetic


def _layers(models: int) -> list[tuple[str, int]]:
    """(schema, number of models), bottom up; none is empty."""
    staged = max(1, models * 3 // 10)
    marts = max(1, models * 2 // 10)
    counts = {"intermediate": models - staged - marts, "marts": marts}
    layers = [("staging", staged)]
    for schema, levels in _LEVELS.items():
        count = counts[schema]
        shares = (count * (k + 1) // levels - count * k // levels for k in range(levels))
        layers += [(schema, share) for share in shares if share]
    return layers


# Seeds -------------------------------------------------------------------------------------------


def _seeds(directory: Path, models: int, seed: int) -> tuple[list[Seed], list[_Known]]:
    """CSV files of `KEYS` rows, their types in a yml beside them."""
    seeds: list[Seed] = []
    known: list[_Known] = []
    yml = ["seeds:"]
    for number in range(1, min(32, 3 + models // 20) + 1):
        rng = Random(f"{seed}/seed/{number}")
        domain = _DOMAINS[number % len(_DOMAINS)]
        name = f"{domain}_feed_{number}"
        pen = Pen(rng, jinja=False)
        columns = [Column("id", Type.INT)]
        columns += [Column(pen.name("key"), Type.INT) for _ in range(2)]
        columns += [Column(pen.new(of), of) for of in (*Type, *rng.choices(list(Type), k=4))]
        lines = [",".join(column.name for column in columns)]
        for key in range(1, KEYS + 1):
            values = (_cell(rng, column) for column in columns[1:])
            lines.append(",".join((str(key), *values)))
        path = f"seeds/raw/{name}.csv"
        _write(directory / path, "\n".join(lines) + "\n")
        yml.append(f"  - name: raw.{name}\n    description: What {domain} delivers\n    columns:")
        yml += [f"      - {{name: {c.name}, data_type: '{c.type}'}}" for c in columns]
        seeds.append(Seed(f"raw.{name}", path, {c.name: str(c.type) for c in columns}))
        known.append(_Known(Relation("raw", name, tuple(columns)), domain, 1))
    _write(directory / "seeds" / "raw" / "_schema.yml", "\n".join(yml) + "\n")
    return seeds, known


def _cell(rng: Random, column: Column) -> str:
    """A value as CSV; one in twelve is null, keys never."""
    if column.is_key:
        return str(rng.randrange(1, KEYS + 1))
    if rng.random() < 1 / 12:
        return ""
    match column.type:
        case Type.INT:
            return str(rng.randrange(10_000))
        case Type.MONEY:
            return f"{rng.randrange(100_000) / 100:.2f}"
        case Type.TEXT:
            return rng.choice(("open", "paid", "sent", "lost", "void", "held"))
        case Type.DATE:
            return f"2024-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        case Type.FLAG:
            return rng.choice(("true", "false"))
        case _:
            assert_never(column.type)


# Models ------------------------------------------------------------------------------------------

_SHAPES: tuple[tuple[Callable[[Pen, Sequence[Relation]], Query], str, int, int], ...] = (
    (enrich, "joined", 35, 3),
    (summarize, "by_key", 20, 1),
    (rank, "ranked", 20, 1),
    (star, "extended", 15, 1),
    (unite, "united", 10, 3),
)
"""Shape, word in the model's name, weight, and how many relations it reads at most."""


def _model(
    directory: Path, rng: Random, number: int, schema: str, shelf: _Shelf
) -> tuple[Model, _Known]:
    domain = rng.choice(_DOMAINS)
    pen = Pen(rng, jinja=number % 3 == 0)
    if schema == "staging":
        inputs = shelf.choose(rng, domain, 1)
        name = f"stg_{domain}_{number:05}"
        query = staging(pen, inputs[0].relation)
    else:
        shape, word, _, most = rng.choices(_SHAPES, [weight for _, _, weight, _ in _SHAPES])[0]
        count = 1 if most == 1 else rng.randrange(2, most + 1)
        inputs = shelf.choose(rng, domain, count)
        name = f"{'int' if schema == 'intermediate' else 'mart'}_{domain}_{word}_{number:05}"
        query = shape(pen, [one.relation for one in inputs])
    width = 1 + sum(one.width for one in inputs)
    view = schema == "staging" or (
        schema == "intermediate" and width <= _WIDEST_VIEW and rng.random() < 0.4
    )
    kind = "view" if view else "table"
    path = f"models/{schema}/{domain}/{number // _PER_FOLDER:03}/{name}.sql"
    header = _header(rng, schema, kind, domain, query.columns)
    _write(directory / path, header + query.text)
    reads = tuple(f"{one.schema}.{one.name}" for one in query.reads)
    relation = Relation(schema, name, query.columns)
    model = Model(f"{schema}.{name}", kind, path, reads)
    return model, _Known(relation, domain, width if view else 1)


def _header(rng: Random, schema: str, kind: str, domain: str, columns: Sequence[Column]) -> str:
    """The settings block; most models test their key, and some their labels."""
    lines = ["/* @model", f"description: One row for each id, for {domain}."]
    if schema == "intermediate" and kind == "view":
        lines.append("kind: view")
    lines += [f"owner: {domain}", "grain: [id]"]
    if rng.random() < 0.3:
        lines.append(f"tags: [{rng.choice(('hourly', 'daily', 'weekly'))}]")
    described: list[str] = []
    if rng.random() < 0.5:
        described.append("  id: {tests: [not_null, unique]}")
    for column in columns:
        if column.labels and rng.random() < 0.5:
            values = ", ".join(column.labels)
            described.append(
                f"  {column.name}: {{tests: [{{accepted_values: {{values: [{values}]}}}}]}}"
            )
        elif not column.is_key and rng.random() < 0.15:
            words = column.name.replace("_", " ")
            described.append(f"  {column.name}: {{description: The {words} as agreed}}")
    if described:
        lines += ["columns:", *described]
    return "\n".join([*lines, "*/", ""])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    generate(asked.directory, asked.models, asked.seed)


if __name__ == "__main__":
    main()

"""Fingerprints of queries, and of models that read each other, without a project."""

from __future__ import annotations

from collections.abc import Mapping

from xform.base.diagnostics import has_errors
from xform.base.names import AssetName
from xform.fingerprint.component import Component
from xform.fingerprint.components import of_query as components_of
from xform.fingerprint.evaluate import Fingerprints, of_query, of_source
from xform.sema.bind import bind
from xform.sema.facts import ModelFacts, Schema, SchemaColumn
from xform.sql.parse import Place, parse_query

SOURCES: dict[str, tuple[str, ...]] = {
    "t": ("k", "a", "b"),
    "u": ("k", "c", "d"),
    "s": ("id", "st struct(x integer, y integer)", "l integer[]"),
    "untyped": ("p unknown", "q unknown", "r unknown"),
}


class Chain:
    """Models over the sources, in order; each may read those before it."""

    def __init__(
        self, models: Mapping[str, str], sources: Mapping[str, tuple[str, ...]] = SOURCES
    ) -> None:
        self.schemas: dict[AssetName, Schema] = {}
        self.prints: dict[AssetName, Fingerprints] = {}
        self.facts: dict[AssetName, ModelFacts] = {}
        for name, columns in sources.items():
            split = [column.partition(" ") for column in columns]
            schema = Schema(tuple(SchemaColumn(c, kind or "integer") for c, _, kind in split))
            self.schemas[AssetName(name)] = schema
            self.prints[AssetName(name)] = of_source(AssetName(name), schema, name)
        for name, sql in models.items():
            self._add(AssetName(name), sql)

    def _add(self, name: AssetName, sql: str) -> None:
        place = Place(f"models/{name}.sql", lambda: sql)
        unit, found = parse_query(name, place, sql, "duckdb")
        assert unit is not None, f"{sql}: {found}"
        tables = [AssetName(table.parts[-1].lower()) for table in unit.tables]
        assert all(table in self.schemas for table in tables), f"{sql}: reads {tables}"
        facts, more = bind(name, unit, tables, self.schemas, place)
        assert facts is not None
        assert not has_errors(more), f"{sql}: {[str(item) for item in more]}"
        self.facts[name] = facts
        self.schemas[name] = facts.schema()
        self.prints[name] = of_query(facts, self.prints, "table")

    def build(self, name: str) -> str:
        return self.prints[AssetName(name)].build.digest

    def components(self, name: str) -> tuple[Component, ...]:
        return components_of(self.facts[AssetName(name)], self.prints, "table")


def build(sql: str) -> str:
    return Chain({"m": sql}).build("m")


def rows(sql: str) -> str:
    return Chain({"m": sql}).prints[AssetName("m")].rows.digest


def column(sql: str, name: str) -> str:
    return Chain({"m": sql}).prints[AssetName("m")].columns[name].digest

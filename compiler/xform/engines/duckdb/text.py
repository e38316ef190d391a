"""Pieces of SQL text: quoted names, literals, and the queries that read data files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xform.plan.plan import SeedBody
from xform.run.failures import EngineError

BUILDS = "_xform"
"""The schema that holds builds and their ledger."""


def name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def build_name(physical: str) -> str:
    return f"{name(BUILDS)}.{name(physical)}"


def relation(text: str) -> str:
    """The input of a Python model: a build's bare name, or the text of any other relation."""
    return text if any(mark in text for mark in '".(') else build_name(text)


def literal(value: object) -> str:
    """A value as DuckDB writes it; lists and mappings become lists and structs."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case list() | tuple():
            return "[" + ", ".join(literal(item) for item in value) + "]"
        case Mapping():
            pairs = (f"{literal(str(key))}: {literal(item)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def scan(body: SeedBody, root: Path) -> str:
    """The query that reads a data file with its declared types; row order is the file's.

    CSV types are found from all of the file, not from a sample: else a late value could fail a
    build that had begun well.
    """
    file = literal(str(root / body.file))
    match body.format:
        case "csv":
            options: dict[str, Any] = {"header": True, "sample_size": -1, **body.options}
            if body.types:
                options["types"] = body.types
            return f"select * from read_csv({file}{_options(options)})"
        case "parquet":
            reader = f"read_parquet({file}{_options(body.options)})"
        case "json":
            reader = f"read_json({file}{_options({'sample_size': -1, **body.options})})"
        case _:
            raise EngineError(f"DuckDB does not read files of format '{body.format}'")
    casts = ", ".join(
        f"cast({name(column)} as {kind}) as {name(column)}" for column, kind in body.types.items()
    )
    return f"select *{f' replace ({casts})' if casts else ''} from {reader}"


def _options(options: Mapping[str, Any]) -> str:
    for key in options:
        if not key.isidentifier():
            raise EngineError(f"'{key}' cannot be the name of a file option", kind="settings")
    return "".join(f", {key} = {literal(value)}" for key, value in options.items())

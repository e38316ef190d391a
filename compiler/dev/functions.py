"""Writes `compiler/xform/sql/functions.json` from what DuckDB says of its own functions.

Run by hand when a new DuckDB is supported: `python compiler/dev/functions.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

TARGET = Path(__file__).parents[1] / "xform" / "sql" / "functions.json"


def collect() -> dict[str, list[str]]:
    """Function names by kind, sorted; `volatile` are those that DuckDB calls VOLATILE."""
    connection = duckdb.connect()
    rows = connection.execute(
        "select distinct function_name, function_type, coalesce(stability, '')"
        " from duckdb_functions()"
    ).fetchall()
    aggregates = {name for name, kind, _ in rows if kind == "aggregate"}
    volatile = {name for name, _, stability in rows if stability == "VOLATILE"}
    scalars = {name for name, kind, _ in rows if kind == "scalar" and name.isidentifier()}
    return {
        "aggregate": sorted(aggregates),
        "scalar": sorted(scalars - aggregates),
        "volatile": sorted(volatile),
    }


def main() -> None:
    known = json.loads(TARGET.read_text("utf-8")) if TARGET.exists() else {}
    found = {kind: sorted({*names, *known.get(kind, [])}) for kind, names in collect().items()}
    TARGET.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(f"{TARGET.name}: " + ", ".join(f"{len(names)} {kind}" for kind, names in found.items()))


if __name__ == "__main__":
    main()

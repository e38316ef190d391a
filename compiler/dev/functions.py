"""Writes `compiler/xform/sql/functions.json` from what DuckDB says of its own functions.

Run by hand when a new DuckDB is supported: `python compiler/dev/functions.py`, first with
`--anew` under the oldest supported version, then under each newer one. What an older version knew
stays, also overloads with a number of arguments that is gone; where two versions disagree on a
result, it becomes unknown.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TypedDict

import duckdb

TARGET = Path(__file__).parents[1] / "xform" / "sql" / "functions.json"
OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "intdiv", "%": "mod",
    "&": "bitwiseand", "|": "bitwiseor", "~": "bitwisenot",
    "<<": "bitwiseleftshift", ">>": "bitwiserightshift",
}  # fmt: skip
"""Operators go by the names that the parser gives them."""
WINDOW = frozenset(
    [
        "cume_dist", "dense_rank", "fill", "first_value", "lag", "last_value", "lead", "nth_value",
        "ntile", "percent_rank", "rank", "rank_dense", "row_number",
    ]
)  # fmt: skip
"""Functions that only stand over windows: versions list them as aggregates, or not at all."""
INTERNAL = ("__", "collate_", "icu_collate_")
UNKNOWN = "unknown"
Overload = list[Any]
"""Types of parameters, of further arguments ("" where there can be none), of the result."""


class Function(TypedDict):
    """`kind` is scalar, aggregate, window or macro; a name with several is an aggregate first."""

    kind: str
    volatile: bool
    overloads: list[Overload]


def collect() -> dict[str, Function]:
    connection = duckdb.connect()
    rows = connection.execute(
        "select function_name, function_type, coalesce(stability, ''), parameter_types, varargs,"
        " return_type from duckdb_functions() where schema_name in ('main', 'pg_catalog')"
        " and function_type in ('scalar', 'aggregate', 'macro')"
        " order by function_name, function_type, parameter_types::varchar"
    ).fetchall()
    found: dict[str, Function] = {}
    for name, kind, stability, parameters, varargs, result in rows:
        name = OPERATORS.get(name, name)
        if not name.isidentifier() or name.startswith(INTERNAL):
            continue
        entry = found.setdefault(name, Function(kind=kind, volatile=False, overloads=[]))
        entry["volatile"] = entry["volatile"] or stability == "VOLATILE"
        if name in WINDOW:
            entry["kind"] = "window"
        elif kind == "aggregate" or entry["kind"] == "macro":
            entry["kind"] = kind
        if kind != "macro":
            overload = [[lower(item) for item in parameters], lower(varargs), lower(result)]
            if overload not in entry["overloads"]:
                entry["overloads"].append(overload)
    return found


def lower(text: str | None) -> str:
    return (text or "").lower()


def merged(known: dict[str, Function], found: dict[str, Function]) -> dict[str, Function]:
    result = dict(found)
    for name, old in known.items():
        new = result.get(name)
        if new is None:
            result[name] = old
            continue
        new["volatile"] = new["volatile"] or old["volatile"]
        results = {takes(item): item[2] for item in old["overloads"]}
        for item in new["overloads"]:
            before = results.pop(takes(item), item[2])
            if before != item[2]:
                item[2] = UNKNOWN
        counts = {len(item[0]) for item in new["overloads"]}
        new["overloads"] += [
            item
            for item in old["overloads"]
            if takes(item) in results and len(item[0]) not in counts
        ]
    return dict(sorted(result.items()))


def takes(overload: Overload) -> str:
    return json.dumps(overload[:2])


def main() -> None:
    found = collect()
    if "--anew" not in sys.argv[1:]:
        found = merged(json.loads(TARGET.read_text("utf-8")), found)
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in found.items())
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    print(f"{TARGET.name}: {len(found)} functions as of DuckDB {duckdb.__version__}")


if __name__ == "__main__":
    main()

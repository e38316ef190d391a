"""Types of expressions, against what DuckDB says of the same queries."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from typed_engine import connect, described, inferred

from xform.sema.types.type import UNKNOWN, Type, is_known
from xform.sema.units import UNITS

QUERIES = [
    line
    if line.split()[0] in ("select", "with", "values", "from")
    else f"select {line} as x from t"
    for line in (Path(__file__).parent / "typed_queries.sql").read_text("utf-8").splitlines()
    if line and not line.startswith("--")
]


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect()


def test_types_are_those_of_the_engine(engine: duckdb.DuckDBPyConnection) -> None:
    """None is wrong, and no more than one in a hundred is unknown."""
    assert len(QUERIES) >= 500
    wrong: list[str] = []
    unknown: list[str] = []
    for query in QUERIES:
        expected = described(engine, query)
        found = inferred(query)
        if _unknown(found, expected):
            unknown.append(f"{query}: {_shown(found)}, is {_shown(expected)}")
        elif found != expected:
            wrong.append(f"{query}: {_shown(found)}, is {_shown(expected)}")
    assert not wrong, "\n".join(wrong)
    assert len(unknown) <= len(QUERIES) // 100, "\n".join(unknown)


def _unknown(found: list[Type], expected: list[Type]) -> bool:
    """Whether what is known is right, but not all is known."""
    return (
        len(found) == len(expected)
        and all(
            one is other or not is_known(one) for one, other in zip(found, expected, strict=True)
        )
        and UNKNOWN in found
    )


def _shown(types: list[Type]) -> str:
    return ", ".join(type_.text for type_ in types)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_the_engine_knows_every_unit(engine: duckdb.DuckDBPyConnection, unit: str) -> None:
    engine.execute(f"select date_part('{unit}', timestamptz '2024-01-01')")

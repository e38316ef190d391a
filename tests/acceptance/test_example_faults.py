"""A fault at any call of a build of the example: what is published stays whole, and the next build
converges.

The example is made small where its data are: one aircraft of sixteen flies, so that many builds of
it come to an end. All its models and tests are as they stand, but for two tests that count flights.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import duckdb
import pytest
from command_line import Project, copied, example
from faults import Scenario, scenario, survives, survives_all

FLIGHTS = "seeds/raw/flights.parquet"
PARTS = 8
"""Into which the calls are dealt, for as many workers."""

CALLS = [
    ("engine", "exit"),
    ("engine", "error"),
    ("engine", "late"),
    ("transactions", "exit"),
    ("transactions", "error"),
    ("transactions", "late"),
    ("transactions", "damage"),
]
"""Of the state only where transactions begin and end: what is between goes with them, and
test_faults_of_calls.py looks there."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = example(tmp_path_factory.mktemp("small"))
    with duckdb.connect() as connection:
        connection.execute(
            f"create table kept as from '{made.path(FLIGHTS)}' where hash(tailnum) % 16 = 0"
        )
        connection.execute(f"copy (from kept order by all) to '{made.path(FLIGHTS)}'")
        row = connection.execute("select count(*) from kept").fetchone()
    assert row is not None
    made.replace("models/marts/fct_departures.sql", "80789", str(row[0]))
    made.replace("models/marts/exec_daily.sql", "min: 601", "min: 1")
    return made


@pytest.fixture(scope="module")
def first(small: Project, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Nothing is built yet."""
    return scenario(small, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def later(small: Project, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Everything is built; then a seed has fewer rows, a view and a table mean something else, a
    model is new, and one is gone."""
    changed = copied(small, tmp_path_factory.mktemp("changed"))
    changed.ok("build")
    planes = changed.read("seeds/raw/planes.csv").splitlines(keepends=True)
    changed.write("seeds/raw/planes.csv", "".join(planes[:-900]))
    changed.replace("models/staging/stg_airlines.sql", "trim(name)", "upper(trim(name))")
    changed.replace(
        "models/marts/carrier_month.sql", "count(*) as flights", "1 + count(*) as flights"
    )
    changed.write("models/marts/makers.sql", "select distinct manufacturer from stg_planes\n")
    changed.path("models/marts/fleet_reliability.sql").unlink()
    return scenario(changed, tmp_path_factory.mktemp("whole"))


def test_a_fault_here_and_there(later: Scenario, tmp_path: Path) -> None:
    """Together: what takes the time is to build the example before."""
    for where, how, number in (
        ("engine", "exit", 37),
        ("engine", "error", 61),
        ("engine", "late", 90),
        ("transactions", "exit", 11),
    ):
        assert survives(later, tmp_path / how / where, where, how, number)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("where", "how"), CALLS)
def test_a_fault_at_every_call_of_the_first_build(
    where: str, how: str, part: int, first: Scenario, tmp_path: Path
) -> None:
    assert survives_all(first, tmp_path, where, how, count(1 + part, PARTS)) > 1


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("where", "how"), CALLS)
def test_a_fault_at_every_call_of_a_build_after_changes(
    where: str, how: str, part: int, later: Scenario, tmp_path: Path
) -> None:
    assert survives_all(later, tmp_path, where, how, count(1 + part, PARTS)) > 1

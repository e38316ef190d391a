"""Faults at the calls themselves, where they leave xform: what `test_faults.py` does at statements
and transactions, at opening, cursors, frames and statements of the state as well; also where a call
was made and its answer is lost, and where the state is found damaged."""

from __future__ import annotations

from itertools import count, product
from pathlib import Path

import pytest
from command_line import project, with_state
from faults import Scenario, scenario, survives_all
from test_faults import AFTER, FILES

from postgres_server import Server
from state_homes import PostgresHome


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """A project that was built, and then got new data."""
    place = tmp_path_factory.mktemp("later")
    shop = project(place / "start", FILES)
    shop.ok("build")
    shop.write("seeds/raw/items.csv", AFTER)
    return scenario(shop, place / "whole")


@pytest.mark.parametrize(("where", "how", "numbers"), [
    ("engine", "error", [5, 8]),
    ("engine", "late", [30, 110]),
    ("state", "exit", [70]),
    ("state", "late", [115]),
    ("state", "damage", [40]),
])  # fmt: skip
def test_a_fault_now_and_then(
    where: str, how: str, numbers: list[int], later: Scenario, tmp_path: Path
) -> None:
    assert survives_all(later, tmp_path, where, how, numbers) == len(numbers)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize(("where", "how"), [
    *product(["engine"], ["exit", "error", "late"]),
    *product(["state"], ["exit", "error", "late", "damage"]),
])  # fmt: skip
def test_a_fault_at_every_call(
    where: str, how: str, part: int, later: Scenario, tmp_path: Path
) -> None:
    assert survives_all(later, tmp_path, where, how, count(1 + part, 4)) > 5


# The same of a state on a server ------------------------------------------------------------------


@pytest.fixture(scope="module")
def on_a_server(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> Scenario:
    """The same, with its state in PostgreSQL."""
    place = tmp_path_factory.mktemp("server")
    state = PostgresHome(place, postgres).profile
    shop = with_state(project(place / "start", FILES), state)
    shop.ok("build")
    shop.write("seeds/raw/items.csv", AFTER)
    return scenario(shop, place / "whole")


@pytest.mark.parametrize(("how", "numbers"), [
    ("exit", [30, 75]),
    ("error", [12]),
    ("late", [45]),
    ("cut", [9, 33, 60]),
])  # fmt: skip
def test_a_fault_of_a_state_on_a_server_now_and_then(
    how: str, numbers: list[int], on_a_server: Scenario, tmp_path: Path
) -> None:
    assert survives_all(on_a_server, tmp_path, "server", how, numbers) == len(numbers)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("how", ["exit", "error", "late", "cut"])
def test_a_fault_of_a_state_on_a_server_at_every_call(
    how: str, part: int, on_a_server: Scenario, tmp_path: Path
) -> None:
    numbers = count(1 + part, 4)
    assert survives_all(on_a_server, tmp_path, "server", how, numbers) > 5

"""A fault at any call of a build: what is published stays whole, and the next build converges."""

from __future__ import annotations

from itertools import count, product
from pathlib import Path

import pytest
from command_line import project
from faults import Scenario, scenario, survives_all

FILES = {
    "seeds/raw/items.csv": "id,day,price\n1,2024-01-01,5\n2,2024-01-02,6\n",
    "models/shop/clean.sql": (
        "/* @model\nkind: table\ncolumns:\n  id: {tests: [not_null, unique]}\n*/\n"
        "select id, day, price from raw.items\n"
    ),
    "models/shop/seen.sql": "select day, price from shop.clean\n",
    "models/shop/daily.sql": (
        "/* @model\nkind: incremental\ntime_column: day\nstart: 2024-01-01\nend: 2024-02-01\n"
        "columns:\n  total: {tests: [not_null]}\n*/\n"
        "select day, sum(price) as total from shop.seen group by day\n"
    ),
    "models/shop/latest.sql": (
        "/* @model\nkind: incremental\nunique_key: id\n*/\nselect id, price from shop.clean\n"
    ),
    "models/shop/top.py": (
        "from xform import model\n\n\n@model(columns={'most': 'bigint'})\n"
        "def top(clean):\n    return clean.aggregate('cast(max(price) as bigint) as most')\n"
    ),
    "models/shop/total.sql": "/* @model\nkind: table\n*/\nselect sum(total) t from shop.daily\n",
}
AFTER = "id,day,price\n1,2024-01-01,5\n2,2024-01-02,8\n3,2024-01-03,7\n"


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """A project that was built, and then got new data."""
    place = tmp_path_factory.mktemp("later")
    shop = project(place / "start", FILES)
    shop.ok("build")
    shop.write("seeds/raw/items.csv", AFTER)
    return scenario(shop, place / "whole")


@pytest.mark.parametrize(("where", "how", "numbers"), [
    ("engine", "exit", [12, 60, 100]),
    ("engine", "error", [5, 80]),
    ("engine", "late", [30, 110]),
    ("state", "exit", [20, 70]),
    ("state", "error", [90]),
    ("state", "late", [115]),
    ("state", "damage", [40]),
])  # fmt: skip
def test_a_fault_now_and_then(
    where: str, how: str, numbers: list[int], later: Scenario, tmp_path: Path
) -> None:
    assert survives_all(later, tmp_path, where, how, numbers) == len(numbers)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize(
    ("where", "how"),
    [*product(["engine"], ["exit", "error", "late"]),
     *product(["state"], ["exit", "error", "late", "damage"])],
)  # fmt: skip
def test_a_fault_at_every_call(
    where: str, how: str, part: int, later: Scenario, tmp_path: Path
) -> None:
    assert survives_all(later, tmp_path, where, how, count(1 + part, 4)) > 5

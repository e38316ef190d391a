"""A fault at any call of a build: what is published stays whole, and the next build converges."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Project, copied, plain_environment, project

import xform

SCRIPT = Path(__file__).with_name("faulty_script.py")
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


def with_fault(shop: Project, where: str, how: str, number: int) -> int:
    root = str(Path(xform.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, str(SCRIPT), where, how, str(number), "build", "--threads", "1"],
        cwd=shop.root,
        env=plain_environment(PYTHONPATH=root),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


def faults(tmp_path: Path, where: str, how: str, step: int, begin: int = 1) -> int:
    """A fault at every `step`-th call, of a first build and of one after new data. Returns how many
    calls there are."""
    first = project(tmp_path / "first", FILES)
    first.ok("build")
    before = first.contents()
    second = copied(first, tmp_path / "second")
    second.write("seeds/raw/items.csv", AFTER)
    changed = copied(second, tmp_path / "changed")
    second.ok("build")
    after = second.contents()
    number = begin
    while True:
        place = copied(changed, tmp_path / f"at{number}")
        code = with_fault(place, where, how, number)
        for name, content in place.contents().items():
            assert content in (before[name], after[name]), f"{name} after a fault at {number}"
        assert place.published() == set(before)
        place.ok("build")
        assert place.contents() == after, f"after a fault at {number}"
        assert place.actions() == {}
        if code == 7:
            return number
        number += step


@pytest.mark.parametrize("how", ["exit", "error"])
@pytest.mark.parametrize("where", ["engine", "state"])
def test_a_fault_now_and_then(where: str, how: str, tmp_path: Path) -> None:
    faults(tmp_path, where, how, step=19 if where == "engine" else 5, begin=4)


@pytest.mark.deep
@pytest.mark.parametrize("how", ["exit", "error"])
@pytest.mark.parametrize("where", ["engine", "state"])
def test_a_fault_at_every_call(where: str, how: str, tmp_path: Path) -> None:
    assert faults(tmp_path, where, how, step=1) > 5

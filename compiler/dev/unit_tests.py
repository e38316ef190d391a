"""How long unit tests take: a project of models with a unit test each, run as a user runs them.

    python compiler/dev/unit_tests.py --tests 100

Prints CPU seconds of the whole process (user and system), for the first run, and for the second,
in which all have passed before.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROFILES = "demo:\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb}\n"
MODEL = """\
with orders as (
    select id, customer, amount, cast(placed_at as date) as day from raw.orders where amount > 0
),
ranked as (
    select *, row_number() over (partition by customer order by day, id) as nth from orders
)
select r.customer, p.town, count(*) as orders, sum(r.amount) as total, max(r.nth) as last_{n}
from ranked as r left join raw.people as p on p.name = r.customer
group by all
"""
TEST = """\
  - name: test_{n}
    model: model_{n}
    given:
      - input: ref('orders')
        rows:
          - {{id: 1, customer: ann, amount: 5, placed_at: 2024-01-01}}
          - {{id: 2, customer: ann, amount: 7, placed_at: 2024-01-02}}
          - {{id: 3, customer: bob, amount: -1, placed_at: 2024-01-02}}
      - input: ref('people')
        rows: [{{name: ann, town: Oslo}}, {{name: bob, town: Rome}}]
    expect:
      rows: [{{customer: ann, town: Oslo, orders: 2, total: 12, last_{n}: 2}}]
"""


def make(root: Path, tests: int) -> None:
    """A project of that many models, each with a test."""
    texts = {
        "xform.toml": 'name = "demo"\n',
        "profiles.yml": PROFILES,
        "seeds/raw/orders.csv": "id,customer,amount,placed_at\n1,ann,5,2024-01-01\n",
        "seeds/raw/people.csv": "name,town\nann,Oslo\n",
        "tests/unit/all.yml": "unit_tests:\n" + "".join(TEST.format(n=n) for n in range(tests)),
        **{f"models/m/model_{n}.sql": MODEL.format(n=n) for n in range(tests)},
    }
    for path, text in texts.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def seconds(root: Path, *command: str) -> float:
    """CPU seconds of a command and all its processes."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "xform", *command], cwd=root, check=True, capture_output=True
    )
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=100)
    tests = parser.parse_args().tests
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, tests)
        print(f"compile, nothing known   {seconds(root, 'compile', '-q'):6.2f} s CPU")
        print(f"{tests} unit tests           {seconds(root, 'test', '--unit', '-q'):6.2f} s CPU")
        print(f"again, all unchanged     {seconds(root, 'test', '--unit', '-q'):6.2f} s CPU")


if __name__ == "__main__":
    main()

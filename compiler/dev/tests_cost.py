"""What the tests of a built project cost: all of a model by one query, and one query for each test.

Counted are statements and scans of tables; CPU seconds are the median of several rounds, without
compiling. The warehouse is only read.

    python compiler/dev/tests_cost.py . --rounds 5
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import duckdb

from xform.app.building.testing import test_plan
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.planning.project_graph import graph_of
from xform.app.workspace import Options, Workspace
from xform.plan.audits import Audit, question
from xform.plan.plan import AuditStep

SCAN = re.compile(r"seq[_ ]scan", re.IGNORECASE)


class Cost(NamedTuple):
    statements: int
    scans: int
    seconds: float


def audits_of(root: Path) -> tuple[list[tuple[Audit, ...]], Path]:
    """The tests of each asset of a project that is built, and its warehouse."""
    workspace = Workspace(Options(project_dir=root))
    compilation = workspace.compile()
    planner = EnvironmentPlanner(workspace, compilation)
    tests = graph_of(compilation, workspace.engine_type).tests
    steps = test_plan(planner, tests).steps
    found = [step.audits for step in steps if isinstance(step, AuditStep)]
    return found, root / str(workspace.target.settings["path"])


def cost(warehouse: Path, queries: list[str], rounds: int) -> Cost:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        scans = 0
        for query in queries:
            ((_, plan),) = connection.execute(f"explain {query}").fetchall()
            scans += len(SCAN.findall(plan))
        taken = []
        for _ in range(rounds):
            begun = time.process_time()
            for query in queries:
                connection.execute(query).fetchall()
            taken.append(time.process_time() - begun)
    return Cost(len(queries), scans, median(taken))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    assets, warehouse = audits_of(given.project.resolve())
    together = cost(warehouse, [question(audits) for audits in assets], given.rounds)
    alone = cost(
        warehouse, [question([audit]) for audits in assets for audit in audits], given.rounds
    )
    for name, found in (("one query a model", together), ("one query a test", alone)):
        print(
            f"{name}: {found.statements} statements, {found.scans} scans of tables, "
            f"{found.seconds:.2f} s CPU"
        )


if __name__ == "__main__":
    main()

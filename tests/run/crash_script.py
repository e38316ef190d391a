"""Builds one generation after the other until it is stopped. Arguments: folder, mode.

Each generation is a chain of tables that all hold its number; `long` ends in an endless query.
"""

from __future__ import annotations

import sys
from pathlib import Path

from run_plans import Place, plan, sql

from xform.host.local import LocalHost
from xform.plan.plan import BuildStep
from xform.run.executor import execute

ROWS = 20_000


def generation_steps(number: int) -> list[BuildStep]:
    base = f"select {number} as generation, range as x from range({ROWS})"
    steps = [sql("m.a", base, generation=number)]
    for asset, reads in (("m.b", "m.a"), ("m.c", "m.b"), ("m.d", "m.b")):
        source = f'"_xform"."{reads.replace(".", "__")}_{number}"'
        step = sql(asset, f"select generation, x from {source}", reads, generation=number)
        steps.append(step)
    return steps


def main(folder: str, mode: str) -> None:
    place = Place(Path(folder))
    number = 1 + max((build.generation for build in place.engine().ledger().builds), default=0)
    while True:
        steps = generation_steps(number)
        if mode == "long":
            query = "select count(*) as generation from range(1000000000) a, range(1000) b"
            steps.append(sql("m.e", query, generation=number))
        state = place.state
        result = execute(plan(*steps), place.engine(), state, LocalHost(place.root), threads=2)
        state.close()
        sys.stdout.write(f"{number} {result.status} {','.join(result.published)}\n")
        sys.stdout.flush()
        if result.status != "success":
            return
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs that are stopped at any moment leave nothing half-done."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from crash_script import ROWS
from run_plans import Place

SCRIPT = Path(__file__).with_name("crash_script.py")
NAMES = ("a", "b", "c", "d")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def start(place: Place, mode: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(place.root), mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_whole(place: Place) -> int:
    """Every published name is complete, all are of one generation, and every build in the ledger
    is as it is recorded. Returns the generation, 0 before the first."""
    if not place.file.exists():
        return 0  # killed before there was a warehouse
    ledger = place.engine().ledger()
    with duckdb.connect(str(place.file), read_only=True) as connection:
        for build in ledger.builds:
            count = connection.execute(f'select count(*) from "_xform"."{build.physical}"')
            assert count.fetchall() == [(build.rows,)]
    if not ledger.publications:
        return 0
    assert {item.name for item in ledger.publications} == set(NAMES)
    union = " union all ".join(f"select generation, x from m.{name}" for name in NAMES)
    ((first, last, count),) = place.rows(
        f"select min(generation), max(generation), count(*) from ({union})"
    )
    assert (first, count) == (last, ROWS * len(NAMES))
    return int(first)


def kill_rounds(place: Place, rounds: int, seed: int) -> int:
    chance = random.Random(seed)
    published = 0
    for _ in range(rounds):
        process = start(place, "short")
        assert process.stdout is not None
        if chance.random() < 0.7:
            # Past start-up, so that the kill falls into the work.
            process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.5))
        process.kill()
        process.communicate()
        now = assert_whole(place)
        assert now >= published
        published = now
    return published


def test_kills_leave_published_names_whole(place: Place) -> None:
    assert kill_rounds(place, 4, seed=1) > 0


@pytest.mark.deep
def test_many_kills_leave_published_names_whole(place: Place) -> None:
    assert kill_rounds(place, 60, seed=2) > 0


def finished(place: Place, assets: set[str]) -> bool:
    """Whether the state says that these have been built in the run that is under way."""
    run = place.state.last_run()
    done = {node.asset for node in run.nodes if node.status == "success"} if run else set()
    return assets <= done


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_long_query_and_leaves_nothing_half_done(
    place: Place, number: signal.Signals
) -> None:
    process = start(place, "long")
    deadline = time.monotonic() + 20
    while not finished(place, {"m.a", "m.b"}) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # the long query is under way
    process.send_signal(number)
    begun = time.monotonic()
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - begun < 10
    assert (process.returncode, out, err) == (0, "1 cancelled \n", "")
    assert assert_whole(place) == 0
    # What was finished is there for the next run to use.
    assert {"m__a_1", "m__b_1"} <= place.builds()
    state = place.state
    last = state.last_run()
    state.close()
    assert last is not None
    assert last.status == "cancelled"


def test_a_second_signal_does_not_wait_for_code_that_hangs(place: Place) -> None:
    place.write("models/m/p.py", "import time\ndef p(a):\n    time.sleep(60)\n")
    script = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from run_plans import *\n"
        "place = Place(Path(sys.argv[1]))\n"
        "def tell(event):\n"
        "    if type(event).__name__ == 'NodeStart': print(event.asset, flush=True)\n"
        "steps = plan(sql('m.a', 'select 1 as x'), python('m.p', 'models/m/p.py', 'p', 'm.a'))\n"
        "done = execute(steps, place.engine(), place.state, LocalHost(place.root), emit=tell)\n"
        "print(done.status, *done.abandoned, flush=True); os._exit(7)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(place.root), str(SCRIPT.parent)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["m.a\n", "m.p\n"]
    for _ in range(2):
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (7, "cancelled m.p\n")
    assert place.builds() == {"m__a_1"}

"""Builds that are killed, interrupted or met by another: nothing published is ever half-done."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from command_line import Project, example, project

ROWS = 200_000

CHAIN = {
    "seeds/raw/version.csv": "n\n100\n",
    "models/m/a.sql": (
        "/* @model\nkind: table\ncolumns:\n  x: {tests: [not_null, unique]}\n*/\n"
        f"select n, range as x from raw.version, range({ROWS})\n"
    ),
    "models/m/b.sql": "/* @model\nkind: table\n*/\nselect n, x from a\n",
    "models/m/c.sql": "/* @model\nkind: table\n*/\nselect n, x from b\n",
    "models/m/d.sql": "/* @model\nkind: view\n*/\nselect n, x from b\n",
    "models/m/e.py": (
        "from xform import model\n\n\n"
        '@model(columns={"n": "bigint", "x": "bigint"})\n'
        "def e(c):\n"
        '    return c.project("n, x")\n'
    ),
}
NAMES = ("a", "b", "c", "d", "e")
"""All of them hold the seed's number in ROWS rows."""

SLOW = {
    "seeds/raw/version.csv": "n\n1\n",
    "models/m/a.sql": "/* @model\nkind: table\n*/\nselect n from raw.version\n",
    "models/m/slow.sql": (
        "/* @model\nkind: table\n*/\n"
        "select count(*) as n from a, range(1000000000) as p, range(1000) as q\n"
    ),
    "models/m/reader.sql": "/* @model\nkind: table\n*/\nselect n from slow\n",
}


ASLEEP = (
    "import time\n\nfrom xform import model\n\n\n"
    '@model(columns={"n": "bigint"})\n'
    "def slow(a):\n    time.sleep(600)\n    return a\n"
)
"""A model that takes its time without taking the machine's."""


def assert_whole(chain: Project) -> int:
    """Every published name is readable and complete, and all are of one version of the seed.
    Returns it, 0 before the first."""
    if not chain.path("warehouse.duckdb").exists():
        return 0
    published = chain.published()
    if not published:
        return 0
    assert published == {"raw.version", *(f"m.{name}" for name in NAMES)}
    union = " union all ".join(f"select n, x from m.{name}" for name in NAMES)
    ((low, high, rows, names),) = chain.rows(
        f"select min(n), max(n), count(*), count(distinct x) from ({union})"
    )
    assert (low, rows, names) == (high, ROWS * len(NAMES), ROWS)
    return int(low)


def undisturbed(chain: Project) -> tuple[int, float]:
    """How many events a build of all of it tells, and seconds from the first of them to its
    end: kills are to fall in between, on any machine."""
    process = chain.start("build", "--events", "-", "--threads", "2")
    assert process.stdout is not None
    process.stdout.readline()
    first = time.monotonic()
    rest, _ = process.communicate()
    assert process.returncode == 0
    return 1 + len(rest.splitlines()), time.monotonic() - first


def kill_rounds(chain: Project, kills: int, seed: int) -> None:
    """Change the seed and kill the build, `kills` times; builds that ended before do not count.

    A kill comes after a number of events, not of seconds: how fast the machine is, and how busy,
    changes from one build to the next."""
    chance = random.Random(seed)
    events, took = undisturbed(chain)
    shown = assert_whole(chain)
    number = killed = 0
    while killed < kills:
        number += 1
        assert number <= 10 * kills, f"{killed} of {number} builds were killed before their end"
        chain.write("seeds/raw/version.csv", f"n\n{number}\n")
        process = chain.start("build", "--events", "-", "--threads", "2")
        assert process.stdout is not None
        if chance.random() < 0.9:
            for _ in range(chance.randrange(1, events)):
                process.stdout.readline()
            time.sleep(chance.uniform(0.0, took / events))
        else:
            time.sleep(chance.uniform(0.0, took))  # while it starts
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        now = assert_whole(chain)
        assert now in (shown, number)
        shown = now
    chain.ok("build")
    assert assert_whole(chain) == number
    assert chain.actions() == {}


def test_killed_builds_leave_published_names_whole(tmp_path: Path) -> None:
    kill_rounds(project(tmp_path, CHAIN), 4, seed=11)


@pytest.mark.deep
def test_many_killed_builds_leave_published_names_whole(tmp_path: Path) -> None:
    kill_rounds(project(tmp_path, CHAIN), 60, seed=12)


def killed_example(tmp_path: Path, rounds: int, seed: int) -> None:
    """Kill builds of the example after changes, then build to the end."""
    chance = random.Random(seed)
    flights = example(tmp_path / "flights")
    clean = example(tmp_path / "clean")
    for _ in range(rounds):
        threshold = chance.randint(10, 40)
        for place in (flights, clean):
            path = "models/marts/fct_departures.sql"
            line = next(row for row in place.read(path).splitlines() if "minutes >= " in row)
            place.replace(
                path, line, f"{line.partition('>=')[0]}>= {threshold}, false) as is_late,"
            )
        process = flights.start("build")
        time.sleep(chance.uniform(0.2, 3.0))
        process.kill()
        process.communicate()
        if flights.path("warehouse.duckdb").exists():
            contents = flights.contents()
            assert len(contents) in (0, 23)
            if contents:
                assert contents["marts.fct_departures"][0] == 80_789
                assert contents["marts.exec_daily"][0] == 90
    assert flights.run("build").code == 0
    assert clean.run("build").code == 0
    assert flights.contents() == clean.contents()


@pytest.mark.deep
def test_many_killed_builds_of_the_example_end_as_a_clean_one(tmp_path: Path) -> None:
    killed_example(tmp_path, 25, seed=22)


# Ctrl-C ------------------------------------------------------------------------------------------


def wait_for(events: Path, text: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not (events.exists() and text in events.read_text("utf-8")):
        assert time.monotonic() < deadline, f"{text} did not come"
        time.sleep(0.02)


def start_slow(slow: Project) -> subprocess.Popen[str]:
    """A build that has done `a` and would never end."""
    process = slow.start("build", "--events", "events.ndjson", "--threads", "2")
    wait_for(slow.path("events.ndjson"), '"node_start","asset":"m.slow"')
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_stopped_says_what_was_not_done(
    tmp_path: Path, number: signal.Signals
) -> None:
    slow = project(tmp_path, SLOW)
    process = start_slow(slow)
    process.send_signal(number)
    begun = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    assert (process.returncode, out) == (130, "")
    said = err[err.index("cancelled: ") :].splitlines()
    assert said[0].startswith("cancelled: 2 built · 2 not done")
    assert "  stopped      m.slow" in said
    assert "  not started  m.reader" in said
    assert "nothing was published: prod shows what it did before" in said
    assert "Traceback" not in err
    events = [json.loads(line) for line in slow.read("events.ndjson").splitlines()]
    assert (events[-1]["event"], events[-1]["status"]) == ("run_end", "cancelled")
    assert slow.published() == set()
    # The next build goes on from there.
    slow.write("models/m/slow.sql", "/* @model\nkind: table\n*/\nselect n + 1 as n from a\n")
    assert slow.stale() == {"m.slow", "m.reader"}
    slow.ok("build")
    assert slow.value("select n from m.reader") == 2


@pytest.mark.parametrize("moment", [0.6, 1.1])
def test_ctrl_c_outside_of_a_build_ends_a_command_at_once(tmp_path: Path, moment: float) -> None:
    many = {f"models/m/m{n}.sql": f"select {n} as x, y from raw.r" for n in range(300)}
    place = project(tmp_path, {"seeds/raw/r.csv": "y\n1\n", **many})
    process = place.start("plan")
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    # 0: it was quicker. Python may end itself by the signal, which shells see as 130.
    assert process.returncode in (0, 130, -signal.SIGINT)
    assert "Traceback" not in err


def test_a_second_ctrl_c_does_not_wait_for_python_code(tmp_path: Path) -> None:
    slow = project(tmp_path, SLOW)
    slow.path("models/m/slow.sql").unlink()
    slow.write("models/m/slow.py", ASLEEP)
    process = start_slow(slow)
    for _ in range(2):
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "did not stop in time" in err
    assert "nothing was published: prod shows what it did before" in err
    assert "Traceback" not in err
    assert slow.stale() == {"m.slow", "m.reader"}


# Two processes -----------------------------------------------------------------------------------


def test_while_a_build_runs_others_can_look_but_not_build(tmp_path: Path) -> None:
    slow = project(tmp_path, SLOW)
    slow.path("models/m/slow.sql").unlink()
    slow.write("models/m/slow.py", ASLEEP)
    slow.ok("build", "--select", "a")
    slow.write("seeds/raw/version.csv", "n\n5\n")
    process = start_slow(slow)
    try:
        second = slow.run("build")
        assert second.code == 75
        assert "error[XF0621]: 'prod' is being written by process " in second.err
        assert "help: wait until " in second.err
        assert str(process.pid) in second.err
        elsewhere = slow.run("build", "--env", "dev")
        assert elsewhere.code == 75
        assert "error[XF0701]: " in elsewhere.err
        assert f"process {process.pid} " in elsewhere.err
        assert ", which writes 'prod' since " in elsewhere.err
        as_json = slow.run("build", "--format", "json")
        assert as_json.code == 75
        assert [item["code"] for item in as_json.data["diagnostics"]] == ["XF0621"]
        for command in ("plan", "why slow", "ls", "lineage slow.n", "compile"):
            looked = slow.run(*command.split())
            assert looked.code == 0, f"{command}: {looked.err}"
        assert slow.run("show", "a").code == 75
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    assert slow.value("select n from m.a") == 1

"""Several processes at once: one writes an environment, others wait or are told, and one that was
overtaken does not publish."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Project, plain_environment, project

CHAIN = {
    "seeds/raw/version.csv": "n\n1\n",
    "models/m/a.sql": "/* @model\nkind: table\n*/\nselect n, i from raw.version, range(50000) t(i)",
    "models/m/b.sql": "/* @model\nkind: table\n*/\nselect n, sum(i) as total from a group by n\n",
    "models/m/c.sql": "select n, total + 1 as total from b\n",
}

WAITING = {
    "seeds/raw/version.csv": "n\n1\n",
    "models/m/a.sql": "/* @model\nkind: table\n*/\nselect n from raw.version\n",
    "models/m/slow.py": (
        "import time\nfrom pathlib import Path\n\nfrom xform import model\n\n\n"
        '@model(columns={"n": "bigint"})\n'
        "def slow(a):\n"
        '    while not Path("go").exists():\n        time.sleep(0.05)\n'
        "    return a\n"
    ),
}
"""A model that takes until there is a file `go`."""


def until(found: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not found():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.05)


def leases(place: Project) -> list[tuple[str, int]]:
    """(owner, pid) of each lease, owner empty where it was given back."""
    path = place.path(".xform/state.db")
    if not path.exists():
        return []
    connection = sqlite3.connect(path, timeout=30)
    try:
        return connection.execute("select owner, pid from leases").fetchall()
    except sqlite3.OperationalError:
        return []  # not made yet
    finally:
        connection.close()


def let_leases_end(place: Project) -> None:
    """As if a minute had gone by."""
    with sqlite3.connect(place.path(".xform/state.db"), timeout=30) as connection:
        connection.execute("update leases set until = '2020-01-01T00:00:00.000Z'")
    connection.close()


def is_held_by(place: Project, process: subprocess.Popen[str]) -> Callable[[], bool]:
    return lambda: any(owner and pid == process.pid for owner, pid in leases(place))


def holder_of(place: Project) -> subprocess.Popen[str]:
    """A process that has the warehouse open, and no lease, until its input ends."""
    code = (
        "import duckdb, sys; c = duckdb.connect('warehouse.duckdb'); print('open', flush=True);"
        "sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=place.root, env=plain_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_of_many_builds_at_once_each_runs_alone_or_waits_or_says_so(tmp_path: Path) -> None:
    many = project(tmp_path / "many", CHAIN)
    processes = [
        many.start("build", *(("--wait", "300") if number % 2 else ())) for number in range(20)
    ]
    ends = []
    for number, process in enumerate(processes):
        _, err = process.communicate(timeout=300)
        assert "Traceback" not in err
        ends.append((number % 2, process.returncode))
        if process.returncode:
            assert "error[XF0621]" in err or "error[XF0701]" in err, err
    assert {code for waits, code in ends if waits} == {0}
    assert {code for waits, code in ends if not waits} <= {0, 75}
    runs = many.json("runs", "--limit", "50")["runs"]
    assert sum(run["built"] for run in runs) == 4
    assert {run["status"] for run in runs} == {"success"}
    assert {owner for owner, _ in leases(many)} == {""}
    assert many.actions() == {}
    clean = project(tmp_path / "clean", CHAIN)
    clean.ok("build")
    assert many.contents() == clean.contents()


def test_builds_that_meet_while_things_change_end_as_a_clean_one(tmp_path: Path) -> None:
    many = project(tmp_path / "many", CHAIN)
    processes = []
    for number in range(2, 8):
        # Put in its place whole: a file that is met half-written is another file.
        many.write("next.csv", f"n\n{number}\n")
        many.path("next.csv").rename(many.path("seeds/raw/version.csv"))
        processes += [many.start("build", "--wait", "300", "--env", env) for env in ("prod", "dev")]
        time.sleep(0.3)
    for process in processes:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    many.ok("build")
    clean = project(tmp_path / "clean", {**CHAIN, "seeds/raw/version.csv": "n\n7\n"})
    clean.ok("build")
    names = ("raw.version", "m.a", "m.b", "m.c")
    assert many.contents(names) == clean.contents(names)


def test_a_build_with_nothing_to_do_takes_no_lease(tmp_path: Path) -> None:
    place = project(tmp_path, CHAIN)
    place.ok("build")
    connection = sqlite3.connect(place.path(".xform/state.db"))
    connection.execute("update leases set owner = 'r', host = 'elsewhere', until = '9999'")
    connection.commit()
    connection.close()
    assert place.run("build").code == 0
    place.write("seeds/raw/version.csv", "n\n2\n")
    assert place.run("build").code == 75


def test_a_lease_of_a_process_that_was_killed_is_taken_at_once(tmp_path: Path) -> None:
    place = project(tmp_path, WAITING)
    first = place.start("build")
    until(is_held_by(place, first), "the lease")
    first.kill()
    first.communicate()
    place.write("go", "")
    assert place.run("build").code == 0


def test_a_second_build_waits_if_it_is_told_to(tmp_path: Path) -> None:
    place = project(tmp_path, WAITING)
    first = place.start("build")
    until(is_held_by(place, first), "the lease")
    second = place.start("build", "--wait", "60")
    assert second.stderr is not None
    told = ""
    while "waiting: 'prod' is being written by process " not in told:
        line = second.stderr.readline()
        assert line, told
        told += line
    place.write("go", "")
    first.communicate(timeout=60)
    assert first.returncode == 0
    _, err = second.communicate(timeout=60)
    assert second.returncode == 0
    assert "done: 0 models run" in err


def test_promoting_and_dropping_take_turns_with_builds(tmp_path: Path) -> None:
    place = project(tmp_path, WAITING)
    place.ok("build", "--select", "a", "--env", "dev")
    first = place.start("build", "--env", "dev")
    until(is_held_by(place, first), "the lease")
    dropped = place.run("env", "drop", "dev")
    assert dropped.code == 75
    assert "error[XF0621]: 'dev' is being written" in dropped.err
    assert place.run("env", "promote", "dev", "prod").code == 75  # by the file
    assert place.run("env", "list").code == 0
    place.write("go", "")
    waited = place.run("env", "drop", "dev", "--wait", "60")
    first.communicate(timeout=60)
    assert (first.returncode, waited.code) == (0, 0)
    assert place.published() == set()


# One that is stopped for longer than its lease --------------------------------------------------


def test_one_that_was_stopped_before_it_had_the_warehouse_does_nothing(tmp_path: Path) -> None:
    place = project(tmp_path, CHAIN)
    other = holder_of(place)
    first = place.start("build", "--wait", "100")
    until(is_held_by(place, first), "the lease")
    os.kill(first.pid, signal.SIGSTOP)
    other.communicate()
    let_leases_end(place)
    place.write("seeds/raw/version.csv", "n\n2\n")
    place.ok("build")
    os.kill(first.pid, signal.SIGCONT)
    _, err = first.communicate(timeout=60)
    assert first.returncode == 1
    assert "error[XF0622]: another process has taken over 'prod' meanwhile" in err
    assert place.rows("select n from m.c") == [(2,)]
    assert place.actions() == {}


def test_one_that_was_stopped_while_it_built_does_not_publish(tmp_path: Path) -> None:
    place = project(tmp_path, WAITING)
    first = place.start("build", "--events", "events.ndjson")
    events = place.path("events.ndjson")
    until(lambda: events.exists() and '"asset":"m.slow"' in events.read_text(), "the model")
    os.kill(first.pid, signal.SIGSTOP)
    let_leases_end(place)
    second = place.start("build", "--wait", "100")
    until(is_held_by(place, second), "the second lease")
    os.kill(first.pid, signal.SIGCONT)
    place.write("go", "")
    _, err = first.communicate(timeout=60)
    assert first.returncode == 1
    assert "error[XF0622]: nothing was published: another process has taken over 'prod'" in err
    assert "published" not in [
        json.loads(line)["event"] for line in events.read_text().splitlines()
    ]
    _, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert place.rows("select n from m.slow") == [(1,)]
    # What the first one built is used.
    assert sum(run["built"] for run in place.json("runs")["runs"]) == 3


@pytest.mark.parametrize("gone", [".xform/state.db", "warehouse.duckdb"])
def test_tokens_go_on_where_the_state_or_the_warehouse_is_new(tmp_path: Path, gone: str) -> None:
    place = project(tmp_path, CHAIN)
    for number in (1, 2, 3):
        place.write("seeds/raw/version.csv", f"n\n{number}\n")
        place.ok("build")
    place.path(gone).unlink()
    for number in (4, 5):
        place.write("seeds/raw/version.csv", f"n\n{number}\n")
        place.ok("build")
    assert place.rows("select n from m.c") == [(5,)]
    token = place.value("select value from _xform.ledger_meta where key = 'fence:prod'")
    assert int(token) == 5

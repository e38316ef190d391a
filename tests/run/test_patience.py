"""Trying again, and not waiting too long: on a real DuckDB file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from run_plans import Place, audit, physical_of, plan, sql, statuses, with_tests

from xform.engines.duckdb.engine import DuckDBEngine
from xform.engines.duckdb.errors import engine_error
from xform.host.local import LocalHost
from xform.plan.plan import Conduct
from xform.run.events import Event, Log
from xform.run.executor import execute
from xform.run.patience import pause_before
from xform.run.result import RunResult

ENDLESS = "select sum(a.range * b.range) as x from range(100000000) a, range(100000000) b"
ANSWER = '{"exception_message": "the server said so", "status_code": "%d"}'
QUICK = Conduct(retries=3, wait=0.01)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@contextmanager
def name_in_use(engine: DuckDBEngine, physical: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Another transaction that is about to make the relation of this name."""
    engine.open()
    engine.prepare(())
    assert engine._connection is not None
    with engine._connection.cursor() as other:
        other.execute("begin transaction")
        other.execute(f'create table "_xform"."{physical}" as select 1 as y')
        yield other


def run_against(place: Place, conduct: Conduct, *, release: bool) -> tuple[RunResult, list[Event]]:
    """A build whose name another transaction holds, until the first try has failed or for good."""
    events: list[Event] = []
    engine = place.engine()
    with name_in_use(engine, physical_of("m.a")) as other:

        def emit(event: Event) -> None:
            events.append(event)
            if isinstance(event, Log) and release:
                other.execute("rollback")

        steps = plan(sql("m.a", "select 1 as x", conduct=conduct), sql("m.b", "select 2 as x"))
        state = place.state
        result = execute(steps, engine, state, LocalHost(place.root), emit=emit)
        state.close()
    return result, events


def test_a_conflict_is_tried_again_until_it_is_gone(place: Place) -> None:
    result, events = run_against(place, Conduct(retries=3, wait=1.0), release=True)
    assert result.status == "success"
    (told,) = [event.message for event in events if isinstance(event, Log)]
    assert "trying again in" in told
    assert "(1 of 3)" in told
    assert place.rows("select x from m.a") == [(1,)]


def test_what_does_not_pass_fails_in_the_end(place: Place) -> None:
    result, events = run_against(place, Conduct(retries=2, wait=0.01), release=False)
    assert statuses(result) == {"m.a": "error", "m.b": "success"}
    assert len([event for event in events if isinstance(event, Log)]) == 2


def test_what_will_not_pass_is_not_tried_again(place: Place) -> None:
    result = place.run(
        sql("m.cast", "select cast('a' as integer) as x", conduct=QUICK),
        sql("m.file", "select * from 'nothing.csv'", conduct=QUICK),
    )
    assert set(statuses(result).values()) == {"error"}
    assert not [event for event in place.events if isinstance(event, Log)]


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (duckdb.IOException("IO Error: Could not read from file 'a': Input/output error"), True),
        (duckdb.IOException("IO Error: No files found that match the pattern 'a'"), False),
        (duckdb.IOException("IO Error: Cannot open file 'a': Permission denied"), False),
        (duckdb.IOException("IO Error: Could not write file 'a': No space left on device"), False),
        (duckdb.HTTPException(f"HTTP Error: {ANSWER % 503}"), True),
        (duckdb.HTTPException(f"HTTP Error: {ANSWER % 404}"), False),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"), False),
        (duckdb.ConversionException("Conversion Error: no"), False),
    ],
)  # fmt: skip
def test_what_may_pass(error: duckdb.Error, transient: bool) -> None:
    assert engine_error(error).transient is transient


def test_pauses_double_and_spread() -> None:
    conduct = Conduct(wait=2.0)
    assert [pause_before(number, conduct, 0.0) for number in range(3)] == [2.0, 4.0, 8.0]
    assert pause_before(1, conduct, 1.0) == 2.0


def test_a_stop_does_not_wait_for_the_next_try(place: Place) -> None:
    class Stopped(LocalHost):
        @contextmanager
        def signals(self) -> Iterator[Any]:
            with super().signals() as requests:
                self.requests = requests
                yield requests

    host = Stopped(place.root)
    engine = place.engine()
    with name_in_use(engine, physical_of("m.a")):

        def emit(event: Event) -> None:
            if isinstance(event, Log) and "trying again" in event.message:
                host.requests.request()  # type: ignore[attr-defined]

        steps = plan(sql("m.a", "select 1 as x", conduct=Conduct(wait=3600.0)))
        state = place.state
        result = execute(steps, engine, state, host, emit=emit)
        state.close()
    assert statuses(result) == {"m.a": "cancelled"}


def test_a_timeout_stops_its_model_only(place: Place) -> None:
    result = place.run(
        sql("m.endless", ENDLESS, conduct=Conduct(timeout=0.3)),
        sql("m.reader", "select x from {m.endless}", "m.endless"),
        sql("m.good", "select 1 as x"),
    )
    assert statuses(result) == {"m.endless": "error", "m.reader": "skipped", "m.good": "success"}
    (found,) = result.diagnostics
    assert found.code == "XF0719"
    assert found.message == "m.endless: stopped after its timeout of 0.3s"
    assert result.status == "failed"
    assert place.builds() == {physical_of("m.good")}


def test_a_timeout_holds_for_tests_too(place: Place) -> None:
    endless = audit("m.a", ENDLESS)
    step = sql("m.a", "select 1 as x", conduct=Conduct(timeout=0.5), **with_tests(endless))
    result = place.run(step)
    assert [found.code for found in result.diagnostics] == ["XF0719"]
    assert result.published == ()


def test_a_timeout_ends_the_wait_for_the_next_try(place: Place) -> None:
    result, _ = run_against(place, Conduct(timeout=1.5, wait=3600.0), release=False)
    assert [found.code for found in result.diagnostics] == ["XF0719"]


def test_code_that_does_not_end_is_left_behind(place: Place) -> None:
    place.write("models/m/hang.py", "import time\ndef hang():\n    time.sleep(600)\n")
    place.write(
        "run.py",
        "import os, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from run_plans import Place, python, sql, statuses\n"
        "from xform.plan.plan import Conduct\n"
        "place = Place(Path.cwd())\n"
        "hang = python('m.hang', 'models/m/hang.py', 'hang', conduct=Conduct(timeout=0.2))\n"
        "result = place.run(hang, sql('m.z', 'select 1 as x'), threads=1)\n"
        "print(statuses(result), result.abandoned, result.published, flush=True)\n"
        "os._exit(0)\n",
    )
    done = subprocess.run(
        [sys.executable, "run.py", str(Path(__file__).parent)],
        cwd=place.root, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == ("{'m.hang': 'error', 'm.z': 'success'} ('m.hang',) ('m.z',)\n"), (
        done.stderr
    )

"""Rows of the ledger that are written behind their builds: together, once, before anybody asks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec
import pytest
from engine_steps import publication, record_of, step_of

from xform.engines.duckdb import ledger, unrecorded
from xform.engines.duckdb.engine import DuckDBEngine
from xform.run.failures import EngineError
from xform.run.records import BuildRecord


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine(tmp_path / "w.duckdb")
    opened.open()
    opened.prepare(())
    yield opened
    opened.close()


def make(engine: DuckDBEngine, physical: str, seconds: float = 0.0) -> None:
    step = step_of(physical, "select 1 as x")

    def settle(record: BuildRecord) -> BuildRecord:
        return msgspec.structs.replace(record, seconds=seconds)

    with engine.session() as session:
        session.build(step, record_of(step), settle=settle)


def rows(engine: DuckDBEngine) -> list[str]:
    """As they stand, without asking the engine for its ledger."""
    with engine.session() as session:
        found = session.query("select physical from _xform.ledger_builds order by all").rows
    return [physical for (physical,) in found]


def test_rows_wait_until_somebody_asks(engine: DuckDBEngine) -> None:
    make(engine, "a_1")
    make(engine, "b_1")
    assert rows(engine) == []
    assert [record.physical for record in engine.ledger().builds] == ["a_1", "b_1"]
    assert rows(engine) == ["a_1", "b_1"]


def test_rows_do_not_wait_for_more_than_a_seconds_work(engine: DuckDBEngine) -> None:
    for number in range(3):
        make(engine, f"a_{number}", unrecorded.PATIENCE / 2)
    assert rows(engine) == ["a_0", "a_1"]


def test_what_took_long_is_recorded_with_its_data(engine: DuckDBEngine) -> None:
    make(engine, "a_1")
    make(engine, "b_1", unrecorded.PATIENCE)
    assert rows(engine) == ["b_1"]


def test_many_small_builds_are_recorded_in_between(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrecorded, "MOST", 3)
    for number in range(4):
        make(engine, f"a_{number}")
    assert rows(engine) == ["a_0", "a_1", "a_2"]


def test_names_show_only_what_is_recorded(engine: DuckDBEngine) -> None:
    make(engine, "a_1")
    engine.publish("prod", [publication(step_of("a_1", ""), "a")], ())
    assert rows(engine) == ["a_1"]


def test_a_build_that_waits_can_be_discarded(engine: DuckDBEngine) -> None:
    make(engine, "a_1")
    with engine.session() as session:
        session.discard("a_1")
    assert engine.ledger().builds == ()
    assert engine.leftovers() == ()


@pytest.mark.parametrize("late", [False, True])
def test_rows_whose_writing_failed_are_written_once(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """`late`: it was committed, and the answer was lost."""
    make(engine, "a_1")
    write = ledger.write_builds

    def failing(cursor: duckdb.DuckDBPyConnection, records: list[BuildRecord]) -> None:
        if late:
            write(cursor, records)
            cursor.execute("commit")
        raise EngineError("injected")

    monkeypatch.setattr(ledger, "write_builds", failing)
    with pytest.raises(EngineError, match="injected"):
        engine.write_records()
    monkeypatch.undo()
    engine.write_records()
    assert rows(engine) == ["a_1"]


def test_what_a_kill_left_without_a_row_is_made_anew(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from engine_steps import *\n"
        "from xform.engines.duckdb.engine import DuckDBEngine\n"
        "engine = DuckDBEngine(Path(sys.argv[1])); engine.open(); engine.prepare(())\n"
        "step = step_of('a_1', 'select 7 as x')\n"
        "with engine.session() as session: session.build(step, record_of(step))\n"
        "os._exit(0)\n"
    )
    file, here = tmp_path / "w.duckdb", Path(__file__).parent
    subprocess.run([sys.executable, "-c", script, str(file), str(here)], check=True)
    engine = DuckDBEngine(file)
    engine.open()
    assert engine.ledger().builds == ()
    assert engine.leftovers() == ("a_1",)
    make(engine, "a_1")
    assert [record.physical for record in engine.ledger().builds] == ["a_1"]
    assert engine.leftovers() == ()
    with engine.session() as session:
        assert session.query('select x from _xform."a_1"').rows == [(1,)]
    engine.close()

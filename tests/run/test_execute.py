"""Whole runs on a real DuckDB file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest
from run_plans import (
    Place,
    audit,
    physical_of,
    plan,
    publish,
    python,
    seed,
    sql,
    statuses,
    with_tests,
)

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.base.spans import Segment, SourceMap
from xform.host.local import LocalHost
from xform.plan.plan import AuditStep, DropStep, SqlBody
from xform.run.events import CheckDone, Event, Log, NodeDone, NodeSkip, NodeStart, Published, RunEnd
from xform.run.executor import execute
from xform.run.failures import EngineBusy


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_chain_is_built_and_published(place: Place) -> None:
    result = place.run(
        sql("staging.a", "select 1 as x union all select 2"),
        sql("staging.v", "select x + 1 as y from {staging.a}", "staging.a", relation="view"),
        sql("marts.b", "select sum(y) as total from {staging.v}", "staging.v"),
    )
    assert result.status == "success"
    assert result.published == ("staging.a", "staging.v", "marts.b")
    assert place.rows("select total from marts.b") == [(5,)]
    assert [node.rows for node in result.nodes] == [2, None, 1]


def test_events_tell_the_whole_story(place: Place) -> None:
    place.run(sql("m.a", "select 1 as x"))
    names = [type(event).__name__ for event in place.events]
    assert names == ["RunStart", "NodeStart", "NodeDone", "Published", "RunEnd"]


def test_a_plan_without_steps_touches_nothing(place: Place) -> None:
    result = place.run()
    assert result.status == "success"
    assert list(place.root.iterdir()) == []


def test_thirty_steps_on_four_threads_all_arrive(place: Place) -> None:
    base = sql("m.base", "select range as x from range(1000)")
    wide = [sql(f"m.w{i}", f"select x * {i} as x from {{m.base}}", "m.base") for i in range(28)]
    union = " union all ".join(f"select sum(x) as s from {{m.w{i}}}" for i in range(28))
    top = sql("m.top", f"select sum(s) as s from ({union})", *(f"m.w{i}" for i in range(28)))
    result = place.run(base, *wide, top, threads=4)
    assert set(statuses(result).values()) == {"success"}
    assert place.rows("select s from m.top") == [(sum(range(1000)) * sum(range(28)),)]


def test_independent_steps_overlap(place: Place) -> None:
    barrier = threading.Barrier(3, timeout=20)
    host = LocalHost(place.root, digest=lambda path: str(barrier.wait()) and None)
    steps = [
        sql(f"m.a{i}", "select 1 as x", leaves=("f",), pins={"f": "v"}, file_pins={"f": "f.csv"})
        for i in range(3)
    ]
    result = place.run(*steps, threads=3, host=host)
    assert set(statuses(result).values()) == {"success"}


def test_a_failing_model_stops_only_its_readers(place: Place) -> None:
    result = place.run(
        sql("m.bad", "select cast('abc' as integer) as x"),
        sql("m.reader", "select x from {m.bad}", "m.bad"),
        sql("m.second", "select x from {m.reader}", "m.reader"),
        sql("m.good", "select 1 as x"),
    )
    assert result.status == "failed"
    assert statuses(result) == {
        "m.bad": "error",
        "m.reader": "skipped",
        "m.second": "skipped",
        "m.good": "success",
    }
    assert result.published == ("m.good",)
    skips = [event for event in place.events if isinstance(event, NodeSkip)]
    assert {skip.reason for skip in skips} == {"m.bad failed"}
    assert place.builds() == {physical_of("m.good")}


def test_fail_fast_starts_nothing_more(place: Place) -> None:
    steps = [sql("m.bad", "select error('no')"), *(sql(f"m.g{i}", "select 1 x") for i in range(3))]
    result = place.run(*steps, threads=1, fail_fast=True)
    assert statuses(result) == {
        "m.bad": "error",
        "m.g0": "skipped",
        "m.g1": "skipped",
        "m.g2": "skipped",
    }


def test_atomic_publishes_nothing_after_a_failure(place: Place) -> None:
    steps = sql("m.good", "select 1 as x"), sql("m.bad", "select error('no')")
    result = place.run(*steps, atomic=True)
    assert result.published == ()
    assert place.builds() == {physical_of("m.good")}
    assert ("m.good", "m.bad failed, and the run is atomic") in result.withheld


def test_a_blocking_test_that_fails_discards_the_build(place: Place) -> None:
    check = audit("m.a", "select count(*) from {} where x < 0")
    result = place.run(
        sql("m.a", "select -1 as x", **with_tests(check)), sql("m.b", "select x from {m.a}", "m.a")
    )
    assert statuses(result) == {"m.a": "fail", "m.b": "skipped"}
    assert place.builds() == set()
    (found,) = result.diagnostics
    assert (found.code, found.span.line) == ("XF0708", 3)
    assert found.message == "m.a: x is negative: 1 row"


def test_a_test_that_warns_lets_the_build_pass(place: Place) -> None:
    check = audit("m.a", "select count(*) from {} where x < 0", blocking=False)
    result = place.run(sql("m.a", "select -1 as x", **with_tests(check)))
    assert (result.status, result.warned, result.published) == ("success", 1, ("m.a",))
    assert [found.code for found in result.diagnostics] == ["XF0709"]
    (record,) = place.engine().ledger().builds
    assert record.audits_digest == "tests-check_a"


def test_a_test_that_cannot_run_blocks(place: Place) -> None:
    check = audit("m.a", "select count(*) from {} where nope")
    result = place.run(sql("m.a", "select 1 as x", **with_tests(check)))
    assert statuses(result) == {"m.a": "fail"}
    assert [found.code for found in result.diagnostics] == ["XF0710"]
    (done,) = [event for event in place.events if isinstance(event, CheckDone)]
    assert done.status == "error"


def test_the_old_build_stays_published_when_the_new_one_fails(place: Place) -> None:
    place.run(sql("m.a", "select 1 as x"))
    check = audit("m.a", "select count(*) from {}", generation=2)
    place.run(sql("m.a", "select 2 as x", generation=2, **with_tests(check)))
    assert place.rows("select x from m.a") == [(1,)]


def test_an_asset_is_withheld_when_its_input_failed_its_tests(place: Place) -> None:
    a, b = sql("m.a", "select 1 as x"), sql("m.b", "select x from {m.a}", "m.a")
    place.run(a, b)
    again = AuditStep(a.asset, a.physical, (audit("m.a", "select count(*) from {}"),), Digest("t"))
    result = place.run(again, publish(b))
    assert statuses(result) == {"m.a": "fail"}
    assert result.published == ()
    assert result.withheld == (("m.b", "reads m.a, which failed"),)
    assert place.rows("select x from m.a") == [(1,)]


def test_tests_of_a_standing_build_are_noted(place: Place) -> None:
    a = sql("m.a", "select 1 as x")
    place.run(a)
    check = audit("m.a", "select count(*) from {} where x < 0")
    result = place.run(AuditStep(a.asset, a.physical, (check,), Digest("now")))
    assert result.status == "success"
    (record,) = place.engine().ledger().builds
    assert record.audits_digest == "now"


def test_what_the_project_no_longer_has_is_dropped(place: Place) -> None:
    place.run(sql("m.a", "select 1 as x"), sql("m.b", "select 1 as x"))
    result = place.run(DropStep(AssetName("m.a"), "m", "a"))
    assert result.dropped == ("m.a",)
    names = place.rows("select view_name from duckdb_views() where schema_name = 'm'")
    assert names == [("b",)]


def test_a_name_that_is_taken_is_not_touched(place: Place) -> None:
    engine = place.engine()
    engine.open()
    with engine.session() as session:
        session.query("create schema m")
        session.query("create table m.a as select 42 as precious")
    engine.close()
    result = place.run(sql("m.a", "select 1 as x"))
    assert (result.status, result.published) == ("failed", ())
    (found,) = result.diagnostics
    assert found.code == "XF0712"
    assert found.message == "cannot publish: 'm.a' is a table that xform did not make"
    assert place.rows("select precious from m.a") == [(42,)]


def test_an_error_points_into_the_written_file(place: Place) -> None:
    place.write("models/m/a.sql", "/* é */\nselect\n  nope\nfrom b\n")
    written = "/* é */\nselect\n  nope\nfrom b\n"
    at = written.index("from b") + 5
    physical = '"_xform"."m__b_1"'
    ran = written[:at] + physical + written[at + 1 :]
    body = SqlBody(ran, "models/m/a.sql", SourceMap(), ((at, len(physical), at, 1),))
    b = sql("m.b", "select 1 as x")
    result = place.run(b, msgspec.structs.replace(sql("m.a", "", "m.b"), body=body))
    (found,) = result.diagnostics
    assert (found.code, found.span.line, found.span.column) == ("XF0702", 3, 3)
    assert "nope" in found.message
    assert found.help


def test_an_error_behind_a_replaced_name_and_a_template_is_found(place: Place) -> None:
    written = "select {{ x }} from {{ ref('b') }} where oops"
    place.write("models/m/a.sql", written)
    rendered = "select 1 as x from __b__ where oops"
    at = rendered.index("__b__")
    physical = '"_xform"."m__b_1"'
    ran = rendered[:at] + physical + rendered[at + 5 :]
    tail = rendered.index(" where")
    segments = (
        Segment(0, 0, 7, 7, True),
        Segment(7, 7, 6, 7, False),
        Segment(13, 14, 6, 6, True),
        Segment(19, 20, 5, 14, False),
        Segment(tail, written.index(" where"), 11, 11, True),
    )
    body = SqlBody(ran, "models/m/a.sql", SourceMap(segments), ((at, len(physical), at, 5),))
    b = sql("m.b", "select 1 as x")
    result = place.run(b, msgspec.structs.replace(sql("m.a", "", "m.b"), body=body))
    (found,) = result.diagnostics
    assert found.span.column == written.index("oops") + 1


def test_a_runtime_error_inside_a_view_points_at_no_wrong_place(place: Place) -> None:
    place.write("models/m/t.sql", "select x + 1 as y from v where x > 0\n")
    result = place.run(
        sql("m.v", "select        cast('a' || range as int) as x from range(3)", relation="view"),
        sql("m.t", "select x + 1 as y from {m.v}", "m.v"),
    )
    (found,) = result.diagnostics
    assert (found.span.line, found.span.column, found.span.end_column) == (1, 1, 1)


def test_a_python_model_reads_and_prints(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write("macros/geo.py", "def twice(x):\n    return f'{x} * 2'\n")
    place.write(
        "models/m/p.py",
        "from xform import model\nfrom macros.geo import twice\n\n"
        "@model(kind='table')\ndef p(a):\n    print('hello')\n"
        "    return a.project(twice('x') + ' as x')\n",
    )
    result = place.run(sql("m.a", "select 21 as x"), python("m.p", "models/m/p.py", "p", "m.a"))
    assert result.status == "success"
    assert place.rows("select x from m.p") == [(42,)]
    assert capsys.readouterr().out == ""
    assert Log("info", "m.p: hello") in place.events


def test_an_edited_helper_is_read_anew(place: Place) -> None:
    place.write("models/m/p.py", "from macros.one import N\ndef p(a):\n    return a.project(N)\n")
    a, p = sql("m.a", "select 1 as x"), python("m.p", "models/m/p.py", "p", "m.a")
    place.write("macros/one.py", "N = '1 as n'\n")
    place.run(a, p)
    place.write("macros/one.py", "N = '2 as n'\n")
    place.run(python("m.p", "models/m/p.py", "p", "m.a", generation=2))
    assert place.rows("select n from m.p") == [(2,)]


@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        ("def p(a):\n    return 1 / 0\n", "XF0704", 2, "ZeroDivisionError: division by zero"),
        ("def p(a):\n    return a.project('nope')\n", "XF0704", 2, "nope"),
        ("def p(a):\n    return {'x': 1}\n", "XF0705", 1, "returned dict"),
        ("import nothing_there\ndef p(a): ...\n", "XF0706", 1, "nothing_there"),
        ("def p(a:\n", "XF0706", 1, "SyntaxError"),
        ("def q(a): ...\n", "XF0706", 1, "has no function 'p'"),
    ],
)
def test_errors_in_python_models_name_the_line(
    place: Place, text: str, code: str, line: int, said: str
) -> None:
    place.write("models/m/p.py", text)
    result = place.run(sql("m.a", "select 1 as x"), python("m.p", "models/m/p.py", "p", "m.a"))
    (found,) = result.diagnostics
    assert (found.code, found.span.path, found.span.line) == (code, "models/m/p.py", line)
    assert said in found.message
    assert "Traceback" not in found.message
    assert place.builds() == {physical_of("m.a")}


def test_versions_come_from_files_and_from_inputs(place: Place) -> None:
    place.write("seeds/raw/s.csv", "x\n1\n2\n")
    place.run(
        seed("raw.s", "seeds/raw/s.csv"),
        sql("m.a", "select x from {raw.s}", "raw.s", leaves=("raw.s",)),
    )
    builds = {record.asset: record for record in place.engine().ledger().builds}
    digest = LocalHost(place.root).digest("seeds/raw/s.csv")
    assert builds[AssetName("raw.s")].versions == {"raw.s": digest}
    assert builds[AssetName("m.a")].versions == {"raw.s": digest}


def test_inputs_of_an_earlier_run_tell_their_versions(place: Place) -> None:
    place.run(sql("m.a", "select 1 as x", leaves=("clock",), pins={"clock": "monday"}))
    (place.root / ".xform" / "state.db").unlink()
    place.run(sql("m.b", "select x from {m.a}", "m.a", leaves=("clock",), waits_for=()))
    builds = {record.asset: record for record in place.engine().ledger().builds}
    assert builds[AssetName("m.b")].versions == {"clock": "monday"}


def test_inputs_that_disagree_are_recorded_as_mixed(place: Place) -> None:
    place.run(
        sql("m.a", "select 1 as x", leaves=("s",), pins={"s": "1"}),
        sql("m.b", "select 1 as x", leaves=("s",), pins={"s": "2"}),
        sql("m.c", "from {m.a}, {m.b}", "m.a", "m.b", leaves=("s",)),
    )
    builds = {record.asset: record for record in place.engine().ledger().builds}
    assert builds[AssetName("m.c")].versions == {"s": "mixed:1|2"}


def test_a_file_that_changes_meanwhile_is_recorded_as_moving(place: Place) -> None:
    place.write("seeds/s.csv", "x\n1\n")
    digests = iter(["before", "after"])
    host = LocalHost(place.root, digest=lambda path: next(digests))
    place.run(seed("raw.s", "seeds/s.csv"), host=host)
    (record,) = place.engine().ledger().builds
    assert record.versions == {"raw.s": "moving:before"}
    assert any(isinstance(event, Log) and event.level == "warning" for event in place.events)


def test_long_work_starts_first(place: Place) -> None:
    slow, quick = sql("m.slow", "select 1 as x"), sql("m.quick", "select 1 as x")
    place.run(quick, slow)
    state = place.state
    state.start_run("before", "prod", "2026")
    state.record("before", [NodeDone(AssetName("m.slow"), "success", 1, 99.0, "b", "")])
    state.close()
    place.run(
        sql("m.quick", "select 1 as x", generation=2),
        sql("m.slow", "select 1 as x", generation=2),
        threads=1,
    )
    starts = [event.asset for event in place.events if isinstance(event, NodeStart)]
    assert starts == ["m.slow", "m.quick"]


def test_the_state_knows_the_run_and_the_warehouse(place: Place) -> None:
    place.run(sql("m.a", "select 1 as x"), sql("m.bad", "select error('no')"))
    state = place.state
    snapshot = state.snapshot("prod")
    last = state.last_run()
    state.close()
    assert snapshot.identity == place.engine().identity() != ""
    assert set(snapshot.builds) == {physical_of("m.a")}
    assert set(snapshot.published("prod")) == {"m.a"}
    assert snapshot.statuses == {"m.a": "success", "m.bad": "error"}
    assert last is not None
    assert (last.status, last.built, last.failed) == ("failed", 1, 1)


def test_a_stop_request_publishes_nothing_and_keeps_what_is_done(place: Place) -> None:
    host = LocalHost(place.root)
    whole = plan(
        sql("m.a", "select 1 as x"),
        sql("m.long", "select count(*) as n from range(1000000000) a, range(1000) b"),
        sql("m.after", "select n from {m.long}", "m.long"),
    )

    def emit(event: Event) -> None:
        place.events.append(event)
        if isinstance(event, NodeDone) and event.asset == "m.a":
            os.kill(os.getpid(), signal.SIGINT)

    state = place.state
    result = execute(whole, place.engine(), state, host, threads=2, emit=emit)
    state.close()
    assert result.status == "cancelled"
    assert statuses(result) == {"m.a": "success", "m.long": "cancelled", "m.after": "skipped"}
    assert result.published == ()
    assert place.builds() == {physical_of("m.a")}
    assert isinstance(place.events[-1], RunEnd)
    assert not any(isinstance(event, Published) for event in place.events)


def test_a_busy_warehouse_is_told_before_anything_begins(place: Place) -> None:
    place.run(sql("m.a", "select 1 as x"))
    code = (
        f"import duckdb; c = duckdb.connect({str(place.file)!r})\n"
        "print('open', flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(EngineBusy) as caught:
            place.run(sql("m.b", "select 1 as x"))
    finally:
        other.communicate("\n")
    assert f"process {other.pid}" in caught.value.holder
    assert place.events == []

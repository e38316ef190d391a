"""The end of a run as text: done, failed, cancelled, nothing to do."""

from __future__ import annotations

from textwrap import dedent

from xform.base.names import AssetName
from xform.console.paint import plain
from xform.console.run_view import RunView
from xform.console.summary import summary_lines
from xform.console.terminal import Surface
from xform.run.events import (
    CheckDone,
    Event,
    NodeDone,
    NodeSkip,
    NodeStart,
    Published,
    RunEnd,
    RunStart,
)

FLIGHTS, PLANES, FACTS, DAYS = map(
    AssetName, ("staging.flights", "staging.planes", "marts.departures", "marts.days")
)
START = RunStart("r1", "prod", (FLIGHTS, PLANES, FACTS, DAYS), 2, "")


def summary(*events: Event, width: int = 80) -> str:
    view = RunView()
    for event in events:
        view.add(event, 0.0)
    return "\n".join(plain(row) for row in summary_lines(view, Surface(width=width))) + "\n"


def done(asset: AssetName, seconds: float) -> NodeDone:
    return NodeDone(asset, "success", 10, seconds, "b", "code")


def end(status: str, built: int, failed: int = 0, skipped: int = 0, warned: int = 0) -> RunEnd:
    return RunEnd("r1", status, built, failed, skipped, warned, 4.2, "")


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_done() -> None:
    assert summary(
        START,
        done(FLIGHTS, 1.0),
        done(PLANES, 0.02),
        CheckDone(FLIGHTS, "flight_key is unique", "pass", 0, 0.1),
        CheckDone(FLIGHTS, "tail_number is in staging.planes", "warn", 13403, 0.1),
        done(FACTS, 2.0),
        done(DAYS, 0.5),
        Published((FLIGHTS, PLANES, FACTS, DAYS), (AssetName("marts.old"),), 0.1),
        end("success", 4, warned=1),
    ) == expected("""
        done: 4 built · 1 test passed · 1 warning · 4.20s  (environment prod)

        slowest
          marts.departures  2.00s  ━━━━━━━━━━━━━━━━━━━━━━━━
          staging.flights   1.00s  ━━━━━━━━━━━━
          marts.days        0.50s  ━━━━━━
          staging.planes    0.02s  ━

        warnings
          staging.flights  tail_number is in staging.planes: 13,403 rows

        published 4 names in prod: staging.flights, staging.planes, marts.departures,
          marts.days
        dropped 1 name from prod: marts.old
        next: xform show marts.days
    """)


def test_failed_with_what_was_skipped_because_of_it_at_any_distance() -> None:
    assert summary(
        START,
        CheckDone(PLANES, "tail_number is unique", "fail", 3, 0.1),
        NodeDone(PLANES, "fail", 3, 0.1, None, "new", "1 test failed"),
        NodeDone(FLIGHTS, "error", None, 0.1, None, "new", "no column 'x'\nselect x"),
        NodeSkip(FACTS, "staging.flights failed"),
        NodeSkip(DAYS, "marts.departures was skipped"),
        end("failed", 0, 2, 2),
    ) == expected("""
        failed: 0 built · 2 failed · 2 skipped · 4.20s  (environment prod)

        failed
          staging.planes
            tail_number is unique: 3 rows
          staging.flights
            no column 'x'
            skipped because of it: marts.departures, marts.days

        nothing was published: prod shows what it did before
        next: mend staging.planes, staging.flights, then: xform build  (what is built
          stays built)
    """)


def test_a_skip_that_names_no_failure_gives_its_own_reason() -> None:
    text = summary(START, NodeSkip(DAYS, "--fail-fast"), end("failed", 0, 0, 1))
    assert "\nskipped\n  marts.days  --fail-fast\n" in text


def test_cancelled_says_what_was_and_was_not_done() -> None:
    assert summary(
        START,
        NodeStart(FLIGHTS, "new", ""),
        done(FLIGHTS, 1.0),
        NodeStart(PLANES, "new", ""),
        NodeDone(PLANES, "cancelled", None, 0.1, None, "new"),
        NodeSkip(FACTS, "the run was cancelled"),
        end("cancelled", 1),
    ) == expected("""
        cancelled: 1 built · 3 not done · 4.20s  (environment prod)

        not done
          stopped      staging.planes
          not started  marts.departures, marts.days

        nothing was published: prod shows what it did before
        next: xform build goes on from here  (what is built stays built)
    """)


def test_nothing_to_do() -> None:
    assert summary(RunStart("r1", "prod", (), 2, ""), end("success", 0)) == (
        "done: 0 models run, everything is up to date · 4.20s  (environment prod)\n"
    )


def test_only_published() -> None:
    text = summary(RunStart("r1", "dev", (), 2, ""), Published((DAYS,), (), 0.1), end("success", 0))
    assert text == expected("""
        done: 0 models run · 4.20s  (environment dev)

        published 1 name in dev: marts.days
    """)


def test_tests_alone() -> None:
    text = summary(
        RunStart("r1", "prod", (), 2, ""),
        CheckDone(DAYS, "day is unique", "pass", 0, 0.1),
        CheckDone(DAYS, "n is not null", "error", None, 0.1, "gone"),
        end("failed", 0, 1),
    )
    assert text == expected("""
        failed: 1 test passed · 1 failed · 4.20s  (environment prod)

        failed
          marts.days
            gone

        next: mend marts.days, then: xform test
    """)


def test_tests_of_builds_that_stand() -> None:
    def tested(status: str) -> NodeDone:
        return NodeDone(DAYS, status, None, 0.1, None, "")

    start = RunStart("r1", "prod", (DAYS,), 2, "")
    passed = CheckDone(DAYS, "day is unique", "pass", 0, 0.1)
    assert summary(start, passed, tested("success"), end("success", 0)) == expected("""
        done: 1 test passed · 4.20s  (environment prod)
    """)
    failed = CheckDone(DAYS, "day is unique", "fail", 2, 0.1)
    assert summary(start, failed, tested("fail"), end("failed", 0, 1)) == expected("""
        failed: 1 failed · 4.20s  (environment prod)

        failed
          marts.days
            day is unique: 2 rows

        next: mend marts.days, then: xform test
    """)


def test_a_narrow_terminal() -> None:
    text = summary(START, done(FLIGHTS, 1.0), done(PLANES, 2.0), end("success", 2), width=40)
    assert "  staging.planes   2.00s  ━━━━━━━━━━━━━━\n" in text


def test_before_the_end_there_is_no_summary() -> None:
    assert summary(START) == "\n"

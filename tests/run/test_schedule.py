"""The order of steps, without running any; and what may be published."""

from __future__ import annotations

import networkx
from hypothesis import given, settings
from hypothesis import strategies as st
from run_plans import plan, publish, sql

from xform.base.names import AssetName
from xform.plan.plan import BuildStep
from xform.run.publishing import choose
from xform.run.records import BuildRecord
from xform.run.scheduler import Schedule


def record_of(step: BuildStep) -> BuildRecord:
    return BuildRecord(
        physical=step.physical,
        asset=step.asset,
        relation=step.relation,
        fingerprint=step.fingerprint,
        generation=1,
        versions={},
        inputs=step.inputs,
        columns=(),
        rows=1,
        seconds=0.0,
        built_at="",
        run_id="r",
    )


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, list[int]]:
    """Node → the earlier nodes that it waits for."""
    count = draw(st.integers(1, 12))
    return {
        node: sorted(draw(st.sets(st.integers(0, node - 1), max_size=3))) if node else []
        for node in range(count)
    }


@settings(max_examples=150, deadline=None)
@given(graphs(), st.sets(st.integers(0, 11)))
def test_all_runs_but_what_hangs_on_a_failure(
    waits: dict[int, list[int]], failing: set[int]
) -> None:
    steps = [
        sql(f"m.n{node}", "", waits_for=tuple(AssetName(f"m.n{up}") for up in ups))
        for node, ups in waits.items()
    ]
    schedule = Schedule.of(steps, {})
    done: list[str] = []
    skipped: set[str] = set()
    bad = {f"m.n{node}" for node in failing}
    while (step := schedule.take()) is not None:
        assert all(asset in done for asset in step.waits_for)
        assert step.asset not in skipped
        if step.asset in bad:
            skipped |= {skip.asset for skip in schedule.failed(step.asset)}
        else:
            done.append(step.asset)
            schedule.succeeded(step.asset)
    graph = networkx.DiGraph()
    graph.add_nodes_from(f"m.n{node}" for node in waits)
    graph.add_edges_from((f"m.n{up}", f"m.n{node}") for node, ups in waits.items() for up in ups)
    fine = {node for node in graph if not bad & (networkx.ancestors(graph, node) | {node})}
    assert set(done) == fine
    assert not schedule.waiting


def test_the_longest_chain_starts_first() -> None:
    short, long, tail = sql("m.a", ""), sql("m.b", ""), sql("m.c", "", "m.b")
    seconds = {AssetName("m.a"): 3.0, AssetName("m.b"): 1.0, AssetName("m.c"): 5.0}
    schedule = Schedule.of([short, long, tail], seconds)
    first = schedule.take()
    assert first is not None
    assert first.asset == "m.b"


def order_of(steps: list[BuildStep], **seconds: float) -> list[str]:
    """The order in which one worker gets the steps."""
    schedule = Schedule.of(steps, {AssetName(f"m.{name}"): took for name, took in seconds.items()})
    found = []
    while (step := schedule.take()) is not None:
        found.append(step.asset.removeprefix("m."))
        schedule.succeeded(step.asset)
    return found


def test_own_seconds_count_with_those_behind() -> None:
    steps = [sql("m.a", ""), sql("m.b", ""), sql("m.c", "", "m.a"), sql("m.d", "", "m.b")]
    assert order_of(steps, a=1, b=4, c=3, d=1) == ["b", "a", "c", "d"]
    assert order_of(steps, a=1, b=4, c=5, d=1) == ["a", "b", "c", "d"]


def test_a_step_that_never_ran_counts_as_the_median() -> None:
    steps = [sql("m.new", ""), sql("m.quick", ""), sql("m.slow", ""), sql("m.usual", "")]
    assert order_of(steps, quick=1, usual=2, slow=9) == ["slow", "new", "usual", "quick"]


def test_without_a_past_the_longest_chain_starts_first() -> None:
    steps = [sql("m.a", ""), sql("m.b", ""), sql("m.c", "", "m.b"), sql("m.d", "", "m.c")]
    assert order_of(steps) == ["b", "c", "a", "d"]


def test_equals_start_by_name() -> None:
    steps = [sql("m.c", ""), sql("m.a", ""), sql("m.b", "")]
    assert order_of(steps) == ["a", "b", "c"]


def test_a_chain_of_thousands_is_skipped_without_recursion() -> None:
    steps = [sql("m.n0", "")]
    steps += [sql(f"m.n{node}", "", f"m.n{node - 1}") for node in range(1, 5000)]
    schedule = Schedule.of(steps, {})
    schedule.take()
    assert len(schedule.failed(AssetName("m.n0"))) == 4999


def test_readers_of_a_failure_stay_where_they_are() -> None:
    """However far up it is, and though the readers themselves have nothing to do."""
    a, b, c = sql("m.a", ""), sql("m.b", "", "m.a"), sql("m.c", "", "m.b")
    other = sql("m.other", "")
    records = {step.physical: record_of(step) for step in (b, c)}
    chosen = choose(
        plan(a, other, publish(b), publish(c)), frozenset({a.asset}), records, atomic=False
    )
    assert [step.asset for step in chosen.publish] == ["m.other"]
    reason = "reads m.a, which failed"
    assert dict(chosen.withheld) == {
        "m.a": "did not succeed",
        "m.b": reason,
        "m.c": reason,
    }

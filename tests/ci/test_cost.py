"""How long a build of a change takes, from how long its assets took."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.ci.cost import estimate
from xform.ci.running import Running
from xform.plan.changes import Cost, ProjectChange, Verdict
from xform.plan.plan import Action, ActionKind, BuildStep, SeedBody
from xform.plan.wording import about, cost_words
from xform.run.history import Took

BODY = SeedBody("x.csv", "csv", {})
NAMES = {name: AssetName(name) for name in "abcd"}


def running(reads: Mapping[str, str], **kinds: ActionKind) -> Running:
    """Assets by what they wait for."""
    steps = tuple(
        BuildStep(
            AssetName(name), "table", name, BODY, Digest(name), 1, (), {}, {},
            tuple(AssetName(other) for other in waits),
        )
        for name, waits in reads.items()
    )  # fmt: skip
    actions = {
        step.asset: Action(step.asset, kinds.get(step.asset, ActionKind.BUILD), ())
        for step in steps
    }
    return Running(actions, tuple(actions), steps)


def took(**seconds: float) -> dict[AssetName, Took]:
    return {AssetName(name): Took((number,)) for name, number in seconds.items()}


def test_the_longest_path_decides_where_there_are_threads_enough() -> None:
    plan = running({"a": "", "b": "a", "c": "", "d": "b"})

    cost = estimate(plan, took(a=1, b=2, c=4, d=3), threads=2)

    assert (cost.work, cost.elapsed) == (10.0, 6.0)


def test_threads_decide_where_there_are_few() -> None:
    plan = running({"a": "", "b": "", "c": "", "d": ""})
    times = took(a=1, b=1, c=1, d=3)

    assert [estimate(plan, times, threads).elapsed for threads in (1, 2, 4)] == [6.0, 3.0, 3.0]


def test_the_median_of_the_last_five_counts() -> None:
    times = {NAMES["a"]: Took((9.0, 1.0, 2.0, 30.0, 3.0, 100.0, 100.0))}

    assert estimate(running({"a": ""}), times, 1).work == 3.0


def test_to_carry_a_table_on_is_not_to_make_it() -> None:
    times = {NAMES["a"]: Took((60.0,), (1.0, 2.0, 3.0))}

    made = estimate(running({"a": ""}), times, 1)
    carried = estimate(running({"a": ""}, a=ActionKind.INTERVAL), times, 1)

    assert (made.work, carried.work) == (60.0, 2.0)


def test_what_never_ran_counts_as_the_median_of_the_others() -> None:
    cost = estimate(running({"a": "", "b": "", "c": ""}), took(a=1, b=3), 1)

    assert cost == Cost(6.0, 6.0, 1, 2, (NAMES["c"],))


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (None, ()),
        (Cost(0.0, 0.0, 4, 0), ()),
        (Cost(0.2, 0.1, 4, 2), ("a build takes less than 1 s of work",)),
        (
            Cost(240.0, 61.0, 4, 2),
            ("a build takes about 4 min of work, about 1 min with 4 threads",),
        ),
        (
            Cost(9.0, 9.0, 1, 1, (NAMES["c"],)),
            ("a build takes about 9 s of work; no run is recorded of c",),
        ),
        (
            Cost(0.0, 0.0, 1, 0, (NAMES["a"], NAMES["b"])),
            ("how long a build takes is not known: no run of a, b is recorded",),
        ),
    ],
)
def test_it_is_said_in_a_line(cost: Cost | None, words: tuple[str, ...]) -> None:
    change = ProjectChange("main", "topic", Verdict(0, 0, 0, 0, 0, 0), (), cost=cost)

    assert tuple(cost_words(change)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.99, "less than 1 s"),
        (1.2, "about 1 s"),
        (42, "about 40 s"),
        (58, "about 1 min"),
        (3_500, "about 58 min"),
        (3_599, "about 1 h"),
        (4_900, "about 1 h 20 min"),
    ],
)
def test_times_are_said_as_exactly_as_they_can_be_known(seconds: float, words: str) -> None:
    assert about(seconds) == words

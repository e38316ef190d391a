"""Intervals of time, and sets of ranges of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xform.plan.intervals import (
    Grain,
    Ranges,
    batches,
    ceiling,
    common,
    count,
    floor,
    listed,
    merged,
    moment,
    moment_of,
    over_at,
    shifted,
    widened,
    without,
)

START = datetime.fromisoformat("2024-01-01")


def hour(number: int) -> str:
    return str(START + timedelta(hours=number))


ranges = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda p: (hour(p[0]), hour(sum(p))))
).map(merged)


def hours(of: Ranges) -> set[str]:
    return {hour(number) for number in range(80) for low, high in of if low <= hour(number) < high}


@given(ranges, ranges)
def test_sets_of_ranges_are_sets_of_their_hours(one: Ranges, other: Ranges) -> None:
    assert hours(merged((*one, *other))) == hours(one) | hours(other)
    assert hours(without(one, other)) == hours(one) - hours(other)
    assert hours(common(one, other)) == hours(one) & hours(other)
    for found in (merged((*one, *other)), without(one, other), common(one, other)):
        assert found == merged(found)
    assert count(one, Grain.HOUR) == len(hours(one))


@given(ranges, st.integers(1, 7))
def test_batches_are_the_ranges_in_pieces(given_ranges: Ranges, size: int) -> None:
    pieces = list(batches(given_ranges, Grain.HOUR, size))
    assert merged(pieces) == given_ranges
    assert all(count((piece,), Grain.HOUR) <= size for piece in pieces)
    assert tuple(batches(given_ranges, Grain.HOUR, None)) == given_ranges


def test_a_hundred_thousand_hours_are_one_range() -> None:
    pieces = [(hour(number), hour(number + 1)) for number in range(100_000)]
    assert merged(pieces) == ((hour(0), hour(100_000)),)


@pytest.mark.parametrize(
    ("grain", "low", "high"),
    [
        (Grain.HOUR, "2024-02-29 13:00:00", "2024-02-29 14:00:00"),
        (Grain.DAY, "2024-02-29 00:00:00", "2024-03-01 00:00:00"),
        (Grain.WEEK, "2024-02-26 00:00:00", "2024-03-04 00:00:00"),
        (Grain.MONTH, "2024-02-01 00:00:00", "2024-03-01 00:00:00"),
    ],
)
def test_the_interval_around_a_moment(grain: Grain, low: str, high: str) -> None:
    at = "2024-02-29 13:14:15"
    assert (floor(at, grain), ceiling(at, grain)) == (low, high)
    assert ceiling(low, grain) == low
    assert shifted(low, grain, 1) == high
    assert shifted(high, grain, -1) == low


def test_months_pass_the_turn_of_the_year() -> None:
    assert shifted("2024-11-01 00:00:00", Grain.MONTH, 3) == "2025-02-01 00:00:00"
    assert count((("2023-11-01 00:00:00", "2025-02-01 00:00:00"),), Grain.MONTH) == 15


def test_now_is_the_wall_clock_of_the_zone() -> None:
    now = "2024-06-30T22:30:00.123Z"
    assert moment_of(now, None) == "2024-06-30 22:30:00"
    assert moment_of(now, "Europe/Berlin") == "2024-07-01 00:30:00"
    assert over_at(now, Grain.DAY, None) == "2024-07-01T00:00:00.000Z"
    assert over_at(now, Grain.MONTH, "Europe/Berlin") == "2024-07-31T22:00:00.000Z"


@pytest.mark.parametrize("text", ["tomorrow", "2024-13-01", "2024-01-01T00:00:00Z", ""])
def test_what_is_no_moment(text: str) -> None:
    assert moment(text) is None


def test_what_looks_back_reaches_further() -> None:
    day = ("2024-01-05 00:00:00", "2024-01-06 00:00:00")
    assert widened((day,), Grain.DAY, 2) == ((day[0], "2024-01-08 00:00:00"),)
    assert widened((day,), Grain.DAY, 0) == (day,)


def test_ranges_in_words() -> None:
    day = ("2024-01-05 00:00:00", "2024-01-06 00:00:00")
    week = ("2024-02-01 00:00:00", "2024-02-08 00:00:00")
    assert listed((day,), Grain.DAY) == "2024-01-05 (1 day)"
    assert listed((day, week), Grain.DAY) == "2024-01-05, 2024-02-01 … 2024-02-07 (8 days)"

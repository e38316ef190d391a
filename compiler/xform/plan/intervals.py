"""Intervals of time: ranges of a model's time column, at a grain.

A range is a pair of moments `(start, end)`, the end not in it, each written `YYYY-MM-DD HH:MM:SS`
in the model's time zone: such texts sort as time does, so sets of ranges are worked on as texts.
Sets are kept merged: sorted, apart from each other, none empty. A hundred thousand hours without a
gap are one range.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias

Moment: TypeAlias = str
Range: TypeAlias = tuple[Moment, Moment]
Ranges: TypeAlias = tuple[Range, ...]


class Grain(enum.StrEnum):
    """How long an interval is. Weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def moment(text: str) -> Moment | None:
    """A date or a time as ISO 8601 has it, without zone; None where it is none."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return None if found.tzinfo is not None else _written(found)


def moment_of(utc: str, zone: str | None) -> Moment:
    """The wall clock of a zone (UTC where there is none said) at a time as `Host.now` gives it."""
    at = datetime.fromisoformat(utc)
    return _written(at.astimezone(_zone(zone)))


def _zone(name: str | None) -> tzinfo:
    """Zones are loaded only where one is named: most plans need none."""
    if name is None:
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def over_at(utc: str, grain: Grain, zone: str | None) -> str:
    """When the interval that a time lies in is over, in UTC as `Host.now` gives it."""
    local = _read(shifted(floor(moment_of(utc, zone), grain), grain, 1))
    there = local.replace(tzinfo=_zone(zone)).astimezone(UTC)
    return there.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def floor(at: Moment, grain: Grain) -> Moment:
    """The start of the interval that holds a moment."""
    when = _read(at).replace(minute=0, second=0, microsecond=0)
    if grain is Grain.HOUR:
        return _written(when)
    when = when.replace(hour=0)
    if grain is Grain.WEEK:
        when -= timedelta(days=when.weekday())
    elif grain is Grain.MONTH:
        when = when.replace(day=1)
    return _written(when)


def ceiling(at: Moment, grain: Grain) -> Moment:
    """The nearest start of an interval that is not before a moment."""
    low = floor(at, grain)
    return low if low == at else shifted(low, grain, 1)


def shifted(at: Moment, grain: Grain, count: int) -> Moment:
    """So many intervals later, or earlier."""
    when = _read(at)
    match grain:
        case Grain.HOUR:
            when += timedelta(hours=count)
        case Grain.DAY:
            when += timedelta(days=count)
        case Grain.WEEK:
            when += timedelta(weeks=count)
        case Grain.MONTH:
            month = when.year * 12 + when.month - 1 + count
            when = when.replace(year=month // 12, month=month % 12 + 1)
    return _written(when)


def whole(of: Range, grain: Grain) -> Range:
    """The whole intervals that a range touches."""
    return floor(of[0], grain), ceiling(of[1], grain)


def merged(ranges: Iterable[Range]) -> Ranges:
    """The set of moments that any of the ranges holds."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)


def without(ranges: Ranges, taken: Ranges) -> Ranges:
    """What of a set another one does not hold."""
    found: list[Range] = []
    for start, end in ranges:
        for low, high in taken:
            if high <= start or low >= end:
                continue
            if low > start:
                found.append((start, low))
            start = max(start, high)
        if start < end:
            found.append((start, end))
    return tuple(found)


def common(one: Ranges, other: Ranges) -> Ranges:
    """What two sets share."""
    return merged((max(start, low), min(end, high)) for start, end in one for low, high in other)


def widened(ranges: Ranges, grain: Grain, behind: int) -> Ranges:
    """A set with so many intervals more behind each of its ranges."""
    if not behind:
        return ranges
    return merged((start, shifted(end, grain, behind)) for start, end in ranges)


def batches(ranges: Ranges, grain: Grain, size: int | None) -> Iterator[Range]:
    """The ranges, cut into pieces of at most so many intervals (None: not cut)."""
    for start, end in ranges:
        if size is None:
            yield start, end
            continue
        while start < end:
            stop = min(shifted(start, grain, size), end)
            yield start, stop
            start = stop


def count(ranges: Ranges, grain: Grain) -> int:
    """How many intervals a set of whole ones holds."""
    return sum(_length(start, end, grain) for start, end in ranges)


def shown(of: Range, grain: Grain) -> str:
    """A range as people read it: its first and last interval."""
    last = shifted(of[1], grain, -1)
    first_text, last_text = _short(of[0], grain), _short(last, grain)
    return first_text if first_text == last_text else f"{first_text} … {last_text}"


def listed(ranges: Sequence[Range], grain: Grain, most: int = 3) -> str:
    """Several ranges, and how many intervals they are."""
    told = ", ".join(shown(item, grain) for item in ranges[:most])
    more = f" and {len(ranges) - most} more" if len(ranges) > most else ""
    number = count(tuple(ranges), grain)
    return f"{told}{more} ({number:,} {grain}{'' if number == 1 else 's'})"


def _short(at: Moment, grain: Grain) -> str:
    match grain:
        case Grain.HOUR:
            return at[:16]
        case Grain.MONTH:
            return at[:7]
        case _:
            return at[:10]


def _length(start: Moment, end: Moment, grain: Grain) -> int:
    low, high = _read(start), _read(end)
    match grain:
        case Grain.HOUR:
            return round((high - low) / timedelta(hours=1))
        case Grain.DAY:
            return (high - low).days
        case Grain.WEEK:
            return (high - low).days // 7
        case Grain.MONTH:
            return (high.year - low.year) * 12 + high.month - low.month


def _read(at: Moment) -> datetime:
    return datetime.fromisoformat(at)


def _written(when: datetime) -> Moment:
    return when.replace(tzinfo=None, microsecond=0).isoformat(" ")

"""Incremental models: how a table grows, and what of it is computed again."""

from __future__ import annotations

from typing import Any

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.spans import Span
from xform.project.reader import Notes, read_choice, read_whole, read_word, read_words, wrong_type
from xform.project.values import Scalar, Value

GRAINS = ("hour", "day", "week", "month")
RESTATE = ("changed", "never")

KEYS = (
    "time_column",
    "time_grain",
    "start",
    "end",
    "lookback",
    "batch",
    "time_zone",
    "restate",
    "unique_key",
    "strategy",
    "updated_at",
    "check_cols",
    "hard_deletes",
    "on_code_change",
    "on_schema_change",
)
"""Settings of incremental models and snapshots alone."""

BY_KEY = ("merge", "delete+insert", "append")
BY_VERSION = ("timestamp", "check")
ON_CODE = ("rebuild", "forward")
ON_SCHEMA = ("fail", "append", "sync", "ignore")
DELETES = ("ignore", "invalidate")
VALID_FROM, VALID_TO = "valid_from", "valid_to"
"""The columns that a snapshot adds: from when on a row was so, and until when (NULL: it is)."""


class TimeRange(msgspec.Struct, frozen=True):
    """A table that is computed interval by interval of its time column.

    `start` and `end` are as written (ISO 8601); without `end` it goes up to now. `lookback`: so
    many intervals before it are read for an interval, too. `batch`: so many intervals are
    computed by one statement; None leaves it to the compiler. `restate`: whether an interval is
    computed again when what it was made of has changed.
    """

    column: str
    start: str
    grain: str = "day"
    end: str | None = None
    lookback: int = 0
    batch: int | None = None
    single: bool = False
    """All at once, whatever the query is."""
    zone: str | None = None
    restate: str = "changed"
    forward: bool = False
    """New code is for what is computed from then on; the table is not built anew."""
    on_schema: str = "fail"
    """What becomes of other columns then: fail, append, sync or ignore."""

    def storage(self) -> str:
        """What of it decides which rows the table holds."""
        return f"by {self.grain} of {self.column.lower()} {self.start} {self.end} {self.zone}"


class Keyed(msgspec.Struct, frozen=True):
    """A table that takes in what a query yields each time that there are new data.

    `merge` replaces the row of each key; `delete+insert` all rows of the keys that come; `append`
    puts rows behind. A snapshot keeps every version of a row: `timestamp` sees a new one by the
    column `updated_at`, `check` by the columns of `check` (none: all). `deletes`: a key that no
    longer comes is at its end.
    """

    key: tuple[str, ...]
    strategy: str
    updated_at: str | None = None
    check: tuple[str, ...] = ()
    deletes: bool = False
    forward: bool = False
    on_schema: str = "fail"

    @property
    def is_snapshot(self) -> bool:
        return self.strategy in BY_VERSION

    def storage(self) -> str:
        """What of it decides which rows the table holds."""
        parts = [*self.key, self.strategy, self.updated_at or "", *self.check, str(self.deletes)]
        return f"by key {' '.join(part.lower() for part in parts)}"


def read_incremental(setting: str, value: Value, what: str, notes: Notes) -> Any:
    """The typed value of one of KEYS; None where it is none."""
    match setting:
        case "time_grain":
            return read_choice(value, what, GRAINS, notes)
        case "start" | "end":
            return read_moment(value, what, notes)
        case "lookback":
            return read_whole(value, what, notes)
        case "batch":
            if isinstance(value, Scalar) and value.value == "single":
                return "single"
            if isinstance(value, Scalar) and isinstance(value.value, str):
                wrong_type(value, what, "'single' or a number of intervals", notes)
                return None
            return read_whole(value, what, notes, 1)
        case "time_zone":
            return _read_zone(value, what, notes)
        case "restate":
            return read_choice(value, what, RESTATE, notes)
        case "unique_key":
            return read_words(value, what, notes)
        case "check_cols":
            if isinstance(value, Scalar) and value.value == "all":
                return ()
            return read_words(value, what, notes)
        case "strategy":
            return read_choice(value, what, (*BY_KEY, *BY_VERSION), notes)
        case "on_code_change":
            return read_choice(value, what, ON_CODE, notes)
        case "on_schema_change":
            return read_choice(value, what, ON_SCHEMA, notes)
        case "hard_deletes":
            return read_choice(value, what, DELETES, notes)
        case _:
            return read_word(value, what, notes)


def time_grain(grain: tuple[str, ...]) -> str | None:
    """`grain: day` of an incremental model is that of its intervals; a list names columns."""
    return grain[0] if len(grain) == 1 and grain[0] in GRAINS else None


def column_grain(kind: str, grain: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of which a row is one, where `grain` names those."""
    return () if kind == "incremental" and time_grain(grain) else grain


def incremental_of(
    said: dict[str, Any], grain: tuple[str, ...], span: Span, places: dict[str, Span]
) -> tuple[TimeRange | None, list[Diagnostic]]:
    """How an incremental model grows by time, from its settings; None where it grows by key."""
    column = said.get("time_column")
    if column is None:
        if said.get("unique_key") or said.get("strategy") == "append":
            return None, []
        advice = (
            "add 'time_column: …' and 'start: …' where it grows by time, 'unique_key: …' where "
            "rows are replaced by their key, or 'strategy: append'"
        )
        message = "an incremental model has no 'time_column' and no 'unique_key'"
        return None, [diagnose(codes.MISSING_KEY, message, span, advice)]
    start = said.get("start")
    if start is None:
        message = "an incremental model has no 'start'"
        advice = "add 'start: 2024-01-01', the first time that it is to hold"
        return None, [diagnose(codes.MISSING_KEY, message, span, advice)]
    end = said.get("end")
    if end is not None and end <= start:
        message = f"'end' is not after 'start' ({start})"
        return None, [
            diagnose(codes.BAD_VALUE, message, places.get("end", span), "give a later time")
        ]
    batch = said.get("batch")
    return TimeRange(
        column,
        start,
        said.get("time_grain") or time_grain(grain) or "day",
        end,
        said.get("lookback", 0),
        batch if isinstance(batch, int) else None,
        batch == "single",
        said.get("time_zone"),
        said.get("restate", "changed"),
        said.get("on_code_change") == "forward",
        said.get("on_schema_change", "fail"),
    ), []


def keyed_of(
    kind: str, said: dict[str, Any], span: Span, places: dict[str, Span]
) -> tuple[Keyed | None, list[Diagnostic]]:
    """How a model grows by key, or a snapshot keeps versions, from its settings; None where it
    does neither."""
    key = tuple(said.get("unique_key") or ())
    strategy = said.get("strategy")
    if kind == "incremental":
        if said.get("time_column") is not None or not (key or strategy == "append"):
            return None, []
        strategy = strategy or "merge"
        if strategy in BY_VERSION:
            message = f"strategy '{strategy}' is that of snapshots"
            at = places.get("strategy", span)
            return None, [diagnose(codes.BAD_VALUE, message, at, "write 'kind: snapshot'")]
        forward = said.get("on_code_change") == "forward"
        on_schema = said.get("on_schema_change", "fail")
        return Keyed(key, strategy, forward=forward, on_schema=on_schema), []
    if kind != "snapshot":
        return None, []
    if not key:
        advice = "add 'unique_key: …', the columns by which a row is known again"
        return None, [diagnose(codes.MISSING_KEY, "a snapshot has no 'unique_key'", span, advice)]
    updated = said.get("updated_at")
    strategy = strategy or ("timestamp" if updated else "check")
    if strategy == "timestamp" and updated is None:
        message = "a snapshot by timestamp has no 'updated_at'"
        advice = "add 'updated_at: …', the column that tells when a row was changed"
        return None, [diagnose(codes.MISSING_KEY, message, span, advice)]
    if strategy not in BY_VERSION:
        message = f"'strategy' of a snapshot cannot be '{strategy}'"
        at = places.get("strategy", span)
        return None, [diagnose(codes.BAD_VALUE, message, at, "it is timestamp or check")]
    deletes = said.get("hard_deletes") == "invalidate"
    return Keyed(key, strategy, updated, tuple(said.get("check_cols") or ()), deletes), []


def read_moment(value: Value, what: str, notes: Notes) -> str | None:
    """A date or a time without zone, as `YYYY-MM-DD HH:MM:SS`."""
    from datetime import datetime

    text = value.text if isinstance(value, Scalar) else ""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        wrong_type(value, what, "a date or a time", notes, "write it as 2024-01-31")
        return None
    if found.tzinfo is not None or found.year < 1000:
        message = f"{what} must be a time without a zone, from the year 1000 on"
        advice = "write it as 2024-01-31; 'time_zone' says where"
        notes.append(diagnose(codes.BAD_VALUE, message, value.span, advice))
        return None
    return found.replace(microsecond=0).isoformat(" ")


def _read_zone(value: Value, what: str, notes: Notes) -> str | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    text = read_word(value, what, notes)
    if text is None:
        return None
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"there is no time zone '{text}'"
        advice = "give a name such as Europe/Berlin or UTC"
        notes.append(diagnose(codes.BAD_VALUE, message, value.span, advice))
        return None
    return text

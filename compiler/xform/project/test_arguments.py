"""What each kind of data test takes: its arguments read and checked."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as ReadOnly
from typing import Any, NamedTuple

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.base.spans import Span
from xform.project.assets import TestKind
from xform.project.reader import (
    Notes,
    check_keys,
    read_choice,
    read_mapping,
    read_text,
    read_whole,
    read_word,
    read_words,
    required,
    wrong_type,
)
from xform.project.references import REFERENCE_HELP, reference
from xform.project.running import read_duration
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value

STATISTICS = ("mean", "null_share", "distinct_share")
_PERIODS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}

OWN: dict[TestKind, tuple[str, ...]] = {
    TestKind.NOT_NULL: (),
    TestKind.UNIQUE: (),
    # `quote` is dbt's; values have types here, so it says nothing.
    TestKind.ACCEPTED_VALUES: ("values", "quote"),
    TestKind.RANGE: ("min", "max"),
    TestKind.REGEX: ("pattern",),
    TestKind.EXPRESSION: ("expression",),
    TestKind.RELATIONSHIPS: ("to", "field"),
    TestKind.ROW_COUNT: ("min", "max", "min_share", "max_share"),
    TestKind.FRESHNESS: ("max_age", "warn_after", "error_after"),
    TestKind.RECENCY: ("field", "max_age", "datepart", "interval", "group_by"),
    TestKind.DRIFT: (*STATISTICS, "over", "least"),
}
"""The built-in kinds, and what each takes."""

MAIN = {
    TestKind.REGEX: "pattern",
    TestKind.EXPRESSION: "expression",
    TestKind.FRESHNESS: "max_age",
}
"""What `{kind: value}` gives."""

OF_ASSET = (
    TestKind.UNIQUE,
    TestKind.NOT_NULL,
    TestKind.EXPRESSION,
    TestKind.ROW_COUNT,
    TestKind.FRESHNESS,
    TestKind.RECENCY,
)
OF_COLUMN = tuple(kind for kind in OWN if kind not in (TestKind.ROW_COUNT, TestKind.RECENCY))


class Found(NamedTuple):
    args: dict[str, Any]
    columns: tuple[str, ...]


class Arguments:
    """The arguments of one test. `column` is that which it stands at, if at one."""

    def __init__(
        self,
        kind: TestKind,
        column: str | None,
        given: ReadOnly[str, Entry],
        span: Span,
        notes: Notes,
    ) -> None:
        self._kind = kind
        self._column = column
        self._given = given
        self._span = span
        self._notes = notes

    def read(self) -> Found:
        """What was found wrong stands in the notes then."""
        columns = () if self._column is None else (self._column,)
        match self._kind:
            case TestKind.NOT_NULL | TestKind.UNIQUE:
                return Found({}, columns or self._columns())
            case TestKind.ACCEPTED_VALUES:
                return Found({"values": self._values()}, columns)
            case TestKind.RANGE:
                self._one_of("min", "max")
                return Found(self._each(("min", "max"), self._bound), columns)
            case TestKind.REGEX:
                return Found({"pattern": self._word("pattern")}, columns)
            case TestKind.EXPRESSION:
                return Found({"expression": self._word("expression")}, columns)
            case TestKind.RELATIONSHIPS:
                to = self._needed("to")
                return Found(
                    {"to": to and self._reference(to), "field": self._word("field")}, columns
                )
            case TestKind.ROW_COUNT:
                return Found(self._row_count(), columns)
            case TestKind.FRESHNESS:
                return Found(self._freshness(), columns or self._field())
            case TestKind.RECENCY:
                return Found(self._recency(), self._field())
            case TestKind.DRIFT:
                return Found(self._drift(), columns)
            case _:
                raise AssertionError(self._kind)

    # By kind -------------------------------------------------------------------------------------

    def _columns(self) -> tuple[str, ...]:
        listed = self._needed("columns")
        columns = (listed and read_words(listed, "'columns'", self._notes)) or ()
        if listed is not None and not columns:
            self._wrong("'columns' is empty", listed.span, "name a column")
        return columns

    def _field(self) -> tuple[str, ...]:
        field = self._word("field")
        return (field,) if field else ()

    def _values(self) -> list[str | int | float | bool | None]:
        value = self._needed("values")
        if value is None:
            return []
        if not isinstance(value, Sequence):
            wrong_type(value, "'values'", "a list", self._notes, "write values: [a, b]")
            return []
        if not value.items:
            self._wrong("'values' is empty", value.span, "list the accepted values")
        for item in value.items:
            if not isinstance(item, Scalar):
                wrong_type(item, "each of 'values'", "a single value", self._notes)
            elif item.value is None:
                self._wrong(
                    "accepts NULL anyway",
                    item.span,
                    "take it out, or put quotes around the text 'null'",
                )
        return [item.value for item in value.items if isinstance(item, Scalar)]

    def _row_count(self) -> dict[str, Any]:
        self._one_of("min", "max", "min_share", "max_share")
        counts = self._each(("min", "max"), self._whole)
        return counts | self._each(("min_share", "max_share"), self._amount)

    def _freshness(self) -> dict[str, Any]:
        self._one_of("max_age", "error_after", "warn_after")
        ages: dict[str, Any] = {}
        for key, name in (("max_age", "max_age"), ("error_after", "max_age"),
                          ("warn_after", "warn_age")):  # fmt: skip
            if key in self._given:
                ages[name] = self._age(key, self._given[key].value)
        return ages

    def _recency(self) -> dict[str, Any]:
        groups = self._given.get("group_by")
        listed = read_words(groups.value, "'group_by'", self._notes) if groups is not None else ()
        age: float | None = None
        if "max_age" in self._given:
            age = self._age("max_age", self._given["max_age"].value)
        else:
            count, part = self._needed("interval"), self._needed("datepart")
            if count is not None and part is not None:
                age = self._units(count, part)
        return {"max_age": age, "group_by": list(listed or ())}

    def _drift(self) -> dict[str, Any]:
        self._one_of(*STATISTICS)
        found = self._each(STATISTICS, self._amount)
        return found | self._each(("over", "least"), lambda key, value: self._whole(key, value, 1))

    # Values --------------------------------------------------------------------------------------

    def _each(self, keys: tuple[str, ...], read: Callable[[str, Value], Any]) -> dict[str, Any]:
        return {key: read(key, self._given[key].value) for key in keys if key in self._given}

    def _whole(self, key: str, value: Value, minimum: int = 0) -> int | None:
        return read_whole(value, f"'{key}' of '{self._kind}'", self._notes, minimum)

    def _amount(self, key: str, value: Value) -> float | None:
        number = value.value if isinstance(value, Scalar) else None
        what = f"'{key}' of '{self._kind}'"
        if not isinstance(number, int | float) or isinstance(number, bool):
            wrong_type(value, what, "a number", self._notes, "write a share, such as 0.2")
            return None
        if not 0 <= number < float("inf"):
            message = f"{what} must be 0 or more, not {number}"
            self._notes.append(diagnose(codes.BAD_VALUE, message, value.span, "give 0 or more"))
            return None
        return float(number)

    def _bound(self, key: str, value: Value) -> str | int | float | None:
        if isinstance(value, Scalar) and not isinstance(value.value, bool | None):
            return value.value
        wrong_type(value, f"'{key}' of '{self._kind}'", "a number or a date", self._notes)
        return None

    def _age(self, key: str, value: Value) -> float | None:
        """Seconds: `2d`, or dbt's `{count: 12, period: hour}`."""
        what = f"'{key}' of '{self._kind}'"
        if not isinstance(value, Mapping):
            return read_duration(value, what, self._notes)
        mapping = read_mapping(value, what, self._notes)
        assert mapping is not None
        check_keys(mapping, ("count", "period"), what, self._notes)
        count = required(mapping, "count", what, self._notes)
        period = required(mapping, "period", what, self._notes)
        return None if count is None or period is None else self._units(count, period)

    def _units(self, count: Value, period: Value) -> float | None:
        number = read_whole(count, f"the interval of '{self._kind}'", self._notes, 1)
        unit = read_choice(period, f"the period of '{self._kind}'", _PERIODS, self._notes)
        return None if number is None or unit is None else float(number * _PERIODS[unit])

    def _word(self, key: str) -> str | None:
        value = self._needed(key)
        if value is None:
            return None
        return read_word(value, f"'{key}' of '{self._kind}'", self._notes)

    def _reference(self, value: Value) -> str | None:
        text = read_text(value, "'to'", self._notes)
        if text is None:
            return None
        named = reference(text)
        if named is None:
            message = f"'{text}' is not the name of an asset"
            self._notes.append(diagnose(codes.TEST_ARGUMENT, message, value.span, REFERENCE_HELP))
        return named

    def _needed(self, key: str) -> Value | None:
        if key in self._given:
            return self._given[key].value
        self._wrong(f"has no '{key}'", self._span, f"add '{key}: …' to its arguments")
        return None

    def _one_of(self, *keys: str) -> None:
        if not any(key in self._given for key in keys):
            *first, last = (f"'{key}'" for key in keys)
            neither = "neither" if len(keys) == 2 else "none of"
            joined = f"{', '.join(first)} {'nor' if len(keys) == 2 else 'and'} {last}"
            advice = f"add '{keys[0]}: …'" + (" or both" if len(keys) == 2 else "")
            self._wrong(f"has {neither} {joined}", self._span, advice)

    def _wrong(self, finding: str, span: Span, advice: str) -> None:
        message = f"test '{self._kind}' {finding}"
        if finding.startswith("'"):
            message = f"{finding} in '{self._kind}'"
        self._notes.append(diagnose(codes.TEST_ARGUMENT, message, span, advice))

"""What the numbers that a test yields mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from xform.plan.audits import Age, Audit, Counted, Drift, Number, Rows
from xform.project.thresholds import ANY


@dataclass(frozen=True, slots=True)
class Outcome:
    """`message` is a whole sentence without its full stop: `order_id is NULL: 3 rows`."""

    status: Literal["pass", "warn", "fail"]
    message: str
    failures: int = 0


def judge(
    audit: Audit, numbers: Sequence[Number], before: Sequence[Sequence[Number]] = ()
) -> Outcome:
    """A test fails where its failures meet `error_if` and it is severe; else it warns where they
    meet `warn_if`, and passes where they do not.

    `before` are the numbers that the builds before had, the last one last.
    """
    match audit.rule:
        case Counted():
            failures = round(_number(numbers[0]))
            return _judged(audit, failures, _rows(failures))
        case Rows():
            return _row_count(audit, audit.rule, int(_number(numbers[0])), before)
        case Age():
            return _age(audit, audit.rule, numbers[0])
        case Drift():
            return _drift(audit, audit.rule, numbers, before)
        case unknown:
            assert_never(unknown)


def _judged(audit: Audit, failures: int, found: str) -> Outcome:
    status: Literal["warn", "fail"] | None = None
    if audit.severity == "error" and audit.error_if.holds(failures):
        status = "fail"
    elif audit.warn_if.holds(failures):
        status = "warn"
    if status is None:
        but = f", but for {found}" if failures else ""
        return Outcome("pass", audit.description + but, failures)
    limit = audit.error_if if status == "fail" else audit.warn_if
    allowed = f" ({limit})" if limit != ANY else ""
    said = audit.failure or f"not so: {audit.description}"
    return Outcome(status, f"{said}: {found}{allowed}", failures)


def _row_count(audit: Audit, rule: Rows, count: int, before: Sequence[Sequence[Number]]) -> Outcome:
    last = next((numbers[0] for numbers in reversed(before) if numbers[0] is not None), None)
    bounds: list[tuple[float | None, float | None]] = [(rule.low, rule.high)]
    if last is not None:
        low = None if rule.low_share is None else rule.low_share * last
        high = None if rule.high_share is None else rule.high_share * last
        bounds.append((low, high))
    missing = max((low - count for low, _ in bounds if low is not None), default=0.0)
    extra = max((count - high for _, high in bounds if high is not None), default=0.0)
    failures = max(0, -int(-missing // 1), -int(-extra // 1))
    found = _rows(count)
    if last is not None and (rule.low_share is not None or rule.high_share is not None):
        found += f" after {round(last):,}"
    if failures:
        found += f", {failures:,} too {'few' if missing >= extra else 'many'}"
    return _judged(audit, failures, found)


def _age(audit: Audit, rule: Age, age: Number) -> Outcome:
    if age is None:
        return _judged(audit, 1, "there is none")
    found = f"{_duration(age)}"
    if rule.most is not None and age > rule.most:
        return _judged(audit, 1, found)
    if rule.warn is not None and age > rule.warn:
        said = audit.failure or audit.description
        return Outcome("warn", f"{said}: {found}", 1)
    return _judged(audit, 0, found)


def _drift(
    audit: Audit, rule: Drift, numbers: Sequence[Number], before: Sequence[Sequence[Number]]
) -> Outcome:
    drifted: list[str] = []
    for place, (statistic, allowed) in enumerate(rule.statistics):
        now = numbers[place]
        known = [earlier[place] for earlier in before[-rule.over :] if place < len(earlier)]
        past = [value for value in known if value is not None]
        if now is None or len(past) < max(rule.least, 1):
            continue
        mean = sum(past) / len(past)
        distance = abs(now - mean)
        relative = statistic == "mean"
        if distance > allowed * (abs(mean) if relative else 1.0) * (1 + _SLACK):
            what = statistic.replace("_", " ")
            builds = "build" if len(past) == 1 else f"{len(past)} builds"
            drifted.append(f"{what} {now:.4g}, {mean:.4g} in the last {builds}")
    if not drifted:
        return Outcome("pass", audit.description)
    return _judged(audit, len(drifted), "; ".join(drifted))


_SLACK = 1e-9
"""So that sums in another order are no drift."""


def _number(value: Number) -> float:
    return 0 if value is None else value


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _duration(seconds: float) -> str:
    for size, unit in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} seconds"

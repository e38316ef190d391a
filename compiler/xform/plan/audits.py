"""Data tests ready to run: what each measures, how the numbers are judged, and the query that
measures several of them in one go.

Tests that look at the rows of one relation share a scan of it. Each adds *values*, expressions over
a row, and *numbers*, aggregates over those; what cannot be put so brings a query of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.plan.intervals import Ranges
from xform.project.thresholds import ANY, Threshold

Number: TypeAlias = int | float | None
"""What is measured; None where there is nothing to measure."""

ROWS = "_tested"
"""The tested relation, as the expressions of a test name it."""


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """The number is of failing rows."""


class Rows(msgspec.Struct, frozen=True, tag="rows"):
    """The number is of rows, to be within bounds; also against those of the build before, by
    shares of it. `every`: whether all rows were counted."""

    low: int | None = None
    high: int | None = None
    low_share: float | None = None
    high_share: float | None = None
    every: bool = True


class Age(msgspec.Struct, frozen=True, tag="age"):
    """The number is the age of the newest value, in seconds: at most `most`, `warn` for no
    warning."""

    most: float | None = None
    warn: float | None = None


class Drift(msgspec.Struct, frozen=True, tag="drift"):
    """Each number is a statistic, which may differ by so much from the mean of the builds before,
    of which there have to be `least`; `over` at most count. A mean differs by shares of it."""

    statistics: tuple[tuple[str, float], ...]
    over: int = 10
    least: int = 1


Rule: TypeAlias = Counted | Rows | Age | Drift
"""How numbers become failures."""

COUNTED = Counted()


class Audit(msgspec.Struct, frozen=True):
    """A data test, ready to run, under the physical names that builds will have.

    Either `sql` is a query that yields one row with one number, or `relation` is to be read:
    `values` are expressions over a row of it (as `_tested`), `numbers` aggregates in which `{0}` is
    the first value. `blocking` tests keep a build from being published.
    """

    name: str
    asset: AssetName
    sql: str
    blocking: bool
    span: Span
    columns: tuple[str, ...] = ()
    description: str = ""
    """What is claimed, in words: `order_id is unique`."""
    failure: str = ""
    """What is found where the claim does not hold, in words: `order_id is not unique`."""
    severity: str = "error"
    error_if: Threshold = ANY
    warn_if: Threshold = ANY
    rule: Rule = COUNTED
    relation: str = ""
    values: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    by_row: bool = False
    """Whether a row fails or not whatever other rows there are."""
    key: Digest = Digest("")
    """Of what is measured, without the names of builds."""
    reads: tuple[str, ...] = ()
    """Other builds that it reads, by physical name."""
    lasting: bool = True
    """Whether it yields the same each time, as long as what it reads is the same."""
    bad: str = ""
    """The query of the failing rows, where there are such."""
    keep: int | None = None
    """How many failing rows are kept at most, where that is said of the test."""
    keeps: bool = False
    """Whether they are kept though nobody asks for it."""
    hidden: tuple[str, ...] | None = ()
    """Columns of `bad`, in lower case, that are never kept; None: all of them."""


class Sliver(msgspec.Struct, frozen=True):
    """The rows of some intervals: of a table that was carried on, those that are new. `column` is
    an SQL name."""

    column: str
    ranges: Ranges
    zone: str | None

    @property
    def condition(self) -> str:
        within = " or ".join(
            f"({self.column} >= {self._moment(start)} and {self.column} < {self._moment(end)})"
            for start, end in self.ranges
        )
        return within or "false"

    def _moment(self, at: str) -> str:
        plain = f"timestamp '{at}'"
        return plain if self.zone is None else f"timezone('{self.zone}', {plain})"


def width(audit: Audit) -> int:
    """How many numbers it yields."""
    return len(audit.numbers) or 1


def question(audits: Sequence[Audit], sliver: Sliver | None = None) -> str:
    """The query that measures tests, in one row, the numbers of each after those of the one before.

    `sliver`: of these tests, those that look at the rows one by one see only these.
    """
    scans: dict[tuple[str, bool], list[int]] = {}
    sources: list[str] = []
    chosen: list[list[str]] = [[] for _ in audits]
    for place, audit in enumerate(audits):
        if audit.numbers:
            scans.setdefault((audit.relation, audit.by_row and sliver is not None), []).append(
                place
            )
        else:
            chosen[place] = [f"_q{len(sources)}._n"]
            sources.append(f"(select (\n{audit.sql}\n) as _n) as _q{len(sources)}")
    for (relation, narrow), places in scans.items():
        values: dict[str, str] = {}
        numbers: list[str] = []
        source = f"_q{len(sources)}"
        for place in places:
            audit = audits[place]
            # A value that several tests look at is computed once.
            named = [values.setdefault(value, f"_v{len(values)}") for value in audit.values]
            for number in audit.numbers:
                chosen[place].append(f"{source}._n{len(numbers)}")
                numbers.append(f"{number.format(*named)} as _n{len(numbers)}")
        listed = ", ".join(f"({value}) as {name}" for value, name in values.items()) or "1 as _one"
        where = f" where {sliver.condition}" if narrow and sliver is not None else ""
        sources.append(
            f"(select {', '.join(numbers)} from "
            f"(select {listed} from {relation} as {ROWS}{where}) as _rows) as {source}"
        )
    picked = ", ".join(number for numbers in chosen for number in numbers)
    return f"select {picked} from {', '.join(sources)}"

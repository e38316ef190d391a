"""What every part of the binder shares: the meaning under construction, diagnostics, uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from xform.base.codes import Code
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import AssetName, ColumnRef
from xform.base.spans import Span
from xform.sema.meaning import Hole, MeaningBuilder
from xform.sema.scope import UNORDERED_ROWS, Found, Ordering, Relation, Scope
from xform.sema.traits import traits
from xform.sql.ir import Expr, Name, Query, Text, Window
from xform.sql.parse import Place


class Use(msgspec.Struct):
    """What an expression draws from. `value` are sources of its value; `rows_hole` and `order`
    belong to the stage at which aggregates and windows in it work."""

    value: set[Hole] = msgspec.field(default_factory=set)
    rows_hole: Hole | None = None
    order: Ordering = UNORDERED_ROWS
    aliases: bool = True
    """Whether output names may be referred to."""
    either: bool = False
    """Whether a name that is both a column and an output counts as both (HAVING, ORDER BY)."""
    windows: dict[str, Window] = msgspec.field(default_factory=dict)
    star: Found | None = None
    """The column that a `COLUMNS(…)` inside an expression stands for just now."""


class Binder:
    """State of binding one query."""

    def __init__(self, asset: AssetName | None, place: Place, dialect: str) -> None:
        self.asset = asset
        self.place = place
        self.dialect = dialect
        self.meaning = MeaningBuilder()
        self.diagnostics: dict[Diagnostic, None] = {}
        """In the order in which they were found, each once."""
        self._written: dict[tuple[str, Span], Diagnostic] = {}
        """The first of each code at each place of the file."""
        self._again: dict[Diagnostic, set[str]] = {}
        """What a template makes of the same code at the same place, by the first of it."""
        self.clock: set[str] = set()
        self.depths: list[set[int]] = []
        """For each aggregate being written: the depths of the scopes it draws from."""
        self.reach = NO_REACH
        """The outermost depth that was referred to since a CTE's definition began."""

        self._traits: dict[int, int] = {}
        self._silent = 0

    def traits(self, expr: Expr) -> int:
        """`traits` of an expression of the query, looked at once."""
        kind = type(expr)
        if kind is Name or kind is Text:
            return 0
        bits = self._traits.get(id(expr))
        if bits is None:
            bits = self._traits[id(expr)] = traits(expr)
        return bits

    def query(self, query: Query, parent: Scope | None) -> Relation:
        """Bind a query: provided by the binder of queries, needed for subqueries."""
        raise NotImplementedError

    @contextmanager
    def silent(self) -> Iterator[None]:
        """While something is only looked at: nothing is said of it."""
        self._silent += 1
        try:
            yield
        finally:
            self._silent -= 1

    def complain(
        self,
        code: Code,
        message: str,
        start: int,
        end: int,
        help_: str,
        *labels: Label,
        missing: Iterable[ColumnRef] = (),
    ) -> None:
        if self._silent:
            return
        span = self.place.whole(start, end)
        found = diagnose(
            code, message, span, help_, asset=self.asset, labels=labels, missing=missing
        )
        first = self._written.setdefault((code.id, span), found)
        if first.message != message and self.place.source_map.segments:
            self._again.setdefault(first, set()).add(message)  # another pass of a loop
        else:
            self.diagnostics[found] = None

    def said(self) -> tuple[Diagnostic, ...]:
        """All diagnostics; of those that one place of a template makes, only the first."""
        return tuple(
            msgspec.structs.replace(
                item, message=f"{item.message}, the first of {len(self._again[item]) + 1} here"
            )
            if item in self._again
            else item
            for item in self.diagnostics
        )

    def label(self, start: int, end: int, message: str) -> Label:
        """A second place of the query, for `complain`."""
        return Label(self.place.whole(start, end), message)


NO_REACH = 1 << 30

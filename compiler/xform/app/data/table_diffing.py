"""Two relations compared through an engine: what is asked, and what the answers mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from xform.app.workspace import UserError
from xform.base.codes import NOT_A_COLUMN
from xform.base.diagnostics import diagnose
from xform.base.names import AssetName, did_you_mean
from xform.checks import diff_queries as queries
from xform.checks.column_pairs import TEXT, ColumnPair, Columns, pairs_of, retyped
from xform.checks.diff_queries import LEFT, RIGHT, ColumnCounts, Comparison, SideKeys, Tally
from xform.checks.excerpts import excerpts
from xform.checks.table_diff import (
    Cell,
    ColumnDiff,
    Example,
    KeyDiff,
    Kind,
    Repeats,
    RowsDiff,
    TableDiff,
)
from xform.run.failures import EngineError
from xform.run.ports import Engine, Session
from xform.sql.dialects import quote

MOST_ROWS = 10_000_000
MOST_CELLS = 200_000_000
"""Where a side has more rows, or more values, a sample of a tenth of these is compared. Up to there
two cores are done within a minute or two. The reason for a sample of a million rows: it finds what
touches three rows in a million with 95 % certainty, and tells shares to 0.1 percentage points."""

EXACT_CELLS = 2_000_000
EXACT_COLUMNS = 50
"""Up to so many values, distinct ones are counted; beyond they are estimated, to a few percent. To
count those of many columns in one query takes longer than all else together."""

SHOWN = 12
"""Columns in an example."""

_HOPELESS = ("interrupted", "memory", "io", "busy")
"""Kinds of errors that say nothing of the cast that was tried."""


class DiffOptions(msgspec.Struct, frozen=True):
    """How to compare. `key` names the columns of the key, where the project is not to say them.
    `rows` examples are shown of each kind; `sample` is the share of the keys that is compared
    (1.0: all; None: all, unless there are too many); `float_digits` how many digits of floats
    count behind the point."""

    key: tuple[str, ...] = ()
    rows: int = 3
    sample: float | None = None
    float_digits: int | None = None


@dataclass(frozen=True)
class Subject:
    """An asset that both sides show. `keys` are candidates for the key, the best first, with where
    they come from; `private` tells of a column, by folded name, whether its values are secret."""

    asset: AssetName
    builds: tuple[str, str]
    relations: tuple[str, str]
    keys: Sequence[tuple[tuple[str, ...], str]]
    private: Callable[[str], bool]


class TableComparer:
    """Compares relations in one session. Raises EngineError, UserError."""

    def __init__(self, engine: Engine, session: Session, options: DiffOptions) -> None:
        self._engine = engine
        self._session = session
        self._options = options

    def compare(self, subject: Subject) -> TableDiff:
        left, right = self._columns(subject)
        pairs = pairs_of(left, right, self._common_types(subject, retyped(left, right)))
        key, source = self._key(subject, pairs)
        others = tuple(pair for pair in pairs if pair not in key)
        count, other_count = self._row(queries.sizes_query(subject.relations))
        sizes = int(count), int(other_count)
        share = self._share(max(sizes), len(pairs))
        cells = max(sizes) * (share or 1.0) * len(pairs)
        exact = cells <= EXACT_CELLS and len(pairs) <= EXACT_COLUMNS
        asked = Comparison(
            subject.relations,
            key,
            others,
            share,
            self._options.float_digits,
            exact=exact,
        )
        found = self._found(asked, sizes)
        columns = _column_diffs(left, right, asked, found)
        changed = any(column.reshaped for column in columns) or found.rows.differ
        return TableDiff(
            subject.asset,
            "changed" if changed else "same",
            *subject.builds,
            columns=columns,
            rows=found.rows,
            key=_key_diff(key, source, found.keys),
            sample=share,
            float_digits=asked.digits,
            distinct_exact=asked.exact,
            private=tuple(c.name for c in columns if subject.private(c.name.lower())),
            examples=tuple(self._examples(found, subject)) if self._options.rows else (),
        )

    # What is compared ------------------------------------------------------------------------

    def _columns(self, subject: Subject) -> tuple[Columns, Columns]:
        """Raises EngineError where a side cannot be read."""
        wanted = {str(side): f"select * from {name}" for side, name in enumerate(subject.relations)}
        found = self._engine.describe(wanted)
        for key, query in wanted.items():
            if key not in found:
                self._session.query(query, 1)
        return found["0"], found["1"]

    def _common_types(
        self,
        subject: Subject,
        differing: dict[str, tuple[tuple[str, str], tuple[str, str]]],
    ) -> dict[str, str]:
        """The type in which each retyped column is compared: the one that the engine gives both,
        where every value comes through the cast as it is; else text."""
        left, right = subject.relations
        unions = {
            folded: f"select {quote(one)} from {left} union all select {quote(other)} from {right}"
            for folded, ((one, other), _) in differing.items()
        }
        united = self._engine.describe(unions) if unions else {}
        found = {}
        for folded, (names, kinds) in differing.items():
            as_type = united[folded][0][1] if folded in united else TEXT
            casts = [
                queries.loss_query(relation, quote(name), kind, as_type)
                for relation, name, kind in zip(subject.relations, names, kinds, strict=True)
                if kind != as_type
            ]
            lossless = as_type == TEXT or not any(self._loses(query) for query in casts)
            found[folded] = as_type if lossless else TEXT
        return found

    def _loses(self, query: str) -> bool:
        try:
            return bool(self._row(query)[0])
        except EngineError as error:
            if error.kind in _HOPELESS:
                raise
            return True

    def _key(
        self, subject: Subject, pairs: Sequence[ColumnPair]
    ) -> tuple[tuple[ColumnPair, ...], str]:
        known = {pair.name.lower(): pair for pair in pairs}
        for name in self._options.key:
            if name.lower() not in known:
                advice = did_you_mean(name, [pair.name for pair in pairs])
                raise UserError(
                    [
                        diagnose(
                            NOT_A_COLUMN,
                            f"'{subject.asset}' has no column '{name}' on both sides",
                            "<command line>",
                            advice or f"both have {', '.join([pair.name for pair in pairs][:10])}",
                        )
                    ]
                )
        asked = [(self._options.key, "option")] if self._options.key else []
        for columns, source in [*asked, *subject.keys]:
            if all(name.lower() in known for name in columns):
                return tuple(dict.fromkeys(known[name.lower()] for name in columns)), source
        return (), ""

    def _share(self, rows: int, columns: int) -> float | None:
        asked = self._options.sample
        if asked is not None:
            return asked if asked < 1 else None
        most = min(MOST_ROWS, MOST_CELLS // max(columns, 1))
        return float(f"{most / 10 / rows:.1g}") if rows > most else None

    # What is found ---------------------------------------------------------------------------

    def _found(self, asked: Comparison, sizes: tuple[int, int]) -> _Found:
        if asked.keys:
            return self._by_key(asked, sizes)
        if not asked.columns:
            rows = RowsDiff(*sizes, *sizes, 0, 0, 0, sizes[RIGHT], sizes[LEFT])
            return _Found(asked, rows, (), (), None)
        narrow = len(asked.columns) <= queries.SLICE
        tally, columns = self._tally(asked, counts=narrow)
        columns = columns if narrow else self._counts(asked)
        compared = tally.equal + tally.removed, tally.equal + tally.added
        rows = RowsDiff(*sizes, *compared, 0, tally.equal, 0, tally.added, tally.removed)
        return _Found(asked, rows, columns, (), None)

    def _by_key(self, asked: Comparison, sizes: tuple[int, int]) -> _Found:
        keys = queries.read_keys(self._row(asked.keys_query()))
        repeats = any(side.repeated for side in keys)
        asked = replace(asked, repeats=repeats)
        parts = [
            (places, self._row(asked.paired_query(places, counts=not repeats)))
            for places in asked.slices()
        ]
        read = [(places, queries.read_paired(row, counts=not repeats)) for places, row in parts]
        columns = [column for _, paired in read for column in paired.columns]
        if repeats:
            columns = [
                replace(column, known=counts.known, distinct=counts.distinct)
                for column, counts in zip(columns, self._counts(asked), strict=True)
            ]
        paired = read[0][1]
        differing = [paired.changed for _, paired in read if paired.changed]
        changed = differing[0] if differing else 0
        if len(differing) > 1:
            places = [at for at, column in enumerate(columns) if column.differing]
            (changed,) = self._row(asked.changed_query(places))
        tally = self._tally(asked, counts=False)[0] if repeats else Tally(0, 0, 0)
        rows = RowsDiff(
            *sizes,
            keys[LEFT].rows,
            keys[RIGHT].rows,
            paired.both,
            paired.both - changed + tally.equal,
            changed,
            paired.right - paired.both + tally.added,
            paired.left - paired.both + tally.removed,
        )
        of_keys = tuple(
            ColumnCounts(0, (one[0], other[0]), (one[1], other[1]))
            for one, other in zip(keys[LEFT].columns, keys[RIGHT].columns, strict=True)
        )
        return _Found(asked, rows, tuple(columns), of_keys, keys)

    def _tally(self, asked: Comparison, *, counts: bool) -> tuple[Tally, tuple[ColumnCounts, ...]]:
        return queries.read_tally(self._row(asked.tally_query(counts=counts)))

    def _counts(self, asked: Comparison) -> tuple[ColumnCounts, ...]:
        """Of each column, each side by itself."""
        found: list[ColumnCounts] = []
        for places in asked.slices():
            if not places:
                continue
            sides = [
                queries.read_counts(self._row(asked.counts_query(side, places)))
                for side in (LEFT, RIGHT)
            ]
            found += [
                ColumnCounts(0, (one[0], other[0]), (one[1], other[1]))
                for one, other in zip(*sides, strict=True)
            ]
        return tuple(found)

    # Examples --------------------------------------------------------------------------------

    def _examples(self, found: _Found, subject: Subject) -> Iterable[Example]:
        asked, rows = found.asked, found.rows
        open_places = [
            place
            for place, pair in enumerate(asked.columns)
            if not subject.private(pair.name.lower())
        ]
        reader = _ExampleReader(asked, subject.private)
        limit = self._options.rows
        if rows.changed:
            differing = [at for at, column in enumerate(found.columns) if column.differing]
            wanted = sorted(
                (place for place in open_places if found.columns[place].differing),
                key=lambda place: (-found.columns[place].differing, place),
            )
            shown = sorted(wanted[:SHOWN])
            query = asked.changed_examples(differing, shown, limit)
            for row in self._rows(query):
                yield reader.changed(row, shown, len(wanted) - len(shown))
        shown = open_places[:SHOWN]
        more = len(open_places) - len(shown)
        lone: tuple[tuple[int, Kind, int], ...] = (
            (RIGHT, "added", rows.added),
            (LEFT, "removed", rows.removed),
        )
        for side, kind, count in lone:
            if not count or not (asked.keys or asked.columns):
                continue
            given = 0
            if asked.keys:
                for row in self._rows(asked.lone_examples(side, shown, limit)):
                    yield reader.alone((1, *row), side, kind, shown, more)
                    given += 1
            if given < limit and (asked.repeats or not asked.keys):
                for row in self._rows(asked.tally_examples(side, shown, limit - given)):
                    yield reader.alone(row, side, kind, shown, more)

    def _row(self, sql: str) -> tuple[Any, ...]:
        (row,) = self._session.query(sql).rows
        return row

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._session.query(sql).rows


@dataclass(frozen=True)
class _Found:
    """`columns` are the counts of `asked.columns`, `of_keys` those of `asked.keys`."""

    asked: Comparison
    rows: RowsDiff
    columns: tuple[ColumnCounts, ...]
    of_keys: tuple[ColumnCounts, ...]
    keys: tuple[SideKeys, SideKeys] | None


@dataclass(frozen=True)
class _ExampleReader:
    """Rows of texts as examples, without what is private."""

    asked: Comparison
    private: Callable[[str], bool]

    def changed(self, row: Sequence[Any], shown: Sequence[int], more: int) -> Example:
        texts = row[len(self.asked.keys) :]
        cells = []
        for at, place in enumerate(shown):
            left, right, differs = texts[3 * at : 3 * at + 3]
            if differs:
                cells.append(Cell(self.asked.columns[place].name, *excerpts(left, right)))
        return Example("changed", self._key(row, RIGHT, both=True), tuple(cells), more)

    def alone(
        self, row: Sequence[Any], side: int, kind: Kind, shown: Sequence[int], more: int
    ) -> Example:
        copies, *rest = row
        texts = rest[len(self.asked.keys) :]
        cells = tuple(
            _cell(self.asked.columns[place].name, text, side)
            for place, text in zip(shown, texts, strict=True)
        )
        return Example(kind, self._key(rest, side), cells, more, copies)

    def _key(self, texts: Sequence[Any], side: int, *, both: bool = False) -> tuple[Cell, ...]:
        found = []
        for pair, text in zip(self.asked.keys, texts, strict=False):
            if self.private(pair.name.lower()):
                continue
            cell = _cell(pair.name, text, side)
            found.append(Cell(pair.name, cell.right, cell.right) if both else cell)
        return tuple(found)


def _cell(column: str, text: str | None, side: int) -> Cell:
    cut, _ = excerpts(text, None)
    return Cell(column, cut, None) if side == LEFT else Cell(column, None, cut)


def _key_diff(
    key: Sequence[ColumnPair], source: str, found: tuple[SideKeys, SideKeys] | None
) -> KeyDiff | None:
    if found is None:
        return None
    sides = (Repeats(side.repeated, side.repeats, side.nulls) for side in found)
    return KeyDiff(tuple(pair.name for pair in key), source, *sides)


def _column_diffs(
    left: Columns, right: Columns, asked: Comparison, found: _Found
) -> tuple[ColumnDiff, ...]:
    """All columns: those of the right side in their order, then those that are gone."""
    rows = found.rows
    compared: dict[str, ColumnDiff] = {}
    of_keys = zip(asked.keys, found.of_keys, strict=True)
    of_others = zip(asked.columns, found.columns, strict=True) if found.columns else ()
    for pair, counts in [*of_keys, *of_others]:
        is_key = pair in asked.keys
        compared[pair.name.lower()] = ColumnDiff(
            pair.name,
            pair.types[LEFT],
            pair.types[RIGHT],
            moved=pair.moved,
            key=is_key,
            compared_as=pair.type if pair.types[LEFT] != pair.types[RIGHT] else None,
            differing=None if is_key or not asked.keys else counts.differing,
            left_nulls=rows.left_compared - counts.known[LEFT],
            right_nulls=rows.right_compared - counts.known[RIGHT],
            left_distinct=counts.distinct[LEFT],
            right_distinct=counts.distinct[RIGHT],
        )
    columns = [compared.get(name.lower()) or ColumnDiff(name, None, kind) for name, kind in right]
    theirs = {name.lower() for name, _ in right}
    columns += [ColumnDiff(name, kind, None) for name, kind in left if name.lower() not in theirs]
    return tuple(columns)

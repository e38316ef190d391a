"""What another content of a seed comes to: which columns have other values, and in how many rows;
how many rows came and went.

Both files are read by DuckDB in memory, which sees the two projects and nothing else. Rows find
each other by a key: one that is declared, else the first column that is one in both files. Without
a key whole rows are counted. What cannot be read like that, or is large, is told as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from xform.app.workspace import confined_target
from xform.base.names import AssetName
from xform.ci.settings import specs_of
from xform.ci.side import Side
from xform.plan.changes import How, PartChange
from xform.plan.plan import SeedBody
from xform.plugins.registry import engine_for
from xform.project.assets import Asset, TestKind
from xform.run.failures import EngineError
from xform.run.ports import Engine, Session
from xform.sql.dialects import quote

MOST_BYTES = 64 << 20
"""Of a file: a larger one is not looked into."""


def changed_data(base: Side, head: Side, was: AssetName, name: AssetName) -> tuple[PartChange, ...]:
    """The columns with other values, and the rows that came or went. Empty where that cannot be
    told."""
    sizes = [_size(side, asset) for side, asset in ((base, was), (head, name))]
    if any(size is None or size > MOST_BYTES for size in sizes):
        return ()
    engine = _engine(base, head)
    if engine is None:
        return ()
    try:
        engine.open()
        with engine.session() as session:
            return tuple(_Data(engine, session, base, head, was, name).changes())
    except EngineError:
        return ()
    finally:
        engine.close()


def _size(side: Side, name: AssetName) -> int | None:
    path = side.declared[name].files
    entry = side.workspace.files.entries.get(path) if path is not None else None
    return entry.size if entry is not None else None


def _engine(base: Side, head: Side) -> Engine | None:
    target = confined_target(head.workspace.target, head.workspace.root)
    settings = {
        **target.settings["settings"],
        "allowed_directories": [str(base.workspace.root), str(head.workspace.root)],
    }
    target = msgspec.structs.replace(
        target, type="duckdb", settings={**target.settings, "settings": settings}
    )
    return engine_for(target, head.workspace.root)[0]


class _Data:
    """The rows of a seed on both sides."""

    def __init__(
        self,
        engine: Engine,
        session: Session,
        base: Side,
        head: Side,
        was: AssetName,
        name: AssetName,
    ) -> None:
        self._session = session
        self._asset = head.declared[name]
        self._old, self._new = _scan(engine, base, was), _scan(engine, head, name)
        before = {item.name.lower(): item for item in base.body(was).schema.columns or ()}
        self._columns = [
            item.name
            for item in head.body(name).schema.columns or ()
            if item.name.lower() in before and before[item.name.lower()].type == item.type
        ]
        """Those that both have, of one type."""

    def changes(self) -> Iterator[PartChange]:
        if not self._columns:
            return
        key = self._key()
        if key:
            removed, added, *cells = self._numbers(self._by_key(key))
        else:
            removed, added = self._numbers(self._as_wholes())
            cells = []
        if added:
            yield PartChange("rows", How.ADDED, cells=added)
        if removed:
            yield PartChange("rows", How.REMOVED, cells=removed)
        for column, number in zip(self._columns, cells, strict=False):
            if number:
                yield PartChange(column, How.CHANGED, cells=number)
        if not (added or removed or any(cells)):
            yield PartChange("rows", How.MOVED)

    def _numbers(self, sql: str) -> list[int]:
        (row,) = self._session.query(sql).rows
        return [int(value) for value in row]

    # Keys ----------------------------------------------------------------------------------------

    def _key(self) -> Sequence[str]:
        """Columns that no two rows of either file have alike, and that are never NULL."""
        known = {column.lower(): column for column in self._columns}
        declared = [
            [known[column.lower()] for column in columns]
            for columns in _declared_keys(self._asset)
            if all(column.lower() in known for column in columns)
        ]
        candidates = [*declared, *([column] for column in self._columns)]
        counted = ", ".join(_is_key(columns) for columns in candidates)
        (both,) = self._session.query(
            f"select {', '.join(f'bool_and(k{at})::int' for at in range(len(candidates)))} from "
            f"(select * from (select {counted} from ({self._old})) "
            f"union all select * from (select {counted} from ({self._new}))) as "
            f"x({', '.join(f'k{at}' for at in range(len(candidates)))})"
        ).rows
        return next(
            (columns for columns, good in zip(candidates, both, strict=True) if int(good)), ()
        )

    # Queries -------------------------------------------------------------------------------------

    def _by_key(self, key: Sequence[str]) -> str:
        """Rows gone, rows come, and for each column those with another value."""
        matched = " and ".join(f"a.{quote(name)} = b.{quote(name)}" for name in key)
        gone, come = f"b.{quote(key[0])} is null", f"a.{quote(key[0])} is null"
        cells = [
            f"count(*) filter (where not ({gone}) and not ({come}) "
            f"and a.{quote(name)} is distinct from b.{quote(name)})"
            for name in self._columns
        ]
        numbers = [f"count(*) filter (where {gone})", f"count(*) filter (where {come})", *cells]
        return (
            f"select {', '.join(numbers)} "
            f"from ({self._old}) as a full join ({self._new}) as b on {matched}"
        )

    def _as_wholes(self) -> str:
        listed = ", ".join(quote(name) for name in self._columns)
        old, new = (f"select {listed} from ({scan})" for scan in (self._old, self._new))
        return (
            f"select (select count(*) from ({old} except all {new})), "
            f"(select count(*) from ({new} except all {old}))"
        )


def _is_key(columns: Sequence[str]) -> str:
    listed = ", ".join(quote(name) for name in columns)
    filled = " and ".join(f"count({quote(name)}) = count(*)" for name in columns)
    return f"count(distinct ({listed})) = count(*) and {filled}"


def _declared_keys(asset: Asset) -> Iterator[Sequence[str]]:
    for spec in specs_of(asset):
        if spec.kind is TestKind.UNIQUE and spec.columns:
            yield spec.columns
    if asset.grain:
        yield asset.grain


def _scan(engine: Engine, side: Side, name: AssetName) -> str:
    asset = side.declared[name]
    assert asset.files is not None
    types = {column.name: column.type for column in asset.columns if column.type}
    path = str(side.workspace.root / asset.files)
    return engine.scan(SeedBody(path, asset.format or "csv", types))

"""The columns and rows of one asset, before and after: what of them is another, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from xform.base.names import AssetName
from xform.ci.side import Side
from xform.fingerprint.component import Component
from xform.fingerprint.components import CUT
from xform.fingerprint.evaluate import Fingerprints
from xform.plan.changes import How, PartChange
from xform.plan.explanation import Difference, differences
from xform.plan.reasons import column_of
from xform.sema.facts import UNKNOWN_TYPE, SchemaColumn
from xform.sema.types.type import read

_STORAGE = ("storage", "order by", "order of columns")
"""Components of how something is stored, not of what it says."""


class Parts(msgspec.Struct, frozen=True):
    """What differs. `storage` are components of how it is stored, with their texts."""

    columns: tuple[PartChange, ...] = ()
    rows: tuple[PartChange, ...] = ()
    storage: tuple[Difference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.columns or self.rows or self.storage)


def changed_parts(
    base: Side, head: Side, was: AssetName, name: AssetName, *, edited: bool, moved: Set[str]
) -> Parts:
    """`edited`: whether the asset's own text or settings are others; `moved` are the leaves that
    hold other data than in the base."""
    found = differences(base.components(was), head.components(name))
    before, after = base.body(was), head.body(name)
    moved = moved - {name}  # a seed's own new data are its category, and not told of each column
    columns = _Columns(
        _by_name(before.schema.columns),
        _by_name(after.schema.columns),
        {column: item for item in found if (column := column_of(item.component)) is not None},
        _column_components(base.components(was)),
        _column_components(head.components(name)),
        after.fingerprints,
        moved,
        edited=edited,
    )
    old, new = before.fingerprints, after.fingerprints
    return Parts(
        tuple(columns.changes()),
        tuple(_rows(found, old, new, moved, edited=edited)),
        tuple(item for item in found if item.component in _STORAGE),
    )


class _Columns:
    """The columns of both versions, by name without case."""

    def __init__(
        self,
        before: Mapping[str, SchemaColumn],
        after: Mapping[str, SchemaColumn],
        different: Mapping[str, Difference],
        old: Mapping[str, Component],
        new: Mapping[str, Component],
        prints: Fingerprints | None,
        moved: Set[str],
        *,
        edited: bool,
    ) -> None:
        self._before = before
        self._after = after
        self._different = {name.lower(): item for name, item in different.items()}
        self._old = old
        self._new = new
        self._prints = prints
        self._moved = moved
        self._edited = edited

    def changes(self) -> Iterator[PartChange]:
        """In the order of the columns as they are now, then those that are gone."""
        renamed = self._renamed()
        for fold, column in self._after.items():
            if fold in self._before:
                change = self._kept(fold, column)
                if change is not None:
                    yield change
            elif fold in renamed:
                yield self._as_renamed(fold, column, renamed[fold])
            else:
                yield self._added(fold, column)
        gone = set(self._before) - set(self._after) - set(renamed.values())
        for fold, column in self._before.items():
            if fold in gone:
                text = self._old[fold].text if fold in self._old else None
                types = (column.type, "")
                yield PartChange(column.name, How.REMOVED, before=text, types=types)

    def _renamed(self) -> dict[str, str]:
        """New names with the old ones, of columns that mean the same under another name."""
        free = {
            (self._old[fold].digest, column.type): fold
            for fold, column in reversed(list(self._before.items()))
            if fold not in self._after and fold in self._old
        }
        found: dict[str, str] = {}
        for fold, column in self._after.items():
            if fold not in self._before and fold in self._new:
                was = free.pop((self._new[fold].digest, column.type), None)
                if was is not None:
                    found[fold] = was
        return found

    def _as_renamed(self, fold: str, column: SchemaColumn, was: str) -> PartChange:
        text = self._new[fold].text
        return PartChange(
            column.name, How.RENAMED, text, text, data=self._data(fold), was=self._before[was].name
        )

    def _added(self, fold: str, column: SchemaColumn) -> PartChange:
        component = self._new.get(fold)
        through = () if self._edited or component is None else tuple(component.inputs)
        text = component.text if component is not None else None
        return PartChange(
            column.name, How.ADDED, after=text, types=("", column.type), through=through
        )

    def _kept(self, fold: str, column: SchemaColumn) -> PartChange | None:
        types = (self._before[fold].type, column.type)
        differs = types[0] != types[1] and UNKNOWN_TYPE not in types
        retyped = differs and not _is_as_wide(*types)
        different, data = self._different.get(fold), self._data(fold)
        if different is None and not differs:
            return PartChange(column.name, How.AFFECTED, data=data) if data else None
        through = _through(different, edited=self._edited) if different is not None else ()
        if retyped:
            how = How.RETYPED
        else:
            how = How.CHANGED if _is_own(different, edited=self._edited) else How.AFFECTED
        return PartChange(
            column.name,
            how,
            different.old if different is not None else None,
            different.new if different is not None else None,
            types if differs else None,
            through,
            data,
        )

    def _data(self, fold: str) -> tuple[str, ...]:
        found = self._prints.columns.get(fold) if self._prints is not None else None
        return tuple(sorted(found.leaves & self._moved)) if found is not None else ()


def _rows(
    found: Iterable[Difference],
    old: Fingerprints | None,
    new: Fingerprints | None,
    moved: Set[str],
    *,
    edited: bool,
) -> Iterator[PartChange]:
    """What decides the rows. A clause that decides a column only is told at the column."""
    same = old is not None and new is not None and old.rows.digest == new.rows.digest
    data = tuple(sorted(new.rows.leaves & moved)) if new is not None else ()
    told = False
    for item in found:
        name = item.component
        if column_of(name) is not None or name in _STORAGE or (same and name != "code"):
            continue
        told = True
        through = _through(item, edited=edited)
        if item.old is None:
            how = How.ADDED
        elif item.new is None:
            how = How.REMOVED
        else:
            how = How.CHANGED if _is_own(item, edited=edited) else How.AFFECTED
        yield PartChange(name, how, item.old, item.new, through=through, data=data)
    if data and not told:
        yield PartChange("rows", How.AFFECTED, data=data)


def _through(item: Difference, *, edited: bool) -> tuple[str, ...]:
    """What is read whose meaning changed. Where something was edited, what is read for the first
    time, or no longer, is no change of that."""
    return tuple(
        change.name
        for change in item.inputs
        if not edited or (change.old is not None and change.new is not None)
    )


def _is_as_wide(before: str, after: str) -> bool:
    """Whether two types take the same values but for how many digits there may be."""
    one, other = read(before), read(after)
    return one.name == other.name == "decimal" and one.numbers[1:] == other.numbers[1:]


def _is_own(item: Difference | None, *, edited: bool) -> bool:
    """Whether a part is defined in another way, and not only what it reads, be that another asset
    or a clause of the same query."""
    if not edited or item is None:
        return False
    return item.text_changed or (not item.inputs and not _rests_on_rows(item))


def _rests_on_rows(item: Difference) -> bool:
    """Whether a text that is the same on both sides leaves out the rows it is over. Where it was
    cut, the difference may be in what is left out."""
    text = item.new or ""
    return CUT not in text and "…" in text


def _by_name(columns: Iterable[SchemaColumn] | None) -> dict[str, SchemaColumn]:
    found: dict[str, SchemaColumn] = {}
    for column in columns or ():
        found.setdefault(column.name.lower(), column)
    return found


def _column_components(components: Iterable[Component]) -> dict[str, Component]:
    return {
        column.lower(): item for item in components if (column := column_of(item.name)) is not None
    }

"""Unit tests and tests that bring a query of their own, of both versions: which were added,
removed, renamed, moved, or say something else. Told at the asset that they are of.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from xform.base.names import AssetName
from xform.base.spans import Span
from xform.checks.declared import tests_of
from xform.ci.meanings import Meanings, Said
from xform.ci.settings import detail_of
from xform.ci.side import Side
from xform.plan.changes import How, Sort, TestChange
from xform.project.assets import TestKind

Told = Mapping[AssetName, Sequence[TestChange]]
_Text = tuple[str, str, tuple[AssetName, ...]]
"""A written test as it stands: name, query, and what it reads by its names of now."""


class _Kept(NamedTuple):
    """A test of one side. `owner` is the asset that it is told at, by its name of now."""

    owner: AssetName
    name: str
    at: Span
    said: Said


def changed_written(base: Side, head: Side, renamed: Mapping[AssetName, AssetName]) -> Told:
    """By asset of now, or that was: what became of its unit tests, of the SQL tests that run with
    it, and of its tests by macros. `renamed` gives the names that assets of now had."""
    now = {was: name for name, was in renamed.items()}
    old, new = Meanings(base), Meanings(head)
    found: dict[AssetName, list[TestChange]] = {}
    for owner, change in (
        *_units(base, head, old, new, now),
        *_files(base, head, old, new, now),
        *_macros(base, head, old, new, renamed, now),
    ):
        found.setdefault(owner, []).append(change)
    return {
        owner: sorted(changes, key=lambda item: (item.sort, item.what, item.how))
        for owner, changes in found.items()
    }


def _units(
    base: Side, head: Side, old: Meanings, new: Meanings, now: Mapping[AssetName, AssetName]
) -> Iterator[tuple[AssetName, TestChange]]:
    same_fixtures = old.fixtures == new.fixtures
    one, other = base.compilation.unit_tests, head.compilation.unit_tests
    if one == other and same_fixtures and not now and not any(test.function for test in one):
        return
    before = {(now.get(model, model), name): test for (model, name), test in old.units.items()}
    was = {now.get(model, model): model for model, _ in old.units}
    steady = {
        key
        for key, test in before.items()
        if test == new.units.get(key) and same_fixtures and test.function is None
    }
    placed = {test.name for test in new.units.values()}
    astray = {test.name for test in other} - placed  # of no model: which is said of them
    ours = [
        _Kept(model, name, test.span, old.of_unit(test, was[model]))
        for (model, name), test in before.items()
        if (model, name) not in steady and name not in astray
    ]
    theirs = [
        _Kept(model, name, test.span, new.of_unit(test, model))
        for (model, name), test in new.units.items()
        if (model, name) not in steady
    ]
    yield from _told(Sort.UNIT, ours, theirs)


def _files(
    base: Side, head: Side, old: Meanings, new: Meanings, now: Mapping[AssetName, AssetName]
) -> Iterator[tuple[AssetName, TestChange]]:
    """SQL tests. What they are called is theirs, not which asset they happen to run with."""
    steady = _texts(base, now) & _texts(head, {})
    ours = {item.name: item for item in _of_files(base, old, now, steady)}
    theirs = {item.name: item for item in _of_files(head, new, {}, steady)}
    for name, item in theirs.items():
        if name in ours:  # it may run with another asset than it did
            ours[name] = ours[name]._replace(owner=item.owner)
    yield from _told(Sort.FILE, list(ours.values()), list(theirs.values()))


def _texts(side: Side, now: Mapping[AssetName, AssetName]) -> set[_Text]:
    return {
        (query.name, query.sql, tuple(now.get(read, read) for read in query.reads))
        for compiled in side.compiled.values()
        for query in compiled.tests.queries
    }


def _of_files(
    side: Side,
    meanings: Meanings,
    now: Mapping[AssetName, AssetName],
    steady: Container[_Text] = (),
) -> Iterator[_Kept]:
    """What stands in `steady` says what it said, and need not be looked into."""
    for owner, compiled in side.compiled.items():
        queries = {query.name: query for query in compiled.tests.queries}
        for name, spec in compiled.tests.files:
            said = {"settings": detail_of(msgspec.structs.replace(spec, name=None))}
            query = queries.get(name)
            if query is not None:
                text = (name, query.sql, tuple(now.get(read, read) for read in query.reads))
                said["query"] = query.sql if text in steady else meanings.of_query(query, now)
            yield _Kept(now.get(owner, owner), name, spec.span, said)


def _macros(
    base: Side,
    head: Side,
    old: Meanings,
    new: Meanings,
    renamed: Mapping[AssetName, AssetName],
    now: Mapping[AssetName, AssetName],
) -> Iterator[tuple[AssetName, TestChange]]:
    """Tests that are declared as they were, of macros that say something else."""
    for name, compiled in head.compiled.items():
        was = base.compiled.get(renamed.get(name, name))
        if was is None or was.tests.queries == compiled.tests.queries:
            continue
        before = {query.name: query for query in was.tests.queries}
        after = {query.name: query for query in compiled.tests.queries}
        declared = dict(tests_of(base.declared[was.name]))
        for test, spec in tests_of(head.declared[name]):
            if spec.kind is not TestKind.CUSTOM or test not in before or test not in after:
                continue
            if detail_of(spec) != detail_of(declared[test]):
                continue  # which is told of the declaration
            if old.of_query(before[test], now) != new.of_query(after[test], {}):
                yield name, TestChange(after[test].title, How.CHANGED, "its macro")


def _told(
    sort: Sort, ours: Sequence[_Kept], theirs: Sequence[_Kept]
) -> Iterator[tuple[AssetName, TestChange]]:
    old = {(item.owner, item.name): item for item in ours}
    new = {(item.owner, item.name): item for item in theirs}
    gone = [item for key, item in old.items() if key not in new]
    for key, item in new.items():
        was = old.get(key)
        if was is None:
            was = next(
                (each for each in gone if each.owner == item.owner and each.said == item.said), None
            )
            if was is not None:
                gone.remove(was)
                yield item.owner, _change(sort, item, How.RENAMED, f"was {was.name}")
            else:
                yield item.owner, _change(sort, item, How.ADDED)
        elif was.said != item.said:
            names = sorted({*was.said, *item.said})
            differ = [name for name in names if was.said.get(name) != item.said.get(name)]
            yield item.owner, _change(sort, item, How.CHANGED, _detail(differ, was, item))
        elif was.at.path != item.at.path:
            yield item.owner, _change(sort, item, How.MOVED, f"was in {was.at.path}")
    for item in gone:
        yield item.owner, _change(sort, item, How.REMOVED)


def _change(sort: Sort, item: _Kept, how: How, detail: str = "") -> TestChange:
    return TestChange(item.name, how, detail, sort, item.at.path, item.at.line)


def _detail(differ: Sequence[str], was: _Kept, item: _Kept) -> str:
    """What of a test is another; its settings with both sides."""
    if list(differ) == ["settings"]:
        return f"{was.said['settings']} → {item.said['settings']}"
    return ", ".join(differ)

"""Two versions of a project, compared asset by asset: what changed, and what that means.

Nothing is guessed from texts. An asset has changed where its fingerprints differ, or what is
declared of it; what a build would do is asked of the planner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName, table_of
from xform.ci.breaking import SHOWN, breaks, moved_on, removal
from xform.ci.parts import Parts, changed_parts
from xform.ci.radius import Reach
from xform.ci.running import Running, planned
from xform.ci.seed_data import changed_data
from xform.ci.settings import (
    changed_settings,
    changed_tests,
    undescribed,
    untested,
)
from xform.ci.side import Side
from xform.ci.written_tests import changed_written
from xform.plan.changes import (
    AssetChange,
    Category,
    How,
    ProjectChange,
    SettingChange,
    TestChange,
    Verdict,
    Weight,
)
from xform.project.assets import Kind, Language


def compare(base: Side, head: Side, names: tuple[str, str] = ("base", "head")) -> ProjectChange:
    """What the head means to those who read what the base had built. `names` say what the two
    are called."""
    return compare_and_plan(base, head, names)[0]


def compare_and_plan(
    base: Side, head: Side, names: tuple[str, str] = ("base", "head")
) -> tuple[ProjectChange, Running]:
    """The same, with the plan of what would run because of it."""
    comparison = _Comparison(base, head)
    return comparison.project_change(*names), comparison.running


class _Comparison:
    def __init__(self, base: Side, head: Side) -> None:
        self.base = base
        self.head = head
        self.today = head.workspace.host.now()[:10]
        self.renamed = _renamed(base, head)
        """The names of now, with those that they had."""
        self.moved = {
            leaf
            for leaf in base.versions.keys() & head.versions.keys()
            if base.versions[leaf] != head.versions[leaf]
        }
        base.compilation.load(self._looked_into(base, head))
        head.compilation.load(
            {*self._looked_into(head, base), *(head.compiled.keys() - base.compiled.keys())}
        )
        self.said = _new_diagnostics(base, head)
        self.written = changed_written(base, head, self.renamed)
        self.running: Running = planned(base, head)

    def project_change(self, base: str, head: str) -> ProjectChange:
        changes = list(self._changes())
        reach = Reach(self.base, self.head, changes)
        changes = [
            msgspec.structs.replace(change, radius=reach.radius(change)) if change.own else change
            for change in changes
        ]
        changes.sort(key=lambda change: change.order)
        verdict = self._verdict(changes)
        return ProjectChange(base, head, verdict, tuple(changes), self.said, reach.passes(changes))

    def _verdict(self, changes: Sequence[AssetChange]) -> Verdict:
        weights = Counter(change.weight for change in changes)
        unaffected = {name for change in changes for name in change.radius.downstream}
        models = sum(
            asset.language is not Language.NONE and asset.kind is not Kind.EPHEMERAL
            for asset in self.head.declared.values()
        )
        return Verdict(
            weights[Weight.BREAKING],
            weights[Weight.VALUES],
            weights[Weight.ADDITIVE],
            len(unaffected),
            len(self.running.models),
            models,
        )

    def _looked_into(self, one: Side, other: Side) -> set[AssetName]:
        """The assets that mean something else on the other side: their parts are compared."""
        names = (
            {was: name for name, was in self.renamed.items()} if one is self.base else self.renamed
        )
        return {
            name
            for name, compiled in one.compiled.items()
            if (there := other.compiled.get(names.get(name, name))) is not None
            and (compiled != there or self.moved.intersection(compiled.leaves))
        }

    # Asset by asset ------------------------------------------------------------------------------

    def _changes(self) -> Iterator[AssetChange]:
        gone = set(self.base.compiled) - set(self.head.compiled) - set(self.renamed.values())
        for name in self.base.compiled:
            if name in gone:
                yield self._removed(name)
        for name in self.head.compiled:
            was = self.renamed.get(name, name)
            if was not in self.base.compiled:
                yield self._new(name)
                continue
            change = self._kept(was, name)
            if change is not None:
                yield change

    def _removed(self, name: AssetName) -> AssetChange:
        asset = self.base.declared[name]
        why = tuple(removal(self.base, name, self.today))
        return AssetChange(
            name,
            str(asset.kind),
            asset.path,
            Category.REMOVED,
            Weight.BREAKING if why else Weight.NONE,
            own=True,
            breaks=why,
            tests=tuple(self.written.get(name, ())),
            impact=self.running.impact(name),
        )

    def _new(self, name: AssetName) -> AssetChange:
        asset = self.head.declared[name]
        columns = [column.name for column in self.head.body(name).schema.columns or ()]
        model = asset.language is not Language.NONE
        broken = self.head.compiled[name].broken
        return AssetChange(
            name,
            str(asset.kind),
            asset.path,
            Category.BROKEN if broken else Category.NEW,
            Weight.BREAKING if broken else Weight.ADDITIVE,
            own=True,
            tests=(*changed_tests(None, asset), *self.written.get(name, ())),
            breaks=("it does not compile",) if broken else (),
            untested=untested(asset, columns) if model else (),
            undescribed=undescribed(asset, columns) if model else (),
            impact=self.running.impact(name),
        )

    def _kept(self, was: AssetName, name: AssetName) -> AssetChange | None:
        """None where an asset is as it was."""
        old, new = self.base.compiled[was], self.head.compiled[name]
        before, after = self.base.declared[was], self.head.declared[name]
        edited_file = self._edited_file(was, name)
        same = (
            old.fingerprint == new.fingerprint
            and old.checks == new.checks
            and old.broken == new.broken
            and old.carried == new.carried
            and not self.moved.intersection(new.leaves)
        )
        written = self.written.get(name, ())
        if same and before == after and was == name and not edited_file and not written:
            return None
        settings = changed_settings(before, after) if before != after else ()
        tests = (*(changed_tests(before, after) if before != after else ()), *written)
        if new.broken or old.broken:
            return self._broken(was, name, settings, tests, edited=edited_file)
        edited = bool(settings) or edited_file or self.base.text(was) != self.head.text(name)
        parts = Parts()
        if not same:
            parts = changed_parts(self.base, self.head, was, name, edited=edited, moved=self.moved)
        if after.kind is Kind.SEED and name in self.moved:
            parts = self._with_data(was, name, parts)
        change = self._told(was, name, parts, settings, tests)
        own = edited_file or bool(settings or tests) or was != name
        own = own or any(part.how is How.CHANGED for part in (*change.columns, *change.rows))
        if change.category is Category.NO_OP and not edited_file:
            return None
        return msgspec.structs.replace(change, own=own)

    def _with_data(self, was: AssetName, name: AssetName, parts: Parts) -> Parts:
        """The parts of a seed that holds other data, with what of them is other."""
        known = {column.name for column in parts.columns}
        found = changed_data(self.base, self.head, was, name)
        rows = [part for part in found if part.name == "rows" and part.how is not How.CHANGED]
        columns = [part for part in found if part not in rows and part.name not in known]
        return msgspec.structs.replace(
            parts, columns=(*parts.columns, *columns), rows=(*parts.rows, *rows)
        )

    def _edited_file(self, was: AssetName, name: AssetName) -> bool:
        """Whether the file that defines it is another. What yml says of it is seen in what is
        declared."""
        before, after = self.base.declared[was], self.head.declared[name]
        if after.language is Language.NONE and after.kind is not Kind.SEED:
            return False
        if self.base.digest(before.path) != self.head.digest(after.path):
            return True
        if after.python is None:
            return False
        return before.python is None or before.python.digest != after.python.digest

    def _broken(
        self,
        was: AssetName,
        name: AssetName,
        settings: tuple[SettingChange, ...],
        tests: tuple[TestChange, ...],
        *,
        edited: bool,
    ) -> AssetChange | None:
        old, new = self.base.compiled[was].broken, self.head.compiled[name].broken
        own = edited or bool(settings or tests)
        if old and new and not own:
            return None
        asset = self.head.declared[name]
        fails = new and not old
        return AssetChange(
            name,
            str(asset.kind),
            asset.path,
            Category.BROKEN if new else Category.VALUES,
            Weight.BREAKING if fails else Weight.NONE if new else Weight.VALUES,
            own=own,
            was=was if was != name else None,
            settings=settings,
            tests=tests,
            breaks=("it no longer compiles",) if fails else (),
            impact=self.running.impact(name),
        )

    def _told(
        self,
        was: AssetName,
        name: AssetName,
        parts: Parts,
        settings: tuple[SettingChange, ...],
        tests: tuple[TestChange, ...],
    ) -> AssetChange:
        asset = self.head.declared[name]
        why = tuple(breaks(self.base, self.head, was, name, parts.columns))
        category = self._category(was, name, parts, settings, tests)
        moved = moved_on(self.base, self.head, was, name)
        if why:
            weight = Weight.BREAKING
        elif category is Category.DATA or _other_values(parts) or (moved and parts.columns):
            weight = Weight.VALUES
        elif category is Category.INCREMENTAL:
            weight = Weight.VALUES if parts.storage else Weight.NONE
        elif category is Category.ADDITIVE:
            weight = Weight.ADDITIVE
        else:
            weight = Weight.NONE
        added = [column.name for column in parts.columns if column.how is How.ADDED]
        model = asset.language is not Language.NONE
        return AssetChange(
            name,
            str(asset.kind),
            asset.path,
            category,
            weight,
            own=False,
            was=was if was != name else None,
            columns=parts.columns,
            rows=parts.rows,
            settings=settings,
            tests=tests,
            breaks=why,
            untested=untested(asset, added) if model else (),
            undescribed=undescribed(asset, added) if model else (),
            impact=self.running.impact(name),
        )

    def _category(
        self,
        was: AssetName,
        name: AssetName,
        parts: Parts,
        settings: tuple[SettingChange, ...],
        tests: tuple[TestChange, ...],
    ) -> Category:
        before, after = self.base.declared[was], self.head.declared[name]
        hows = {column.how for column in parts.columns}
        if hows & {How.REMOVED, How.RENAMED, How.RETYPED}:
            return Category.COLUMNS
        if after.kind is Kind.SEED and name in self.moved:
            return Category.DATA
        if _other_values(parts):
            return Category.VALUES
        grows = (before.time_range, before.keyed) != (after.time_range, after.keyed)
        carried = self.base.compiled[was].carried != self.head.compiled[name].carried
        if (grows or carried) and before.kind == after.kind:
            return Category.INCREMENTAL
        if How.ADDED in hows:
            return Category.ADDITIVE
        if parts.storage:
            return Category.STORAGE
        if was != name:
            return Category.RENAMED
        if tests:
            return Category.TESTS
        return Category.METADATA if settings else Category.NO_OP


def _other_values(parts: Parts) -> bool:
    told = {How.CHANGED, How.AFFECTED, How.RETYPED}
    return bool(parts.rows) or any(part.how in told or part.data for part in parts.columns)


def _renamed(base: Side, head: Side) -> Mapping[AssetName, AssetName]:
    """Names of now by those of then, of what holds the same under another name. Of several that
    would do, one with the same table name is taken."""
    free: dict[tuple[str, str], list[AssetName]] = {}
    for name, compiled in base.compiled.items():
        if (
            name not in head.compiled
            and compiled.fingerprint is not None
            and _stored(compiled.kind)
        ):
            free.setdefault((compiled.fingerprint, str(compiled.kind)), []).append(name)
    found: dict[AssetName, AssetName] = {}
    for name, compiled in head.compiled.items():
        if name in base.compiled or compiled.fingerprint is None:
            continue
        fitting = free.get((compiled.fingerprint, str(compiled.kind)), [])
        if fitting:
            was = min(fitting, key=lambda other: (table_of(other) != table_of(name), other))
            fitting.remove(was)
            found[name] = was
    return found


def _stored(kind: Kind) -> bool:
    return kind in SHOWN


def _new_diagnostics(base: Side, head: Side) -> tuple[Diagnostic, ...]:
    """What is said of the head and was not said of the base. Where in a file it stands does not
    count: lines move."""
    known = Counter(
        (item.code, item.message, item.span.path) for item in base.compilation.diagnostics
    )
    found = []
    for item in sorted(head.compilation.diagnostics, key=lambda item: item.order):
        key = (item.code, item.message, item.span.path)
        if known[key]:
            known[key] -= 1
        else:
            found.append(item)
    return tuple(found)

"""What of a change breaks those outside of the project who read an asset, in words.

A model has versions so that nothing has to break: what is to be another goes into a new version,
and the old one stays until its deprecation date. Whoever reads the plain name follows the latest,
from one version to another that stood beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xform.base.names import AssetName
from xform.ci.settings import specs_of
from xform.ci.side import Side
from xform.plan.changes import How, PartChange
from xform.project.assets import Asset, Kind, TestKind, TestSpec

SHOWN = (Kind.VIEW, Kind.TABLE, Kind.INCREMENTAL, Kind.SNAPSHOT, Kind.SEED)
"""What is published, and so can be read from outside of the project."""


def removal(base: Side, name: AssetName, today: str) -> Iterator[str]:
    """Of an asset that is gone."""
    until = base.declared[name].deprecation_date
    if not is_shown(base, name) or (until is not None and until <= today):
        return
    yield "it is gone" if until is None else f"it is gone, and was to stay until {until}"


def breaks(
    base: Side, head: Side, was: AssetName, name: AssetName, columns: Sequence[PartChange]
) -> Iterator[str]:
    """Of an asset that is still there, whose `columns` changed."""
    if not is_shown(base, was) or moved_on(base, head, was, name):
        return
    if was != name:
        yield f"it is now called {name}"
    reasons = [*_of_columns(columns), *_of_promises(base, head, was, name)]
    yield from reasons
    shows = head.declared[name].shows
    if reasons and shows is not None and shows not in base.compiled:
        version = head.declared[shows].version
        assert version is not None
        yield f"version {version.number} is new: let latest_version stay at the one before"


def is_shown(side: Side, name: AssetName) -> bool:
    """Whether somebody outside of the project may read it."""
    asset = side.declared[name]
    return asset.kind in SHOWN and asset.access != "private"


def moved_on(base: Side, head: Side, was: AssetName, name: AssetName) -> bool:
    """Whether a plain name shows another version than it did, which its readers could read
    before."""
    before, after = base.declared[was].shows, head.declared[name].shows
    return before is not None and after is not None and before != after and after in base.compiled


def _of_columns(columns: Sequence[PartChange]) -> Iterator[str]:
    for column in columns:
        if column.how is How.REMOVED:
            yield f"column {column.name} is gone"
        elif column.how is How.RENAMED:
            yield f"column {column.was} is now called {column.name}"
        elif column.how is How.RETYPED and column.types is not None:
            yield f"column {column.name} was {column.types[0]} and is {column.types[1]}"


def _of_promises(base: Side, head: Side, was: AssetName, name: AssetName) -> Iterator[str]:
    """What a public asset promised, and no longer does."""
    if base.declared[was].access != "public":
        return
    was, name = base.declared[was].shows or was, head.declared[name].shows or name
    if was not in base.declared or name not in head.declared:
        return
    before, after = base.declared[was], head.declared[name]
    yield from _of_tests(before, after)
    if before.grain and _folded(before.grain) != _folded(after.grain):
        now = f"is {', '.join(after.grain)}" if after.grain else "is not told any more"
        yield f"its grain was {', '.join(before.grain)} and {now}"
    yield from _nullable(base, head, was, name)


def _of_tests(before: Asset, after: Asset) -> Iterator[str]:
    still = {(spec.kind, _folded(spec.columns)): spec for spec in specs_of(after)}
    for spec in specs_of(before):
        now = still.get((spec.kind, _folded(spec.columns)))
        columns = ", ".join(spec.columns)
        if spec.kind is TestKind.UNIQUE and _holds(spec) and not (now and _holds(now, spec.where)):
            yield f"{columns} need no longer be unique"
        elif spec.kind is TestKind.ACCEPTED_VALUES and now is not None:
            taken = now.args.get("values", ())
            gone = [value for value in spec.args.get("values", ()) if value not in taken]
            if gone:
                yield f"{columns} no longer takes {', '.join(map(str, gone))}"


def _holds(spec: TestSpec, where: str | None = None) -> bool:
    """Whether nothing is published that fails a test, of all rows or of those of `where`."""
    return spec.severity == "error" and spec.blocking and spec.where in (None, where)


def _nullable(base: Side, head: Side, was: AssetName, name: AssetName) -> Iterator[str]:
    """Columns that were never NULL, as the query says; in a contract also as tests say."""
    before, after = base.declared[was], head.declared[name]
    tested = {
        spec.columns[0].lower()
        for spec in specs_of(after)
        if spec.kind is TestKind.NOT_NULL and _holds(spec)
    }
    required = {
        column.name.lower() for column in base.body(was).schema.columns or () if column.required
    }
    if before.contract:
        required |= {
            spec.columns[0].lower()
            for spec in specs_of(before)
            if spec.kind is TestKind.NOT_NULL and _holds(spec)
        }
    for column in head.body(name).schema.columns or ():
        fold = column.name.lower()
        if fold in required and not column.required and fold not in tested:
            yield f"column {column.name} may now be NULL"


def _folded(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(column.lower() for column in columns))

"""What a change means, for people: the verdict, then asset by asset, the worst first.

1 breaking · 0 value changes · 0 additive · 0 unaffected; 1 of 19 models would run

Breaking
  marts.orders  columns removed, renamed or retyped; is built anew
    - note  removed
    affects marts.daily
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xform.console.terminal import Surface
from xform.console.text import EMPTY, Fragment, Line, Style, dim, line, strong, wrap
from xform.console.unit_tests import difference_lines
from xform.console.words import count, listing
from xform.plan.changes import (
    WEIGHTS,
    AssetChange,
    Category,
    How,
    PartChange,
    ProjectChange,
    Weight,
)
from xform.plan.unit_outcome import UnitOutcome
from xform.plan.wording import (
    TITLES,
    category_words,
    cost_words,
    failing_words,
    headline,
    impact_words,
    missing_words,
    part_words,
    parts_elsewhere,
    radius_words,
    reasons_beside,
    setting_words,
    test_words,
    units_words,
)

LIMIT = 12
"""Assets told in full under each title; the rest by name."""

_PARTS = 6
_NAMES = 8

_SIGNS = {
    How.ADDED: ("+ ", Style.NEW),
    How.REMOVED: ("- ", Style.GONE),
    How.RENAMED: ("- ", Style.GONE),
    How.RETYPED: ("- ", Style.GONE),
    How.CHANGED: ("~ ", Style.CHANGED),
    How.MOVED: ("~ ", Style.CHANGED),
    How.AFFECTED: ("~ ", Style.CHANGED),
}
_HEADS = {
    Weight.BREAKING: Style.ERROR,
    Weight.VALUES: Style.CHANGED,
    Weight.ADDITIVE: Style.NEW,
    Weight.NONE: Style.STRONG,
}


def change_lines(change: ProjectChange, surface: Surface, *, explain: bool = False) -> list[Line]:
    """The whole change. `explain` folds nothing."""
    lines = [
        line(strong(headline(change.verdict))),
        line(dim(f"{change.head} against {change.base}")),
    ]
    for told in cost_words(change):
        lines += wrap(line(told), surface.width, 2)
    for weight in WEIGHTS:
        edited = [item for item in change.edited if item.weight is weight]
        affected = [item for item in change.affected if item.weight is weight]
        if not edited and not affected:
            continue
        lines += [EMPTY, line(Fragment(TITLES[weight], _HEADS[weight]))]
        shown = edited if explain else edited[:LIMIT]
        for item in shown:
            lines += _asset(item, surface, explain=explain)
        rest = [item.asset for item in edited[len(shown) :]]
        if rest:
            lines += wrap(line("  and ", listing(rest, _NAMES)), surface.width, hang=4)
        if affected:
            lines += _affected(affected, surface, explain=explain)
    if change.units is not None:
        lines += _units(change.units, surface)
    if change.diagnostics:
        lines += [EMPTY, line(f"{count(len(change.diagnostics), 'new finding')}, told above")]
    return lines


def _units(units: UnitOutcome, surface: Surface) -> list[Line]:
    """Unit tests that newly fail, cell by cell; of the others a line."""
    lines = [EMPTY, line(Fragment("Unit tests", Style.ERROR if units.failing else Style.STRONG))]
    for test in units.failing:
        told = line(
            "  ", Fragment("! ", Style.ERROR), failing_words(test), dim(f"  {test.span.path}:"),
            dim(str(test.span.line)),
        )  # fmt: skip
        lines += wrap(told, surface.width, 4)
        if test.difference is not None:
            lines += difference_lines(test.difference, surface)
    return [*lines, *wrap(line("  ", units_words(units)), surface.width, 4)]


def _asset(change: AssetChange, surface: Surface, *, explain: bool) -> Iterator[Line]:
    told = category_words(change)
    if change.category not in (Category.NO_OP, Category.TESTS, Category.METADATA):
        told += f"; {impact_words(change)}"
    yield from wrap(
        line("  ", strong(change.asset), f"  {told}", dim(f"  {change.path}")), surface.width, 4
    )
    for why in reasons_beside(change):
        yield from wrap(line("    ", Fragment("! ", Style.ERROR), why), surface.width, 6)
    parts = (*change.rows, *change.columns)
    shown = parts if explain else parts[:_PARTS]
    for part in shown:
        yield from _part(part, surface)
    if len(parts) > len(shown):
        names = listing((part.name for part in parts[len(shown) :]), _NAMES)
        yield from wrap(line("    and ", names), surface.width, 6)
    elsewhere = parts_elsewhere(change)
    for label, part in elsewhere if explain else elsewhere[:_PARTS]:
        yield from _part(part, surface, f"on {label}: ")
    notes = [setting_words(item) for item in change.settings]
    notes += [test_words(item) for item in change.tests]
    told_notes = notes if explain or len(notes) <= _PARTS + 1 else notes[:_PARTS]
    for note in told_notes:
        yield from wrap(line("    ", note), surface.width, 6)
    if len(notes) > len(told_notes):
        yield line("    ", dim(f"and {len(notes) - len(told_notes):,} more like these"))
    for missing in missing_words(change, lambda names: listing(names, _NAMES)):
        yield from wrap(line("    ", dim(missing)), surface.width, 6)
    for told in radius_words(change, len(change.radius.affected) if explain else 4):
        yield from wrap(line("    ", told), surface.width, 6)


def _part(part: PartChange, surface: Surface, where: str = "") -> list[Line]:
    sign, style = _SIGNS[part.how]
    content = line("    ", Fragment(sign, style), where, strong(part.name), "  ", part_words(part))
    return wrap(content, surface.width, 8)


def _affected(changes: Sequence[AssetChange], surface: Surface, *, explain: bool) -> Iterator[Line]:
    """What was not edited and is reached: with the columns that are."""
    yield line("  ", dim("through what they read"))
    shown = changes if explain else changes[:LIMIT]
    for change in shown:
        what = _reached(change)
        yield from wrap(
            line("    ", strong(change.asset), f"  {what}; {impact_words(change)}"),
            surface.width,
            6,
        )
    rest = [change.asset for change in changes[len(shown) :]]
    if rest:
        yield from wrap(line("    and ", listing(rest, _NAMES)), surface.width, 6)


def _reached(change: AssetChange) -> str:
    if change.on:
        return category_words(change)
    if change.category is Category.BROKEN:
        return "does not compile any more"
    told = ["rows"] if change.rows else []
    told += [f"{part.name}{_grave(part)}" for part in change.columns]
    return listing(told, _PARTS) or "how it is stored"


def _grave(part: PartChange) -> str:
    return f" ({part.how})" if part.how not in (How.CHANGED, How.AFFECTED) else ""

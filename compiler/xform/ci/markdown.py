"""A change as Markdown, for a comment on a pull request: the worst first, on one screen; the rest
is folded. The same change gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xform.app.environments.preview import Preview
from xform.base.diagnostics import Diagnostic
from xform.ci.cell_diff import test_lines
from xform.ci.data import preview_blocks
from xform.ci.writing import block as _block
from xform.ci.writing import code as _code
from xform.ci.writing import folded as _folded
from xform.ci.writing import names as _names
from xform.ci.writing import plain as _plain
from xform.ci.writing import tagged as _tagged
from xform.plan.changes import (
    WEIGHTS,
    AssetChange,
    Category,
    How,
    PartChange,
    ProjectChange,
    Weight,
)
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

LONGEST = 60_000
"""Characters; GitHub takes 65,536 in a comment."""

_SCREEN = 8
"""Assets told in full before the rest is folded."""
_PARTS = 5
_NODES = 40
_ICONS = {
    Weight.BREAKING: "🔴",
    Weight.VALUES: "🟠",
    Weight.ADDITIVE: "🟢",
    Weight.NONE: "⚪",
}


def mark_of(prefix: str) -> str:
    """Begins the comment of a project, so that its next one replaces it. `prefix` is the project's
    folder within its repository."""
    return f"<!-- xform ci {prefix.replace('--', '- -')} -->" if prefix else "<!-- xform ci -->"


def markdown_text(
    change: ProjectChange,
    prefix: str = "",
    preview: Preview | None = None,
    over: Sequence[Diagnostic] = (),
) -> str:
    """The whole comment, with its mark. `over` are limits that are passed. What is too long for a
    comment is left out, and that is said."""
    blocks = [
        mark_of(prefix),
        f"### {_icon(change, preview, over)} xform: {headline(change.verdict)}",
        f"{_plain(change.head)} against {_plain(change.base)}",
        *(_plain(told) for told in cost_words(change)),
        *(f"🔴 {_plain(item.message)}: {_plain(item.help)}" for item in over),
        *_findings(change),
        *_failing(change),
        *(preview_blocks(preview) if preview is not None else ()),
        *_edited(change),
        *_affected(change),
        *_quiet(change),
        *_units(change),
        *_picture(change),
    ]
    text = "\n\n".join(block for block in blocks if block) + "\n"
    if len(text) <= LONGEST:
        return text
    kept: list[str] = []
    room = LONGEST - 200
    for block in blocks:
        if room < len(block) + 2:
            continue
        kept.append(block)
        room -= len(block) + 2
    return "\n\n".join([*kept, "More than fits here: `xform ci --explain` tells it all."]) + "\n"


def asset_text(change: AssetChange) -> str:
    """One asset in plain lines."""
    lines = [f"{category_words(change)}; {impact_words(change)}", *change.breaks]
    lines += [f"{part.name}: {part_words(part)}" for part in (*change.rows, *change.columns)]
    lines += [f"on {on}: {part.name}: {part_words(part)}" for on, part in parts_elsewhere(change)]
    lines += [setting_words(item) for item in change.settings]
    lines += [test_words(item) for item in change.tests]
    lines += missing_words(change, ", ".join)
    return "\n".join([*lines, *radius_words(change)])


def _icon(change: ProjectChange, preview: Preview | None, over: Sequence[Diagnostic]) -> str:
    worst = min((item.weight for item in change.changes), key=WEIGHTS.index, default=Weight.NONE)
    failed = change.errors or change.verdict.failing or over or (preview and preview.failed)
    return _ICONS[Weight.BREAKING if failed else worst]


def _findings(change: ProjectChange) -> Iterator[str]:
    """New diagnostics."""
    if not change.diagnostics:
        return
    shown = sorted(change.diagnostics, key=lambda item: (item.severity != "error", item.order))
    lines = [
        f"- {item.severity} `{item.code}` {_code(str(item.span))} {_plain(item.message)}"
        for item in shown
    ]
    many = len(lines) > _SCREEN
    title = f"{len(lines)} new finding{'s' if len(lines) > 1 else ''}"
    yield _folded(title, "\n".join(lines)) if many else f"**{title}**\n\n" + "\n".join(lines)


def _failing(change: ProjectChange) -> Iterator[str]:
    """Unit tests that newly fail, the cells folded."""
    failing = change.units.failing if change.units is not None else ()
    for test in failing[:_SCREEN]:
        said, place = _tagged(failing_words(test)), _tagged(str(test.span))
        head = f"❌ unit test {said} (<code>{place}</code>)"
        yield _folded(head, _block("diff", "\n".join(test_lines(test))))
    rest = [test.name for test in failing[_SCREEN:]]
    if rest:
        yield f"❌ and {_names(rest, 8)}"


def _units(change: ProjectChange) -> Iterator[str]:
    if change.units is not None:
        yield f"Unit tests of what changed: {_plain(units_words(change.units))}"


def _edited(change: ProjectChange) -> Iterator[str]:
    """What was edited and changes something; the first ones open."""
    told = [item for item in change.edited if item.weight is not Weight.NONE]
    for weight in WEIGHTS:
        group = [item for item in told if item.weight is weight]
        opened = [item for item in group if told.index(item) < _SCREEN]
        folded = group[len(opened) :]
        if opened:
            lines = "\n".join(line for item in opened for line in _asset(item))
            yield f"**{_ICONS[weight]} {TITLES[weight]}**\n\n{lines}"
        if folded:
            lines = "\n".join(line for item in folded for line in _asset(item))
            yield _folded(f"{_ICONS[weight]} {len(folded)} more: {TITLES[weight].lower()}", lines)


def _asset(change: AssetChange) -> Iterator[str]:
    yield (
        f"- **{_plain(change.asset)}** {_plain(category_words(change))}; {impact_words(change)}"
        f" ({_code(change.path)})"
    )
    for why in reasons_beside(change):
        yield f"  - {_plain(why)}"
    parts = (*change.rows, *change.columns)
    for part in parts[:_PARTS]:
        yield f"  - {_part(part)}"
    if len(parts) > _PARTS:
        yield f"  - and {_names((part.name for part in parts[_PARTS:]), 8)}"
    elsewhere = parts_elsewhere(change)
    for label, part in elsewhere[:_PARTS]:
        yield f"  - on {_plain(label)}: {_part(part)}"
    if len(elsewhere) > _PARTS:
        yield f"  - and {len(elsewhere) - _PARTS:,} more on other targets"
    for told in (
        *(setting_words(item) for item in change.settings[:_PARTS]),
        *(test_words(item) for item in change.tests[:_PARTS]),
    ):
        yield f"  - {_plain(told)}"
    missing = missing_words(change, lambda names: _names(names, 6))
    if missing:
        yield f"  - {'; '.join(missing)}"
    for told in radius_words(change):
        yield f"  - {_plain(told)}"


def _part(part: PartChange) -> str:
    if part.how is How.CHANGED:
        before, _, after = part_words(part).partition(" → ")
        if after:
            return f"{_code(part.name)} {_code(before)} → {_code(after)}"
    return f"{_code(part.name)} {_plain(part_words(part))}"


def _affected(change: ProjectChange) -> Iterator[str]:
    told = [item for item in change.affected if item.weight is not Weight.NONE]
    if not told:
        return
    rows = ["| asset | what | a build |", "| --- | --- | --- |"]
    for item in told:
        if item.on:
            what = _plain(category_words(item))
        elif item.category is Category.BROKEN:
            what = "does not compile any more"
        else:
            what = _names([*(["rows"] if item.rows else []), *(c.name for c in item.columns)], 6)
        rows.append(f"| {_plain(item.asset)} | {what or 'storage'} | {impact_words(item)} |")
    yield _folded(f"{len(told)} affected through what they read", "\n".join(rows))


def _quiet(change: ProjectChange) -> Iterator[str]:
    """What was edited and changes no data."""
    told = [item for item in change.edited if item.weight is Weight.NONE]
    if told:
        lines = "\n".join(line for item in told for line in _asset(item))
        yield _folded(f"{len(told)} without effect on data", lines)


def _picture(change: ProjectChange) -> Iterator[str]:
    """The affected part of the graph, as Mermaid draws it."""
    edges = change.passes
    if not edges:
        return
    names = list(dict.fromkeys(name for edge in edges for name in edge))
    if len(names) > _NODES:
        return
    ids = {name: f"n{number}" for number, name in enumerate(names)}
    weights = {item.asset: item.weight for item in change.changes}
    lines = ["```mermaid", "graph LR"]
    lines += [f'  {ids[name]}["{_label(name)}"]' for name in names]
    lines += [f"  {ids[one]} --> {ids[other]}" for one, other in edges]
    for weight, colour in ((Weight.BREAKING, "#d73a49"), (Weight.VALUES, "#e36209")):
        group = [ids[name] for name in names if weights.get(name) is weight]
        if group:
            lines.append(f"  classDef {weight} stroke:{colour},stroke-width:2px")
            lines.append(f"  class {','.join(group)} {weight}")
    yield _folded("What is affected", "\n".join([*lines, "```"]))


def _label(name: str) -> str:
    return "".join(char if char.isalnum() or char in "._ -" else "·" for char in name)

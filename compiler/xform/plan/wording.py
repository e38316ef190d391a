"""What a change means, in words: the same in a terminal, in a comment and in an annotation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from xform.plan.changes import (
    AssetChange,
    Category,
    How,
    OnTarget,
    PartChange,
    ProjectChange,
    SettingChange,
    TestChange,
    Verdict,
    Weight,
)
from xform.plan.plan import ActionKind
from xform.plan.unit_outcome import FailingTest, UnitOutcome

_WORDS = {
    Weight.BREAKING: ("breaking", "breaking"),
    Weight.VALUES: ("value change", "value changes"),
    Weight.ADDITIVE: ("additive", "additive"),
}

TITLES = {
    Weight.BREAKING: "Breaking",
    Weight.VALUES: "Other values",
    Weight.ADDITIVE: "Additive",
    Weight.NONE: "No effect on data",
}

_AROUND = 24
"""Characters of an expression shown on either side of what differs."""
_LONGEST = 160
_OCCURRENCE = re.compile(r"@\d+ ")
"""Says which occurrence of a relation is read (`@1`)."""
_LISTED = re.compile(r"\bexpressions\*\d+\(")
"""Begins what a DISTINCT is over."""
_OVER_ROWS = "in(…, "
"""Begins an aggregate with the rows that it is over."""
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


def headline(verdict: Verdict) -> str:
    """`1 breaking · 2 value changes · 3 additive · 41 unaffected; 6 of 214 models would run`."""
    numbers = [
        (verdict.breaking, *_WORDS[Weight.BREAKING]),
        (verdict.values, *_WORDS[Weight.VALUES]),
        (verdict.additive, *_WORDS[Weight.ADDITIVE]),
    ]
    parts = [f"{number:,} {one if number == 1 else many}" for number, one, many in numbers]
    parts.append(f"{verdict.unaffected:,} unaffected")
    models = "model" if verdict.models == 1 else "models"
    told = f"{' · '.join(parts)}; {verdict.runs:,} of {verdict.models:,} {models} would run"
    if verdict.failing:
        tests = "unit test newly fails" if verdict.failing == 1 else "unit tests newly fail"
        told += f"; {verdict.failing:,} {tests}"
    return told


def cost_words(change: ProjectChange) -> Sequence[str]:
    """How long a build takes, in a line; none where that is not known, or nothing would run."""
    cost = change.cost
    if cost is None or not (cost.recorded or cost.unrecorded):
        return ()
    unknown = _listing(cost.unrecorded, 4)
    if not cost.recorded:
        return (f"how long a build takes is not known: no run of {unknown} is recorded",)
    told = f"a build takes {about(cost.work)} of work"
    if about(cost.elapsed) != about(cost.work):
        threads = "thread" if cost.threads == 1 else "threads"
        told += f", {about(cost.elapsed)} with {cost.threads:,} {threads}"
    if cost.unrecorded:
        told += f"; no run is recorded of {unknown}"
    return (told,)


def about(seconds: float) -> str:
    """As exactly as it can be known: `less than 1 s`, `about 40 s`, `about 1 h 20 min`."""
    if seconds < 1:
        return "less than 1 s"
    if seconds < 57.5:
        return f"about {round(seconds) if seconds < 10 else 5 * round(seconds / 5)} s"
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return f"about {minutes} min"
    minutes = 5 * round(minutes / 5)
    rest = f" {minutes % 60} min" if minutes % 60 else ""
    return f"about {minutes // 60} h{rest}"


def category_words(change: AssetChange) -> str:
    """The category, with what goes with it: `renamed from staging.orders`."""
    if change.on:
        return "; ".join(f"{_on_words(item, change)} on {item.label}" for item in change.on)
    return _category_words(change)


def _on_words(on: OnTarget, change: AssetChange) -> str:
    """What it is on one target: `no change`, `other values of amount`."""
    if on.weight is Weight.NONE and not on.columns and not on.rows:
        return "no change"
    there = msgspec.structs.replace(change, category=on.category, weight=on.weight, on=())
    parts = [*(["rows"] if on.rows else []), *(part.name for part in on.columns)]
    of = f" of {_listing(parts, 3)}" if on.category is Category.VALUES and parts else ""
    return f"{_category_words(there)}{of}"


def parts_elsewhere(change: AssetChange) -> list[tuple[str, PartChange]]:
    """The rows and columns of other targets, with the target's name."""
    return [(on.label, part) for on in change.on[1:] for part in (*on.rows, *on.columns)]


def _category_words(change: AssetChange) -> str:
    match change.category:
        case Category.BROKEN if change.weight is Weight.BREAKING:
            return "does not compile"
        case Category.BROKEN:
            return "does not compile, as before"
        case Category.COLUMNS:
            return "columns removed, renamed or retyped"
        case Category.VALUES:
            return "other values"
        case Category.DATA:
            return "other data"
        case Category.INCREMENTAL:
            return "how it grows"
        case Category.STORAGE:
            return "how it is stored"
        case Category.RENAMED:
            return f"renamed from {change.was}"
        case Category.ADDITIVE:
            return "columns added"
        case Category.NO_OP:
            return "means the same"
        case _:
            return str(change.category)


def impact_words(change: AssetChange) -> str:
    """What a build does with it."""
    if change.category is Category.BROKEN:
        return "cannot be built"
    match change.impact.action:
        case ActionKind.BUILD:
            return "view is replaced" if change.kind == "view" else "is built anew"
        case ActionKind.INTERVAL:
            return "new intervals only"
        case ActionKind.REUSE | ActionKind.PUBLISH:
            return "only its name moves"
        case ActionKind.TEST:
            return "only its tests run"
        case ActionKind.DROP:
            return "is taken away"
        case _:
            return "does not run"


def part_words(part: PartChange) -> str:
    """What became of a column or clause, without its name."""
    if part.cells:
        return _data_words(part)
    match part.how:
        case How.MOVED:
            return "the same, in another order or written otherwise"
        case How.ADDED:
            kind = f" ({part.types[1]})" if part.types and part.types[1] != "unknown" else ""
            return f"added{kind}" + (f": {shortened(_plainly(part.after))}" if part.after else "")
        case How.REMOVED:
            return "removed"
        case How.RENAMED:
            return f"renamed from {part.was}"
        case How.RETYPED if part.types is not None:
            return f"{part.types[0]} → {part.types[1]}"
        case How.AFFECTED:
            return _affected(part)
        case _:
            before, after = narrowed(part.before or "", part.after or "")
            if before == after:
                return "defined in another way"
            return f"{before or 'nothing'} → {after or 'nothing'}"


def _data_words(part: PartChange) -> str:
    """Of a seed."""
    if part.how is How.CHANGED:
        return f"other values in {part.cells:,} row{'s' if part.cells > 1 else ''}"
    return f"{part.cells:,} {part.how}"


def _affected(part: PartChange) -> str:
    told = []
    if part.through:
        told.append(f"reads {_listing(part.through, 3)}")
    if part.data:
        told.append(f"new data of {_listing(part.data, 3)}")
    return "; ".join(told) or "over other rows"


def setting_words(setting: SettingChange) -> str:
    old, new = shortened(setting.before), shortened(setting.after)
    if not setting.before:
        return f"{setting.name}: {new}"
    return f"{setting.name}: {old} → {new or 'none'}"


def test_words(test: TestChange) -> str:
    detail = f": {shortened(test.detail)}" if test.detail not in ("", "as usual") else ""
    return f"{test.sort} {test.how}: {test.what}{detail}"


def failing_words(test: FailingTest) -> str:
    """`totals of marts.daily: 1 row differs (of 2 expected); passed before the change`."""
    before = "the test is new" if test.added else "passed before the change"
    return f"{test.name} of {test.model}: {test.said}; {before}"


def units_words(units: UnitOutcome) -> str:
    """What came of the unit tests that the change touches, in one line."""
    told = []
    if units.passed:
        told.append(f"{units.passed:,} passed")
    if units.failing:
        told.append(f"{len(units.failing):,} newly failing")
    if units.before:
        told.append(f"{len(units.before):,} failing as before ({_listing(units.before, 3)})")
    if units.left:
        told.append(f"{units.left:,} not run: {units.why}")
    return ", ".join(told)


def reasons_beside(change: AssetChange) -> list[str]:
    """Why it breaks, where its columns do not say it."""
    named = {name.lower() for part in change.columns for name in (part.name, part.was or part.name)}
    return [
        why for why in change.breaks if not any(f"column {name} " in why.lower() for name in named)
    ]


def narrowed(before: str, after: str) -> tuple[str, str]:
    """Two expressions down to the innermost call that holds all in which they differ; where that
    is long, or there is none, without most of what they share at either end."""
    old, new = _WORD.findall(_plainly(before)), _WORD.findall(_plainly(after))
    if old == new:  # they differ in what is left out to be read by people
        old, new = _WORD.findall(before), _WORD.findall(after)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    most = min(len(old), len(new)) - start
    while end < most and old[-1 - end] == new[-1 - end]:
        end += 1
    head, tail = old[:start], old[len(old) - end :]
    middles = [words[start : len(words) - end] for words in (old, new)]
    opened = _opened(head)
    kept = "".join(head[opened:])
    one, other = (
        f"{kept}{''.join(words)}{''.join(tail[: _closed(words, tail) if opened else len(tail)])}"
        for words in middles
    )
    if max(len(one), len(other)) > _LONGEST:
        before, after = _last_words("".join(head)), _first_words("".join(tail))
        one, other = (f"{before}{''.join(words)}{after}" for words in middles)
    return shortened(one.strip()), shortened(other.strip())


def _plainly(text: str) -> str:
    """An expression without which occurrence of a relation it reads, and over which rows."""
    text = _LISTED.sub("(", _OCCURRENCE.sub("", text))
    while (start := text.find(_OVER_ROWS)) >= 0:
        depth, end = 1, start + len(_OVER_ROWS)
        while end < len(text) and depth:
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        inner = text[start + len(_OVER_ROWS) : end if depth else end - 1]
        text = f"{text[:start]}{inner}{text[end:]}"
    return text


def _opened(head: Sequence[str]) -> int:
    """Where in `head` the innermost call begins that is open at its end; 0 where none is."""
    depth, at = 0, len(head)
    while at > 0 and depth >= 0:
        at -= 1
        depth += (head[at] == ")") - (head[at] == "(")
    while at > 0 and head[at - 1] not in "(,)" and not head[at - 1].isspace():
        at -= 1
    return at if depth < 0 else 0


def _closed(middle: Sequence[str], tail: Sequence[str]) -> int:
    """Behind what of `tail` the call is closed in which `middle` stands."""
    depth, at = 1 + middle.count("(") - middle.count(")"), 0
    while at < len(tail) and depth > 0:
        depth += (tail[at] == "(") - (tail[at] == ")")
        at += 1
    return at


def _last_words(text: str) -> str:
    if len(text) <= _AROUND:
        return text
    kept = text[-_AROUND:]
    return "…" + (kept[kept.find(" ") + 1 :] if " " in kept else kept)


def _first_words(text: str) -> str:
    if len(text) <= _AROUND:
        return text
    kept = text[:_AROUND]
    return (kept[: kept.rfind(" ")] if " " in kept else kept) + "…"


def shortened(text: str) -> str:
    """One line of bounded length."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def missing_words(change: AssetChange, listed: Callable[[Sequence[str]], str]) -> list[str]:
    """Which of the added columns have no test, and which no description."""
    return [
        f"{what}: {listed(columns)}"
        for what, columns in (("no test", change.untested), ("no description", change.undescribed))
        if columns
    ]


def radius_words(change: AssetChange, most: int = 4) -> Sequence[str]:
    """Who is reached, a line each."""
    radius = change.radius
    told = []
    if radius.affected:
        told.append(f"affects {_listing(radius.affected, most)}")
    if radius.exposures:
        told.append(f"shown in {_listing(radius.exposures, most)}")
    if radius.owners:
        told.append(f"owners {_listing(radius.owners, most)}")
    if radius.domains:
        told.append(f"domains {_listing(radius.domains, most)}")
    if radius.downstream:
        does = (
            "stands behind it and reads"
            if len(radius.downstream) == 1
            else "stand behind it and read"
        )
        told.append(f"{len(radius.downstream):,} more {does} nothing of this")
    return told


def _listing(names: Iterable[str], most: int) -> str:
    all_names = list(names)
    if len(all_names) <= most:
        return ", ".join(all_names)
    return f"{', '.join(all_names[:most])} and {len(all_names) - most:,} more"

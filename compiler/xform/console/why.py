"""Why an asset is fresh or stale: the reasons, the parts of its meaning that differ, the build.

marts.exec_daily is stale  (environment prod)
  code: column cancel_rate changed

column cancel_rate
  - avg(cancelled)
  + avg(coalesce(cancelled, 0))

built        2026-07-01 09:30:12 in 0.31s, 90 rows
as           _xform.exec_daily__3f2a_1
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from difflib import unified_diff

from xform.console.cells import cut, pad, width
from xform.console.plan import reason_line
from xform.console.terminal import Surface
from xform.console.text import EMPTY, Fragment, Line, Style, dim, line, strong, wrap
from xform.console.words import count, duration, listing
from xform.plan.explanation import Difference, Explanation, InputChange, InputVersion

LIMIT = 3
"""Differing components shown in full; `--explain` shows all."""

_INDENT = "  "
_DIGEST = 12
_LABEL = 13
_FOLLOWING = 6


def explanation_lines(
    explanation: Explanation, surface: Surface, *, explain: bool = False
) -> list[Line]:
    verdict = Fragment("fresh", Style.GOOD) if explanation.fresh else _stale()
    lines = [
        line(
            strong(explanation.asset),
            " is ",
            verdict,
            dim(f"  (environment {explanation.environment})"),
        )
    ]
    for reason in explanation.reasons:
        content = line(_INDENT, reason_line(reason, explain=explain))
        lines += wrap(content, surface.width, hang=4)
    own = [
        difference
        for difference in explanation.differences
        if difference.text_changed or difference.inputs
    ]
    shown = own if explain else own[:LIMIT]
    for difference in shown:
        lines += [EMPTY, *_difference(difference, surface)]
    more = [difference.component for difference in own[len(shown) :]]
    follow = [
        difference.component for difference in explanation.differences if difference not in own
    ]
    ellipsis = surface.symbols.ellipsis
    if more:
        also = f"{ellipsis} and {count(len(more), 'more difference')}: {', '.join(more)}"
        lines += [EMPTY, *wrap(line(also), surface.width, hang=2)]
    if follow:
        names = listing(follow, len(follow) if explain else _FOLLOWING)
        text = f"with the same text, but resting on these: {names}" if own else f"differ: {names}"
        lines += [EMPTY, *wrap(line(dim(text)), surface.width, hang=2)]
    return [*lines, EMPTY, *_facts(explanation, surface)]


def _stale() -> Fragment:
    return Fragment("stale", Style.CHANGED)


def _difference(difference: Difference, surface: Surface) -> list[Line]:
    match difference.old, difference.new:
        case None, _:
            what = "  added"
        case _, None:
            what = "  removed"
        case _ if difference.text_changed:
            what = ""
        case _:
            what = "  says the same; what it reads changed"
    lines = [line(strong(difference.component), dim(what))]
    if difference.text_changed:
        lines += _diff(difference.old, difference.new, surface)
    lines += [_input_change(change, surface) for change in difference.inputs]
    return lines


def _diff(old: str | None, new: str | None, surface: Surface) -> list[Line]:
    before = old.split("\n") if old is not None else []
    after = new.split("\n") if new is not None else []
    if len(before) == len(after) == 1:
        return _one_line_diff(before[0], after[0], surface)
    lines: list[Line] = []
    for row in list(unified_diff(before, after, n=2, lineterm=""))[2:]:
        sign, text = row[:1], row[1:]
        match sign:
            case "-":
                lines.append(_row("- ", text, Style.GONE, surface))
            case "+":
                lines.append(_row("+ ", text, Style.NEW, surface))
            case "@":
                if lines:
                    lines.append(line(_INDENT, dim(surface.symbols.ellipsis)))
            case _:
                lines.append(_row("  ", text, Style.DIM, surface))
    return lines


def _row(sign: str, text: str, style: Style, surface: Surface) -> Line:
    room = surface.width - len(_INDENT) - 2
    return line(_INDENT, Fragment(sign + cut(text, room, surface.symbols.ellipsis), style))


def _one_line_diff(old: str, new: str, surface: Surface) -> list[Line]:
    """Both texts, cut to the part that differs where they are long, with that part underlined."""
    same = _same_start(old, new)
    while same and _in_word(old, same) and _in_word(new, same):
        same -= 1
    tail = _same_start(old[same:][::-1], new[same:][::-1])
    while tail and _in_word(old, len(old) - tail) and _in_word(new, len(new) - tail):
        tail -= 1
    return [
        *_marked("- ", old, same, len(old) - tail, Style.GONE, surface),
        *_marked("+ ", new, same, len(new) - tail, Style.NEW, surface),
    ]


def _same_start(one: str, other: str) -> int:
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))


def _in_word(text: str, at: int) -> bool:
    """Whether a cut here would split a word."""
    return bool(re.match(r"\w\w", text[at - 1 : at + 1]))


def _marked(
    sign: str, text: str, start: int, end: int, style: Style, surface: Surface
) -> list[Line]:
    room = surface.width - len(_INDENT) - len(sign)
    ellipsis = surface.symbols.ellipsis
    if width(text) > room and width(text[:end]) > room * 3 // 4:
        dropped = max(start - room // 4, 0)
        text, start, end = text[dropped:], start - dropped, end - dropped
        if dropped:
            text, start, end = ellipsis + text, start + len(ellipsis), end + len(ellipsis)
    text = cut(text, room, ellipsis)
    end = min(end, len(text))
    lines = [line(_INDENT, Fragment(sign + text, style))]
    if start < end:
        under = " " * width(text[:start]) + "^" * width(text[start:end])
        lines.append(line(_INDENT, " " * len(sign), Fragment(under, style)))
    return lines


def _input_change(change: InputChange, surface: Surface) -> Line:
    if change.old is None:
        return line(_INDENT, Fragment(f"+ reads {change.name}", Style.NEW))
    if change.new is None:
        return line(_INDENT, Fragment(f"- reads {change.name}", Style.GONE))
    versions = f"  {change.old[:8]} {surface.symbols.right} {change.new[:8]}"
    return line(_INDENT, Fragment(f"~ reads {change.name}", Style.CHANGED), dim(versions))


def _facts(explanation: Explanation, surface: Surface) -> list[Line]:
    """What is built, and from which data: a label and a value each."""
    rows = [("file", f"{explanation.path}  ({explanation.kind})")]
    build = explanation.build
    if build is None:
        rows.append(("built", "never"))
    else:
        done = f"{_moment(build.built_at)} in {duration(build.seconds)}"
        if build.rows is not None:
            done += f", {count(build.rows, 'row')}"
        rows.append(("built", done))
        if build.codes:
            rows.append(
                ("code", f"its rows are of {build.codes + 1} codes: new code carried it on")
            )
        if build.holds:
            rows.append(("holds", build.holds))
        shown = "" if build.published else f"  (not shown by {explanation.environment})"
        rows.append(("as", build.physical + shown))
    rows += _compared(explanation)
    rows += _versions(explanation.versions, surface)
    rows.append(("fingerprint", explanation.fingerprint))
    return [
        content
        for label, value in rows
        for content in wrap(line(dim(pad(label, _LABEL)), value), surface.width, hang=_LABEL)
    ]


def _compared(explanation: Explanation) -> list[tuple[str, str]]:
    """`kept  shop.clean is the same by a sample of 1% of its rows`."""
    return [
        (
            "" if at else "kept",
            f"{item.upstream} is the same {item.how.words}"
            + (f", for {item.asset}" if item.asset != explanation.asset else ""),
        )
        for at, item in enumerate(explanation.compared)
    ]


def _moment(stamp: str) -> str:
    """An ISO 8601 time to the second, in the zone in which it was noted."""
    try:
        moment = datetime.datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    zone = f" {moment.tzname()}" if moment.tzinfo else ""
    return f"{moment:%Y-%m-%d %H:%M:%S}{zone}"


def _versions(versions: Sequence[InputVersion], surface: Surface) -> list[tuple[str, str]]:
    """The changed ones first; a version may be a long digest and is shown by its beginning."""
    ordered = sorted(versions, key=lambda version: (not version.changed, version.leaf))
    names = max((width(version.leaf) for version in ordered), default=0)
    return [
        (
            "" if at else "reads",
            f"{pad(version.leaf, names)}  {_version(version, surface.symbols.right)}",
        )
        for at, version in enumerate(ordered)
    ]


def _version(version: InputVersion, arrow: str) -> str:
    recorded = "(none)" if version.recorded is None else version.recorded[:_DIGEST]
    if version.changed and version.current is not None:
        return f"{recorded} {arrow} {version.current[:_DIGEST]}  changed"
    return recorded

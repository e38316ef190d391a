"""Diagnostics for people: a headline, the place, the source with marks, and the next step.

error[XF0401]: unknown column 'amout'
  --> models/staging/stg_orders.sql:12:8
   |
12 | select amout
   |        ^^^^^
help: did you mean 'amount'?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, assert_never

from xform.base.diagnostics import Diagnostic, Severity
from xform.base.spans import is_whole_file
from xform.console.excerpt import Mark, excerpt, gutter_digits
from xform.console.terminal import Surface
from xform.console.text import EMPTY, Fragment, Line, Style, frame, line, strong, wrap
from xform.console.words import count

Read: TypeAlias = Callable[[str], str | None]
"""The text of a file by its path, as it was compiled; None where there is none."""


def diagnostic_lines(
    diagnostics: Iterable[Diagnostic], read: Read, surface: Surface, *, limit: int | None = None
) -> list[Line]:
    """All diagnostics in the order of their places, an empty line between them.

    Beyond `limit` errors are kept before warnings, and the rest is counted.
    """
    shown, hidden = _limited(diagnostics, limit)
    lines: list[Line] = []
    for diagnostic in shown:
        if lines:
            lines.append(EMPTY)
        lines.extend(_one(diagnostic, read, surface))
    if hidden:
        if lines:
            lines.append(EMPTY)
        more = f"{surface.symbols.ellipsis} and {len(hidden):,} more: {_summary(hidden)}"
        lines.append(line(f"{more} (--format line lists all)"))
    return lines


def concise_lines(diagnostics: Iterable[Diagnostic]) -> list[Line]:
    """One line each: `path:line:column: error XF0401 message (help)`."""
    return [_concise(diagnostic) for diagnostic in sorted(diagnostics, key=_order)]


def summary_line(diagnostics: Iterable[Diagnostic]) -> Line:
    """`2 errors, 1 warning`; an empty line where there is nothing to count."""
    return line(strong(_summary(list(diagnostics))))


def _order(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    return diagnostic.order


def _limited(
    diagnostics: Iterable[Diagnostic], limit: int | None
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    ordered = sorted(diagnostics, key=_order)
    if limit is None or len(ordered) <= limit:
        return ordered, []
    ranks = list(Severity)
    by_weight = sorted(ordered, key=lambda diagnostic: ranks.index(diagnostic.severity))
    return sorted(by_weight[:limit], key=_order), by_weight[limit:]


def _summary(diagnostics: Sequence[Diagnostic]) -> str:
    found = Counter(diagnostic.severity for diagnostic in diagnostics)
    nouns = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    return ", ".join(
        count(found[severity], noun) for severity, noun in nouns.items() if found[severity]
    )


def _style(severity: Severity) -> Style:
    match severity:
        case Severity.ERROR:
            return Style.ERROR
        case Severity.WARNING:
            return Style.WARNING
        case Severity.INFO:
            return Style.NOTE
        case _:
            assert_never(severity)


def _concise(diagnostic: Diagnostic) -> Line:
    return line(
        strong(diagnostic.span.path),
        f":{diagnostic.span.line}:{diagnostic.span.column}: ",
        Fragment(diagnostic.severity.value, _style(diagnostic.severity)),
        f" {diagnostic.code} {_one_line(diagnostic.message)}",
        f" ({_one_line(diagnostic.help)})" if diagnostic.help else "",
    )


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _one(diagnostic: Diagnostic, read: Read, surface: Surface) -> list[Line]:
    style = _style(diagnostic.severity)
    headline, *details = diagnostic.message.split("\n")
    lines = [
        line(
            Fragment(f"{diagnostic.severity.value}[{diagnostic.code}]", style),
            strong(f": {headline}"),
        ),
        *(line(f"  {detail}") for detail in details if detail.strip()),
    ]
    marks = [
        Mark(diagnostic.span, "", True, style),
        *(Mark(label.span, label.message, False, Style.FRAME) for label in diagnostic.labels),
    ]
    digits = gutter_digits(marks)
    for path in dict.fromkeys(mark.span.path for mark in marks):
        of_file = [mark for mark in marks if mark.span.path == path]
        arrow = "-->" if path == diagnostic.span.path else ":::"
        lines.append(line(frame(f"{'':{digits}}{arrow} "), str(of_file[0].span)))
        text = read(path)
        placed = [mark for mark in of_file if not is_whole_file(mark.span)]
        drawn = excerpt(text, placed, digits, surface) if text is not None else []
        if drawn:
            lines.append(line(frame(f"{'':{digits}} |")))
            lines.extend(drawn)
        else:
            lines.extend(_unplaced(of_file, digits))
    lines.extend(_help(diagnostic.help, surface))
    return lines


def _unplaced(marks: Sequence[Mark], digits: int) -> list[Line]:
    """What the labels of one file say, where there is no source to write it under."""
    named = marks[0].span
    return [
        line(
            frame(f"{'':{digits}} = "),
            "" if mark.span == named else f"{mark.span}: ",
            mark.message,
        )
        for mark in marks
        if mark.message
    ]


def _help(text: str, surface: Surface) -> list[Line]:
    lines: list[Line] = []
    for paragraph in text.split("\n") if text else ():
        lead = line("      ") if lines else line(Fragment("help", Style.NOTE), ": ")
        for content in wrap(line(paragraph), surface.width - 6):
            lines.append((line("      ") if lines else lead) + content)
    return lines

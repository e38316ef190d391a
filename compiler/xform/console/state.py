"""What a check of the state found, and what its repair did."""

from __future__ import annotations

from collections.abc import Sequence

from xform.app.record.checking import Checked, Finding, Repaired
from xform.console.text import Line, dim, line, strong
from xform.console.words import count

_LISTED = 100


def checked_lines(checked: Checked) -> list[Line]:
    what = f"{count(checked.builds, 'build')}, {count(checked.publications, 'published name')}"
    found = len(checked.findings)
    if not found:
        return [line(strong("the state is as the warehouse"), dim(f": {what}"))]
    return [*_lines(checked.findings), line(strong(count(found, "difference")), dim(f"; {what}"))]


def repaired_lines(repaired: Repaired) -> list[Line]:
    lines = _lines(repaired.mended)
    lines.append(line(strong(f"{count(len(repaired.mended), 'difference')} mended in the state")))
    if repaired.left:
        lines += [line(strong("left as it is, since it is in the warehouse:"))]
        lines += _lines(repaired.left)
    return lines


def _lines(findings: Sequence[Finding]) -> list[Line]:
    lines = [
        line(strong(f"{item.kind} {item.name}"), f": {item.message}  ", dim(item.help))
        for item in findings[:_LISTED]
    ]
    if len(findings) > _LISTED:
        lines.append(line(dim(f"and {len(findings) - _LISTED:,} more")))
    return lines

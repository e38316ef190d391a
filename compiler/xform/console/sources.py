"""Sources and whether they hold new data.

raw.orders  changed  checksum   rows:3:ab12cd → rows:4:ef34ab
"""

from __future__ import annotations

from collections.abc import Sequence

from xform.app.data.sources import SourceForm
from xform.console.cells import pad, width
from xform.console.text import Fragment, Line, Style, dim, line

_STYLES = {"changed": Style.DATA, "unseen": Style.WARNING, "unread": Style.DIM, "same": Style.GOOD}
_LONGEST = 32


def source_lines(found: Sequence[SourceForm]) -> list[Line]:
    if not found:
        return [line(dim("the project has no sources that lie outside of it"))]
    room = max(width(item.source) for item in found)
    lines = []
    for item in found:
        status = Fragment(f"  {item.status:<8}", _STYLES[item.status])
        told = item.current or ""
        if item.status == "changed":
            told = f"{_short(item.recorded)} → {_short(item.current)}"
        elif item.status != "same":
            told = _short(item.recorded or item.current)
        lines.append(line(pad(item.source, room), status, f"{item.policy:<10}", dim(told)))
    return lines


def _short(version: str | None) -> str:
    return (version or "")[:_LONGEST]

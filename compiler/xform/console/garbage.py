"""What gc dropped, would drop, and keeps for now."""

from __future__ import annotations

from xform.app.environments.collecting import Collected
from xform.console.cells import pad, width
from xform.console.text import Line, dim, line, strong
from xform.console.words import count

_LISTED = 30


def collected_lines(found: Collected, *, dry: bool) -> list[Line]:
    lines = [line(f"environment {name}  ", dim("expired")) for name in found.environments]
    room = max((width(item.build) for item in found.dropped), default=0)
    lines += [line(pad(i.build, room), "  ", dim(i.why)) for i in found.dropped[:_LISTED]]
    if len(found.dropped) > _LISTED:
        lines.append(line(dim(f"and {len(found.dropped) - _LISTED:,} more")))
    if dry:
        lines += [
            line(f"{kept.build}  ", dim(f"stays until {kept.until[:10]}"))
            for kept in found.kept[:_LISTED]
        ]
    if found.bad_rows:
        tests = count(len(found.bad_rows), "test")
        lines.append(line(f"bad rows of {tests}  ", dim("kept for the time of grace")))
    what = count(len(found.dropped), "build")
    if found.environments:
        what += f" and {count(len(found.environments), 'environment')}"
    verb = "would go" if dry else "dropped"
    kept_too = (
        f"; {count(len(found.kept), 'build')} that nothing shows kept for now" if found.kept else ""
    )
    lines.append(line(strong(f"{what} {verb}"), dim(kept_too)))
    return lines

"""Environments: a list of them, what one shows, how two differ, what was moved.

name     assets  its own  newest build
prod         19       19  2026-07-01 09:30:12
dev_ann      19        2  2026-07-02 11:02:45
"""

from __future__ import annotations

from collections.abc import Sequence

from xform.app.environments.rollback import Event
from xform.app.environments.showing import Difference, EnvironmentForm, Moved, ShownAsset
from xform.console.cells import pad, width
from xform.console.text import Fragment, Line, Style, dim, line, strong
from xform.console.words import count

_MARKS = {
    "added": ("+", Style.GOOD),
    "removed": ("-", Style.ERROR),
    "changed": ("~", Style.CHANGED),
}


def list_lines(found: Sequence[EnvironmentForm]) -> list[Line]:
    if not found:
        return [line(dim("no environment shows anything yet: xform build"))]
    room = max(width("name"), *(width(item.name) for item in found))
    lines = [line(dim(f"{pad('name', room)}  assets  its own  newest build"))]
    for item in found:
        numbers = f"  {item.assets:>6}  {item.own:>7}  "
        expires = f"  expires {_time(item.expires_at)[:10]}" if item.expires_at else ""
        lines.append(
            line(strong(pad(item.name, room)), numbers, _time(item.built_at), dim(expires))
        )
    return lines


def show_lines(found: Sequence[ShownAsset]) -> list[Line]:
    room = max(width(item.relation) for item in found)
    lines = []
    for item in found:
        rows = f"{item.rows:>12,} rows" if item.rows is not None else f"{'view':>17}"
        shared = f"  also in {', '.join(item.also)}" if item.also else ""
        lines.append(line(pad(item.relation, room), rows, "  ", _time(item.built_at), dim(shared)))
    return lines


def difference_lines(found: Sequence[Difference], left: str, right: str) -> list[Line]:
    """What changes for readers who go from the first to the second."""
    if not found:
        return [line(f"{left} and {right} show the same")]
    lines = []
    for item in found:
        mark, style = _MARKS[item.change]
        why = ""
        if item.change == "changed":
            why = "  other code" if item.code else "  other data"
        lines.append(line(Fragment(f"{mark} ", style), str(item.asset), dim(why)))
    return [*lines, line(dim(f"from {left} to {right}: {count(len(found), 'difference')}"))]


def moved_line(moved: Moved) -> Line:
    parts = []
    if moved.published:
        parts.append(f"{count(len(moved.published), 'name')} moved")
    if moved.dropped:
        parts.append(f"{count(len(moved.dropped), 'name')} dropped")
    return line(strong(moved.environment), ": ", ", ".join(parts) or "nothing to do")


def rollback_lines(moved: Moved, number: int, *, dry: bool) -> list[Line]:
    """What a rollback moved, or would."""
    lines = [moved_line(moved)]
    if not moved.published and not moved.dropped:
        return lines
    verb = "would show" if dry else "shows"
    lines.append(line(dim(f"{moved.environment} {verb} what it showed after publishing {number}")))
    if not dry:
        lines.append(line(dim("the next build goes forward again; take the change back first")))
    return lines


def history_lines(found: Sequence[Event]) -> list[Line]:
    if not found:
        return [line(dim("nothing was published here yet"))]
    lines = [line(dim(f"{'id':>6}  {'at':<19}  {'what':<8}  moved  dropped  run"))]
    for item in found:
        numbers = f"  {item.kind:<8}  {item.moved:>5}  {item.dropped:>7}  "
        lines.append(line(strong(f"{item.id:>6}"), f"  {_time(item.at):<19}", numbers, item.run_id))
    return lines


def _time(built_at: str | None) -> str:
    return built_at[:19].replace("T", " ") if built_at else ""

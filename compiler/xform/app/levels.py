"""Diagnostics at the levels that the project gives them, less those that a comment silences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from xform.base.diagnostics import Diagnostic, Severity

_SILENCED = re.compile(r"xform:\s*ignore\s+(XF\d{4}(?:\s*,\s*XF\d{4})*)")
"""`-- xform: ignore XF0425` on the line that a diagnostic points at."""


def at_levels(
    found: Iterable[Diagnostic], levels: Mapping[str, str], text: Callable[[str], str]
) -> list[Diagnostic]:
    """`levels` is by code: error, warning, info or off. `text` gives a file as it is written; it
    is asked for only where something is to be said. Errors are said as they are."""
    lines: dict[str, list[str]] = {}
    kept: list[Diagnostic] = []
    for item in found:
        if item.severity is not Severity.ERROR:
            level = levels.get(item.code, item.severity)
            if level == "off":
                continue
            path = item.span.path
            if path not in lines:
                lines[path] = text(path).split("\n")
            if _is_silenced(item, lines[path]):
                continue
            if level != item.severity:
                item = msgspec.structs.replace(item, severity=Severity(level))
        kept.append(item)
    return kept


def _is_silenced(item: Diagnostic, lines: list[str]) -> bool:
    for line in lines[item.span.line - 1 : item.span.end_line]:
        if "xform:" in line and any(item.code in comment for comment in _SILENCED.findall(line)):
            return True
    return False

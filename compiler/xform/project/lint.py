"""`[tool.xform.lint]`: how loudly each warning is said."""

from __future__ import annotations

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.project.reader import Notes, read_choice, read_mapping, unknown_key
from xform.project.values import Value

LEVELS = ("error", "warning", "info", "off")


def read_lint(value: Value, notes: Notes) -> dict[str, str]:
    """Level by code. The level of an error cannot be set: what it is about cannot be compiled."""
    table = read_mapping(value, "'lint'", notes)
    levels: dict[str, str] = {}
    for entry in table or ():
        code = codes.CODES.get(entry.name)
        if code is None:
            unknown_key(entry, codes.CODES, "'lint'", notes)
            continue
        level = read_choice(entry.value, f"'lint.{code.id}'", LEVELS, notes)
        if level is None:
            continue
        if code.severity == "error" and level != "error":
            message = f"the level of {code.id} ({code.title}) cannot be set"
            advice = "take this line out: what is an error cannot be compiled, or would fail later"
            notes.append(diagnose(codes.BAD_VALUE, message, entry.key.span, advice))
            continue
        levels[code.id] = level
    return levels

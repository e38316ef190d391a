"""`[tool.xform.format]`: what the one form of SQL leaves open."""

from __future__ import annotations

from xform.project.reader import Notes, check_keys, read_mapping, read_whole
from xform.project.values import Value

LINE_LENGTH = 100
"""Columns of a line, where nothing else is said."""

SHORTEST = 40


def read_line_length(value: Value, notes: Notes) -> int:
    """`format = {line_length = 100}`."""
    mapping = read_mapping(value, "'format'", notes)
    if mapping is None:
        return LINE_LENGTH
    check_keys(mapping, ("line_length",), "'format'", notes)
    given = mapping.get("line_length")
    length = given and read_whole(given, "'line_length' of 'format'", notes, SHORTEST)
    return length or LINE_LENGTH

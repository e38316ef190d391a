"""The settings block of a SQL file: `/* @model … */` in its leading comments, YAML inside."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.spans import LineIndex, Span
from xform.project.values import Mapping, sort_of
from xform.project.yaml import read_yaml

_TRIVIA = re.compile(r"(?:\s+|--[^\n]*|\{#.*?#\})+", re.DOTALL)
_OPENING = re.compile(r"/\*\s*@model\b(?!\.)")


@dataclass(frozen=True, slots=True)
class Header:
    """`settings` is None where there is no block or nothing usable in it. `end` is the offset
    behind the block, 0 without one."""

    settings: Mapping | None
    end: int


def read_header(text: str, path: str) -> tuple[Header, list[Diagnostic]]:
    """The settings block of a model's text."""
    index = LineIndex(text)
    at = _skip(text, 0, stop_at_header=True)
    opening = _OPENING.match(text, at)
    if opening is None:
        return Header(None, 0), _late(text, at, path, index)
    close = text.find("*/", opening.end())
    if close < 0:
        return Header(None, len(text)), [
            diagnose(
                codes.OPEN_HEADER,
                "the '/* @model' block is not closed",
                index.span(path, opening.start(), opening.end()),
                "end it with '*/'",
            )
        ]
    end = close + len("*/")
    block = index.span(path, opening.start(), opening.end())
    body = text[opening.end() : close]
    value, found = read_yaml(body, path, within=text, offset=opening.end())
    found += _late(text, end, path, index)
    if value is None:
        return Header(None, end), found or [_empty(block)]
    if not isinstance(value, Mapping):
        found.append(
            diagnose(
                codes.NO_MAPPING,
                f"the '@model' block must be a mapping, not {sort_of(value)}",
                value.span,
                "write one 'key: value' pair a line, such as 'kind: table'",
            )
        )
        return Header(None, end), found
    return Header(value, end), found


def has_query(text: str, start: int) -> bool:
    """Whether anything but comments, space and semicolons stands behind `start`."""
    at = start
    while True:
        at = _skip(text, at)
        if at >= len(text):
            return False
        if text[at] != ";":
            return True
        at += 1


def _skip(text: str, at: int, *, stop_at_header: bool = False) -> int:
    """The offset of the first character behind space and comments."""
    while at < len(text):
        trivia = _TRIVIA.match(text, at)
        if trivia is not None:
            at = trivia.end()
        elif text.startswith("/*", at) and not (stop_at_header and _OPENING.match(text, at)):
            close = text.find("*/", at + 2)
            if close < 0:
                return at
            at = close + len("*/")
        else:
            return at
    return at


def _late(text: str, at: int, path: str, index: LineIndex) -> list[Diagnostic]:
    """Blocks behind the first SQL, or behind the first block: nothing reads them."""
    return [
        diagnose(
            codes.LATE_HEADER,
            "a '/* @model' block that is not read",
            index.span(path, opening.start(), opening.end()),
            "a file has one block, before its SQL: move the settings there",
        )
        for opening in _OPENING.finditer(text, at)
    ]


def _empty(block: Span) -> Diagnostic:
    return diagnose(
        codes.EMPTY_HEADER,
        "the '@model' block is empty",
        block,
        "give it settings, such as 'kind: table', or delete it",
    )

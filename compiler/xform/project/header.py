"""The settings block of a SQL file: `/* @model … */` in its leading comments (`@test` in that of a
test), YAML inside."""

from __future__ import annotations

import re

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.spans import LineIndex, Span
from xform.project.values import Mapping, sort_of
from xform.project.yaml import read_yaml

_TRIVIA = re.compile(r"(?:\s+|--[^\n]*|\{#.*?#\})+", re.DOTALL)


_EXAMPLES = {"@model": "kind: table", "@test": "severity: warn"}


class Header(msgspec.Struct, frozen=True):
    """`settings` is None where there is no block or nothing usable in it. `end` is the offset
    behind the block, 0 without one."""

    settings: Mapping | None
    end: int


def read_header(text: str, path: str, mark: str = "@model") -> tuple[Header, list[Diagnostic]]:
    """The settings block of a model's text, or of that of a test."""
    index = LineIndex(text)
    block_start = re.compile(rf"/\*\s*{mark}\b(?!\.)")
    at = _skip(text, 0, block_start)
    opening = block_start.match(text, at)
    if opening is None:
        return Header(None, 0), _late(text, at, path, index, mark, block_start)
    close = text.find("*/", opening.end())
    if close < 0:
        return Header(None, len(text)), [
            diagnose(
                codes.OPEN_HEADER,
                f"the '/* {mark}' block is not closed",
                index.span(path, opening.start(), opening.end()),
                "end it with '*/'",
            )
        ]
    end = close + len("*/")
    block = index.span(path, opening.start(), opening.end())
    body = text[opening.end() : close]
    value, found = read_yaml(body, path, within=text, offset=opening.end())
    found += _late(text, end, path, index, mark, block_start)
    if value is None:
        return Header(None, end), found or [_empty(block, mark)]
    if not isinstance(value, Mapping):
        found.append(
            diagnose(
                codes.NO_MAPPING,
                f"the '{mark}' block must be a mapping, not {sort_of(value)}",
                value.span,
                f"write one 'key: value' pair a line, such as '{_EXAMPLES[mark]}'",
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


def _skip(text: str, at: int, stop: re.Pattern[str] | None = None) -> int:
    """The offset of the first character behind space and comments."""
    while at < len(text):
        trivia = _TRIVIA.match(text, at)
        if trivia is not None:
            at = trivia.end()
        elif text.startswith("/*", at) and not (stop is not None and stop.match(text, at)):
            close = text.find("*/", at + 2)
            if close < 0:
                return at
            at = close + len("*/")
        else:
            return at
    return at


def _late(
    text: str, at: int, path: str, index: LineIndex, mark: str, block_start: re.Pattern[str]
) -> list[Diagnostic]:
    """Blocks behind the first SQL, or behind the first block: nothing reads them."""
    return [
        diagnose(
            codes.LATE_HEADER,
            f"a '/* {mark}' block that is not read",
            index.span(path, opening.start(), opening.end()),
            "a file has one block, before its SQL: move the settings there",
        )
        for opening in block_start.finditer(text, at)
    ]


def _empty(block: Span, mark: str) -> Diagnostic:
    return diagnose(
        codes.EMPTY_HEADER,
        f"the '{mark}' block is empty",
        block,
        f"give it settings, such as '{_EXAMPLES[mark]}', or delete it",
    )

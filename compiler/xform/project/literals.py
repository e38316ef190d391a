"""Python literals to values with places, read from a syntax tree and never evaluated."""

from __future__ import annotations

import ast
import re

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.base.spans import LineIndex, Span
from xform.project.reader import Notes, wrong_type
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value

_LINE_END = re.compile(r"\r\n?|\n")
_MAX_BITS = 64
"""Whole numbers of settings are stored: larger ones are no literals here."""


class Places:
    """Spans of syntax-tree nodes. Their columns count bytes of UTF-8, ours characters; to Python a
    carriage return alone ends a line too."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self._text = text
        self._index = LineIndex(text)
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword) -> Span:
        start = self._offset(node.lineno, node.col_offset)
        end = start
        if node.end_lineno is not None and node.end_col_offset is not None:
            end = self._offset(node.end_lineno, node.end_col_offset)
        return self._index.span(self.path, start, end)

    def word(self, node: ast.stmt, word: str) -> Span:
        """The place of a name in the first line of a statement (`def` and `async def`)."""
        start = self._offset(node.lineno, 0)
        line = self._line(node.lineno)
        at = line.find(f" {word}", self._offset(node.lineno, node.col_offset) - start) + 1
        return self._index.span(self.path, start + at, start + at + len(word))

    def _line(self, line: int) -> str:
        if line > len(self._starts):
            return ""
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        return self._text[self._starts[line - 1] : end]

    def _offset(self, line: int, column: int) -> int:
        """Where in the text a line and a column of the tree are."""
        if line > len(self._starts):
            return len(self._text)
        data = self._line(line).encode("utf-8", "surrogatepass")
        return self._starts[line - 1] + len(data[:column].decode("utf-8", "replace"))


def read_literal(node: ast.expr, places: Places, what: str, notes: Notes) -> Value | None:
    """The value of a literal: texts, numbers, True, False, None, lists, tuples and dicts."""
    span = places.span(node)
    match node:
        case ast.Constant(value=str() as text) if text.isascii() or _is_encodable(text):
            return Scalar(text, text, span)
        case ast.Constant(value=bool() | float() | None as value):
            return Scalar(value, str(value), span)
        case ast.Constant(value=int() as whole) if whole.bit_length() < _MAX_BITS:
            return Scalar(whole, str(whole), span)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=number)):
            if isinstance(number, float) or (
                type(number) is int and number.bit_length() < _MAX_BITS
            ):
                signed = -number if isinstance(sign, ast.USub) else number
                return Scalar(signed, str(signed), span)
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            items = [read_literal(element, places, what, notes) for element in elements]
            return Sequence(tuple(item for item in items if item is not None), span)
        case ast.Dict():
            return _dict(node, places, what, notes)
    notes.append(
        diagnose(
            codes.NOT_LITERAL,
            f"{what} is not a literal",
            span,
            "write the value out: models are read without being run, so names, calls and "
            "f-strings have no value here",
        )
    )
    return None


def _is_encodable(text: str) -> bool:
    """Whether a text has a UTF-8 form: escapes such as `\\ud800` have none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _dict(node: ast.Dict, places: Places, what: str, notes: Notes) -> Mapping:
    entries: dict[str, Entry] = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        if key_node is None:
            read_literal(ast.copy_location(ast.Name("_"), value_node), places, what, notes)
            continue
        key = read_literal(key_node, places, f"a key of {what}", notes)
        value = read_literal(value_node, places, what, notes)
        if key is not None and not isinstance(key, Scalar):
            wrong_type(key, f"a key of {what}", "text", notes)
        if not isinstance(key, Scalar) or value is None:
            continue
        if key.text in entries:
            notes.append(
                diagnose(
                    codes.DUPLICATE_KEY,
                    f"'{key.text}' stands twice",
                    key.span,
                    "keep one of the two",
                )
            )
        else:
            entries[key.text] = Entry(key, value)
    return Mapping(tuple(entries.values()), places.span(node))

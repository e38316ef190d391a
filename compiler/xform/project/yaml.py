"""YAML with places.

Read from the parser's events, iteratively and within limits, so that no text can exhaust stack,
memory or time. Plain scalars follow the core schema of YAML 1.2: `yes`, `on` and dates are text,
and so are numbers with leading zeros, which are codes more often than numbers.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.spans import LineIndex, Span
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value, storable

MAX_DEPTH = 50
MAX_NODES = 200_000
"""Of one document, with every alias counted as often as it is used."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_OCTAL = re.compile(r"0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)")
_MAX_DIGITS = 300
_TAG = "tag:yaml.org,2002:"


class _Stop(Exception):  # noqa: N818 - ends the walk, never leaves this module
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class _Open(msgspec.Struct):
    """A collection whose end has not been read yet."""

    event: Any
    anchor: str | None
    is_mapping: bool
    children: list[Value] = msgspec.field(default_factory=list)
    size: int = 1


def read_yaml(
    text: str, path: str, *, within: str | None = None, offset: int = 0
) -> tuple[Value | None, list[Diagnostic]]:
    """The document in `text`, or None where it is empty or broken.

    Where the text is a part of a file, `within` is the whole file's text and `offset` the place
    in it at which `text` begins: spans are then of the file.
    """
    reading = _Reading(path, LineIndex(text if within is None else within), offset)
    try:
        return reading.document(text), reading.found
    except _Stop as stop:
        return None, [*reading.found, stop.diagnostic]


class _Reading:
    """One walk over the events of one text."""

    def __init__(self, path: str, index: LineIndex, offset: int) -> None:
        self.found: list[Diagnostic] = []
        self._path = path
        self._index = index
        self._offset = offset
        self._anchors: dict[str, tuple[Value, int]] = {}
        self._nodes = 0

    def document(self, text: str) -> Value | None:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        stack: list[_Open] = []
        root: Value | None = None
        value: Value
        documents = 0
        try:
            for event in yaml.parse(text, Loader=loader):
                match event:
                    case yaml.ScalarEvent():
                        value, size, anchor = self._scalar(event), 1, event.anchor
                    case yaml.DocumentStartEvent():
                        documents += 1
                        if documents > 1:
                            raise _Stop(self._second_document(event))
                        continue
                    case yaml.AliasEvent():
                        value, size = self._alias(event, stack)
                        anchor = None
                    case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                        self._open(event, stack)
                        continue
                    case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                        opened = stack.pop()
                        value = self._close(opened, event)
                        size, anchor = opened.size, opened.anchor
                    case _:
                        continue
                if anchor is not None:
                    self._anchors[anchor] = (value, size)
                if stack:
                    stack[-1].children.append(value)
                    stack[-1].size += size
                else:
                    root = value
        except yaml.YAMLError as error:
            raise _Stop(self._syntax(error, text)) from None
        if isinstance(root, Scalar) and root.value is None and not root.text:
            return None
        return root

    def _span(self, start: Any, end: Any) -> Span:
        return self._index.span(
            self._path, self._offset + start.index, self._offset + max(start.index, end.index)
        )

    def _open(self, event: Any, stack: list[_Open]) -> None:
        if len(stack) >= MAX_DEPTH:
            raise _Stop(
                diagnose(
                    codes.YAML_LIMIT,
                    f"YAML is nested deeper than {MAX_DEPTH} levels",
                    self._span(event.start_mark, event.start_mark),
                    "flatten it, or close a bracket that was left open",
                )
            )
        self._count(1, event)
        tag = event.tag
        is_mapping = type(event).__name__ == "MappingStartEvent"
        if tag is not None and tag not in ("!", _TAG + ("map" if is_mapping else "seq")):
            self._refuse_tag(event)
        stack.append(_Open(event, event.anchor, is_mapping))

    def _close(self, opened: _Open, end: Any) -> Value:
        start = opened.event
        # A block collection ends where the next token begins: it is shown up to its last child.
        last = opened.children[-1].span if opened.children and not start.flow_style else None
        span = self._span(start.start_mark, end.end_mark)
        if last is not None and (last.end_line, last.end_column) > (span.line, span.column):
            # (an alias has the place of what it stands for, which is before)
            span = Span(span.path, span.line, span.column, last.end_line, last.end_column)
        if not opened.is_mapping:
            return Sequence(tuple(opened.children), span)
        return Mapping(self._entries(opened.children), span)

    def _entries(self, children: list[Value]) -> tuple[Entry, ...]:
        """The entries of a mapping from keys and values in turn; `<<` merged in behind them."""
        entries: dict[str, Entry] = {}
        merged: list[Mapping] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.found.append(
                    diagnose(
                        codes.BAD_YAML,
                        "a key must be a single word or a quoted text",
                        key.span,
                        "put quotes around it if braces or brackets are part of the text",
                    )
                )
            elif key.text == "<<" and (parts := _mappings(value)) is not None:
                merged.extend(parts)
            elif (first := entries.get(key.text)) is not None:
                self.found.append(
                    diagnose(
                        codes.DUPLICATE_KEY,
                        f"'{key.text}' stands twice",
                        key.span,
                        "keep one of the two",
                        labels=[Label(first.key.span, "first here")],
                    )
                )
            else:
                entries[key.text] = Entry(key, value)
        for part in merged:
            for entry in part:
                entries.setdefault(entry.name, entry)
        return tuple(entries.values())

    def _alias(self, event: Any, stack: list[_Open]) -> tuple[Value, int]:
        if any(opened.anchor == event.anchor for opened in stack):
            raise _Stop(
                diagnose(
                    codes.YAML_LIMIT,
                    f"alias '*{event.anchor}' stands inside its own anchor",
                    self._span(event.start_mark, event.end_mark),
                    "write the value out, or move the anchor",
                )
            )
        known = self._anchors.get(event.anchor)
        if known is None:
            raise _Stop(
                diagnose(
                    codes.BAD_YAML,
                    f"alias '*{event.anchor}' has no anchor before it",
                    self._span(event.start_mark, event.end_mark),
                    f"mark the value with '&{event.anchor}' earlier in the file, or quote a text "
                    "that begins with '*'",
                )
            )
        value, size = known
        self._count(size, event)
        return value, size

    def _count(self, size: int, event: Any) -> None:
        self._nodes += size
        if self._nodes > MAX_NODES:
            raise _Stop(
                diagnose(
                    codes.YAML_LIMIT,
                    f"YAML holds more than {MAX_NODES:,} values, aliases counted",
                    self._span(event.start_mark, event.end_mark),
                    "split the file, or write values out instead of nesting aliases",
                )
            )

    def _scalar(self, event: Any) -> Scalar:
        self._count(1, event)
        text: str = event.value
        span = self._span(event.start_mark, event.end_mark)
        if event.style in ("|", ">"):
            # A block text ends where the next token begins: only its opening is shown.
            span = Span(span.path, span.line, span.column, span.line, span.column + 1)
        tag: str | None = event.tag
        if tag is None:
            return Scalar(_core(text) if event.implicit[0] else text, text, span)
        match tag.removeprefix(_TAG):
            case "str" | "!":
                return Scalar(text, text, span)
            case ("int" | "float" | "bool" | "null") as wanted:
                value = _core(text)
                if _fits(value, wanted):
                    return Scalar(value, text, span)
                message = f"'{text}' is not of the type '!!{wanted}'"
                self.found.append(diagnose(codes.YAML_TAG, message, span, f"take '!!{wanted}' off"))
            case _:
                self._refuse_tag(event)
        return Scalar(text, text, span)

    def _refuse_tag(self, event: Any) -> None:
        shown = event.tag.replace(_TAG, "!!")
        self.found.append(
            diagnose(
                codes.YAML_TAG,
                f"YAML type '{shown}' is not read here",
                self._span(event.start_mark, event.start_mark),
                "take it off: texts, numbers, true, false, null, lists and mappings are enough",
            )
        )

    def _second_document(self, event: Any) -> Diagnostic:
        return diagnose(
            codes.BAD_YAML,
            "a second YAML document begins here",
            self._span(event.start_mark, event.end_mark),
            "take the '---' out, or move the second document into a file of its own",
        )

    def _syntax(self, error: Any, text: str) -> Diagnostic:
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = mark.index if mark is not None else _unprintable(text)
        at = min(at, len(text))
        if at == len(text):
            # The parser notices at the end what was left open before: point at the last text.
            at = len(text.rstrip())
        span = self._index.span(self._path, self._offset + at, self._offset + at + 1)
        line = text[text.rfind("\n", 0, at) + 1 : (text.find("\n", at) + 1 or len(text) + 1) - 1]
        return diagnose(codes.BAD_YAML, f"YAML: {problem}", span, _advice(str(problem), line))


def _advice(problem: str, line: str) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem:
        return "indent with spaces: YAML does not take tabs"
    if "{{" in line:
        return "put quotes around a value that begins with '{{'"
    if "mapping values are not allowed" in problem:
        return "put quotes around a text that holds ': ', or correct the indentation"
    if "expected ',' or" in problem:
        return "separate with ',' and close the bracket, or quote a text with ',' or brackets"
    if "quoted scalar" in problem or "unexpected end of stream" in problem:
        return "close the quote"
    if "could not find expected ':'" in problem:
        return "write 'key: value', with a space behind the colon"
    if "cannot start any token" in problem:
        return "put quotes around a text that begins with a special character"
    if "special characters" in problem or "control characters" in problem:
        return "delete the control character"
    return "check the indentation and the quotes here and on the line before"


def _unprintable(text: str) -> int:
    """Where the parser's reader stopped: at the first character that YAML does not take."""
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    return found.start() if found else 0


def _mappings(value: Value) -> list[Mapping] | None:
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, Sequence):
        parts = [item for item in value.items if isinstance(item, Mapping)]
        return parts if len(parts) == len(value.items) else None
    return None


def _core(text: str) -> str | int | float | bool | None:
    """A plain scalar by YAML's core schema (see the head of this file)."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if text[0] not in "0123456789+-." or len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return storable(int(text))
    if _HEXADECIMAL.fullmatch(text):
        return storable(int(text, 16))
    if _OCTAL.fullmatch(text):
        return storable(int(text, 8))
    if _FLOAT.fullmatch(text):
        return float(text)
    if infinite := _INFINITE.fullmatch(text):
        return float(f"{infinite.group(1)}inf")
    return float("nan") if _NAN.fullmatch(text) else text


def _fits(value: str | int | float | bool | None, wanted: str) -> bool:
    match wanted:
        case "null":
            return value is None
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)

"""From the text of `--select` to a spec (the grammar of DESIGN §6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from xform.base.codes import SELECTION_METHOD, SELECTION_SYNTAX
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import did_you_mean
from xform.base.spans import Span
from xform.graph.selection.spec import Criterion, Intersection, Reach, Spec, Union

METHODS = (
    "access",
    "column",
    "config",
    "domain",
    "engine",
    "exposure",
    "file",
    "fqn",
    "group",
    "owner",
    "package",
    "path",
    "resource_type",
    "result",
    "selector",
    "source",
    "source_status",
    "stale",
    "state",
    "tag",
    "test_name",
    "test_type",
    "unit_test",
    "version",
)

Place: TypeAlias = Callable[[int, int], Span]
"""The span of a stretch (start, end offsets) of the text that is read."""

_CRITERION = re.compile(
    r"(?P<at>@)?(?:(?P<up>[0-9]*)(?P<parents>\+))?(?:(?P<method>[\w.]+):)?"
    r"(?P<value>.*?)(?P<children>\+(?P<down>[0-9]*))?",
    re.DOTALL,
)
_ARGUMENT = re.compile(r"\S+")
_FILE_ENDS = (".sql", ".py", ".csv", ".parquet", ".json")
_MAX_DEPTH_DIGITS = 9

AROUND_OR_BELOW = '"@" prefix and "+" suffix are incompatible'
AROUND_HELP = "write '@x' for x, all that reads it and what that needs; 'x+' for x and its readers"


def in_argument(path: str = "<select>", number: int = 1) -> Place:
    """Places in a command-line argument: line = its number among its like, column = offset + 1."""
    return lambda start, end: Span(path, number, start + 1, number, end + 1)


def at_span(span: Span) -> Place:
    """One place for everything, for text whose characters cannot be found again in a file."""
    return lambda start, end: span


def parse(text: str, place: Place | None = None) -> tuple[Spec | None, list[Diagnostic]]:
    """A spec from one argument: union at spaces, intersection at commas.

    None where anything is wrong with it; everything wrong is told.
    """
    place = place or in_argument()
    diagnostics: list[Diagnostic] = []
    parts: list[Spec] = []
    for found in _ARGUMENT.finditer(text):
        at = found.start()
        components: list[Spec] = []
        for piece in found.group().split(","):
            criterion = _criterion(piece, at, found.group(), place, diagnostics)
            if criterion is not None:
                components.append(criterion)
            at += len(piece) + 1
        span = place(found.start(), found.end())
        parts.append(Intersection(tuple(components), found.group(), span))
    if not parts:
        diagnostics.append(
            diagnose(
                SELECTION_SYNTAX,
                "the selection is empty",
                place(0, len(text)),
                "name an asset, or leave the option out to select everything",
            )
        )
    if diagnostics:
        return None, diagnostics
    return (parts[0] if len(parts) == 1 else Union(tuple(parts))), []


def default_method(value: str) -> str:
    """The method of a value without one: by what it looks like."""
    if "/" in value:
        return "path"
    return "file" if value.lower().endswith(_FILE_ENDS) else "fqn"


def check_method(method: str, arguments: tuple[str, ...], span: Span) -> Diagnostic | None:
    """What is wrong with the name of a method, if anything."""
    if method not in METHODS:
        return diagnose(
            SELECTION_METHOD,
            f"unknown selection method '{method}'",
            span,
            did_you_mean(method, METHODS) or f"methods are {', '.join(METHODS)}",
        )
    if method == "config" and not arguments:
        return diagnose(
            SELECTION_METHOD,
            "'config' does not say which setting",
            span,
            "write config.<setting>:<value>, for example config.kind:view",
        )
    if method != "config" and arguments:
        written = ".".join((method, *arguments))
        return diagnose(
            SELECTION_METHOD,
            f"unknown selection method '{written}'",
            span,
            f"'{method}' takes nothing behind a dot: write {method}:<value>",
        )
    return None


def _criterion(
    piece: str, at: int, argument: str, place: Place, diagnostics: list[Diagnostic]
) -> Criterion | None:
    """One criterion, which begins at offset `at` of the text."""

    def fail(message: str, start: int, end: int, help_text: str) -> None:
        span = place(at + start, at + max(end, start + 1))
        diagnostics.append(diagnose(SELECTION_SYNTAX, message, span, help_text))

    found = _CRITERION.fullmatch(piece)
    assert found is not None, "the pattern takes every text"
    start, end = found.span("value")
    value = found["value"]
    if found["at"] and found["children"]:
        fail(f"{AROUND_OR_BELOW} in '{piece}'", 0, len(piece), AROUND_HELP)
        return None
    written = found["method"]
    if not value:
        if written is not None:
            fail(f"'{piece}' gives '{written}' no value", 0, len(piece), f"write {written}:<value>")
        elif piece:
            fail(f"'{piece}' names nothing", 0, len(piece), "put a name beside the operator")
        else:
            message = f"'{argument}' has nothing on one side of a comma"
            fail(message, 0, 1, "a comma stands between two criteria, without spaces")
        return None
    method, _, rest = (written or default_method(value)).partition(".")
    arguments = tuple(rest.split(".")) if rest else ()
    if written is not None:
        span = place(at + found.start("method"), at + found.end("method"))
        wrong = check_method(method, arguments, span)
        if wrong is not None:
            diagnostics.append(wrong)
            return None
    if method in ("fqn", "column") and "+" in value:
        help_text = "a depth is a whole number: 2+x for two levels up, x+2 for two levels down"
        fail(f"'{piece}' has a '+' that belongs to no depth", start, end, help_text)
        return None
    reach = Reach(
        parents=found["parents"] is not None,
        parents_depth=_depth(found["up"]),
        children=found["children"] is not None,
        children_depth=_depth(found["down"]),
        childrens_parents=found["at"] is not None,
    )
    return Criterion(method, value, place(at + start, at + end), arguments, reach)


def _depth(digits: str | None) -> int | None:
    """A depth with more digits than any graph has levels is no limit."""
    return int(digits) if digits and len(digits) <= _MAX_DEPTH_DIGITS else None

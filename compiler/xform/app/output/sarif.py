"""Diagnostics as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), the form that
code scanning reads: one run, a rule for each code that occurs, a result for each diagnostic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from xform import __version__
from xform.app.pages import page_of
from xform.app.repository import is_file, within
from xform.base.codes import CODES, Code
from xform.base.diagnostics import Diagnostic, Label, Severity
from xform.base.spans import Span, is_whole_file

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
ROOT = "%SRCROOT%"
"""What relative paths count from: the root of the repository."""


def sarif_form(diagnostics: Sequence[Diagnostic], prefix: str) -> dict[str, Any]:
    """The log, to be written as JSON. `prefix` is the project's folder within its repository."""
    ordered = sorted(diagnostics, key=lambda item: item.order)
    codes = sorted({item.code for item in ordered})
    driver = {
        "name": "xform",
        "semanticVersion": __version__,
        "rules": [_rule(CODES[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, codes.index(item.code), prefix) for item in ordered],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code) -> dict[str, Any]:
    page = page_of(code)
    return {
        "id": code.id,
        "shortDescription": {"text": code.title},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": LEVELS[Severity(code.severity)]},
    }


def _result(diagnostic: Diagnostic, rule: int, prefix: str) -> dict[str, Any]:
    text = diagnostic.message
    if diagnostic.help:
        text = f"{text}\nhelp: {diagnostic.help}"
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": LEVELS[diagnostic.severity],
        "message": {"text": text},
    }
    if is_file(diagnostic.span.path):
        result["locations"] = [{"physicalLocation": _place(diagnostic.span, prefix)}]
    if diagnostic.labels:
        result["relatedLocations"] = [
            _related(number, label, prefix) for number, label in enumerate(diagnostic.labels, 1)
        ]
    return result


def _related(number: int, label: Label, prefix: str) -> dict[str, Any]:
    place: dict[str, Any] = {"id": number, "physicalLocation": _place(label.span, prefix)}
    if label.message:
        place["message"] = {"text": label.message}
    return place


def _place(span: Span, prefix: str) -> dict[str, Any]:
    path = within(prefix, span.path)
    if path.startswith("/"):  # a profile that lies outside of the project
        artifact = {"uri": f"file://{quote(path)}"}
    else:
        artifact = {"uri": quote(path), "uriBaseId": ROOT}
    if is_whole_file(span):
        return {"artifactLocation": artifact, "region": {"startLine": 1}}
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"artifactLocation": artifact, "region": region}

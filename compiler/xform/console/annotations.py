"""Diagnostics as workflow commands of GitHub Actions, which become annotations in a pull request:
`::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from xform.app.repository import is_file, within
from xform.base.codes import CODES
from xform.base.diagnostics import Diagnostic, Severity
from xform.base.spans import is_whole_file

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def annotation_lines(diagnostics: Iterable[Diagnostic], prefix: str) -> list[str]:
    """One command each. `prefix` is the project's folder within its repository."""
    return [_command(item, prefix) for item in sorted(diagnostics, key=lambda item: item.order)]


def _command(diagnostic: Diagnostic, prefix: str) -> str:
    span = diagnostic.span
    properties: dict[str, str | int] = {}
    if is_file(span.path):
        properties["file"] = within(prefix, span.path)
        properties["line"] = span.line
        if span.line == span.end_line and not is_whole_file(span):
            properties.update(col=span.column, endLine=span.end_line, endColumn=span.end_column)
        elif span.line != span.end_line:  # GitHub takes columns within one line only
            properties["endLine"] = span.end_line
    properties["title"] = f"{diagnostic.code}: {CODES[diagnostic.code].title}"
    told = [diagnostic.message]
    for label in diagnostic.labels:
        at = msgspec.structs.replace(label.span, path=within(prefix, label.span.path))
        told.append(f"{at}: {label.message}")
    if diagnostic.help:
        told.append(f"help: {diagnostic.help}")
    message = "\n".join(told)
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{COMMANDS[diagnostic.severity]} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

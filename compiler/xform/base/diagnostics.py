"""Diagnostics: what the compiler says to its user. Values, not exceptions."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from xform.base.codes import Code
from xform.base.names import AssetName, ColumnRef
from xform.base.spans import Span, file_span


class Severity(enum.StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Label(msgspec.Struct, frozen=True):
    """A second place that a diagnostic points at, with what is to be seen there."""

    span: Span
    message: str


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding. `message` is a headline that stands alone; `help` is the next step."""

    code: str
    severity: Severity
    message: str
    span: Span
    help: str
    asset: AssetName | None = None
    labels: tuple[Label, ...] = ()
    missing: tuple[ColumnRef, ...] = ()
    """Columns that assets were looked through for and do not have."""

    def __str__(self) -> str:
        return f"{self.span}: {self.severity} {self.code}: {self.message} (help: {self.help})"

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """The order in which diagnostics are shown: by place, then by code."""
        return (self.span.path, self.span.line, self.span.column, self.code, self.message)


def diagnose(
    code: Code,
    message: str,
    at: Span | str,
    help: str,  # noqa: A002 - the field's name in every rendering
    *,
    asset: AssetName | None = None,
    labels: Iterable[Label] = (),
    missing: Iterable[ColumnRef] = (),
) -> Diagnostic:
    """A diagnostic of a known code, at a span or (given a path) at a whole file."""
    span = file_span(at) if isinstance(at, str) else at
    return Diagnostic(
        code.id, Severity(code.severity), message, span, help, asset, tuple(labels), tuple(missing)
    )


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def errors_of(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [d for d in diagnostics if d.severity is Severity.ERROR]

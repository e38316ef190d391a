"""What holds of every diagnostic, whatever was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xform.base.diagnostics import Diagnostic
from xform.base.spans import Span

PYTHONS_OWN = ("Traceback", "RecursionError", "NoneType", "<class", "object at 0x", "TokenType.")


def check_findings(files: Mapping[str, str], found: Iterable[Diagnostic]) -> None:
    """Each has a headline and a next step, in words for people, and lies inside of its file."""
    for finding in found:
        assert finding.message.strip(), finding
        assert finding.help.strip(), finding
        said = finding.message + finding.help
        assert not any(word in said for word in PYTHONS_OWN), finding
        for span in (finding.span, *(label.span for label in finding.labels)):
            _check_span(files, span)


def _check_span(files: Mapping[str, str], span: Span) -> None:
    text = files.get(span.path)
    if text is None:
        assert (span.line, span.column) == (1, 1), span
        return
    lines = text.split("\n")
    assert 1 <= span.line <= span.end_line <= len(lines), (span, len(lines))
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1, (span, lines[span.line - 1])
    assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1, (span, lines)
    assert (span.line, span.column) <= (span.end_line, span.end_column), span

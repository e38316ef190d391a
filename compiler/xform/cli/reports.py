"""Diagnostics in the forms that other tools read: `--format sarif`, `github` or `line`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from xform.app.repository import prefix_of
from xform.base.diagnostics import Diagnostic


def report_text(form: str, diagnostics: Sequence[Diagnostic], root: Path) -> str:
    """What is written to stdout. Lines have paths as the project has them, the others paths from
    the root of the repository that the project at `root` lies in."""
    match form:
        case "sarif":
            from xform.app.output.sarif import sarif_form

            log = msgspec.json.encode(sarif_form(diagnostics, prefix_of(root)))
            return msgspec.json.format(log, indent=2).decode() + "\n"
        case "github":
            from xform.console.annotations import annotation_lines

            lines = annotation_lines(diagnostics, prefix_of(root))
        case _:
            from xform.console.diagnostics import concise_lines

            lines = [line.text for line in concise_lines(diagnostics)]
    return "".join(f"{line}\n" for line in lines)

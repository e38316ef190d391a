"""A change as JSON: what machines read. More fields may be added; these stay."""

from __future__ import annotations

from typing import Any

import msgspec

from xform.app.forms import VERSION, diagnostics_form
from xform.plan.changes import ProjectChange
from xform.plan.wording import headline


def _units_form(change: ProjectChange) -> dict[str, Any] | None:
    units = change.units
    if units is None:
        return None
    failing = [
        {
            "name": test.name,
            "model": test.model,
            "path": test.span.path,
            "line": test.span.line,
            "status": test.status,
            "added": test.added,
            "message": test.said,
            "difference": test.difference,
            "diagnostics": diagnostics_form(test.diagnostics),
        }
        for test in units.failing
    ]
    return {
        "passed": units.passed,
        "newly_failing": failing,
        "failing_before": units.before,
        "not_run": units.left,
        "why": units.why,
    }


def json_text(change: ProjectChange) -> str:
    form = {
        "version": VERSION,
        "base": change.base,
        "head": change.head,
        "headline": headline(change.verdict),
        "verdict": change.verdict,
        "changes": change.changes,
        "unit_tests": _units_form(change),
        "diagnostics": diagnostics_form(change.diagnostics),
    }
    return msgspec.json.format(msgspec.json.encode(form, enc_hook=str), indent=2).decode() + "\n"

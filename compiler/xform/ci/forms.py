"""A change as JSON: what machines read. More fields may be added; these stay."""

from __future__ import annotations

from typing import Any

import msgspec

from xform.app.environments.preview import Preview
from xform.app.output.forms import VERSION, diagnostics_form
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


def json_text(change: ProjectChange, preview: Preview | None = None) -> str:
    form = {
        "version": VERSION,
        "base": change.base,
        "head": change.head,
        "headline": headline(change.verdict),
        "verdict": change.verdict,
        "changes": change.changes,
        "unit_tests": _units_form(change),
        "diagnostics": diagnostics_form(change.diagnostics),
        **({"cost": change.cost} if change.cost is not None else {}),
        **({"build": _build_form(preview)} if preview is not None else {}),
    }
    return msgspec.json.format(msgspec.json.encode(form, enc_hook=str), indent=2).decode() + "\n"


def _build_form(preview: Preview) -> dict[str, Any]:
    form = msgspec.structs.asdict(preview)
    form["failed"] = preview.failed
    form["diagnostics"] = diagnostics_form(preview.diagnostics)
    return form

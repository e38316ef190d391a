"""A change as JSON: what machines read. More fields may be added; these stay."""

from __future__ import annotations

from typing import Any

import msgspec

from xform.app.forms import VERSION, diagnostics_form
from xform.app.preview import Preview
from xform.plan.changes import ProjectChange
from xform.plan.wording import headline


def json_text(change: ProjectChange, preview: Preview | None = None) -> str:
    form = {
        "version": VERSION,
        "base": change.base,
        "head": change.head,
        "headline": headline(change.verdict),
        "verdict": change.verdict,
        "changes": change.changes,
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

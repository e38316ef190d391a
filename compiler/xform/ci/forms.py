"""A change as JSON: what machines read. More fields may be added; these stay."""

from __future__ import annotations

import msgspec

from xform.app.forms import VERSION, diagnostics_form
from xform.plan.changes import ProjectChange
from xform.plan.wording import headline


def json_text(change: ProjectChange) -> str:
    form = {
        "version": VERSION,
        "base": change.base,
        "head": change.head,
        "headline": headline(change.verdict),
        "verdict": change.verdict,
        "changes": change.changes,
        "diagnostics": diagnostics_form(change.diagnostics),
    }
    return msgspec.json.format(msgspec.json.encode(form, enc_hook=str), indent=2).decode() + "\n"

"""From a model file's text to SQL with placeholders.

The only entrance to Jinja: a file without `{{`, `{%` or `{#` never meets it, and Jinja is not
even imported for it.
"""

from __future__ import annotations

import re

from xform.base.diagnostics import Diagnostic
from xform.template.macros import MacroLibrary
from xform.template.rendered import Rendered
from xform.template.scope import Scope

_JINJA = re.compile(r"\{[{%#]")
_INK = re.compile(r"[^\r\n]")


def has_jinja(text: str) -> bool:
    """Whether a text is a template at all."""
    return _JINJA.search(text) is not None


def blank_header(text: str, end: int) -> str:
    """The text with everything before `end` turned into spaces: all offsets stay."""
    return _INK.sub(" ", text[:end]) + text[end:] if end > 0 else text


def render(
    path: str, text: str, scope: Scope, macros: MacroLibrary
) -> tuple[Rendered | None, list[Diagnostic]]:
    """Render one file. None where the template is broken; then there is an error.

    `path` is the file as diagnostics name it. Never raises for anything in the template.
    """
    body = blank_header(text, scope.header_end)
    if not has_jinja(body):
        return Rendered(body), []
    from xform.template.session import render_template

    return render_template(path, body, scope, macros)

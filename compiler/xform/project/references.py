"""Assets as yml names them: plainly, or by dbt's `ref('x')` and `source('x', 'y')`."""

from __future__ import annotations

import re

_CALL = re.compile(
    r"""\s*(?:\{\{\s*)?(ref|source)\(\s*(['"])([^'"]+)\2\s*(?:,\s*(['"])([^'"]+)\4\s*)?"""
    r"""(?:,\s*(?:v|version)\s*=\s*(['"]?)(\w+)\6\s*)?\)"""
    r"""\s*(?:\}\}\s*)?"""
)
_PLAIN = re.compile(r"\s*([\w$-]+(?:\.[\w$-]+)?)\s*")


def reference(text: str) -> str | None:
    """The asset that a text names, `name` or `schema.name`; None where it is no such text."""
    call = _CALL.fullmatch(text)
    if call is not None:
        kind, first, second, version = call.group(1, 3, 5, 7)
        if kind == "source" and (second is None or version is not None):
            return None
        name = first if second is None else f"{first}.{second}"
        return name if version is None else f"{name}_v{version}"
    simple = _PLAIN.fullmatch(text)
    return simple.group(1) if simple is not None else None


def is_call(text: str) -> bool:
    """Whether a text is dbt's `ref('x')` or `source('x', 'y')`."""
    return _CALL.fullmatch(text) is not None


REFERENCE_HELP = "write the asset's name, `schema.name`, or ref('name')"

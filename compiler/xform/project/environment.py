"""`{{ env_var('X') }}` in profiles: a small evaluator of its own, so that no template is run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.base.spans import Span
from xform.project.reader import Notes

_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_TEXT = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(
    rf"\s*(?:env_var\(\s*(?P<name>{_TEXT})\s*(?:,\s*(?P<default>{_TEXT}|-?\d+|None))?\s*\)"
    rf"|(?P<text>{_TEXT}))\s*(?:\|\s*(?P<filter>\w+)\s*)?"
)
_FILTERS = ("int", "as_number", "as_bool", "as_native", "as_text", "string")

_EMPTY = {"int": "1", "as_number": "1", "as_bool": "false"}
"""What stands for a variable that is not set, where that is no mistake, by its filter."""

Resolved = str | int | float | bool


@dataclass(slots=True)
class Environment:
    """The environment as expressions see it. `secrets` gathers what came out of it."""

    variables: Mapping[str, str]
    secrets: list[str] = field(default_factory=list)
    lenient: bool = field(default=False, kw_only=True)
    """Whether a variable that is not set is empty, and no mistake."""

    def resolve(self, text: str, span: Span, notes: Notes) -> Resolved | None:
        """A text with its expressions replaced; None where one cannot be, which is noted.

        A text that is one expression with a filter gets the filter's type.
        """
        if "{%" in text or "{#" in text:
            _refuse(text, span, notes)
            return None
        whole = _EXPRESSION.fullmatch(text.strip())
        if whole is not None:
            return self._evaluate(whole.group(1), span, notes)
        parts: list[str] = []
        at = 0
        broken = False
        for found in _EXPRESSION.finditer(text):
            value = self._evaluate(found.group(1), span, notes)
            broken |= value is None
            parts += [text[at : found.start()], "" if value is None else str(value)]
            at = found.end()
        rest = text[at:]
        if "{{" in rest:
            _refuse(rest, span, notes)
            return None
        return None if broken else "".join((*parts, rest))

    def _evaluate(self, expression: str, span: Span, notes: Notes) -> Resolved | None:
        call = _CALL.fullmatch(expression)
        if call is None or (call["filter"] is not None and call["filter"] not in _FILTERS):
            _refuse("{{" + expression + "}}", span, notes)
            return None
        if call["text"] is not None:
            return _filtered(_unquoted(call["text"]), call["filter"], "the text", span, notes)
        name = _unquoted(call["name"])
        value = self.variables.get(name)
        if value is not None:
            if value:
                self.secrets.append(value)
        elif call["default"] is None and self.lenient:
            value = _EMPTY.get(call["filter"] or "", "")
        elif call["default"] is None:
            notes.append(
                diagnose(
                    codes.MISSING_VARIABLE,
                    f"environment variable '{name}' is not set",
                    span,
                    f"set {name}, or give a default: env_var('{name}', '…')",
                )
            )
            return None
        else:
            value = _unquoted(call["default"])
        return _filtered(value, call["filter"], f"variable '{name}'", span, notes)


def _filtered(text: str, name: str | None, what: str, span: Span, notes: Notes) -> Resolved | None:
    """The text as its filter has it. A value is never shown: it may be a secret."""
    match name:
        case "int" | "as_number":
            try:
                return int(text) if name == "int" else _number(text)
            except ValueError:
                wanted = "a whole number" if name == "int" else "a number"
        case "as_bool":
            if text.lower() in ("true", "false"):
                return text.lower() == "true"
            wanted = "true or false"
        case "as_native":
            try:
                return _number(text)
            except ValueError:
                return text.lower() == "true" if text.lower() in ("true", "false") else text
        case _:
            return text
    message = f"{what} is not {wanted}"
    notes.append(diagnose(codes.WRONG_TYPE, message, span, f"set it to {wanted}"))
    return None


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _unquoted(raw: str) -> str:
    return re.sub(r"\\(.)", r"\1", raw[1:-1]) if raw[:1] in ("'", '"') else raw


def _refuse(expression: str, span: Span, notes: Notes) -> None:
    notes.append(
        diagnose(
            codes.BAD_EXPRESSION,
            f"'{' '.join(expression.split())}' cannot be evaluated in a profile",
            span,
            "write {{ env_var('NAME') }} or {{ env_var('NAME', 'default') }}, with | int, "
            "| as_number or | as_bool behind it",
        )
    )

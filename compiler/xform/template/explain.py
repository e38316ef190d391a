"""From whatever stopped a rendering to its diagnostic: what, where, and what next.

The place is the innermost tag that was being carried out. Where that lies in a macro, the
diagnostic points at the model's call, and its label at the place in the macro.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from jinja2 import Template
from jinja2.exceptions import SecurityError, TemplateRuntimeError

from xform.base.codes import (
    TEMPLATE_ARGUMENTS,
    TEMPLATE_ATTRIBUTE,
    TEMPLATE_FAILED,
    TEMPLATE_FILTER,
    TEMPLATE_RECURSION,
    TEMPLATE_UNDEFINED,
    TEMPLATE_UNSAFE,
)
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import did_you_mean
from xform.base.spans import Span
from xform.template.builtins import BUILTIN_NAMES
from xform.template.environment import UndefinedNameError
from xform.template.faults import TemplateFault, TooDeepError
from xform.template.limits import too_large
from xform.template.macros import MacroLibrary
from xform.template.parse import filter_help
from xform.template.scope import Scope
from xform.template.source import Range
from xform.template.unit import Unit
from xform.template.values import type_name

UNSET = "set it with {% set … %}, read a variable with var('…'), or put a text in quotes"
_NO_FILTER = re.compile(r"No (filter|test) named '([^']*)'")
_MACRO_ARGUMENTS = re.compile(r"macro '(\w+)' ")


class Stopped(Protocol):
    """A rendering that an error has stopped.

    `calls` are those that were being carried out, outermost first: the unit and the place of
    the opening parenthesis. `units` is by identity of the compiled template.
    """

    model: Unit
    calls: list[tuple[Unit, int]]
    units: dict[int, Unit]
    library: MacroLibrary
    scope: Scope


@dataclass(frozen=True, slots=True)
class _Place:
    unit: Unit
    range: Range


def explain(session: Stopped, error: Exception) -> Diagnostic:
    """The diagnostic of an error that stopped a rendering."""
    fault, word = _fault(session, error)
    inner = _innermost(session, error)
    if isinstance(error, TooDeepError | RecursionError):
        inner = _last_call(session) or inner
    exact = _narrowed(inner, word)
    labels = list(fault.labels)
    if inner.unit is session.model:
        primary = exact
    else:
        primary = _narrowed(_Place(session.model, _model_range(session, error)), word)
        labels.insert(0, Label(_span(exact), _label(exact)))
    return diagnose(
        fault.code,
        fault.message,
        _span(primary),
        fault.help,
        asset=session.scope.asset,
        labels=labels,
    )


def _fault(session: Stopped, error: Exception) -> tuple[TemplateFault, str | None]:
    """What to say of an error, and the name to point at where there is one."""
    match error:
        case TemplateFault():
            return error, None
        case UndefinedNameError():
            return _undefined(session, error), str(error.name)
        case TooDeepError() | RecursionError():
            return _recursion(session), None
        case MemoryError():
            return too_large(), None
        case SecurityError():
            return TemplateFault(
                TEMPLATE_UNSAFE,
                f"not allowed in a template: {str(error).rstrip('.')}",
                "templates reach plain values only; what needs more is a Python macro",
            ), None
        case TemplateRuntimeError() if found := _NO_FILTER.match(str(error)):
            kind, name = found[1], found[2]
            message, help_text = f"unknown {kind} '{name}'", filter_help(kind, name)
            return TemplateFault(TEMPLATE_FILTER, message, help_text), name
        case TypeError() if found := _MACRO_ARGUMENTS.match(str(error)):
            return _macro_arguments(session, found[1], str(error)), None
        case _:
            said = str(error).rstrip(".") or type(error).__name__
            return TemplateFault(
                TEMPLATE_FAILED,
                f"expression failed: {said}",
                "check the values that the marked expression works with",
            ), None


def _undefined(session: Stopped, error: UndefinedNameError) -> TemplateFault:
    name = str(error.name)
    if error.hint and not error.hint.endswith("was not provided"):
        return TemplateFault(TEMPLATE_UNDEFINED, error.hint, "check the marked expression")
    if error.hint:
        return TemplateFault(
            TEMPLATE_ARGUMENTS,
            f"parameter '{name}' was not given",
            "give it in the call, or give it a default where the macro is defined",
        )
    if not error.is_variable:
        return TemplateFault(
            TEMPLATE_ATTRIBUTE,
            f"no '{name}' in {_owner(error.owner)}",
            _known_attributes(name, error.owner),
        )
    stored = {name for unit in session.units.values() for name in unit.parsed.stored}
    near = did_you_mean(name, {*BUILTIN_NAMES, *session.library.names, *stored} - {name})
    if name in session.scope.variables:
        help_text = f"write var('{name}') for the project's variable"
    elif any(_called_on(unit, name) for unit in session.units.values()):
        help_text = "macros of packages are not read: put the macro into macros/, without a prefix"
    else:
        help_text = near or UNSET
    return TemplateFault(TEMPLATE_UNDEFINED, f"undefined variable '{name}'", help_text)


def _called_on(unit: Unit, name: str) -> bool:
    """Whether a name stands as in `name.macro(…)`, as macros of dbt's packages do."""
    found = unit.source.word(name, unit.source.everything)
    return found is not None and unit.source.called_on(found)


def _owner(owner: object) -> str:
    """What an attribute was asked of."""
    match type(owner).__name__:
        case "Relation" | "This":
            return "a relation"
        case "TargetView":
            return "target"
        case "Builtin" | "Ref" | "Source" | "Var" | "EnvVar" | "Config":
            return f"'{getattr(owner, 'name', '')}'"
        case "Exceptions":
            return "exceptions"
        case _:
            return type_name(owner)


def _known_attributes(name: str, owner: object) -> str:
    if isinstance(owner, dict):
        known = [str(key) for key in owner]
    else:
        known = [key for key in dir(owner) if not key.startswith("_")]
    return did_you_mean(name, known) or "use `.get('…')` or `is defined` where it may be missing"


def _recursion(session: Stopped) -> TemplateFault:
    names: list[str] = []
    for unit, parenthesis in session.calls[-30:]:
        start, end = unit.source.call(parenthesis)
        name = unit.source.text[start:end].partition("(")[0].strip()
        if name not in names and name in session.library:
            names.append(name)
    names.sort()
    if len(names) == 1:
        message = f"macro '{names[0]}' calls itself without end"
    elif names:
        listed = ", ".join(f"'{name}'" for name in names[:-1])
        message = f"macros {listed} and '{names[-1]}' call each other without end"
    else:
        message = "calls are nested too deeply"
    return TemplateFault(
        TEMPLATE_RECURSION, message, "add a condition that ends it, or write it as a loop"
    )


def _macro_arguments(session: Stopped, name: str, message: str) -> TemplateFault:
    help_text = "check the macro's parameters"
    if "special caller argument" in message:
        message = f"macro '{name}' does not use caller()"
        help_text = "call it with {{ … }} instead of {% call %}"
    elif name in session.library.sql:
        _, macro = session.library.sql[name]
        listed = ", ".join(argument.name for argument in macro.args)
        help_text = f"its parameters are {name}({listed})"
    message = message.replace("takes not more than", "takes at most")
    message = message.replace("argument(s)", "arguments").replace(
        "most 1 arguments", "most 1 argument"
    )
    return TemplateFault(TEMPLATE_ARGUMENTS, message, help_text)


def _innermost(session: Stopped, error: Exception) -> _Place:
    """The tag, or the call in it, that was being carried out."""
    tags = _tags(session, error)
    if not tags:
        return _last_call(session) or _Place(session.model, (0, 0))
    inner = tags[-1]
    if session.calls:
        unit, parenthesis = session.calls[-1]
        if unit is inner.unit and unit.source.tag(parenthesis) == inner.range:
            return _Place(unit, unit.source.call(parenthesis))
    return inner


def _last_call(session: Stopped) -> _Place | None:
    if not session.calls:
        return None
    unit, parenthesis = session.calls[-1]
    return _Place(unit, unit.source.call(parenthesis))


def _tags(session: Stopped, error: Exception) -> list[_Place]:
    """The tags that a traceback leads through, outermost first."""
    found = []
    at = error.__traceback__
    while at is not None:
        template = at.tb_frame.f_globals.get("__jinja_template__")
        unit = session.units.get(id(template))
        if unit is not None and isinstance(unit.template, Template):
            place = unit.template.get_corresponding_lineno(at.tb_lineno) - 1
            found.append(_Place(unit, unit.source.tag(place)))
        at = at.tb_next
    return found


def _model_range(session: Stopped, error: Exception) -> Range:
    """Where in the model an error in a macro comes from."""
    for unit, parenthesis in session.calls:
        if unit is session.model:
            return unit.source.call(parenthesis)
    for place in _tags(session, error):
        if place.unit is session.model:
            return place.range
    return 0, 0


def _narrowed(place: _Place, word: str | None) -> _Place:
    if word is None:
        return place
    source = place.unit.source
    found = source.word(word, place.range)
    if found is None and place.unit.file is None:  # `{% set a = b %}` passes an undefined b on
        found = source.word(word, source.everything)
    return _Place(place.unit, found or place.range)


def _span(place: _Place) -> Span:
    return place.unit.source.span(place.unit.path, place.range)


def _label(place: _Place) -> str:
    name = place.unit.file.macro_at(place.range[0]) if place.unit.file else None
    return f"here, in macro '{name}'" if name else "here"

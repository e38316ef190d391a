"""The decorators of Python files in a project: `@model`, `@macro` and `@unit_test`.

They only mark the function. The compiler reads a Python model's settings from its syntax tree
and never imports it; the runner imports it and calls the marked function. So it is with unit
tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

Function = TypeVar("Function", bound=Callable[..., Any])

MODEL_MARK = "__xform_model__"
MACRO_MARK = "__xform_macro__"
UNIT_TEST_MARK = "__xform_unit_test__"


@overload
def model(function: Function, /) -> Function: ...
@overload
def model(**settings: Any) -> Callable[[Function], Function]: ...
def model(function: Function | None = None, /, **settings: Any) -> Any:
    """Mark a function as the model of its file; the settings are those of a SQL header block."""

    def mark(marked: Function) -> Function:
        setattr(marked, MODEL_MARK, settings)
        return marked

    return mark if function is None else mark(function)


def macro(function: Function) -> Function:
    """Offer a function of a `macros/*.py` file to templates, under its own name."""
    setattr(function, MACRO_MARK, True)
    return function


def unit_test(**settings: Any) -> Callable[[Function], Function]:
    """Mark a function of a `tests/unit/*.py` file as a unit test of a model.

    The settings are those of a unit test in yml: `model`, and perhaps `time`, `vars`, `macros`, …
    The function takes nothing and returns `{"given": {input: rows}, "expect": rows}`, where rows
    are a list of dicts, column → value.
    """

    def mark(marked: Function) -> Function:
        setattr(marked, UNIT_TEST_MARK, settings)
        return marked

    return mark

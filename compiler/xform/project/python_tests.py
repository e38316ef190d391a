"""Python files of unit tests, read from the syntax tree: which there are, and of which models.

    @unit_test(model="orders_by_day", time="2024-03-01")
    def counts_no_cancelled_orders():
        return {"given": {"orders": [{"id": 1, "state": "cancelled"}]}, "expect": []}

Nothing is imported here. The function is called when its test runs; what it returns is read as
yml is.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping as ReadOnly
from typing import Any

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.spans import Span
from xform.project.declarations import FileDeclarations, Module
from xform.project.literals import Places
from xform.project.modules import digest_tree, imported_paths
from xform.project.python_model import Function, marked_with, parse_python, settings_of
from xform.project.reader import Notes
from xform.project.unit_tests import UnitTest, read_unit_test
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value, storable

MARK = "unit_test"


def read_python_tests(text: str, path: str) -> tuple[FileDeclarations, list[Diagnostic]]:
    """The tests of one file. Other functions in it are helpers."""
    tree = parse_python(text, path)
    if isinstance(tree, Diagnostic):
        return FileDeclarations(path), [tree]
    notes: Notes = []
    module = Module(digest_tree(tree, []), imported_paths(tree, path))
    places = Places(text, path)
    tests = [
        found
        for function, decorator in marked_with(tree, MARK)
        if (found := _test(function, decorator, places, notes)) is not None
    ]
    tests = [msgspec.structs.replace(test, digest=module.digest) for test in tests]
    return FileDeclarations(path, module=module, unit_tests=tuple(tests)), notes


def _test(function: Function, decorator: ast.expr, places: Places, notes: Notes) -> UnitTest | None:
    at = places.word(function, function.name)
    arguments = function.args
    if isinstance(function, ast.AsyncFunctionDef) or any(
        (arguments.posonlyargs, arguments.args, arguments.kwonlyargs, arguments.vararg)
    ):
        message = f"unit test '{function.name}' cannot be called"
        advice = "make it a plain function without parameters, which returns given and expect"
        notes.append(diagnose(codes.BAD_SIGNATURE, message, at, advice))
        return None
    advice = "write '@unit_test(model=\"…\")'"
    if not isinstance(decorator, ast.Call):
        message = f"unit test '{function.name}' has no 'model'"
        notes.append(diagnose(codes.MISSING_KEY, message, places.span(decorator), advice))
        return None
    mapping = settings_of(decorator, f"@{MARK}", advice, places, notes)
    before = len(notes)
    found = read_unit_test(mapping, function.name, notes, function.name)
    if found is None or len(notes) > before:
        return None
    return msgspec.structs.replace(found, span=at, description=ast.get_docstring(function) or "")


def with_result(test: UnitTest, result: Any) -> tuple[UnitTest | None, list[Diagnostic]]:
    """The test with what its function returned: `given` and `expect`, or the expectation alone."""
    notes: Notes = []
    value = _value(result, test.span)
    if isinstance(value, Sequence):
        value = Mapping((Entry(_key("expect", test.span), value),), test.span)
    if not isinstance(value, Mapping):
        message = f"unit test '{test.name}' returned {type(result).__name__}"
        advice = 'return {"given": {…}, "expect": […]}'
        return None, [diagnose(codes.WRONG_TYPE, message, test.span, advice)]
    if value.get("expect") is None and test.expect is None:
        message = f"unit test '{test.name}' returned no 'expect'"
        advice = 'return {"given": {…}, "expect": […]}'
        return None, [diagnose(codes.MISSING_KEY, message, test.span, advice)]
    model = Entry(_key("model", test.span), Scalar(test.model, test.model, test.model_span))
    found = read_unit_test(
        Mapping((model, *value.entries), test.span), test.name, notes, test.function
    )
    if found is None or notes:
        return None, notes
    return msgspec.structs.replace(
        test,
        given=(*test.given, *found.given),
        expect=found.expect or test.expect,
        ordered=test.ordered or found.ordered,
    ), []


def _value(item: Any, span: Span) -> Value:
    """A Python value as if it had been written; dates and decimals as texts."""
    match item:
        case None | bool() | str() | float():
            return Scalar(item, str(item), span)
        case int():
            return Scalar(storable(item), str(item), span)
        case ReadOnly():
            entries = tuple(
                Entry(_key(str(key), span), _value(value, span)) for key, value in item.items()
            )
            return Mapping(entries, span)
        case list() | tuple():
            return Sequence(tuple(_value(value, span) for value in item), span)
        case _:
            return Scalar(str(item), str(item), span)


def _key(text: str, span: Span) -> Scalar:
    return Scalar(text, text, span)

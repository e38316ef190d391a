"""Python files: the model in it, if any, read from the syntax tree. Nothing is imported."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

from xform.base import codes
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import did_you_mean
from xform.base.spans import LineIndex, Span
from xform.project.assets import Language, Parameter, PythonFunction
from xform.project.declarations import ModelFile, Module
from xform.project.fields import AssetSettings, Subject, python_kind, read_settings
from xform.project.literals import Places, read_literal
from xform.project.modules import digest_tree, imported_paths
from xform.project.reader import Notes
from xform.project.references import REFERENCE_HELP, reference
from xform.project.values import Entry, Mapping, Scalar

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class PythonFile:
    """`model` is None for a module of helpers."""

    module: Module
    model: ModelFile | None


def read_python(text: str, path: str) -> tuple[PythonFile | None, list[Diagnostic]]:
    """A Python file of the project; None where it is not valid Python."""
    tree = parse_python(text, path)
    if isinstance(tree, Diagnostic):
        return None, [tree]
    notes: Notes = []
    places = Places(text, path)
    marked = marked_with(tree, "model")
    module = Module(
        digest_tree(tree, [decorator for _, decorator in marked]), imported_paths(tree, path)
    )
    if len(marked) > 1:
        first = places.word(marked[0][0], marked[0][0].name)
        notes.extend(
            diagnose(
                codes.SEVERAL_MODELS,
                f"'{function.name}' is a second model in this file",
                places.word(function, function.name),
                "a file is one model: move it to a file of its own",
                labels=[Label(first, "the first model")],
            )
            for function, _ in marked[1:]
        )
    model = _model(*marked[0], module, places, notes) if marked else None
    return PythonFile(module, model), notes


def parse_python(text: str, path: str) -> ast.Module | Diagnostic:
    """The syntax tree of a file, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        return _syntax(error, text, path)
    except (RecursionError, MemoryError):
        return diagnose(codes.BAD_PYTHON, "Python: nested too deep", path, "split the expression")


def _syntax(error: SyntaxError, text: str, path: str) -> Diagnostic:
    index = LineIndex(text)
    line = error.lineno or 1
    start = index.offset(line, error.offset or 1)
    end_line = error.end_lineno or line
    end = index.offset(end_line, error.end_offset or 0) if end_line > 0 else start
    return diagnose(
        codes.BAD_PYTHON,
        f"Python: {error.msg}",
        index.span(path, start, max(end, start + 1)),
        "correct the syntax here",
    )


def marked_with(tree: ast.Module, mark: str) -> list[tuple[Function, ast.expr]]:
    """The functions of the file that a decorator of ours marks, each with that decorator."""
    names, modules = _bound(tree, mark)
    found = []
    for statement in tree.body:
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in statement.decorator_list:
            match decorator.func if isinstance(decorator, ast.Call) else decorator:
                case ast.Name(id=name) if name in names:
                    found.append((statement, decorator))
                    break
                case ast.Attribute(value=ast.Name(id=name), attr=attr) if (
                    name in modules and attr == mark
                ):
                    found.append((statement, decorator))
                    break
                case _:
                    pass
    return found


def _bound(tree: ast.Module, mark: str) -> tuple[set[str], set[str]]:
    """The names that mean `xform.<mark>`, and those that mean the package `xform`.

    `model` means it as long as nothing else is imported by that name.
    """
    names, modules = {mark}, {"xform"}
    for statement in tree.body:
        match statement:
            case ast.ImportFrom(module=source, names=aliases, level=level):
                for alias in aliases:
                    bound = alias.asname or alias.name
                    if source == "xform" and not level and alias.name == mark:
                        names.add(bound)
                    else:
                        names.discard(bound)
            case ast.Import(names=aliases):
                for alias in aliases:
                    if alias.name == "xform":
                        modules.add(alias.asname or alias.name)
                    elif alias.asname is not None:
                        names.discard(alias.asname)
            case _:
                pass
    return names, modules


def _model(
    function: Function, decorator: ast.expr, module: Module, places: Places, notes: Notes
) -> ModelFile:
    name_span = places.word(function, function.name)
    settings = _settings(decorator, places, notes)
    if isinstance(function, ast.AsyncFunctionDef):
        notes.append(
            diagnose(
                codes.BAD_SIGNATURE,
                f"model '{function.name}' is async",
                name_span,
                "make it a plain function: 'def' without 'async'",
            )
        )
    if settings is not None and (refused := python_kind(settings)) is not None:
        notes.append(refused)
    inputs = {} if settings is None else settings.inputs
    parameters = _parameters(function, inputs, places, notes)
    _check_inputs(inputs, settings, [parameter.name for parameter in parameters], notes)
    return ModelFile(
        language=Language.PYTHON,
        span=name_span,
        settings=settings,
        function=PythonFunction(function.name, parameters, module.digest),
    )


def _settings(decorator: ast.expr, places: Places, notes: Notes) -> AssetSettings | None:
    if not isinstance(decorator, ast.Call):
        return None
    advice = "write '@model(kind=\"table\", …)'; the file's name is the model's name"
    mapping = settings_of(decorator, "@model", advice, places, notes)
    return read_settings(mapping, Subject.PYTHON_MODEL, notes)


def settings_of(
    decorator: ast.Call, mark: str, advice: str, places: Places, notes: Notes
) -> Mapping:
    """What a decorator is given, all by name and all literals."""
    for argument in decorator.args:
        message = f"'{mark}' takes settings by name only"
        notes.append(diagnose(codes.NOT_LITERAL, message, places.span(argument), advice))
    entries = []
    for keyword in decorator.keywords:
        span = places.span(keyword)
        if keyword.arg is None:
            message = f"'**' in '{mark}' cannot be read"
            notes.append(
                diagnose(codes.NOT_LITERAL, message, span, "write the settings out one by one")
            )
            continue
        value = read_literal(keyword.value, places, f"'{keyword.arg}'", notes)
        if value is not None:
            end = span.column + len(keyword.arg)
            key = Span(span.path, span.line, span.column, span.line, end)
            entries.append(Entry(Scalar(keyword.arg, keyword.arg, key), value))
    return Mapping(tuple(entries), places.span(decorator))


def _parameters(
    function: Function, inputs: dict[str, str], places: Places, notes: Notes
) -> tuple[Parameter, ...]:
    arguments = function.args
    for starred, mark in ((arguments.vararg, "*"), (arguments.kwarg, "**")):
        if starred is not None:
            notes.append(
                _bad_signature(
                    f"parameter '{mark}{starred.arg}' names no input",
                    places.span(starred),
                    "name each input as a parameter of its own",
                )
            )
    for default in (*arguments.defaults, *arguments.kw_defaults):
        if default is not None:
            notes.append(
                _bad_signature(
                    "a parameter of a model has a default",
                    places.span(default),
                    "take it out: every parameter is an input, and inputs are always given",
                )
            )
    for argument in arguments.posonlyargs:
        notes.append(
            _bad_signature(
                f"parameter '{argument.arg}' cannot be given by name",
                places.span(argument),
                "take the '/' out of the parameters",
            )
        )
    parameters = []
    for argument in (*arguments.args, *arguments.kwonlyargs):
        asset = reference(inputs.get(argument.arg, argument.arg))
        if asset is None:
            message = f"'{inputs[argument.arg]}' is not the name of an asset"
            notes.append(diagnose(codes.BAD_VALUE, message, places.span(argument), REFERENCE_HELP))
        parameters.append(
            Parameter(
                name=argument.arg,
                asset=asset or argument.arg,
                annotation=_annotation(argument.annotation),
                span=places.span(argument),
            )
        )
    return tuple(parameters)


def _annotation(annotation: ast.expr | None) -> str | None:
    match annotation:
        case None:
            return None
        case ast.Constant(value=str() as text):
            return text.strip()
        case _:
            return ast.unparse(annotation)


def _check_inputs(
    inputs: dict[str, str], settings: AssetSettings | None, parameters: list[str], notes: Notes
) -> None:
    for name in inputs:
        if name not in parameters and settings is not None:
            listed = ", ".join(parameters) or "none"
            notes.append(
                diagnose(
                    codes.UNKNOWN_INPUT,
                    f"input '{name}' is not a parameter of the model",
                    settings.places["inputs"],
                    did_you_mean(name, parameters) or f"its parameters are {listed}",
                )
            )


def _bad_signature(message: str, span: Span, advice: str) -> Diagnostic:
    return diagnose(codes.BAD_SIGNATURE, message, span, advice)

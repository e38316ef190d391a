"""Importing the Python macros of a project: `macros/**/*.py`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from xform.base.codes import MACRO_DUPLICATE, MACRO_PYTHON_IMPORT
from xform.base.declare import MACRO_MARK
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.hashing import Digest, digest_bytes, digest_parts
from xform.base.spans import Span
from xform.host.python_models import ProjectFinder
from xform.template.macros import ORIGIN_MARK, MacroOrigin


def load_functions(
    root: Path, paths: Iterable[str]
) -> tuple[dict[str, Callable[..., Any]], list[Diagnostic]]:
    """Import macro files (paths relative to the project's root, with `/`).

    Returns the functions marked by `@macro`, by name, each with its MacroOrigin. The root is
    importable meanwhile, so that `from macros.geo import x` works. What was imported under the
    same module names before, by another project or from older text, is imported anew. A file
    that cannot be imported is a diagnostic, and the others still count.
    """
    root = root.resolve()
    files = sorted(set(paths))
    functions: dict[str, Callable[..., Any]] = {}
    diagnostics: list[Diagnostic] = []
    modules: list[tuple[str, ModuleType]] = []
    with _importable(root, files) as known:
        for path in files:
            try:
                modules.append((path, _import(root, path)))
            except (Exception, SystemExit) as error:
                diagnostics.append(_import_failed(root, path, error))
        digest = _digest(root, files, known)
    for path, module in modules:
        for name, function in _marked(module):
            origin = MacroOrigin(path, function.__code__.co_firstlineno, digest)
            if name in functions:
                diagnostics.append(_duplicate(name, functions[name], origin))
            else:
                setattr(function, ORIGIN_MARK, origin)
                functions[name] = function
    return functions, diagnostics


@contextmanager
def _importable(root: Path, files: Iterable[str]) -> Iterator[frozenset[str]]:
    """Make project modules importable, without leaving bytecode beside them.

    Yields the names of the modules that were loaded before.
    """
    tops = {Path(path).parts[0].removesuffix(".py") for path in files}
    for name in list(sys.modules):
        if name.partition(".")[0] in tops:
            del sys.modules[name]
    importlib.invalidate_caches()
    # Python models of another project may have been run in this process.
    finders = list(sys.meta_path)
    sys.meta_path[:] = [finder for finder in finders if not isinstance(finder, ProjectFinder)]
    without_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(root))
    try:
        yield frozenset(sys.modules)
    finally:
        sys.meta_path[:] = finders
        sys.dont_write_bytecode = without_bytecode
        if str(root) in sys.path:
            sys.path.remove(str(root))


def _import(root: Path, path: str) -> ModuleType:
    """The module of a file. Raises whatever the file raises."""
    parts = list(Path(path).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    name = ".".join(parts)
    if all(part.isidentifier() for part in parts):
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, root / path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _marked(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The module's own macros by name: those it imports belong to another file."""
    for function in vars(module).values():
        if (
            getattr(function, MACRO_MARK, False)
            and hasattr(function, "__code__")
            and function.__module__ == module.__name__
        ):
            yield function.__name__, function


def _digest(root: Path, files: Iterable[str], known: frozenset[str]) -> Digest:
    """Of the macro files and of all project modules that they brought in.

    One digest for all Python macros: a change to one renders anew what uses any, which is
    cheap; what is built follows from the SQL that comes out.
    """
    parts: list[str | bytes] = []
    for path in files:
        if (root / path).is_file():
            parts += [path, digest_bytes((root / path).read_bytes())]
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in known or file is None or not Path(file).is_relative_to(root):
            continue
        if Path(file).is_relative_to(sys.prefix):  # an environment inside the project
            continue
        parts += [name, digest_bytes(Path(file).read_bytes())]
    return digest_parts(parts)


def _import_failed(root: Path, path: str, error: BaseException) -> Diagnostic:
    kind, said = type(error).__name__, str(error)
    match error:
        case SyntaxError(filename=str(file), lineno=int(line)):
            column = error.offset or 1
            end = max(error.end_offset or 0, column + 1)
            span = Span(_relative(root, file) or path, line, column, line, end)
            said, help_text = error.msg, "correct the marked place"
        case ModuleNotFoundError():
            span = _raised_at(root, path, error)
            help_text = f"install '{error.name}' where xform runs, or correct the name"
        case _:
            span = _raised_at(root, path, error)
            help_text = "correct the file; until then none of its macros can be used"
    labels = [] if span.path == path else [Label(span, "raised here")]
    return diagnose(
        MACRO_PYTHON_IMPORT,
        f"{path} cannot be imported: {kind}: {said}" if said else f"{path}: {kind} on import",
        span if not labels else Span(path, 1, 1, 1, 1),
        help_text,
        labels=labels,
    )


def _raised_at(root: Path, path: str, error: BaseException) -> Span:
    """The last line of the project that an error passed through."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = _relative(root, frame.filename)
        if file is not None and frame.lineno is not None:
            column = (frame.colno or 0) + 1
            end_line = frame.end_lineno or frame.lineno
            end = (frame.end_colno or 0) + 1
            return Span(file, frame.lineno, column, end_line, end)
    return Span(path, 1, 1, 1, 1)


def _relative(root: Path, file: str) -> str | None:
    """A file of the project by its path in it; None for any other, and for installed ones."""
    place = Path(file)
    if not place.is_relative_to(root) or place.is_relative_to(sys.prefix):
        return None
    if place.is_relative_to(Path(__file__).parents[1]):  # xform itself, in its own repository
        return None
    return place.relative_to(root).as_posix()


def _duplicate(name: str, first: Any, second: MacroOrigin) -> Diagnostic:
    other: MacroOrigin = getattr(first, ORIGIN_MARK)
    return diagnose(
        MACRO_DUPLICATE,
        f"two macros are named '{name}'",
        second.span,
        "rename one of them, or remove it",
        labels=[Label(other.span, "the other one")],
    )

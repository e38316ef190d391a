"""The functions of Python models, imported from the files as they are now.

A model's file is a module of its own name, never found by `import`. Modules of the project that it
imports (`from macros.geo import …`) are found from the project's root. All of them are compiled
from source: cached bytecode is matched by size and second only, and could be older than the
fingerprint that asked for the build.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from xform.base.names import did_you_mean
from xform.base.spans import file_span
from xform.run.blame import blame
from xform.run.failures import CodeError

PREFIX = "_xform_model_"

_lock = threading.RLock()
"""Imports change tables of the whole process."""


class PythonModels:
    """The Python files of one project, as they are during one run.

    Making one forgets what earlier ones have imported, so that edits are seen.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._modules: dict[str, ModuleType] = {}
        with _lock:
            _finder.take_over(self._root)

    def load_function(self, path: str, function: str) -> Callable[..., Any]:
        """Import a model's file (path relative to the root) and return its function.

        Raises CodeError at the place in the user's file.
        """
        with _lock:
            module = self._modules.get(path) or self._import(path)
            self._modules[path] = module
        found = getattr(module, function, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
        names = [name for name, value in vars(module).items() if callable(value)]
        hint = did_you_mean(function, names)
        raise CodeError(
            f"{path} has no function '{function}'{'; ' + hint if hint else ''}",
            stage="load",
            span=file_span(path),
        )

    def _import(self, path: str) -> ModuleType:
        name = PREFIX + path.removesuffix(".py").replace("/", "_")
        file = self._root / path
        loader = _FreshLoader(name, str(file))
        spec = importlib.util.spec_from_file_location(name, file, loader=loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        # Dataclasses and pickling look their module up by name.
        sys.modules[name] = module
        try:
            loader.exec_module(module)
        except BaseException as error:
            sys.modules.pop(name, None)
            if not isinstance(error, Exception | SystemExit):
                raise
            raise CodeError(
                f"{path} cannot be imported: {_said(error)}",
                stage="load",
                span=blame(error, self._root) or file_span(path),
            ) from error
        return module


def _said(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}".rstrip(": ")


class _FreshLoader(importlib.machinery.SourceFileLoader):
    """Compiles the source each time; reads and writes no bytecode."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


class ProjectFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of one project, before what is installed. A folder without `__init__.py`
    gives way to an installed package of its name (a folder `data/` must not hide one); the
    standard library and xform itself cannot be shadowed at all.
    """

    _reserved = frozenset({*sys.stdlib_module_names, "xform"})

    def __init__(self) -> None:
        self._root = Path()
        self._found: set[str] = set()

    def take_over(self, root: Path) -> None:
        """Make the project at this root the one whose modules are found, and read them anew."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        for name in list(sys.modules):
            # Macros may have been imported for templates, from other text or another project.
            if name in self._found or name.partition(".")[0] == "macros":
                del sys.modules[name]
        self._found.clear()
        self._root = root

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        top, _, _ = fullname.partition(".")
        if top in self._reserved or (path is not None and top not in self._found):
            return None
        folders = [self._root] if path is None else [Path(folder) for folder in path]
        for folder in folders:
            spec = _spec(fullname, folder / fullname.rpartition(".")[2])
            if spec is not None:
                self._found.add(fullname)
                return spec
        return None


_finder = ProjectFinder()


def _spec(name: str, place: Path) -> importlib.machinery.ModuleSpec | None:
    """The package, module or bare folder at a place, in this order."""
    for file, inside in ((place / "__init__.py", [str(place)]), (Path(f"{place}.py"), None)):
        if file.is_file():
            return importlib.util.spec_from_file_location(
                name,
                file,
                loader=_FreshLoader(name, str(file)),
                submodule_search_locations=inside,
            )
    if not place.is_dir():
        return None
    if "." not in name:
        installed = importlib.machinery.PathFinder.find_spec(name)
        if installed is not None and installed.loader is not None and installed.origin:
            return None
    spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(place)]
    return spec

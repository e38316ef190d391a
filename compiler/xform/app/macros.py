"""All macros of a project, SQL and Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xform.base.diagnostics import Diagnostic
from xform.project.assets import Project
from xform.project.files import Files
from xform.template.macros import MacroLibrary, load_macros


def library_of(root: Path, files: Files, project: Project) -> tuple[MacroLibrary, list[Diagnostic]]:
    """The macros of the project at `root`, with what is wrong with them. Python files of macros
    are imported."""
    texts = {
        path: files.read(path).decode("utf-8-sig", "replace")
        for path in project.macros
        if path.endswith(".sql")
    }
    python = [path for path in project.macros if path.endswith(".py")]
    functions: dict[str, Any] = {}
    found: list[Diagnostic] = []
    if python:
        from xform.host.python_macros import load_functions

        functions, found = load_functions(root, python)
    library, more = load_macros(texts, functions)
    return library, [*found, *more]

"""All macros of a project, SQL and Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xform.base.codes import UNTRUSTED_CODE
from xform.base.diagnostics import Diagnostic, diagnose
from xform.project.assets import Project
from xform.project.files import Files
from xform.template.macros import MacroLibrary, load_macros


def library_of(
    root: Path, files: Files, project: Project, trusted: Path | None
) -> tuple[MacroLibrary, list[Diagnostic]]:
    """The macros of the project at `root`, with what is wrong with them. Python files of macros
    are imported: from `trusted`, where that is another project only those that are the same there;
    none where it is None."""
    texts = {
        path: files.read(path).decode("utf-8-sig", "replace")
        for path in project.macros
        if path.endswith(".sql")
    }
    python = [path for path in project.macros if path.endswith(".py")]
    barred = [] if trusted == root else [p for p in python if not _is_there(trusted, p, files)]
    python = [path for path in python if path not in barred]
    functions: dict[str, Any] = {}
    found: list[Diagnostic] = []
    if python and trusted is not None:
        from xform.host.python_macros import load_functions

        functions, found = load_functions(trusted, python)
    library, more = load_macros(texts, functions)
    return library, [*map(_barred, barred), *found, *more]


def _is_there(trusted: Path | None, path: str, files: Files) -> bool:
    """Whether a file is to the byte that of the project that is trusted."""
    if trusted is None:
        return False
    try:
        return (trusted / path).read_bytes() == files.read(path)
    except OSError:
        return False


def _barred(path: str) -> Diagnostic:
    return diagnose(
        UNTRUSTED_CODE,
        f"'{path}' was changed and is not run",
        path,
        "check it where the author is trusted: xform ci without --untrusted",
    )

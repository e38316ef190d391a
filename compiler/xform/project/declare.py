"""One file to its declarations: pure in path and content, so it can be remembered by both."""

from __future__ import annotations

import re

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.hashing import digest_text
from xform.base.spans import LineIndex, file_span
from xform.project.assets import Language, PythonFunction
from xform.project.declarations import FileDeclarations, ModelFile
from xform.project.fields import Subject, read_settings
from xform.project.header import has_query, read_header
from xform.project.layout import MODELS, SEEDS, UNIT_TESTS, YAML_SUFFIXES, folder_of, split_suffix
from xform.project.properties import read_properties
from xform.project.python_model import read_python
from xform.project.python_tests import read_python_tests
from xform.project.text import decode

_MARK = re.compile(r"^@(?:\w+\.)?model\b", re.MULTILINE)

DECLARE_VERSION = 12
"""Raised whenever the same content may declare something else: part of a memo's key."""


def is_declaring(path: str) -> bool:
    """Whether `declare` has anything to read in a file. Data and SQL macros have nothing."""
    folder, suffix = folder_of(path), split_suffix(path)[1]
    if suffix == ".py":
        return True
    if suffix in YAML_SUFFIXES:
        return folder in (MODELS, SEEDS) or path.startswith(UNIT_TESTS)
    return suffix == ".sql" and folder == MODELS


def declare(path: str, content: bytes) -> tuple[FileDeclarations, tuple[Diagnostic, ...]]:
    """What a file declares. A broken file declares what could still be read of it."""
    text, found = decode(path, content)
    if text is None:
        return _unread(path), tuple(found)
    match split_suffix(path)[1]:
        case ".sql":
            declarations, found = _sql(text, path)
        case ".py":
            declarations, found = _python(text, path)
        case _:
            declarations, found = read_properties(text, path)
    return declarations, tuple(found)


def _sql(text: str, path: str) -> tuple[FileDeclarations, list[Diagnostic]]:
    header, found = read_header(text, path)
    settings = None
    if header.settings is not None:
        settings = read_settings(header.settings, Subject.SQL_MODEL, found)
    if not has_query(text, header.end) and not any(d.code == codes.OPEN_HEADER.id for d in found):
        end = len(text.rstrip())
        found.append(
            diagnose(
                codes.EMPTY_MODEL,
                "the model holds no query",
                LineIndex(text).span(path, end, end),
                "write a SELECT below the comments, or delete the file",
            )
        )
    model = ModelFile(Language.SQL, file_span(path), settings, header.end)
    return FileDeclarations(path, model=model), found


def _python(text: str, path: str) -> tuple[FileDeclarations, list[Diagnostic]]:
    if path.startswith(UNIT_TESTS):
        return read_python_tests(text, path)
    file, found = read_python(text, path)
    if file is None:
        model = _broken_model(text, path) if folder_of(path) == MODELS else None
        return FileDeclarations(path, model=model), found
    model = file.model if folder_of(path) == MODELS else None
    if model is None:
        # Outside of models/ a function may be called as it likes.
        found = []
    return FileDeclarations(path, model=model, module=file.module), found


def _broken_model(text: str, path: str) -> ModelFile | None:
    """The model of a file that is not valid Python: it keeps its name, so its readers find it."""
    if not _MARK.search(text):
        return None
    function = PythonFunction("", (), digest_text(text))
    return ModelFile(Language.PYTHON, file_span(path), function=function)


def _unread(path: str) -> FileDeclarations:
    """A file that is no text: a SQL model still has its name, so its readers find it."""
    if folder_of(path) == MODELS and split_suffix(path)[1] == ".sql":
        return FileDeclarations(path, model=ModelFile(Language.SQL, file_span(path)))
    return FileDeclarations(path)

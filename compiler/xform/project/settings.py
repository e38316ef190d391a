"""Settings of the project: `[tool.xform]` in pyproject.toml, or xform.toml with the same keys."""

from __future__ import annotations

from typing import Any

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.spans import Span, file_span
from xform.project.fields import AssetSettings, Subject
from xform.project.fields import read_settings as read_asset_settings
from xform.project.form import LINE_LENGTH, read_line_length
from xform.project.keeping import Keeping, read_environments, read_grace
from xform.project.layout import PYPROJECT, XFORM_TOML, usable
from xform.project.lint import read_lint
from xform.project.reader import (
    Notes,
    check_keys,
    read_mapping,
    read_meta,
    read_word,
)
from xform.project.running import (
    RUNNING,
    History,
    RunHooks,
    Running,
    read_history,
    read_run_hooks,
    read_running,
)
from xform.project.text import decode
from xform.project.toml import read_toml
from xform.project.values import Mapping, Scalar

KEYS = (
    "name",
    "profile",
    "default_schema",
    "dialect",
    "vars",
    "defaults",
    "lint",
    "format",
    "history",
    "hooks",
    "environments",
    "gc",
    *RUNNING,
)


class FolderDefaults(msgspec.Struct, frozen=True):
    """Settings of all models whose path under `models/` matches a glob."""

    pattern: str
    span: Span
    settings: AssetSettings


class Settings(msgspec.Struct, frozen=True):
    """`profile` is the project's name where none is given. `path` is the file they stand in."""

    name: str = "project"
    profile: str = "project"
    default_schema: str = "main"
    dialect: str | None = None
    variables: dict[str, Any] = {}
    defaults: tuple[FolderDefaults, ...] = ()
    lint: dict[str, str] = {}
    """Levels by code, where they are not the usual."""
    line_length: int = LINE_LENGTH
    """Columns of a line of SQL, for `xform format`."""
    running: Running = Running()
    """Of every model and seed that does not say otherwise."""
    history: History = History()
    hooks: RunHooks = RunHooks()
    keeping: Keeping = Keeping()
    path: str = PYPROJECT
    places: dict[str, Span] = {}


def read_settings(
    pyproject: bytes | None, xform_toml: bytes | None
) -> tuple[Settings, list[Diagnostic]]:
    """The project's settings from the content of the two files, None for one that is missing.

    `[tool.xform]` in pyproject.toml wins. What is broken keeps its default.
    """
    notes: Notes = []
    fallback = None
    chosen: Mapping | None = None
    path = PYPROJECT
    if pyproject is not None:
        document = _document(pyproject, PYPROJECT, notes)
        if document is not None:
            chosen = _tool_table(document, notes)
            fallback = _project_name(document)
        elif xform_toml is None:
            return Settings(), notes
    if xform_toml is not None and chosen is None:
        path = XFORM_TOML
        chosen = _document(xform_toml, XFORM_TOML, notes)
        if chosen is None:
            return Settings(path=path), notes
    elif xform_toml is not None:
        notes.append(
            diagnose(
                codes.TWO_SETTINGS,
                "xform.toml is not read: pyproject.toml has [tool.xform]",
                file_span(XFORM_TOML),
                "keep the settings in one of the two files",
            )
        )
    if chosen is None:
        notes.append(
            diagnose(
                codes.NO_SETTINGS,
                "no settings: neither [tool.xform] in pyproject.toml nor xform.toml",
                path,
                "run xform init, or add a [tool.xform] table with a name to pyproject.toml",
            )
        )
        return Settings(name=fallback or "project", profile=fallback or "project"), notes
    return _settings(chosen, path, fallback, notes), notes


def _document(content: bytes, path: str, notes: Notes) -> Mapping | None:
    text, found = decode(path, content)
    notes.extend(found)
    if text is None:
        return None
    document, found = read_toml(text, path)
    notes.extend(found)
    return document


def _tool_table(document: Mapping, notes: Notes) -> Mapping | None:
    tool = document.get("tool")
    table = tool.get("xform") if isinstance(tool, Mapping) else None
    return None if table is None else read_mapping(table, "'tool.xform'", notes)


def _project_name(document: Mapping) -> str | None:
    project = document.get("project")
    name = project.get("name") if isinstance(project, Mapping) else None
    return name.value if isinstance(name, Scalar) and isinstance(name.value, str) else None


def _settings(table: Mapping, path: str, fallback: str | None, notes: Notes) -> Settings:
    check_keys(table, KEYS, "the project", notes)
    words: dict[str, str | None] = {}
    variables: dict[str, Any] = {}
    defaults: tuple[FolderDefaults, ...] = ()
    lint: dict[str, str] = {}
    line_length = LINE_LENGTH
    running: dict[str, Any] = {}
    history, hooks = History(), RunHooks()
    keeping = Keeping()
    for entry in table:
        match entry.name:
            case "name" | "profile" | "default_schema" | "dialect":
                words[entry.name] = read_word(entry.value, f"'{entry.name}'", notes)
            case "vars":
                variables = read_meta(entry.value, "'vars'", notes) or {}
            case "defaults":
                folders = read_mapping(entry.value, "'defaults'", notes)
                defaults = _defaults(folders, notes) if folders is not None else ()
            case "lint":
                lint = read_lint(entry.value, notes)
            case "format":
                line_length = read_line_length(entry.value, notes)
            case "history":
                history = read_history(entry.value, notes)
            case "hooks":
                hooks = read_run_hooks(entry.value, notes)
            case "environments":
                found = read_environments(entry.value, notes)
                keeping = msgspec.structs.replace(keeping, expires=found)
            case "gc":
                grace = read_grace(entry.value, notes)
                if grace is not None:
                    keeping = msgspec.structs.replace(keeping, grace=grace)
            case name if name in RUNNING:
                running[name] = read_running(name, entry.value, f"'{name}'", notes)
            case _:
                pass
    places = {entry.name: entry.value.span for entry in table}
    schema = words.get("default_schema") or "main"
    if not usable(schema):
        message = f"'default_schema' cannot be '{schema}'"
        advice = "use letters, digits and '_'"
        notes.append(diagnose(codes.BAD_VALUE, message, places["default_schema"], advice))
        schema = "main"
    name = words.get("name") or fallback or "project"
    return Settings(
        name=name,
        profile=words.get("profile") or name,
        default_schema=schema,
        dialect=words.get("dialect"),
        variables=variables,
        defaults=defaults,
        lint=lint,
        line_length=line_length,
        running=Running(**running),
        history=history,
        hooks=hooks,
        keeping=keeping,
        path=path,
        places=places,
    )


def _defaults(folders: Mapping, notes: Notes) -> tuple[FolderDefaults, ...]:
    found = []
    for entry in folders:
        settings = read_mapping(entry.value, f"'defaults.\"{entry.name}\"'", notes)
        if settings is not None:
            read = read_asset_settings(settings, Subject.MODEL, notes)
            found.append(FolderDefaults(entry.name, entry.key.span, read))
    return tuple(found)

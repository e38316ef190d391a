"""profiles.yml: profile → target → outputs, in dbt's layout."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly
from collections.abc import Sequence
from typing import Any

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import did_you_mean
from xform.base.spans import Span
from xform.project.environment import Environment
from xform.project.profile import FILE, StateTarget, Target
from xform.project.reader import (
    Notes,
    read_mapping,
    read_text,
    read_whole,
    read_word,
    required,
    wrong_type,
)
from xform.project.state_target import read_state
from xform.project.values import Entry, Mapping, Scalar, Value, is_null
from xform.project.yaml import read_yaml

DEFAULT_PATH = "warehouse.duckdb"
DEFAULT_THREADS = 4

_KEYS = ("type", "path", "threads", "settings", "state")
_LATER_ENGINES = ("postgres", "spark", "snowflake", "bigquery", "redshift", "databricks", "trino")


def no_profiles(looked: Sequence[str]) -> Diagnostic:
    """For when none of `profile_files` exists."""
    return diagnose(
        codes.NO_PROFILES,
        "there is no profiles.yml",
        FILE,
        f"write one, or name its folder with --profiles-dir; looked for {' and '.join(looked)}",
    )


def read_target(
    text: str,
    path: str,
    profile: str,
    target: str | None,
    environ: ReadOnly[str, str],
    *,
    lenient: bool = False,
) -> tuple[Target | None, list[Diagnostic]]:
    """The target of a run, or None with the reason.

    Without `target` it is the profile's own `target`, else `default`, else the only output.
    `lenient` takes variables that are not set to be empty.
    """
    value, notes = read_yaml(text, path)
    if value is None:
        return None, notes or [
            diagnose(codes.UNKNOWN_PROFILE, "the file is empty", path, f"add profile '{profile}'")
        ]
    file = read_mapping(value, "profiles.yml", notes)
    if file is None:
        return None, notes
    environment = Environment(environ, lenient=lenient)
    outputs_and_name = _outputs(file, profile, target, environment, notes)
    if outputs_and_name is None:
        return None, notes
    outputs, name, named_at = outputs_and_name
    output = outputs.get(name)
    if output is None:
        known = [entry.name for entry in outputs]
        notes.append(
            diagnose(
                codes.UNKNOWN_TARGET,
                f"profile '{profile}' has no target '{name}'",
                named_at,
                did_you_mean(name, known) or f"its targets are {', '.join(known) or 'none'}",
            )
        )
        return None, notes
    settings = read_mapping(output, f"target '{name}'", notes)
    if settings is None:
        return None, notes
    found = _target(profile, name, settings, environment, notes)
    if found is not None:
        chosen = None if target is not None else _chosen(file, profile)
        found = msgspec.structs.replace(found, written=_written(settings, chosen))
    return found, notes


def _outputs(
    file: Mapping, profile: str, target: str | None, environment: Environment, notes: Notes
) -> tuple[Mapping, str, Span] | None:
    """(the outputs of a profile, the name of the one to use, where that name stands)."""
    entry = next((entry for entry in file if entry.name == profile), None)
    if entry is None:
        known = [entry.name for entry in file if entry.name != "config"]
        notes.append(
            diagnose(
                codes.UNKNOWN_PROFILE,
                f"there is no profile '{profile}'",
                file.span,
                did_you_mean(profile, known) or f"the file has {', '.join(known) or 'none'}",
            )
        )
        return None
    body = read_mapping(entry.value, f"profile '{profile}'", notes)
    listed = body and required(body, "outputs", f"profile '{profile}'", notes)
    outputs = read_mapping(listed, "'outputs'", notes) if listed else None
    if body is None or outputs is None:
        return None
    if target is not None:
        return outputs, target, entry.key.span
    given = body.get("target")
    if given is None:
        only = outputs.entries[0].name if len(outputs.entries) == 1 else "default"
        return outputs, only, entry.key.span
    text = read_word(given, "'target'", notes)
    name = text and environment.resolve(text, given.span, notes)
    return (outputs, str(name), given.span) if name else None


def _target(
    profile: str, name: str, output: Mapping, environment: Environment, notes: Notes
) -> Target | None:
    before = len([note for note in notes if note.severity == "error"])
    type_ = required(output, "type", f"target '{name}'", notes)
    written = type_ and read_word(type_, "'type'", notes)
    engine = type_ and written and environment.resolve(written, type_.span, notes)
    if not type_ or not engine:
        return None
    if engine != "duckdb":
        known = f"xform builds in DuckDB in this version: 'type: duckdb' instead of '{written}'"
        near = did_you_mean(str(written), ["duckdb"])
        later = written in _LATER_ENGINES
        message = f"engine '{written}' is not {'available yet' if later else 'known'}"
        notes.append(diagnose(codes.UNKNOWN_ENGINE, message, type_.span, near or known))
        return None
    # The names of target and engine are no secrets, wherever they came from.
    environment.secrets.clear()
    secrets_before: list[str] = []
    threads = DEFAULT_THREADS
    settings: dict[str, Any] = {"path": DEFAULT_PATH, "settings": {}}
    state = StateTarget()
    for entry in output:
        match entry.name:
            case "type":
                pass
            case "threads":
                threads = _threads(entry, environment, notes) or DEFAULT_THREADS
                # A number of threads is no secret: masking it would mask every such digit.
                environment.secrets[:] = secrets_before
            case "path":
                path = read_text(entry.value, "'path'", notes)
                resolved = path and environment.resolve(path, entry.value.span, notes)
                settings["path"] = str(resolved) if resolved else DEFAULT_PATH
            case "settings":
                if not is_null(entry.value):
                    mapping = read_mapping(entry.value, "'settings'", notes)
                    settings["settings"] = _settings(mapping, environment, notes)
            case "state":
                state = read_state(entry, environment, notes) or state
            case _:
                _unused(entry, name, notes)
        secrets_before = list(environment.secrets)
    if len([note for note in notes if note.severity == "error"]) > before:
        return None
    secrets = tuple(dict.fromkeys(environment.secrets))
    return Target(
        profile, name, str(engine), threads, settings=settings, state=state, secrets=secrets
    )


def _chosen(file: Mapping, profile: str) -> Value | None:
    """Where the profile itself names its target."""
    body = next((entry.value for entry in file if entry.name == profile), None)
    return body.get("target") if isinstance(body, Mapping) else None


def _written(output: Mapping, chosen: Value | None) -> dict[str, str]:
    """The texts with expressions: see `Target.written`."""
    values = {entry.name: entry.value for entry in output}
    settings = values.get("settings")
    if isinstance(settings, Mapping):
        values.update({f"settings.{entry.name}": entry.value for entry in settings})
    state = values.get("state")
    path = state.get("path") if isinstance(state, Mapping) else None
    if path is not None:
        values["state.path"] = path
    if chosen is not None:
        values["target"] = chosen
    return {
        key: value.value
        for key, value in values.items()
        if isinstance(value, Scalar) and isinstance(value.value, str) and "{{" in value.value
    }


def _threads(entry: Entry, environment: Environment, notes: Notes) -> int | None:
    value = entry.value
    if isinstance(value, Scalar) and isinstance(value.value, str):
        resolved = environment.resolve(value.value, value.span, notes)
        if resolved is None:
            return None
        digits = isinstance(resolved, str) and resolved.isascii() and resolved.isdigit()
        number = int(resolved) if digits else resolved
        value = Scalar(number, value.text, value.span)
    return read_whole(value, "'threads'", notes, 1)


def _settings(
    mapping: Mapping | None, environment: Environment, notes: Notes
) -> dict[str, str | int | float | bool]:
    """The engine's own settings: single values by name."""
    settings: dict[str, str | int | float | bool] = {}
    for entry in mapping or ():
        value = entry.value
        if not isinstance(value, Scalar) or value.value is None:
            wrong_type(value, f"setting '{entry.name}'", "a single value", notes)
        elif isinstance(value.value, str):
            resolved = environment.resolve(value.value, value.span, notes)
            if resolved is not None:
                settings[entry.name] = resolved
        else:
            settings[entry.name] = value.value
    return settings


def _unused(entry: Entry, target: str, notes: Notes) -> None:
    advice = did_you_mean(entry.name, _KEYS)
    if entry.name == "schema":
        advice = "schemas are the folders under models/; see default_schema in the settings"
    notes.append(
        diagnose(
            codes.UNUSED_PROFILE_KEY,
            f"'{entry.name}' of target '{target}' is not used",
            entry.key.span,
            advice or f"known are {', '.join(_KEYS)}; DuckDB's own go under 'settings:'",
        )
    )

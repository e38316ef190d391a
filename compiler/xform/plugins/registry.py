"""Which engine serves a target: ours by module name, others by entry point.

A package offers an engine as an entry point of the group `xform.engines`: the engine's type →
a function `create_engine(target, root)` that returns a `run.ports.Engine`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from xform.base.codes import ENGINE_SETTINGS, ENGINE_UNUSABLE, UNKNOWN_ENGINE
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import did_you_mean
from xform.project.profile import Target
from xform.run.failures import EngineError
from xform.run.ports import Engine

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "xform.engines"
OURS = ("duckdb",)

Factory: TypeAlias = Callable[[Target, Path], Engine]


def engine_for(target: Target, root: Path) -> tuple[Engine | None, list[Diagnostic]]:
    """The engine of a target, not yet opened; None and a diagnostic where there is none.

    Only the module of the engine at hand is imported.
    """
    if target.type in OURS:
        module = importlib.import_module(f"xform.engines.{target.type}")
        return _create(module.create_engine, target, root)
    others = _offered()
    if target.type not in others:
        known = sorted({*OURS, *others})
        return None, [
            diagnose(
                UNKNOWN_ENGINE,
                f"target '{target.name}' has the unknown type '{target.type}'",
                "profiles.yml",
                did_you_mean(target.type, known)
                or f"known types: {', '.join(known)}; others come with a package that offers them",
            )
        ]
    try:
        factory = others[target.type].load()
    except Exception as error:
        return None, [
            diagnose(
                ENGINE_UNUSABLE,
                f"engine '{target.type}' cannot be loaded: {type(error).__name__}: {error}",
                "profiles.yml",
                f"reinstall the package that offers it ({others[target.type].value})",
            )
        ]
    return _create(factory, target, root)


def scratch_engine(target: Target, root: Path) -> Engine:
    """DuckDB in memory, with the target's settings where it is a DuckDB: for queries over rows that
    they hold themselves. It reaches no file and no network."""
    given = target.settings.get("settings") if target.type == "duckdb" else None
    settings = given if isinstance(given, dict) else {}
    module = importlib.import_module("xform.engines.duckdb")
    private = {"settings": {**settings, "enable_external_access": False, "threads": 1}}
    engine: Engine = module.create_engine(msgspec.structs.replace(target, settings=private), root)
    return engine


def engine_types() -> list[str]:
    """Every type that a target may have here."""
    return sorted({*OURS, *_offered()})


def _create(factory: Factory, target: Target, root: Path) -> tuple[Engine | None, list[Diagnostic]]:
    try:
        return factory(target, root), []
    except EngineError as error:
        return None, [
            diagnose(
                ENGINE_SETTINGS,
                f"target '{target.name}': {error.message}",
                "profiles.yml",
                "correct the target in profiles.yml",
            )
        ]


def _offered() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}

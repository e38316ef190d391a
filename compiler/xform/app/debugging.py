"""`debug`: what is installed, what is in use, and whether it works."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import msgspec

from xform.app.workspace import UserError, Workspace
from xform.run.failures import EngineBusy, EngineError, StateError
from xform.sql.installed import COMPILED, pure_python_modules


class Finding(msgspec.Struct, frozen=True):
    """`state` is ok, warn or fail."""

    topic: str
    state: str
    text: str
    help: str = ""


PACKAGES = ("sqlglot", "duckdb", "jinja2", "msgspec", "networkx", "pyyaml", "rich", "typer")
WRONG_RESULTS = "2.0.0"
"""The DuckDB release with known wrong results when it scans frames of Python."""


def findings(workspace: Workspace) -> list[Finding]:
    found = [
        Finding("xform", "ok", version("xform-sql")),
        Finding("python", "ok", platform.python_version()),
    ]
    found += [_package(name) for name in PACKAGES]
    found.append(_compiled_parser())
    found.append(_project(workspace))
    try:
        target = workspace.target
    except UserError as error:
        for diagnostic in error.diagnostics:
            found.append(Finding("profile", "fail", diagnostic.message, diagnostic.help))
        return found
    found.append(
        Finding(
            "profile",
            "ok",
            f"{target.profile}, target {target.name} ({target.type}), "
            f"environment {workspace.environment}, {workspace.threads} threads",
        )
    )
    found.append(_warehouse(workspace))
    found.append(_state(workspace))
    return found


def _package(name: str) -> Finding:
    try:
        installed = version(name)
    except PackageNotFoundError:
        return Finding(name, "fail", "not installed", f"pip install {name}")
    if name == "duckdb" and installed == WRONG_RESULTS:
        return Finding(
            name,
            "warn",
            f"{installed}: scans of pandas, Arrow and polars frames can be wrong in this release",
            "install 2.0.1 or later; xform compares row counts after each load",
        )
    return Finding(name, "ok", installed)


def _compiled_parser() -> Finding:
    slow = pure_python_modules()
    if not slow:
        return Finding("sqlglot parser", "ok", f"compiled modules in use: {', '.join(COMPILED)}")
    return Finding(
        "sqlglot parser",
        "warn",
        f"pure Python ({', '.join(slow)}): parsing is several times slower",
        "pip install 'sqlglot[c]'",
    )


def _project(workspace: Workspace) -> Finding:
    files = workspace.files
    models = sum(path.startswith("models/") for path in files.entries)
    if not models:
        return Finding(
            "project",
            "fail",
            "there is nothing under models/",
            "run `xform init`, or name the project with --project-dir",
        )
    return Finding("project", "ok", f"{workspace.settings.name}: {models} files under models/")


def _warehouse(workspace: Workspace) -> Finding:
    engine = workspace.engine
    path = workspace.target.settings.get("path", "")
    try:
        ledger = engine.ledger()
    except EngineBusy as error:
        holder = error.holder or "another process"
        return Finding("warehouse", "warn", f"{path}: in use by {holder}", "wait until it is done")
    except EngineError as error:
        return Finding("warehouse", "fail", error.message, "mend the target in profiles.yml")
    published = sum(p.environment == workspace.environment for p in ledger.publications)
    return Finding(
        "warehouse",
        "ok",
        f"{path}: {len(ledger.builds)} builds, {published} published in {workspace.environment}",
    )


def _state(workspace: Workspace) -> Finding:
    target = workspace.target.state
    where = target.path if target.type == "sqlite" else f"PostgreSQL, schema '{target.schema}'"
    if target.type == "sqlite" and not (workspace.root / target.path).exists():
        return Finding("state", "ok", f"{where}: nothing was built yet")
    try:
        known = len(workspace.state.snapshot(workspace.environment, components=False).builds)
    except StateError as error:
        return Finding("state", "fail", error.message, error.help)
    return Finding("state", "ok", f"{where}: {known} builds")

"""Writes a synthetic project (`generate.py`) anew for dbt and for SQLMesh: the same models, seeds,
descriptions and tests.

    python compiler/dev/translate.py PROJECT DIRECTORY

writes `DIRECTORY/dbt` and `DIRECTORY/sqlmesh`. dbt's models keep their Jinja and name what they
read by `ref`; SQLMesh's are plain SQL with full names.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml
from generate import MANIFEST
from plain import SCHEMAS, render_all

_READ = re.compile(rf"\b(from|join)\s+(?:(?:{'|'.join(SCHEMAS)})\.)?(\w+_\d{{5}}|\w+_feed_\d+)\b")
_HEADER = re.compile(r"\A/\* @model\n(.*?)\*/\n", re.DOTALL)

_DBT = """\
name: synthetic
version: "1.0"
config-version: 2
profile: synthetic
flags: {{send_anonymous_usage_stats: false}}
vars: {variables}
seeds:
  synthetic:
    raw: {{+schema: raw}}
models:
  synthetic:
    staging: {{+schema: staging, +materialized: view}}
    intermediate: {{+schema: intermediate, +materialized: table}}
    marts: {{+schema: marts, +materialized: table}}
"""
_DBT_PROFILES = """\
synthetic:
  target: dev
  outputs:
    dev: {type: duckdb, path: warehouse.duckdb, threads: 2}
"""
_SQLMESH = """\
gateways:
  local:
    connection: {type: duckdb, database: warehouse.duckdb}
    state_connection: {type: duckdb, database: state.duckdb}
default_gateway: local
model_defaults: {dialect: duckdb, start: 2024-01-01}
disable_anonymized_analytics: true
"""


def to_dbt(project: Path, directory: Path) -> None:
    """dbt-core and dbt-duckdb, with settings and tests in yml beside the models."""
    manifest = json.loads((project / MANIFEST).read_text("utf-8"))
    _write(directory / "dbt_project.yml", _DBT.format(variables=json.dumps(manifest["variables"])))
    _write(directory / "profiles.yml", _DBT_PROFILES)
    shutil.copytree(project / "macros", directory / "macros")
    shutil.copytree(project / "seeds", directory / "seeds", ignore=shutil.ignore_patterns("*.yml"))
    seeds = [
        {"name": _short(seed["name"]), "config": {"column_types": seed["types"]}}
        for seed in manifest["seeds"]
    ]
    _write(directory / "seeds" / "raw" / "_seeds.yml", json.dumps({"version": 2, "seeds": seeds}))
    described: dict[str, list[dict[str, Any]]] = {}
    for model in manifest["models"]:
        settings, text = _parts((project / model["path"]).read_text("utf-8"))
        _write(directory / model["path"], _READ.sub(r"\1 {{ ref('\2') }}", text))
        entry: dict[str, Any] = {"name": _short(model["name"])}
        entry["description"] = settings["description"]
        entry["config"] = {"materialized": model["kind"], "tags": settings.get("tags", [])}
        entry["columns"] = [
            {
                "name": name,
                "description": column.get("description", ""),
                "data_tests": [_dbt_test(test) for test in column.get("tests", [])],
            }
            for name, column in settings.get("columns", {}).items()
        ]
        described.setdefault(str(Path(model["path"]).parent), []).append(entry)
    for folder, models in described.items():
        _write(directory / folder / "_models.yml", json.dumps({"version": 2, "models": models}))


def to_sqlmesh(project: Path, directory: Path) -> None:
    """SQLMesh, with settings and audits in MODEL blocks."""
    manifest = json.loads((project / MANIFEST).read_text("utf-8"))
    full = {_short(one["name"]): one["name"] for one in (*manifest["seeds"], *manifest["models"])}
    rendered = render_all(project)
    _write(directory / "config.yaml", _SQLMESH)
    shutil.copytree(project / "seeds", directory / "seeds", ignore=shutil.ignore_patterns("*.yml"))
    for seed in manifest["seeds"]:
        columns = ", ".join(f"{name} {type_}" for name, type_ in seed["types"].items())
        block = (
            f"MODEL (name {seed['name']}, kind SEED (path '../../{seed['path']}'),"
            f" columns ({columns}), grain id);\n"
        )
        _write(directory / "models" / "raw" / f"{_short(seed['name'])}.sql", block)
    for model in manifest["models"]:
        settings, _ = _parts((project / model["path"]).read_text("utf-8"))
        audits = [
            _sqlmesh_audit(name, test)
            for name, column in settings.get("columns", {}).items()
            for test in column.get("tests", [])
        ]
        block = (
            f"MODEL (name {model['name']}, kind {'VIEW' if model['kind'] == 'view' else 'FULL'},"
            f" description '{settings['description']}', grain id"
            f"{', audits (' + ', '.join(audits) + ')' if audits else ''});\n\n"
        )
        text = _READ.sub(lambda found: f"{found[1]} {full[found[2]]}", rendered[model["name"]])
        _write(directory / model["path"], block + text)


def _parts(text: str) -> tuple[dict[str, Any], str]:
    """The settings of a model's header block, and the rest."""
    found = _HEADER.match(text)
    assert found is not None
    return yaml.safe_load(found[1]), text[found.end() :]


def _short(name: str) -> str:
    return name.partition(".")[2]


def _dbt_test(test: str | dict[str, Any]) -> str | dict[str, Any]:
    """A test as dbt takes it: arguments under a key of their own."""
    if isinstance(test, str):
        return test
    return {name: {"arguments": arguments} for name, arguments in test.items()}


def _sqlmesh_audit(column: str, test: str | dict[str, Any]) -> str:
    match test:
        case "not_null":
            return f"not_null(columns := ({column}))"
        case "unique":
            return f"unique_values(columns := ({column}))"
        case {"accepted_values": {"values": values}}:
            wanted = ", ".join(f"'{value}'" for value in values)
            return f"accepted_values(column := {column}, is_in := ({wanted}))"
        case _:
            raise ValueError(f"no audit for {test}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def main() -> None:
    project, directory = Path(sys.argv[1]), Path(sys.argv[2])
    to_dbt(project, directory / "dbt")
    to_sqlmesh(project, directory / "sqlmesh")


if __name__ == "__main__":
    main()

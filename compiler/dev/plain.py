"""Turns a synthetic project into what xform is measured against: its models as plain SQL.

    python compiler/dev/plain.py PROJECT DIRECTORY

writes `DIRECTORY/rendered/<schema>.<name>.sql`, each model without Jinja, and
`DIRECTORY/plain.sql`, one DuckDB script that builds everything; it runs in the project's folder.
Nothing of xform takes part.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from generate import MANIFEST
from jinja2 import Environment, StrictUndefined

SCHEMAS = ("raw", "staging", "intermediate", "marts")


def render_all(project: Path) -> dict[str, str]:
    """The SQL of every model by its full name, in an order in which they can be built."""
    manifest = json.loads((project / MANIFEST).read_text("utf-8"))
    names = {full.partition(".")[2]: full for full in _names(manifest)}
    environment = Environment(undefined=StrictUndefined, autoescape=False)
    environment.globals.update(ref=names.__getitem__, var=manifest["variables"].__getitem__)
    macros = "".join(path.read_text("utf-8") for path in sorted(project.glob("macros/*.sql")))
    rendered: dict[str, str] = {}
    for model in manifest["models"]:
        text = (project / model["path"]).read_text("utf-8")
        text = re.sub(r"\A/\*.*?\*/\n", "", text, flags=re.DOTALL)
        if "{" in text:
            text = environment.from_string(macros + text).render()
        rendered[model["name"]] = text.strip() + "\n"
    return rendered


def script(project: Path, rendered: dict[str, str]) -> str:
    """Statements that load the seeds and make every view and table."""
    manifest = json.loads((project / MANIFEST).read_text("utf-8"))
    lines = [f"create schema {schema};" for schema in SCHEMAS]
    lines.append(f"set search_path = '{','.join(SCHEMAS)}';")
    for seed in manifest["seeds"]:
        types = ", ".join(f"'{name}': '{type_}'" for name, type_ in seed["types"].items())
        read = f"read_csv('{seed['path']}', header = true, columns = {{{types}}})"
        lines.append(f"create table {seed['name']} as select * from {read};")
    for model in manifest["models"]:
        query = rendered[model["name"]].rstrip()
        lines.append(f"create {model['kind']} {model['name']} as\n{query};")
    return "\n".join(lines) + "\n"


def _names(manifest: dict[str, Any]) -> list[str]:
    return [one["name"] for one in (*manifest["seeds"], *manifest["models"])]


def main() -> None:
    project, directory = Path(sys.argv[1]), Path(sys.argv[2])
    rendered = render_all(project)
    folder = directory / "rendered"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rendered.items():
        (folder / f"{name}.sql").write_text(text, "utf-8")
    (directory / "plain.sql").write_text(script(project, rendered), "utf-8")


if __name__ == "__main__":
    main()

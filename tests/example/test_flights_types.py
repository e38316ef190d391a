"""The example project, built: its tables have the types that were inferred, and no NULL where none
was promised."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from xform.sema.types.type import is_known, read

ROOT = Path(__file__).parents[2]
PARTS = ["models", "macros", "seeds", "profiles.yml", "pyproject.toml"]


def xform(project: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "xform", *arguments],
        cwd=project, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("flights")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, project / part)
    xform(project, "build")
    return project


def test_tables_have_the_types_that_were_inferred(built: Path) -> None:
    compiled = json.loads(xform(built, "compile", "--format", "json"))
    (warehouse,) = built.rglob("*.duckdb")
    known = 0
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for asset in compiled["assets"]:
            if asset["kind"] not in ("table", "view") or asset["language"] != "sql":
                continue
            rows = connection.execute(f"describe {asset['name']}").fetchall()
            real = {name: read(type_) for name, type_, *_ in rows}
            for column in asset["columns"]:
                inferred = read(column["type"])
                if is_known(inferred):
                    known += 1
                    assert inferred is real[column["name"]], (asset["name"], column["name"])
    assert known > 100


def test_columns_that_are_said_never_to_be_null_are_not(built: Path) -> None:
    (warehouse,) = built.rglob("*.duckdb")
    said = 0
    for line in xform(built, "lineage", "marts.carrier_month").splitlines():
        if not line.endswith(", never NULL"):
            continue
        asset, _, column = line.partition("  ")[0].rpartition(".")
        said += 1
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            query = f"select count(*) from {asset} where {column} is null"
            assert connection.execute(query).fetchone() == (0,)
    assert said >= 2

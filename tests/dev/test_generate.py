"""The generator of synthetic projects: the same bytes each time, and a project that works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

DEV = Path(__file__).parents[2] / "compiler" / "dev"
MODELS = 40


def script(name: str, *arguments: object) -> None:
    command = [sys.executable, str(DEV / name), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def xform(project: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "xform", *arguments],
        cwd=project,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("synthetic")
    script("generate.py", directory, "--models", MODELS)
    return directory


@pytest.fixture(scope="module")
def compiled(project: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(xform(project, "compile", "--format", "json"))
    return answer


@pytest.fixture(scope="module")
def rendered(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `plain.py` makes of the project."""
    directory = tmp_path_factory.mktemp("plain")
    script("plain.py", project, directory)
    return directory


def tree(directory: Path) -> dict[str, bytes]:
    """What the generator wrote, by path."""
    own = {".xform", "target"}
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
        and not own & set(path.relative_to(directory).parts)
        and path.suffix != ".duckdb"
    }


def test_the_same_seed_gives_the_same_bytes(project: Path, tmp_path: Path) -> None:
    script("generate.py", tmp_path, "--models", MODELS)
    assert tree(tmp_path) == tree(project)


def test_another_seed_gives_another_project(project: Path, tmp_path: Path) -> None:
    script("generate.py", tmp_path, "--models", MODELS, "--seed", 1)
    assert tree(tmp_path) != tree(project)


@pytest.mark.parametrize("models", [2, 3, 7])
def test_a_tiny_project_has_as_many_models_as_asked_for(models: int, tmp_path: Path) -> None:
    script("generate.py", tmp_path, "--models", models)
    assert len(list(tmp_path.glob("models/**/*.sql"))) == models


def test_it_compiles_without_a_word(compiled: dict[str, Any]) -> None:
    assert compiled["diagnostics"] == []


def test_every_model_has_ten_to_forty_columns(compiled: dict[str, Any]) -> None:
    counts = [len(a["columns"]) for a in compiled["assets"] if a["language"] == "sql"]
    assert len(counts) == MODELS
    assert min(counts) >= 10
    assert max(counts) <= 40


def test_every_output_column_has_a_name_of_its_own(rendered: Path) -> None:
    for path in (rendered / "rendered").iterdir():
        query = sqlglot.parse_one(path.read_text("utf-8"), dialect="duckdb")
        assert isinstance(query, exp.Select)
        for column in query.selects:
            assert isinstance(column, exp.Alias | exp.Column | exp.Star), (path.name, column)


def test_a_third_of_the_models_is_templates(project: Path) -> None:
    texts = [path.read_text("utf-8") for path in project.glob("models/**/*.sql")]
    assert sum("{{" in text for text in texts) == MODELS // 3


def test_the_models_hold_what_people_write(tmp_path: Path) -> None:
    script("generate.py", tmp_path, "--models", 200)
    texts = "\n".join(path.read_text("utf-8") for path in tmp_path.glob("models/**/*.sql"))
    wanted = (
        "with ", "using (", "on base.", "case\n", "over (", "qualify", "group by", "having",
        "filter (", "union all", "select *", "* exclude", "{% for", "bounded(", "var(", "ref(",
    )  # fmt: skip
    assert [words for words in wanted if words not in texts] == []


def test_each_model_has_one_place_to_edit(project: Path) -> None:
    for path in project.glob("models/**/*.sql"):
        assert len(re.findall(r"\bid <> \d+", path.read_text("utf-8"))) == 1, path.name


def test_a_build_equals_the_plain_script(
    project: Path, rendered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    xform(project, "build")
    names = [one["name"] for one in json.loads((project / "synthetic.json").read_text())["models"]]
    monkeypatch.chdir(project)  # the script reads the seeds by relative paths
    with duckdb.connect(str(rendered / "plain.duckdb")) as connection:
        connection.execute((rendered / "plain.sql").read_text("utf-8"))
        connection.execute(f"attach '{project / 'warehouse.duckdb'}' as built (read_only)")
        for name in names:
            plain, built = f"select * from {name}", f"select * from built.{name}"
            for one, other in ((plain, built), (built, plain)):
                extra = connection.sql(f"({one}) except all ({other})").fetchall()
                assert extra == [], name

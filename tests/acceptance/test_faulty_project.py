"""A project with every kind of fault, as a newcomer makes them: the whole of what is printed.

What is expected stands in `faulty/`, beside the project. After a change of wording, read what is
printed now as its reader will, and then write it there.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from command_line import Project

FAULTY = Path(__file__).parent / "faulty"
CARRIAGE_RETURNS = "models/marts/carriage_returns.sql"


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("COLUMNS", "120")  # test runners set what they like
    root = tmp_path / "faulty"
    shutil.copytree(FAULTY / "project", root)
    written = root / CARRIAGE_RETURNS
    written.write_bytes(written.read_bytes().replace(b"\n", b"\r\n"))
    return Project(root)


def test_all_that_is_wrong_is_said_as_a_compiler_does(faulty: Project) -> None:
    answer = faulty.call("compile")
    assert answer.code == 2
    assert answer.err == (FAULTY / "diagnostics.txt").read_text("utf-8")


def test_each_stands_alone_in_one_line(faulty: Project) -> None:
    answer = faulty.call("compile", "--format", "line")
    assert answer.code == 2
    assert answer.out == (FAULTY / "lines.txt").read_text("utf-8")


@pytest.mark.parametrize("form", ["json", "sarif", "github", "line"])
def test_every_form_has_the_same_findings(faulty: Project, form: str) -> None:
    answer = faulty.call("compile", "--format", form)
    lines = (FAULTY / "lines.txt").read_text("utf-8").splitlines()
    match form:
        case "json":
            found = [(d["path"], d["line"], d["code"]) for d in answer.data["diagnostics"]]
        case "sarif":
            found = [
                (place["artifactLocation"]["uri"], place["region"]["startLine"], item["ruleId"])
                for item in json.loads(answer.out)["runs"][0]["results"]
                for place in [item["locations"][0]["physicalLocation"]]
            ]
        case "github":
            found = [
                (fields["file"], int(fields["line"]), fields["title"][:6])
                for line in answer.out.splitlines()
                for fields in [
                    dict(f.split("=", 1) for f in line.split("::")[1].split(" ", 1)[1].split(","))
                ]
            ]
        case _:
            found = [
                (path, int(line), rest.split()[1])
                for path, line, _, rest in (text.split(":", 3) for text in answer.out.splitlines())
            ]
    assert answer.code == 2
    assert len(found) == len(lines)
    places = [
        (path, int(line), rest.split()[1])
        for path, line, _, rest in (t.split(":", 3) for t in lines)
    ]
    assert Counter(found) == Counter(places)


def test_every_finding_has_a_place_and_a_next_step(faulty: Project) -> None:
    for item in faulty.call("compile", "--format", "json").data["diagnostics"]:
        assert item["help"], item
        assert (faulty.root / item["path"]).is_file(), item
        assert (item["end_line"], item["end_column"]) > (item["line"], item["column"]), item


def test_a_broken_model_hides_none_of_its_neighbours(faulty: Project) -> None:
    assets = faulty.call("compile", "--format", "json").data["assets"]
    written = (faulty.root / "models").rglob("*.sql")
    assert {asset["path"] for asset in assets} >= {
        path.relative_to(faulty.root).as_posix() for path in written
    }

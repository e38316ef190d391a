"""Diagnostics for other tools: `--format sarif`, `github` and `line`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from command_line import Project, project

from xform.app.output.sarif import sarif_form
from xform.base.codes import CODES
from xform.base.diagnostics import Diagnostic, Label, Severity
from xform.base.spans import Span, file_span
from xform.console.annotations import annotation_lines

MODEL = "models/marts/new orders.sql"
ERROR = Diagnostic(
    "XF0403",
    Severity.ERROR,
    "unknown column 'amo,unt'",
    Span(MODEL, 2, 8, 2, 15),
    "100% sure: write 'amount'",
    labels=(Label(Span("models/staging/stg.sql", 1, 1, 3, 2), "it has: a, b"),),
)
WARNING = Diagnostic("XF0425", Severity.WARNING, "two\r\nlines", Span(MODEL, 1, 1, 2, 5), "")
NOTE = Diagnostic("XF0114", Severity.INFO, "of a whole file", file_span("pyproject.toml"), "x")
NOWHERE = Diagnostic("XF0601", Severity.ERROR, "no asset", file_span("<command line>"), "look")
ALL = [NOTE, WARNING, ERROR, NOWHERE]

FILES = {
    "shop/models/marts/orders.sql": "select 1 as order_id, 20 as amount\n",
    "shop/models/marts/good.sql": "select order_id from orders\n",
    "shop/models/marts/bad.sql": "select amout\nfrom orders\n",
}
BAD = "models/marts/bad.sql:1:8: error XF0403 unknown column 'amout' (did you mean 'amount'?)\n"
WARNED = (
    "/* @model\ncolumns:\n  order_id: {tests: [{range: {max: 0, severity: warn}}]}\n*/\n"
    "select order_id from orders\n"
)


# SARIF: what section 3 of the specification (2.1.0) demands ---------------------------------------


def check_log(log: Any) -> None:
    """Fails where a log lacks what the specification requires of the objects used here."""
    assert log["version"] == "2.1.0"  # 3.13.2
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")  # 3.13.3
    for run in log["runs"]:  # 3.13.4
        driver = run["tool"]["driver"]  # 3.18.2
        assert driver["name"]  # 3.19.8
        assert re.fullmatch(r"\d+\.\d+\.\d+.*", driver["semanticVersion"])  # 3.19.12
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")  # 3.14.17
        rules = driver["rules"]  # 3.19.23
        assert len({rule["id"] for rule in rules}) == len(rules)
        for rule in rules:
            check_rule(rule)
        for result in run["results"]:  # 3.14.23
            check_result(result, rules)


def check_rule(rule: Mapping[str, Any]) -> None:
    assert re.fullmatch(r"XF\d{4}", rule["id"])  # 3.49.3
    assert rule["shortDescription"]["text"]  # 3.49.9
    assert rule["help"]["text"]  # 3.49.13: text where there is markdown
    assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")  # 3.50.3


def check_result(result: Mapping[str, Any], rules: list[Any]) -> None:
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]  # 3.27.5, 3.27.6
    assert result["level"] in ("none", "note", "warning", "error")  # 3.27.10
    assert result["message"]["text"]  # 3.27.11
    for location in result.get("locations", ()):  # 3.27.12
        check_place(location["physicalLocation"])
    related = result.get("relatedLocations", [])  # 3.27.22
    assert len({location["id"] for location in related}) == len(related)  # 3.28.2
    for location in related:
        assert location["id"] >= 0
        assert location["message"]["text"]
        check_place(location["physicalLocation"])


def check_place(place: Mapping[str, Any]) -> None:
    artifact = place["artifactLocation"]  # 3.29.3
    uri = artifact["uri"]  # 3.4.3: a URI reference
    assert re.fullmatch(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", uri), uri
    if "uriBaseId" in artifact:  # 3.4.4: then it is relative
        assert not re.match(r"[a-z]+:|/", uri)
    region = place["region"]  # 3.30
    assert region["startLine"] >= 1
    if "startColumn" in region:
        assert region["startColumn"] >= 1
        start = region["startLine"], region["startColumn"]
        assert (region["endLine"], region["endColumn"]) >= start  # 3.30.2: the end is exclusive


def test_a_log_is_what_the_specification_demands() -> None:
    log = sarif_form(ALL, "analytics/shop")
    check_log(json.loads(json.dumps(log)))
    (run,) = log["runs"]
    shown = {result["ruleId"]: result for result in run["results"]}
    assert {code: result["level"] for code, result in shown.items()} == {
        "XF0403": "error",
        "XF0425": "warning",
        "XF0114": "note",
        "XF0601": "error",
    }
    error = shown["XF0403"]
    assert error["message"]["text"] == "unknown column 'amo,unt'\nhelp: 100% sure: write 'amount'"
    place = error["locations"][0]["physicalLocation"]
    assert unquote(place["artifactLocation"]["uri"]) == f"analytics/shop/{MODEL}"
    assert place["region"] == {"startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 15}
    (related,) = error["relatedLocations"]
    assert related["message"]["text"] == "it has: a, b"
    assert related["physicalLocation"]["region"]["endLine"] == 3
    assert "locations" not in shown["XF0601"]
    assert shown["XF0114"]["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_a_file_outside_of_the_project_has_an_absolute_uri() -> None:
    found = Diagnostic("XF0171", Severity.ERROR, "m", file_span("/home/ann/profiles.yml"), "h")
    log = sarif_form([found], "shop")
    check_log(log)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "file:///home/ann/profiles.yml"}


def test_without_findings_there_is_a_log_with_no_results() -> None:
    log = sarif_form([], "")
    check_log(log)
    assert log["runs"][0]["results"] == []


def test_every_code_makes_a_rule() -> None:
    found = [Diagnostic(code, Severity.INFO, "m", file_span("a.sql"), "h") for code in CODES]
    check_log(sarif_form(found, ""))


# GitHub ------------------------------------------------------------------------------------------


def test_annotations_are_escaped_and_have_their_place() -> None:
    assert annotation_lines(ALL, "analytics/shop") == [
        "::error title=XF0601%3A a name that is no asset::no asset%0Ahelp: look",
        (
            "::warning file=analytics/shop/models/marts/new orders.sql,line=1,endLine=2,"
            "title=XF0425%3A LIMIT without ORDER BY::two%0D%0Alines"
        ),
        (
            "::error file=analytics/shop/models/marts/new orders.sql,line=2,col=8,endLine=2,"
            "endColumn=15,title=XF0403%3A unknown column::unknown column 'amo,unt'%0A"
            "analytics/shop/models/staging/stg.sql:1:1: it has: a, b%0A"
            "help: 100%25 sure: write 'amount'"
        ),
        (
            "::notice file=analytics/shop/pyproject.toml,line=1,"
            "title=XF0114%3A folder defaults that no model matches::of a whole file%0Ahelp: x"
        ),
    ]


def test_what_is_special_in_a_property_is_escaped() -> None:
    found = Diagnostic("XF0403", Severity.ERROR, "m", file_span("models/a:b,c%.sql"), "")
    (line,) = annotation_lines([found], "")
    assert line.startswith("::error file=models/a%3Ab%2Cc%25.sql,line=1,")


# The command line --------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A project in a folder of a repository."""
    project(tmp_path / "shop", {})
    made = project(tmp_path, FILES)
    (tmp_path / ".git").mkdir()
    return Project(made.root / "shop")


def test_lines_stand_alone_on_stdout(shop: Project) -> None:
    for command in ("compile", "plan", "build"):
        answer = shop.call(command, "--format", "line")
        assert (answer.code, answer.out, answer.err) == (2, BAD, "")


def test_paths_count_from_the_root_of_the_repository(shop: Project) -> None:
    answer = shop.call("compile", "--format", "github")
    assert answer.code == 2
    assert answer.out.startswith("::error file=shop/models/marts/bad.sql,line=1,col=8,endLine=1,")
    log = shop.call("compile", "--format", "sarif").data
    check_log(log)
    (result,) = log["runs"][0]["results"]
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {
        "uri": "shop/models/marts/bad.sql",
        "uriBaseId": "%SRCROOT%",
    }


def test_what_tests_find_is_in_the_report(shop: Project) -> None:
    shop.write("models/marts/bad.sql", WARNED)
    (line,) = shop.ok("build", "--format", "line").out.splitlines()
    assert line.startswith("models/marts/bad.sql:3:")
    assert " warning XF0709 " in line
    assert shop.ok("test", "--format", "line").out == f"{line}\n"
    shop.replace("models/marts/bad.sql", ", severity: warn", "")
    answer = shop.call("build", "--format", "github")
    assert answer.code == 1
    assert answer.out.startswith("::error file=shop/models/marts/bad.sql,line=3,")


def test_an_error_of_the_command_itself_is_in_the_report(shop: Project) -> None:
    log = shop.call("compile", "--profile", "other", "--format", "sarif").data
    check_log(log)
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["XF0171"]


def test_without_findings_the_report_is_empty(shop: Project) -> None:
    shop.write("models/marts/bad.sql", "select 1 as a\n")
    for form in ("line", "github"):
        assert shop.ok("plan", "--format", form).out == ""
    log = shop.ok("plan", "--format", "sarif").data
    check_log(log)
    assert log["runs"][0]["results"] == []


def test_warnings_are_left_out_when_quiet(shop: Project) -> None:
    shop.write("models/marts/bad.sql", "select order_id from orders limit 1\n")
    assert "XF0425" in shop.ok("compile", "--format", "line").out
    assert shop.ok("compile", "--format", "line", "--quiet").out == ""


def test_a_command_that_finds_nothing_has_no_such_form(shop: Project) -> None:
    answer = shop.call("ls", "--format", "sarif")
    assert answer.code == 2
    assert "use text or json" in answer.err

"""The unit tests that a change touches: which are run, and which newly fail."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from edits import DAILY, MONEY, ORDERS, PEOPLE, PYTHON_UNITS, REGIONS, UNITS, File
from shop import SHOP
from test_edits import write

from xform.app.workspace import Options, Workspace
from xform.ci.checking import Limits, failed, findings
from xform.ci.comparing import compare
from xform.ci.forms import json_text
from xform.ci.junit import junit_text
from xform.ci.markdown import markdown_text
from xform.ci.side import Side
from xform.ci.trying import SECONDS, tried
from xform.console.changes import change_lines
from xform.console.paint import plain
from xform.console.terminal import Surface
from xform.plan.changes import ProjectChange
from xform.plan.unit_outcome import UnitOutcome


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("base")
    write(root, SHOP)
    return root


def check(
    shop: Path,
    root: Path,
    files: Mapping[str, File],
    before: Mapping[str, File] | None = None,
    seconds: float = SECONDS,
) -> ProjectChange:
    """The shop after an edit against the shop, which itself may be edited `before`."""
    base, head = root / "base", root / "head"
    shutil.copytree(shop, base)
    write(base, before or {})
    shutil.copytree(base, head)
    write(head, files)
    old, new = (Side(Workspace(Options(project_dir=place), {})) for place in (base, head))
    return tried(old, new, compare(old, new), seconds)


def units(change: ProjectChange) -> UnitOutcome:
    assert change.units is not None
    return change.units


def newly(change: ProjectChange) -> list[tuple[str, bool]]:
    return [(test.name, test.added) for test in units(change).failing]


def test_a_test_that_passed_and_fails_now_fails_the_check(shop: Path, tmp_path: Path) -> None:
    found = check(shop, tmp_path, {DAILY: ("count(*)", "count(*) + 1")})

    (test,) = units(found).failing
    assert (test.name, test.model, test.status) == ("totals", "marts.daily", "fail")
    assert not test.added
    assert (test.span.path, test.span.line) == (UNITS, 2)
    assert test.difference is not None
    assert test.difference.message == "1 row differs (of 1 expected)"
    assert found.verdict.failing == 1
    assert failed(found, Limits(fail_on=None))
    (said,) = [item for item in findings(found, Limits()) if item.code == "XF0859"]
    assert said.message == (
        "unit test 'totals' of marts.daily: 1 row differs (of 1 expected) "
        "(it passed before the change)"
    )


def test_a_test_that_still_passes_is_counted(shop: Path, tmp_path: Path) -> None:
    found = check(shop, tmp_path, {DAILY: ("sum(euros)", "max(euros)")})

    assert units(found) == UnitOutcome(passed=1)
    assert not failed(found, Limits())


def test_nothing_is_run_of_what_is_as_it_was(shop: Path, tmp_path: Path) -> None:
    assert check(shop, tmp_path, {ORDERS: ("domain: sales", "domain: web")}).units is None


def test_tests_of_what_reads_a_change_are_run_too(shop: Path, tmp_path: Path) -> None:
    """They hang on the types and the ephemeral models of what their model reads."""
    found = check(shop, tmp_path, {MONEY: ("0.9", "0.8")})

    assert units(found).passed == 3  # of daily and ranks


def test_a_new_test_that_fails_is_told_as_new(shop: Path, tmp_path: Path) -> None:
    added = "  - {name: two, model: daily, given: [], expect: [{orders: 2}]}\n"
    found = check(
        shop, tmp_path, {UNITS: ("  - name: many_regions\n", f"{added}  - name: many_regions\n")}
    )

    assert newly(found) == [("two", True)]
    assert units(found).passed == 1


def test_what_failed_before_does_not_fail_the_check(shop: Path, tmp_path: Path) -> None:
    broken = {UNITS: ("orders: 2}", "orders: 4}")}
    found = check(shop, tmp_path, {DAILY: ("count(*)", "count(*) + 1")}, broken)

    assert units(found) == UnitOutcome(before=("totals",))
    assert not failed(found, Limits())


def test_tests_in_python_and_fixtures_are_run(shop: Path, tmp_path: Path) -> None:
    edits: dict[str, File] = {
        PYTHON_UNITS: ('"running": 2', '"running": 3'),
        PEOPLE: ("Bo,north", "Bo,south"),
    }
    found = check(shop, tmp_path, edits)

    assert newly(found) == [("many_regions", False), ("runs_up", False)]
    assert units(found).passed == 1


def test_a_macro_may_be_used_by_a_test_alone(shop: Path, tmp_path: Path) -> None:
    """The model is the same as it was; in the form that its test asks for it is not."""
    base: dict[str, File] = {
        "macros/mode.sql": (
            "{% macro counted() %}{% if var('all', false) %}count(*)"
            "{% else %}count(name){% endif %}{% endmacro %}\n"
        ),
        REGIONS: ("count(*)", "{{ counted() }}"),
        UNITS: ("    model: regions\n", "    model: regions\n    vars: {all: true}\n"),
    }
    found = check(shop, tmp_path, {"macros/mode.sql": ("count(*)", "count(*) + 1")}, base)

    assert newly(found) == [("many_regions", False)]
    assert [item.asset for item in found.changes] == []


def test_a_model_that_does_not_compile_is_told_once(shop: Path, tmp_path: Path) -> None:
    found = check(shop, tmp_path, {DAILY: ("sum(euros)", "sum(no_such)")})

    assert found.units is None
    assert [item.code for item in found.diagnostics] == ["XF0403"]


def test_a_renamed_model_is_found_on_the_other_side(shop: Path, tmp_path: Path) -> None:
    """So its failing test is no new one."""
    text = SHOP[REGIONS].replace("count(*)", "count(*) ")
    edits: dict[str, File] = {
        REGIONS: None,
        "models/marts/areas.sql": text,
        UNITS: ("model: regions", "model: areas"),
        PEOPLE: ("Bo,north", "Bo,south"),
    }
    found = check(shop, tmp_path, edits)

    assert newly(found) == [("many_regions", False)]


def test_a_query_that_never_ends_is_ended(shop: Path, tmp_path: Path) -> None:
    endless = (
        "/* @model\nkind: table\n*/\n"
        "select ordered_at, count(*) as orders, sum(euros) as euros\nfrom marts.orders\n"
        "where (select count(*) from range(10000000) as a, range(10000000) as b) > 0\n"
        "group by ordered_at\n"
    )
    begun = time.monotonic()
    found = check(shop, tmp_path, {DAILY: endless, PEOPLE: ("Bo,north", "Bo,south")}, seconds=2)

    assert units(found).left >= 1
    assert units(found).why == "they take too long"
    assert time.monotonic() - begun < 60  # it would run for hours


def test_of_a_head_that_may_be_anybodys_nothing_is_run(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "head").mkdir()
    head = Workspace(Options(project_dir=tmp_path / "head"), {})
    shutil.copytree(shop, head.root, dirs_exist_ok=True)
    write(head.root, {DAILY: ("count(*)", "count(*) + 1")})
    head.confined = True
    sides = (Side(Workspace(Options(project_dir=shop), {})), Side(head))

    found = tried(*sides, compare(*sides))

    assert units(found) == UnitOutcome(left=1, why="the change may be anybody's")


# What is shown -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def broken(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> ProjectChange:
    root = tmp_path_factory.mktemp("shown")
    return check(shop, root, {DAILY: ("count(*)", "count(*) + 1")})


def test_in_text(broken: ProjectChange) -> None:
    lines = [plain(each) for each in change_lines(broken, Surface(width=100))]

    assert lines[0].endswith("2 of 13 models would run; 1 unit test newly fails")
    assert lines[lines.index("Unit tests") :] == [
        "Unit tests",
        "  ! totals of marts.daily: 1 row differs (of 1 expected); passed before the change",
        "    tests/unit/daily.yml:2",
        "        ordered_at    orders",
        "    -   2026-01-01  - 2",
        "    +   2026-01-01  + 3",
        "    - expected  + came out",
        "  1 newly failing",
    ]


def test_in_markdown_the_cells_are_folded(broken: ProjectChange) -> None:
    text = markdown_text(broken)

    assert "### 🔴 xform: " in text
    assert (
        "<details><summary>❌ unit test totals of marts.daily: 1 row differs (of 1 expected); "
        "passed before the change (<code>tests/unit/daily.yml:2:11</code>)</summary>\n\n"
        "```diff\n"
        "  ordered_at  orders\n"
        "- 2026-01-01  2\n"
        "+ 2026-01-01  3\n"
        "```\n\n</details>"
    ) in text
    assert "Unit tests of what changed: 1 newly failing" in text


def test_in_json(broken: ProjectChange) -> None:
    found = json.loads(json_text(broken))["unit_tests"]

    (test,) = found["newly_failing"]
    assert (test["name"], test["path"], test["line"]) == ("totals", UNITS, 2)
    assert test["difference"]["changes"][0]["differ"] == [1]
    assert (found["passed"], found["failing_before"], found["not_run"]) == (0, [], 0)


def test_in_junit(broken: ProjectChange) -> None:
    text = junit_text(broken, Limits())

    assert 'failures="1" errors="0"' in text
    assert 'name="totals of marts.daily" file="tests/unit/daily.yml" line="2"' in text
    assert "- 2026-01-01  2\n" in text

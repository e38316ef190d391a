"""`xform lint`: findings by file, an exit code by level, fixes that leave models as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, project

MODEL = "models/m/a.sql"
UNUSED = "with u as (select 1 as x)\nselect 2 as y\n"


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(
        tmp_path,
        {MODEL: UNUSED, "models/n/b.sql": "select y from m.a\n", "seeds/n/s.csv": "z\n1\n"},
    )


def codes(place: Project, *arguments: str) -> list[str]:
    form = place.call("lint", *arguments, "--format", "json").data
    return [found["code"] for found in form["diagnostics"]]


def mended(place: Project, text: str, *options: str) -> str:
    """The model with this text, behind `lint --fix`."""
    place.write(MODEL, text)
    place.call("lint", "--fix", *options)
    return place.read(MODEL)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], True),
        (["models"], True),
        (["models/m"], True),
        ([MODEL], True),
        (["models/n"], False),
        (["--select", "a"], True),
        (["--select", "b"], False),
        (["models/n", "--select", "a"], False),
    ],
)
def test_findings_of_what_is_named(
    place: Project, arguments: list[str], found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.root)
    assert codes(place, *arguments) == ["XF0426"] * found
    assert place.call("lint", *arguments).code == found


def test_the_exit_code_is_by_level(place: Project) -> None:
    assert place.call("lint").code == 1
    assert place.call("lint", "--level", "error").code == 0
    settings = '[tool.xform]\nname = "demo"\nprofile = "demo"\n[tool.xform.lint]\n'
    place.write("pyproject.toml", f'{settings}XF0426 = "info"\n')
    assert place.call("lint").code == 0
    assert place.call("lint", "--level", "info").code == 1
    place.write(MODEL, "select y from m.nowhere\n")
    assert place.call("lint", "--level", "error").code == 2


def test_what_is_clean_says_so(place: Project) -> None:
    place.write(MODEL, "select 2 as y\n")
    answer = place.ok("lint")
    assert (answer.out, answer.err) == ("", "nothing found\n")


def test_it_says_what_can_be_mended(place: Project) -> None:
    assert place.call("lint").err.endswith("1 finding can be mended: xform lint --fix\n")
    assert place.read(MODEL) == UNUSED


def test_other_forms_hold_the_findings_alone(place: Project) -> None:
    assert place.call("lint", "--format", "line").out == (
        f"{MODEL}:1:6: warning XF0426 nothing reads the CTE 'u' (take it out, or read it)\n"
    )
    assert place.call("lint", "--format", "github").out.startswith("::warning ")
    assert place.call("lint", "--format", "sarif").data["version"] == "2.1.0"


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (UNUSED, "select 2 as y\n"),
        ("with recursive u as (select 1)\nselect 2 as y\n", "select 2 as y\n"),
        ("with u as (select 1), v as (select 2 as y)\nselect y from v\n",
         "with v as (select 2 as y)\nselect y from v\n"),
        ("with v as (select 2 as y),\n\nu(a) as not materialized (select 1)\n\nselect y from v\n",
         "with v as (select 2 as y)\n\nselect y from v\n"),
        ("with v as (select 2 as y),\n-- of u\nu as (\n  select ')' -- )\n)\nselect y from v\n",
         "with v as (select 2 as y)\nselect y from v\n"),
        ("with\n-- of u\nu as (select 1),\n-- of v\nv as (select 2 as y)\nselect y from v\n",
         "with\n-- of v\nv as (select 2 as y)\nselect y from v\n"),
        ("with u as (select 1 as x), w as (select x from u)\nselect 2 as y\n", "select 2 as y\n"),
        ("with u as (select * from {{ ref('s') }})\nselect 2 as y\n", "select 2 as y\n"),
        ("/* @model\nkind: view\n*/\nwith u as (select 1)\nSELECT  2 as y -- kept\n",
         "/* @model\nkind: view\n*/\nSELECT  2 as y -- kept\n"),
        ("with u as (select 1)\r\nselect 2 as y\r\n", "select 2 as y\r\n"),
        ("/* @model\n*/\nselect 2 as y\n", "select 2 as y\n"),
        ("select 2 as y -- xform: ignore XF0425\n", "select 2 as y\n"),
        ("select 2 as y -- any; xform: ignore XF0425\n", "select 2 as y -- any\n"),
        ("select 2 as y /* xform: ignore XF0425 */ from (select 1)\n",
         "select 2 as y from (select 1)\n"),
        ("-- xform: ignore XF0426, XF0425\nselect 2 as y\n", "select 2 as y\n"),
        ("select y from (select 2 as y) limit 1 -- xform: ignore XF0424, XF0425\n",
         "select y from (select 2 as y) limit 1 -- xform: ignore XF0425\n"),
    ],
)  # fmt: skip
def test_a_fix_is_an_edit_of_what_is_written(place: Project, written: str, wanted: str) -> None:
    place.path(MODEL).write_bytes(written.encode())
    before = place.call("compile", "--no-write", "--format", "json").data["assets"][0]
    assert place.ok("lint", "--fix").code == 0
    assert place.path(MODEL).read_bytes() == wanted.encode()
    after = place.call("compile", "--no-write", "--format", "json").data["assets"][0]
    assert after["build_fingerprint"] == before["build_fingerprint"]


@pytest.mark.parametrize(
    "text",
    [
        "select 2 as y -- xform: ignore XF9999\n",
        "/* @model\n# kind: table\n*/\nselect 2 as y\n",
        "with {% if true %}u as (select 1), {% endif %}v as (select 2 as y)\nselect y from v\n",
        "with {{ 'u' }} as (select 1), v as (select 2 as y)\nselect y from v\n",
        "select y from (select 2 as y) where y = null\n",
    ],
)
def test_what_an_edit_cannot_mend_stays(place: Project, text: str) -> None:
    if "{% if" in text:
        text = text.replace("u as (select 1), {% endif %}", "u as (select {% endif %}1), ")
    assert mended(place, text) == text
    assert place.call("lint").code == 1


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("y = null", "y is null"),
        ("y<>NULL", "y is not null"),
        ("coalesce(y, 1) != null and y > 1", "coalesce(y, 1) is not null and y > 1"),
        ("null = y", "null = y"),
        ("y < null", "y < null"),
    ],
)
def test_unsafe_fixes_are_asked_for(place: Project, condition: str, wanted: str) -> None:
    text = "select y from (select 2 as y) where {}\n"
    assert mended(place, text.format(condition)) == text.format(condition)
    assert mended(place, text.format(condition), "--unsafe-fixes") == text.format(wanted)


def test_unsafe_fixes_go_with_fix(place: Project) -> None:
    assert place.call("lint", "--unsafe-fixes").code == 2


def test_json_says_what_was_mended(place: Project) -> None:
    form = place.json("lint", "--fix")
    assert form["diagnostics"] == []
    assert [(each["code"], each["path"]) for each in form["fixed"]] == [("XF0426", MODEL)]


def test_only_what_is_named_is_mended(place: Project) -> None:
    place.write("models/n/c.sql", UNUSED)
    place.call("lint", "--fix", "--select", "c")
    assert place.read(MODEL) == UNUSED
    assert place.read("models/n/c.sql") == "select 2 as y\n"


def test_a_fix_that_would_change_the_model_is_refused_and_others_are_made(place: Project) -> None:
    """Here the first bracket that closes is in a comment once the template is rendered."""
    text = (
        "with u as (select 1 as x {{ '/*' }}), v as (select 3 as y), {{ '*/' }} ),\n"
        "v as (select 2 as y)\nselect y from v{}\n"
    )
    place.write(MODEL, text.replace("{}", " -- xform: ignore XF0425"))
    answer = place.call("lint", "--fix")
    assert answer.code == 1
    assert "XF0426 is not mended here: the model would be another one" in answer.err
    assert place.read(MODEL) == text.replace("{}", "")

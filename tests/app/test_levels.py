"""How loudly a warning is said: by the project's `lint` settings, and by a comment on its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from compile_steps import FILES, Site

from xform.app.workspace import UserError

SETTINGS = FILES["pyproject.toml"]
MODEL = "models/marts/top.sql"
LIMITED = "select order_id\nfrom paid\nlimit 3\n"


def said(site: Site) -> list[tuple[str, str, str]]:
    found = site.compile().diagnostics
    return [(item.code, item.severity, item.span.path) for item in found]


def site_with(root: Path, lint: str, model: str = LIMITED) -> Site:
    site = Site(root)
    site.write(MODEL, model)
    site.write("pyproject.toml", f"{SETTINGS}[tool.xform.lint]\n{lint}\n")
    return site


@pytest.mark.parametrize("level", ["error", "warning", "info"])
def test_a_level_is_that_of_the_project(tmp_path: Path, level: str) -> None:
    site = site_with(tmp_path, f'XF0425 = "{level}"')
    assert said(site) == [("XF0425", level, MODEL)]
    assert site.compile().failed is (level == "error")


def test_what_is_off_is_not_said(tmp_path: Path) -> None:
    assert said(site_with(tmp_path, 'XF0425 = "off"')) == []


def test_a_change_of_level_holds_at_once(tmp_path: Path) -> None:
    site = site_with(tmp_path, 'XF0425 = "off"')
    assert said(site) == []
    site.replace("pyproject.toml", '"off"', '"info"')
    assert said(site) == [("XF0425", "info", MODEL)]


@pytest.mark.parametrize(
    ("comment", "silent"),
    [
        ("-- xform: ignore XF0425", True),
        ("-- any three will do; xform: ignore XF0425", True),
        ("-- ignore XF0425", False),
    ],
)
def test_a_comment_silences_its_line(tmp_path: Path, comment: str, silent: bool) -> None:
    model = LIMITED.replace("limit 3", f"limit 3 {comment}")
    assert bool(said(site_with(tmp_path, "", model))) is not silent


def test_an_error_is_not_silenced(tmp_path: Path) -> None:
    site = site_with(tmp_path, "", "select nmae -- xform: ignore XF0403\nfrom paid\n")
    assert said(site) == [("XF0403", "error", MODEL)]


@pytest.mark.parametrize(
    ("comment", "column", "said_of_it", "advice"),
    [
        ("xform: ignore XF0424", 26, "there is no XF0424 here", "take it out"),
        ("xform: ignore XF0425, XF0424", 34, "there is no XF0424 here", "take it out"),
        ("xform: ignore XF0403", 26, "XF0403 is an error", "take the comment out"),
        ("xform: ignore XF4025", 26, "'XF4025' is no code", "did you mean"),
        ("xform: ignore", 12, "it names no code", "write which"),
        ("xform: ignore all of it", 12, "it names no code", "write which"),
    ],
)
def test_a_comment_that_silences_nothing_is_said(
    tmp_path: Path, comment: str, column: int, said_of_it: str, advice: str
) -> None:
    site = site_with(
        tmp_path, 'XF0425 = "off"', LIMITED.replace("limit 3", f"limit 3 -- {comment}")
    )
    (problem,) = site.compile().diagnostics
    assert (problem.code, problem.severity) == ("XF0115", "warning")
    assert problem.message == f"this comment silences nothing: {said_of_it}"
    assert advice in problem.help
    assert (problem.span.line, problem.span.column) == (3, column)


def test_what_is_off_may_be_silenced_too(tmp_path: Path) -> None:
    model = LIMITED.replace("limit 3", "limit 3 -- xform: ignore XF0425")
    assert said(site_with(tmp_path, 'XF0425 = "off"', model)) == []


def test_of_a_broken_model_it_is_not_known_what_a_comment_silences(tmp_path: Path) -> None:
    broken = "select nmae\nfrom paid\nlimit 3 -- xform: ignore XF0425, XF0424\n"
    assert said(site_with(tmp_path, "", broken)) == [("XF0403", "error", MODEL)]


def test_a_comment_may_silence_what_is_said_of_it(tmp_path: Path) -> None:
    model = LIMITED.replace("limit 3", "limit 3 -- xform: ignore XF0425, XF0424, XF0115")
    assert said(site_with(tmp_path, "", model)) == []


def test_comments_are_known_without_reading_a_file_again(tmp_path: Path) -> None:
    idle = "select order_id from paid -- xform: ignore XF0424\n"
    site = site_with(tmp_path, "", idle)
    assert [code for code, *_ in said(site)] == ["XF0115"]
    site.write("models/marts/names.sql", "select name as n from customers\n")
    workspace = site.open()
    found = workspace.compile().diagnostics
    assert [item.code for item in found] == ["XF0115"]
    assert ("parse", "marts.top") not in workspace.ran


@pytest.mark.parametrize(
    ("lint", "code", "message", "help_"),
    [
        ('XF0426x = "off"', "XF0104", "unknown setting 'XF0426x' of 'lint'", "did you mean"),
        ('XF0425 = "loud"', "XF0106", "'lint.XF0425' cannot be 'loud'", "warning, info, off"),
        ('XF0403 = "off"', "XF0106", "the level of XF0403", "take this line out"),
    ],
)
def test_wrong_levels_are_said(
    tmp_path: Path, lint: str, code: str, message: str, help_: str
) -> None:
    with pytest.raises(UserError) as stopped:
        site_with(tmp_path, lint).compile()
    (problem,) = stopped.value.diagnostics
    assert problem.code == code
    assert message in problem.message
    assert help_ in problem.help
    assert problem.span.path == "pyproject.toml"

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
        ("-- any three will do; xform: ignore XF0424, XF0425", True),
        ("-- xform: ignore XF0424", False),
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

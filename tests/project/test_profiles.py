"""profiles.yml: the target of a run, `env_var()`, and what can be wrong with them."""

from __future__ import annotations

import pytest

from xform.base.diagnostics import Diagnostic
from xform.project.profile import Target, profile_files
from xform.project.profiles import read_target

SHOP = """\
shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: "{{ env_var('DB', 'local.duckdb') }}"
      threads: "{{ env_var('THREADS', '2') | int }}"
      settings: {memory_limit: 2GB, key: "{{ env_var('KEY') }}"}
    prod:
      type: duckdb
"""


def read(
    text: str, target: str | None = None, **environ: str
) -> tuple[Target | None, list[Diagnostic]]:
    return read_target(text, "profiles.yml", "shop", target, environ)


def test_the_target_with_its_environment() -> None:
    target, found = read(SHOP, KEY="s3cret", THREADS="6")
    assert not found
    assert target == Target(
        "shop",
        "dev",
        "duckdb",
        6,
        settings={
            "path": "local.duckdb",
            "settings": {"memory_limit": "2GB", "key": "s3cret"},
        },
        secrets=("s3cret",),
        written={
            "path": "{{ env_var('DB', 'local.duckdb') }}",
            "threads": "{{ env_var('THREADS', '2') | int }}",
            "settings.key": "{{ env_var('KEY') }}",
        },
    )


def test_defaults_and_variables_of_other_targets() -> None:
    target, found = read(SHOP, "prod")
    assert not found
    assert target == Target(
        "shop", "prod", "duckdb", 4, settings={"path": "warehouse.duckdb", "settings": {}}
    )


def one(*lines: str) -> str:
    """A profile with one target; the first line given is line 4."""
    return "\n".join(["shop:", "  outputs:", "    dev:", *(f"      {line}" for line in lines)])


@pytest.mark.parametrize(
    ("text", "code", "line", "advice"),
    [
        ("", "XF0171", 1, "'shop'"),
        ("shp: {}", "XF0171", 1, "did you mean 'shp'?"),
        ("shop: {target: dev}", "XF0109", 1, "outputs"),
        (SHOP.replace("target: dev", "target: dve"), "XF0172", 2, "did you mean 'dev'?"),
        (one("path: x"), "XF0109", 4, "type"),
        (one("type: duckdbb"), "XF0173", 4, "did you mean 'duckdb'?"),
        (one("type: postgres"), "XF0173", 4, "type: duckdb"),
        (one("type: duckdb", "treads: 3"), "XF0175", 5, "did you mean 'threads'?"),
        (one("type: duckdb", "schema: main"), "XF0175", 5, "default_schema"),
        (one("type: duckdb", "threads: 0"), "XF0106", 5, "1 or more"),
        (one("type: duckdb", "threads: many"), "XF0105", 5, "whole number"),
        (one("type: duckdb", "settings: [a]"), "XF0105", 5, "key: value"),
        (one("type: duckdb", "settings: {a: [b]}"), "XF0105", 5, "single value"),
        (one("type: duckdb", "path: \"{{ env_var('NONE') }}\""), "XF0174", 5, "set NONE"),
        (one("type: duckdb", 'path: "{{ 1 + 1 }}"'), "XF0176", 5, "env_var"),
        (one("type: duckdb", 'path: "{% if x %}"'), "XF0176", 5, "env_var"),
        (one("type: duckdb", 'path: "a {{ env_var("'), "XF0176", 5, "env_var"),
        (one("type: duckdb", "path: a: b"), "XF0110", 5, "quotes"),
    ],
)
def test_what_is_wrong_has_a_place_and_a_next_step(
    text: str, code: str, line: int, advice: str
) -> None:
    target, found = read(text)
    assert [(each.code, each.span.line) for each in found] == [(code, line)], found
    assert advice in found[0].help
    assert (target is None) == (found[0].severity == "error")


def test_a_secret_is_never_in_a_finding() -> None:
    text = one("type: duckdb", "threads: \"{{ env_var('KEY') | int }}\"", "path: 5")
    _, found = read(text, KEY="s3cret")
    assert len(found) == 2
    assert "s3cret" not in str(found)


def test_a_folder_that_is_named_is_the_only_one() -> None:
    environ = {"DBT_PROFILES_DIR": "/env"}
    assert profile_files("/flag/", environ, "/project", "/home/a") == ("/flag/profiles.yml",)
    assert profile_files(None, environ, "/project", "/home/a") == ("/env/profiles.yml",)
    assert profile_files(None, {}, "/project", "/home/a") == (
        "/project/profiles.yml",
        "/home/a/.xform/profiles.yml",
    )

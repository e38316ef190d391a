"""`state:` of a target: which database keeps the state, and what of it is secret."""

from __future__ import annotations

import pytest

from xform.base.diagnostics import Diagnostic
from xform.project.profile import STATE_FILE, StateTarget, Target
from xform.project.profiles import read_target
from xform.project.state_target import without_passwords


def read(*lines: str, **environ: str) -> tuple[Target | None, list[Diagnostic]]:
    """A target with these lines under `state:`; the first of them is line 6."""
    text = "\n".join(
        [
            "shop:\n  outputs:\n    dev:\n      type: duckdb\n      state:",
            *(f"        {line}" for line in lines),
        ]
    )
    return read_target(text, "profiles.yml", "shop", None, environ)


def state(*lines: str, **environ: str) -> StateTarget:
    target, found = read(*lines, **environ)
    assert not found, found
    assert target is not None
    return target.state


def test_without_one_it_is_a_file_of_the_project() -> None:
    found = state("")
    assert found == StateTarget()
    assert (found.type, found.path, found.span.path) == ("sqlite", STATE_FILE, STATE_FILE)
    assert state("type: sqlite").path == STATE_FILE


def test_a_file_may_lie_elsewhere() -> None:
    target, found = read("type: sqlite", "path: \"{{ env_var('PLACE') }}/s.db\"", PLACE="there")
    assert not found
    assert target is not None
    assert target.state.path == "there/s.db"
    assert target.written == {"state.path": "{{ env_var('PLACE') }}/s.db"}
    assert target.secrets == ("there",)


def test_a_server_by_single_settings() -> None:
    target, found = read(
        "type: postgres",
        "host: \"{{ env_var('HOST') }}\"",
        "port: \"{{ env_var('PORT') }}\"",
        "user: ann",
        "password: \"{{ env_var('WORD') }}\"",
        "dbname: team",
        "schema: shop",
        "sslmode: require",
        HOST="db.example",
        PORT="5433",
        WORD="hush",
    )
    assert not found
    assert target is not None
    assert target.state.settings == {
        "host": "db.example",
        "port": 5433,
        "user": "ann",
        "password": "hush",
        "dbname": "team",
        "sslmode": "require",
    }
    assert (target.state.schema, target.state.span.line) == ("shop", 5)
    # A host is masked in what the server says only: it may be a common word.
    assert target.secrets == ("hush",)
    assert set(target.state.masked) == {"db.example", "hush"}
    assert target.written == {}


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("postgresql://ann:hush@db.example/team", {"hush"}),
        ("postgres://ann:hu%2Fs%20h@db.example:1/team", {"hu%2Fs%20h", "hu/s h"}),
        ("postgresql://ann:a:b@db.example/team", {"a:b"}),
        ("postgresql://db.example/team?user=ann&password=hush&sslmode=require", {"hush"}),
        ("postgresql://ann@db.example/team", set()),
        ("postgresql://[::1]:5432/team", set()),
    ],
)
def test_of_a_url_the_whole_and_its_password_are_secret(url: str, secrets: set[str]) -> None:
    target, found = read("type: postgres", "url: \"{{ env_var('URL') }}\"", URL=url)
    assert not found
    assert target is not None
    assert target.state.settings == {"url": url}
    assert target.state.schema == "xform"
    assert set(target.secrets) == {url} | secrets
    assert set(target.state.masked) == {url} | secrets


def test_what_stands_in_the_file_itself_is_masked_in_what_the_server_says() -> None:
    target, _ = read("type: postgres", "host: h", "password: 12345")
    assert target is not None
    assert target.state.settings["password"] == "12345"
    assert target.state.masked == ("12345",)
    assert target.secrets == ()


@pytest.mark.parametrize(
    ("lines", "code", "line", "advice"),
    [
        (["host: x"], "XF0109", 6, "type"),
        (["type: sqlit"], "XF0106", 6, "did you mean 'sqlite'?"),
        (["type: mysql"], "XF0106", 6, "sqlite, postgres"),
        (["type: postgres", "hots: x"], "XF0104", 7, "did you mean 'host'?"),
        (["type: sqlite", "host: x"], "XF0104", 7, "path"),
        (["type: postgres", "port: many"], "XF0105", 7, "65535"),
        (["type: postgres", "port: 0"], "XF0105", 7, "65535"),
        (["type: postgres", "port: \"{{ env_var('WORD') }}\""], "XF0105", 7, "65535"),
        (["type: postgres", "sslmode: on"], "XF0106", 7, "verify-full"),
        (["type: postgres", "sslmode: \"{{ env_var('WORD') }}\""], "XF0106", 7, "verify-full"),
        (["type: postgres", "host: \"{{ env_var('NONE') }}\""], "XF0174", 7, "set NONE"),
        (["type: postgres", "host: ''"], "XF0106", 7, "take it out"),
        (["type: postgres", f"schema: {'x' * 64}"], "XF0106", 7, "shorten"),
        (["type: postgres", "url: mysql://u:hush-hush@h/d"], "XF0106", 7, "postgresql://"),
        (["type: postgres", "url: \"{{ env_var('WORD') }}\""], "XF0106", 7, "postgresql://"),
        (["type: postgres", "url: [hush-hush]"], "XF0105", 7, "text"),
        (["type: postgres", "url: postgres://h/d", "host: h"], "XF0106", 8, "take it out"),
    ],
)
def test_what_is_wrong_has_a_place_and_a_next_step(
    lines: list[str], code: str, line: int, advice: str
) -> None:
    _, found = read(*lines, WORD="hush-hush")
    assert [(each.code, each.span.line) for each in found] == [(code, line)], found
    assert advice in found[0].help
    assert "hush" not in str(found)


def test_it_must_be_a_mapping() -> None:
    _, found = read_target(
        "shop: {outputs: {dev: {type: duckdb, state: postgres}}}", "profiles.yml", "shop", None, {}
    )
    assert [each.code for each in found] == ["XF0105"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password: hush", "password: ****"),
        ("{password: 'hu sh', port: 1}", "{password: *******, port: 1}"),
        ('"password": "hush"', '"password": ******'),
        ("password: \"{{ env_var('X') }}\"", "password: \"{{ env_var('X') }}\""),
        ("url: postgresql://ann:hush@h:1/d", "url: postgresql://ann:****@h:1/d"),
        ("url: postgres://h/d?password=hush&x=1", "url: postgres://h/d?password=****&x=1"),
        ("url: postgres://ann@h/d", "url: postgres://ann@h/d"),
        ("path: a.duckdb  # no password here", "path: a.duckdb  # no password here"),
    ],
)
def test_passwords_are_not_shown_with_the_lines_they_stand_in(text: str, shown: str) -> None:
    assert without_passwords(text) == shown
    assert len(shown) == len(text)  # so that marks stay under what they mark

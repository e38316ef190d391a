"""A project from `init` to its second build, the options of all commands, and wrong ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Answer, Project, plain_environment, project

SETTINGS = '[tool.xform]\nname = "demo"\nprofile = "demo"\n\n[tool.xform.vars]\nlimit = 10\n'
PROFILES = """\
demo:
  target: dev
  outputs:
    dev: {type: duckdb, path: dev.duckdb}
    live: {type: duckdb, path: live.duckdb, threads: 1}
other:
  outputs:
    dev: {type: duckdb, path: other.duckdb}
"""
FILES = {
    "pyproject.toml": SETTINGS,
    "profiles.yml": PROFILES,
    "seeds/raw/numbers.csv": "n\n1\n5\n20\n",
    "models/staging/small.sql": (
        "/* @model\ntags: [core]\ncolumns:\n  n: {tests: [not_null]}\n*/\n"
        "select n from raw.numbers where n < {{ var('limit') }}\n"
    ),
    "models/marts/total.sql": (
        "/* @model\nkind: table\nowner: ann\n*/\nselect sum(n) as total from small\n"
    ),
}


TOTAL = "select total from marts.total"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = project(tmp_path_factory.mktemp("options"), FILES)
    made.ok("build")
    return made


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, FILES)


def anywhere(*args: str, cwd: Path) -> Answer:
    return Project(cwd).run(*args)


# A new project -----------------------------------------------------------------------------------


def test_a_new_project_builds_at_once_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    made = anywhere("init", cwd=tmp_path)
    assert (made.code, made.out) == (0, "")
    assert "build it: xform build" in made.err
    new = Project(tmp_path)
    assert "tests passed" in new.ok("build").err
    second = new.run("build")
    assert (second.code, second.out) == (0, "")
    assert "0 models run" in second.err
    for command in ("plan", "test", "compile", "debug", "show customers"):
        new.ok(*command.split())


def test_init_twice_refuses_and_changes_nothing(tmp_path: Path) -> None:
    first = anywhere("init", "shop", cwd=tmp_path)
    assert first.code == 0
    assert "build it: cd shop && xform build" in first.err
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = anywhere("init", "shop", cwd=tmp_path)
    assert again.code == 2
    assert "error[XF0001]" in again.err
    assert "help: " in again.err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_init_takes_the_project_dir(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert anywhere("init", "--project-dir", "new", cwd=tmp_path).code == 0
    assert not (tmp_path / "models").exists()
    assert (tmp_path / "new" / "models").is_dir()


# Where and how -----------------------------------------------------------------------------------


def test_a_project_can_be_used_from_elsewhere(
    place: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert anywhere("build", "--project-dir", str(place.root), cwd=elsewhere).code == 0
    assert list(elsewhere.iterdir()) == []
    assert place.value(TOTAL, "dev.duckdb") == 6
    shown = anywhere("show", "total", "--project-dir", str(place.root), cwd=elsewhere)
    assert "6" in shown.out


def test_environments_have_schemas_of_their_own_and_share_builds(place: Project) -> None:
    place.ok("build")
    assert place.actions("--env", "dev_ann") == dict.fromkeys(
        ("raw.numbers", "staging.small", "marts.total"), "reuse"
    )
    result = place.json("build", "--env", "dev_ann")
    assert result["nodes"] == []
    assert place.published("dev.duckdb") == {
        *("raw.numbers", "staging.small", "marts.total"),
        *("raw__dev_ann.numbers", "staging__dev_ann.small", "marts__dev_ann.total"),
    }
    place.replace("models/staging/small.sql", "n <", "n + 1 <")
    place.replace("models/staging/small.sql", "select n from", "select n * 2 as n from")
    place.ok("build", "--env", "dev_ann")
    assert place.rows("select total from marts__dev_ann.total", "dev.duckdb") == [(12,)]
    assert place.rows("select total from marts.total", "dev.duckdb") == [(6,)]
    assert place.actions() == {"staging.small": "reuse", "marts.total": "reuse"}
    assert place.json("show", "total", "--env", "dev_ann")["rows"] == [{"total": 12}]
    assert place.json("show", "total")["rows"] == [{"total": 6}]


def test_targets_have_warehouses_of_their_own(place: Project) -> None:
    place.ok("build")
    assert set(place.actions("--target", "live").values()) == {"build"}
    place.ok("build", "-t", "live")
    assert place.value(TOTAL, "live.duckdb") == 6
    assert place.actions("-t", "live") == {}
    assert place.actions() == {}
    assert set(place.actions("--profile", "other").values()) == {"build"}


def test_variables_are_part_of_the_meaning(place: Project) -> None:
    place.ok("build")
    assert place.actions("--vars", "limit: 10") == {}
    for text in ("limit: 100", '{"limit": 100}', "{limit: 100}"):
        assert set(place.actions("--vars", text)) == {"staging.small", "marts.total"}
    place.ok("build", "--vars", "limit: 100")
    assert place.value(TOTAL, "dev.duckdb") == 26
    assert set(place.actions().values()) == {"reuse"}


def test_profiles_may_lie_elsewhere(place: Project, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    place.path("profiles.yml").rename(away / "profiles.yml")
    missing = place.call("plan")
    assert (missing.code, "error[XF0170]" in missing.err) == (2, True)
    assert place.call("plan", "--profiles-dir", str(away)).code == 0


def test_two_models_that_mean_the_same_have_builds_of_their_own(place: Project) -> None:
    for name in ("one", "two"):
        place.write(
            f"models/marts/{name}.sql", "/* @model\nkind: table\n*/\nselect n from raw.numbers\n"
        )
    place.ok("build")
    assert place.actions() == {}


# Selections --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["exposure", "marts.total", "raw.numbers", "staging.small", "test"]),
        (("--select", "small"), ["staging.small", "test"]),
        (("--select", "+total", "--resource-type", "model"), ["marts.total", "staging.small"]),
        (("--select", "numbers+1"), ["raw.numbers", "staging.small", "test"]),
        (("--select", "tag:core"), ["staging.small", "test"]),
        (("--select", "models/marts"), ["marts.total"]),
        (("--select", "owner:ann"), ["marts.total"]),
        (("--select", "total", "--select", "numbers"), ["marts.total", "raw.numbers"]),
        (("--select", "total", "numbers"), ["marts.total", "raw.numbers"]),
        (("--select=total", "numbers", "-q"), ["marts.total", "raw.numbers"]),
        (("-s", "total numbers"), ["marts.total", "raw.numbers"]),
        (("-s", "+total,tag:core"), ["staging.small", "test"]),
        (("--exclude", "small", "total"), ["raw.numbers"]),
        (("-s", "*.s*", "--exclude-resource-type", "test"), ["staging.small"]),
        (("-s", "column:numbers.n+", "--resource-type", "model"), ["marts.total", "staging.small"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_ls_lists_a_selection(
    built: Project, arguments: tuple[str, ...], expected: list[str]
) -> None:
    listed = built.ok("ls", *arguments).out.split()
    names = sorted("test" if name.startswith("not_null_") else name for name in listed)
    assert names == [name for name in expected if name != "exposure"]


def test_a_selection_of_nothing_warns(built: Project) -> None:
    answer = built.ok("ls", "--select", "nosuch")
    assert answer.out == ""
    assert "warning[XF0506]" in answer.err


def test_stale_can_be_selected(place: Project) -> None:
    place.ok("build")
    place.replace("models/marts/total.sql", "sum(n)", "sum(n) + 1")
    assert place.ok("ls", "--select", "stale:*").out.split() == ["marts.total"]


# Talk and data -----------------------------------------------------------------------------------


def test_quiet_says_nothing_of_what_went_well(place: Project) -> None:
    answer = place.ok("build", "--quiet")
    assert (answer.out, answer.err) == ("", "")
    assert place.call("show", "nosuch", "-q").err.startswith("error[XF0601]")


def test_data_and_talk_have_a_stream_each(built: Project) -> None:
    for command in ("plan", "ls", "show total", "why total", "lineage total.total", "debug"):
        answer = built.ok(*command.split())
        assert answer.out, command
        assert answer.err == "", command
    assert built.ok("test").out == ""


def test_a_reader_that_goes_away_is_no_error(built: Project) -> None:
    program = f"{sys.executable} -m xform explain | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program}"],
        cwd=built.root,
        env=plain_environment(),
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("XF0001")
    assert done.stderr == ""


# Wrong usage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("build", "--fial-fast"), "--fail-fast"),
        (("plan", "--format", "xml"), "use text, json, sarif, github or line"),
        (("plan", "--project-dir", "nowhere"), "'nowhere' is no folder"),
        (("plan", "--env", "Dev Ann"), "lower-case letters"),
        (("plan", "--env", ""), "lower-case letters"),
        (("plan", "--threads", "0"), "greater than or equal to 1"),
        (("plan", "--threads", "many"), "--threads"),
        (("plan", "--vars", "limit"), "write --vars '{name: value}'"),
        (("plan", "--vars", "{limit"), "write --vars '{name: value}'"),
        (("plan", "--target", "nope"), "error[XF0172]"),
        (("plan", "--profile", "nope"), "error[XF0171]"),
        (("plan", "--select", "@small+"), "error[XF0502]"),
        (("plan", "--select", "color:red"), "error[XF0503]"),
        (("plan", "--selector", "nope"), "error[XF0507]"),
        (("build", "--events", "-", "--format", "json"), "use one of them"),
        (("build", "--full-refresh", "--events", "no/such/file"), "'no/such/file': no such file"),
        (("ls", "--output", "xml"), "use name, path, selector or json"),
        (("lineage",), "name a column"),
        (("lineage", "total.nope"), "columns: total"),
        (("lineage", "--sql", "nope.sql"), "'nope.sql': no such file"),
        (("lineage", "--sql", "pyproject.toml", "--schema", "profiles.yml"), "is not JSON"),
        (("show",), "Missing argument"),
        (("show", "totl"), "did you mean 'total'"),
        (("show", "total", "-n", "0"), "greater than or equal to 1"),
        (("why", "totl"), "did you mean 'total'"),
        (("explain", "XF9999"), "no code is called 'XF9999'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_exits_2_and_helps(
    built: Project, arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built.root)
    answer = built.call(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_wrong_command_exits_2_and_helps(tmp_path: Path) -> None:
    answer = anywhere("bulid", cwd=tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert "Did you mean 'build'?" in answer.err


def test_without_a_command_all_are_listed(tmp_path: Path) -> None:
    answer = anywhere(cwd=tmp_path)
    said = answer.out + answer.err
    assert "Usage: " in said
    for command in ("init", "compile", "plan", "build", "test", "why", "lineage"):
        assert f"  {command} " in said


def test_what_is_not_built_cannot_be_shown_or_tested(place: Project) -> None:
    for command in ("show total", "test"):
        answer = place.call(*command.split())
        assert answer.code == 2
        assert "error[XF0603]" in answer.err
        assert "help: build it: xform build --select +" in answer.err


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", f"cd '{gone}' && rmdir '{gone}' && '{sys.executable}' -P -m xform plan"],
        capture_output=True,
        text=True,
        env=plain_environment(),
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: the current folder no longer exists; change into one that does\n"

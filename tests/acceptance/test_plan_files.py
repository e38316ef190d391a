"""A plan as a file: carried out just so, or refused with what has moved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Project, project

TABLE = "/* @model\nkind: table\n*/\n"
FILES = {
    "seeds/raw/numbers.csv": "n\n1\n2\n",
    "models/m/base.sql": TABLE + "select n from raw.numbers\n",
    "models/m/top.sql": TABLE + "select sum(n) as total from base\n",
    "models/m/other.sql": TABLE + "select 5 as x\n",
}
BASE = "models/m/base.sql"


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, FILES)


@pytest.fixture
def file(place: Project) -> str:
    return str(place.path("plan.json"))


def refused(place: Project, file: str, code: str, said: str) -> None:
    before = place.published() if place.path("warehouse.duckdb").exists() else set()
    answer = place.call("build", file)
    assert answer.code == 2
    assert code in answer.err
    assert said in answer.err
    if before:
        assert place.published() == before


def test_a_plan_is_written_whole_and_carried_out_as_it_is(place: Project, file: str) -> None:
    form = place.json("plan", "--out", file)
    written = json.loads(Path(file).read_text())
    assert written["plan"] == form
    assert [step["step"] for step in written["steps"]] == ["build"] * 4 + ["publish"] * 4
    assert written["project"]["m.base"]["path"] == BASE
    assert written["versions"].keys() == {"raw.numbers"}
    place.ok("build", file)
    assert place.value("select total from m.top") == 3
    assert place.call("plan", "--exit-code").code == 0
    assert "plan.json" in place.json("runs", "show")["run"]["asked"]["command"]


def test_a_plan_is_of_what_was_selected(place: Project, file: str) -> None:
    place.ok("plan", "--select", "other", "--out", file)
    place.ok("build", file)
    assert place.published() == {"m.other"}


def test_a_plan_that_does_nothing_does_nothing(place: Project, file: str) -> None:
    place.ok("build")
    place.ok("plan", "--out", file)
    assert "everything is up to date" in place.ok("build", file).err


def test_an_edit_since_is_named(place: Project, file: str) -> None:
    place.ok("plan", "--out", file)
    place.replace(BASE, "select n", "select n + 1 as n")
    refused(place, file, "XF0608", "'m.base' changed since the plan was made, and 1 more")
    place.replace(BASE, "select n + 1 as n", "select n")
    place.ok("build", file)


def test_an_asset_that_came_or_went_is_named(place: Project, file: str) -> None:
    place.ok("plan", "--out", file)
    place.write("models/m/new.sql", "select 1 as x")
    refused(place, file, "XF0608", "'m.new' was added")
    place.path("models/m/new.sql").unlink()
    place.path("models/m/other.sql").unlink()
    refused(place, file, "XF0608", "'m.other' was taken away")


def test_other_settings_are_named(place: Project, file: str) -> None:
    place.ok("plan", "--out", file)
    place.replace(BASE, "kind: table", "kind: table\ntimeout: 1h")
    refused(place, file, "XF0608", "'m.base' has other settings")


def test_data_that_moved_are_named(place: Project, file: str) -> None:
    place.ok("plan", "--out", file)
    place.write("seeds/raw/numbers.csv", "n\n1\n2\n3\n")
    refused(place, file, "XF0609", "'raw.numbers' has other data")


def test_what_was_built_since_is_named(place: Project, file: str) -> None:
    place.ok("plan", "--out", file)
    place.ok("build", "--select", "other")
    refused(place, file, "XF0610", "'m.other' was built, tested or published")


def test_a_plan_is_not_carried_out_twice(place: Project, file: str) -> None:
    place.ok("plan", "--out", file)
    place.ok("build", file)
    refused(place, file, "XF0610", "was built, tested or published")


def test_a_build_elsewhere_does_not_matter(place: Project, file: str) -> None:
    """Nothing that the plan does would come out otherwise."""
    place.ok("build")
    place.replace(BASE, "select n", "select n + 1 as n")
    place.ok("plan", "--select", "base", "top", "--out", file)
    place.ok("build", "--env", "dev", "--select", "other")
    place.ok("build", file)
    assert place.value("select total from m.top") == 5


def test_a_plan_is_for_one_environment(place: Project, file: str) -> None:
    place.ok("plan", "--out", file)
    answer = place.call("build", file, "--env", "dev")
    assert (answer.code, "'plan.json' is a plan for the environment 'prod'" in answer.err) == (
        2,
        True,
    )


def test_a_plan_cannot_be_chosen_anew(place: Project, file: str) -> None:
    place.ok("plan", "--out", file)
    assert "made already" in place.call("build", file, "--select", "other").err
    assert place.call("build", str(place.path("missing.json"))).code == 2


def test_secrets_do_not_go_into_a_plan(
    place: Project, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMORY", "1234567KB")
    place.write(
        "profiles.yml",
        "demo:\n  outputs:\n    dev:\n      type: duckdb\n      path: warehouse.duckdb\n"
        "      settings: {memory_limit: \"{{ env_var('MEMORY') }}\"}\n",
    )
    place.write("models/m/other.sql", TABLE + "select '{{ env_var(\"MEMORY\") }}' as n\n")
    place.ok("plan", "--out", file)
    assert "1234567KB" not in Path(file).read_text()
    place.ok("build", file)
    assert place.value("select n from m.other") == "1234567KB"


def test_what_is_stale_and_not_selected_is_named(place: Project) -> None:
    place.ok("build")
    place.replace(BASE, "select n", "select n + 1 as n")
    place.replace("models/m/top.sql", "sum(n)", "max(n)")
    (behind,) = place.json("plan", "--select", "top")["behind"]
    assert (behind["asset"], behind["read_by"]) == ("m.base", ["m.top"])
    text = place.ok("plan", "--select", "top").out
    assert "stale, not selected, read as published" in text
    assert "! m.base  code: column n changed" in text
    assert "build it too: --upstream" in text
    assert place.stale("--select", "top", "--upstream") == {"m.base", "m.top"}
    place.ok("build", "--select", "top")
    assert place.value("select total from m.top") == 2
    again = place.ok("plan", "--select", "top").out
    assert "Nothing to do for what is selected." in again
    assert "! m.base" in again
    place.ok("build", "--select", "top", "--upstream")
    assert place.value("select total from m.top") == 3
    assert "behind" not in place.json("plan", "--select", "top")

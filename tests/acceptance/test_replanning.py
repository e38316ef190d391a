"""After an edit the plan is brought up to date from the last one that had nothing to do: it is the
plan that would be made anew, steps and all, and only what the edit reaches is looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Project, copied, project
from msgspec.json import encode
from msgspec.structs import replace

from xform.app.planning import replanning
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.planning.replanning import replanned
from xform.app.workspace import Options, Workspace
from xform.host import clock
from xform.plan.plan import Plan
from xform.state import excerpt

FILES = {
    "seeds/raw/orders.csv": "id,amount,day\n1,10,2024-01-01\n2,20,2024-01-02\n",
    "seeds/raw/people.csv": "id,name\n1,ann\n2,bob\n",
    "models/staging/orders.sql": "select id, amount, day from raw.orders\n",
    "models/staging/people.sql": "select id, name from raw.people\n",
    "models/staging/large.sql": (
        "/* @model\nkind: ephemeral\n*/\nselect id, amount from staging.orders where amount > 5\n"
    ),
    "models/marts/days.sql": (
        "/* @model\nkind: table\ncolumns:\n  day: {tests: [not_null, unique]}\n*/\n"
        "select day, sum(amount) as amount from staging.orders group by day\n"
    ),
    "models/marts/best.sql": (
        "/* @model\nkind: table\n*/\nselect day, amount from marts.days order by amount limit 1\n"
    ),
    "models/marts/known.sql": (
        "/* @model\nkind: table\ncolumns:\n"
        "  id: {tests: [{relationships: {to: staging.people, field: id}}]}\n*/\n"
        "select id, amount from staging.large\n"
    ),
    "models/marts/names.sql": "/* @model\nkind: table\n*/\nselect name from staging.people\n",
    "models/marts/grown.sql": (
        "/* @model\nkind: incremental\ntime_column: day\nstart: 2024-01-01\nend: 2024-02-01\n*/\n"
        "select day, count(*) as n from staging.orders group by day\n"
    ),
    "models/marts/over.sql": "/* @model\nkind: table\n*/\nselect max(n) as n from marts.grown\n",
    "models/marts/keyed.sql": (
        "/* @model\nkind: incremental\nunique_key: id\n*/\nselect id, amount from staging.orders\n"
    ),
    "models/marts/kept.sql": (
        "/* @model\nkind: snapshot\nunique_key: id\nstrategy: check\ncheck_cols: [name]\n*/\n"
        "select id, name from staging.people\n"
    ),
    "models/marts/ranked.py": (
        "from xform import model\n\n\n"
        '@model(kind="table", columns={"day": "date"})\n'
        "def ranked(days: 'duckdb.DuckDBPyRelation'):\n    return days.select('day')\n"
    ),
    "models/marts/today.sql": "select name, current_date as today from staging.people\n",
}

ORDERS, PEOPLE = "models/staging/orders.sql", "models/staging/people.sql"
DAYS, NAMES = "models/marts/days.sql", "models/marts/names.sql"

EDITS = {
    "an expression": (ORDERS, "amount, day", "amount * 2 as amount, day"),
    "rows": (PEOPLE, "from raw.people", "from raw.people where id < 9"),
    "a comment": (ORDERS, "select", "-- so\nselect"),
    "a column more": (PEOPLE, "name", "name, name as again"),
    "a tested table": (DAYS, "sum(amount)", "max(amount)"),
    "what a test compares with": (PEOPLE, "select id", "select id + 0 as id"),
    "a table that nothing reads": (NAMES, "name", "upper(name) as name"),
    "an ephemeral model": ("models/staging/large.sql", "> 5", "> 6"),
    "a table that grows by time": ("models/marts/grown.sql", "count(*)", "count(*) + 1"),
    "a table that grows by key": ("models/marts/keyed.sql", "amount from", "amount + 1 a from"),
    "a snapshot": ("models/marts/kept.sql", "name from", "name, 1 as one from"),
    "another clock": ("models/marts/names.sql", "name", "name, current_date as day"),
    "no clock": ("models/marts/today.sql", "current_date as today", "1 as today"),
    "a chance": ("models/marts/names.sql", "name", "name, random() as r"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = project(tmp_path_factory.mktemp("replanned"), FILES)
    made.ok("build")
    made.ok("build", "--env", "dev")
    return made


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the clock had moved on: no change hides behind the times of a file.
    monkeypatch.setattr("xform.host.files.RACY_NS", 0)
    monkeypatch.setattr("xform.app.remembering.circumstances.RACY_NS", 0)
    monkeypatch.setattr(replanning, "LARGEST", 1.0)
    monkeypatch.setattr(clock, "now", lambda: "2026-03-01T08:00:00.000Z")


@pytest.fixture
def standing(built: Project, tmp_path: Path) -> Project:
    """A project whose last plan stands."""
    made = copied(built, tmp_path)
    assert made.ok("plan").out.startswith("Nothing to do")
    return made


def plans(made: Project, environment: str | None = None) -> tuple[Plan | None, Plan]:
    """The plan brought up to date, None where that is left, and the one made anew."""
    workspace = Workspace(Options(made.root, environment=environment))
    try:
        compilation = workspace.compile()
        again = replanned(workspace, compilation)
        planned = EnvironmentPlanner(workspace, compilation).plan()
        if again is not None:
            assert planned.basis is not None
            # The day may be kept though nothing asks for it any more.
            assert replace(again.basis, day=planned.basis.day) == planned.basis
            assert again.basis.day or not planned.basis.day
        return again.plan if again is not None else None, planned.plan
    finally:
        workspace.state.close()


def same(made: Project, environment: str | None = None) -> Plan:
    """The plan, which is brought up to date and the one made anew."""
    again, anew = plans(made, environment)
    assert again is not None
    assert again == anew
    assert encode(again) == encode(anew)
    return anew


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit(standing: Project, edit: tuple[str, str, str]) -> None:
    standing.replace(*edit)
    same(standing)
    brought_up_to_date = standing.call("plan", "--format", "json")
    shutil.rmtree(standing.path(".xform/cache"))
    assert standing.call("plan", "--format", "json") == brought_up_to_date


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_that_is_taken_back_after_a_build(
    standing: Project, edit: tuple[str, str, str]
) -> None:
    path, old, new = edit
    standing.replace(path, old, new)
    standing.ok("build")
    standing.ok("plan")
    standing.replace(path, new, old)
    again, anew = plans(standing)
    assert again in (anew, None)  # chance is never fresh


def test_edits_one_upon_the_other(standing: Project) -> None:
    """More than compilations are remembered: the one of the last plan is."""
    for number in range(12):
        standing.replace(NAMES, "name", f"name, {number} as n{number}")
        assert [action.asset for action in same(standing).actions] == ["marts.names"]
    standing.replace(ORDERS, "amount", "amount + 1 as amount")
    assert len(same(standing).actions) > 3
    standing.write(NAMES, FILES[NAMES])
    standing.write(ORDERS, FILES[ORDERS])
    assert same(standing).actions == ()


def test_a_plan_with_nothing_to_do_is_kept(standing: Project) -> None:
    standing.replace(ORDERS, "select", "-- so\nselect")
    standing.ok("plan")
    workspace = Workspace(Options(standing.root))
    found = workspace.standing_plan()
    assert found is not None
    assert found.plan == plans(standing)[1]


def test_another_environment(standing: Project) -> None:
    standing.ok("plan", "--env", "dev")
    standing.replace("models/marts/grown.sql", "count(*)", "count(*) + 1")
    assert plans(standing)[0] is None
    same(standing, "dev")


def test_a_failure_is_told(standing: Project) -> None:
    standing.replace(NAMES, "name from", "('x' || name)::int as name from")
    assert standing.call("build").code == 1
    standing.write(NAMES, FILES[NAMES])
    assert standing.ok("plan").out.startswith("Nothing to do")
    standing.replace(NAMES, "name from", "lower(name) as name from")
    (action,) = same(standing).actions
    assert [reason.kind for reason in action.reasons] == ["failed", "code"]


def test_a_renamed_model(standing: Project) -> None:
    text = FILES[NAMES]
    standing.path(NAMES).unlink()
    standing.write("models/marts/called.sql", text)
    standing.ok("build")
    assert standing.ok("plan").out.startswith("Nothing to do")
    standing.replace("models/marts/called.sql", "name", "upper(name) as name")
    same(standing)
    standing.write("models/marts/called.sql", text)
    standing.write(NAMES, text)
    assert standing.ok("build")
    assert standing.ok("plan").out.startswith("Nothing to do")
    standing.replace("models/marts/called.sql", "name", "lower(name) as name")
    again, anew = plans(standing)
    assert again in (anew, None)


def test_builds_that_are_no_more_are_not_named_again(standing: Project) -> None:
    """A build that something reads keeps its name, also while it is gone."""
    standing.replace(ORDERS, "amount, day", "amount + 1 as amount, day")
    standing.ok("build")
    standing.write(ORDERS, FILES[ORDERS])
    standing.ok("build")
    standing.ok("plan")
    standing.replace(ORDERS, "amount, day", "amount + 1 as amount, day")
    assert {action.action for action in same(standing).actions} == {"reuse"}


def seed(made: Project) -> None:
    made.replace("seeds/raw/orders.csv", "2,20", "2,21")


def header(made: Project) -> None:
    made.replace(NAMES, "kind: table", "kind: view")


def new(made: Project) -> None:
    made.write("models/marts/more.sql", "select id from staging.orders\n")


def gone(made: Project) -> None:
    made.path(NAMES).unlink()


def elsewhere(made: Project) -> None:
    """A build of another environment, by another code."""
    made.replace(NAMES, "name from", "lower(name) as name from")
    made.ok("build", "--env", "dev")


def next_day(made: Project) -> None:
    clock.now = lambda: "2026-03-02T08:00:00.000Z"  # the fixture puts it back


@pytest.mark.parametrize(
    "change",
    [seed, header, new, gone, elsewhere, next_day],
    ids=lambda change: change.__name__,
)
def test_what_may_reach_further_is_planned_anew(
    standing: Project, change: Callable[[Project], None]
) -> None:
    standing.replace(PEOPLE, "from raw.people", "from raw.people where id < 9")
    change(standing)
    again, _ = plans(standing)
    assert again is None


def test_an_edit_that_reaches_most_is_planned_anew(
    standing: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replanning, "LARGEST", 0.5)
    standing.replace(ORDERS, "amount, day", "amount * 2 as amount, day")
    assert plans(standing)[0] is None


def test_only_what_the_edit_reaches_is_looked_at(
    standing: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    decode = excerpt.decode_record

    def counted(record: bytes) -> object:
        found = decode(record)
        read.append(found.asset)
        return found

    monkeypatch.setattr(excerpt, "decode_record", counted)
    standing.replace(NAMES, "name from", "lower(name) as name from")
    assert standing.actions() == {"marts.names": "build"}
    assert sorted(read) == ["marts.names", "raw.people", "staging.people"]


def test_what_assets_rest_on_is_kept(tmp_path: Path) -> None:
    """Tables that stand because what they read came out as before, by a checksum that rounds."""
    made = project(
        tmp_path,
        {
            "seeds/raw/rates.csv": "id,rate\n1,1.5\n2,2.5\n",
            "models/a/rates.sql": (
                "/* @model\nkind: table\nchecksum: {float_digits: 3}\n*/\n"
                "select id, rate::double as rate from raw.rates\n"
            ),
            "models/a/one.sql": "/* @model\nkind: table\n*/\nselect max(rate) as m from a.rates\n",
            "models/b/two.sql": "/* @model\nkind: table\n*/\nselect min(rate) as m from a.rates\n",
            "models/c/apart.sql": "/* @model\nkind: table\n*/\nselect 1 as x\n",
        },
    )
    made.ok("build")
    made.replace("seeds/raw/rates.csv", "1,1.5", "1,1.5000000001")
    made.ok("build")
    assert made.ok("plan").out.startswith("Nothing to do")
    made.replace("models/c/apart.sql", "1 as x", "2 as x")
    assert {item.asset for item in same(made).compared} == {"a.one", "b.two"}
    made.replace("models/a/one.sql", "max(rate)", "sum(rate)")
    assert {item.asset for item in same(made).compared} == {"b.two"}

"""What stands behind `show`, `test`, `init` and `debug`, on real projects in DuckDB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from compile_steps import PROFILES, Site

from xform.app.building.building import Wanted, build
from xform.app.building.testing import run_tests, test_plan
from xform.app.data.rows import show_rows
from xform.app.debugging import findings
from xform.app.initialise import create_project
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.planning.project_graph import graph_of
from xform.app.planning.selecting import Selector
from xform.app.workspace import UserError, Workspace
from xform.base.names import AssetName
from xform.graph.selection.request import Request
from xform.plan.plan import Plan
from xform.run.result import RunResult

test_plan.__test__ = False  # type: ignore[attr-defined]

FILES = {
    "pyproject.toml": '[tool.xform]\nname = "demo"\nprofile = "demo"\n',
    "profiles.yml": PROFILES,
    "seeds/raw/people.csv": "id,name\n1,ann\n2,bob\n",
    "seeds/raw/pets.csv": "owner,pet\n1,cat\n2,dog\n2,fish\n",
    "models/marts/owners.sql": "/* @model\nkind: table\ncolumns:\n  id: {tests: [unique]}\n*/\n"
    "select id, name from people\n",
    "models/marts/inline.sql": "/* @model\nkind: ephemeral\n*/\n"
    "select id + 1 as next from owners\n",
    "models/marts/pets_of.sql": "/* @model\nkind: table\ncolumns:\n  owner:\n    tests:\n"
    "      - not_null\n      - relationships: {to: owners, field: id}\n*/\n"
    "select owner, pet from pets\n",
    "models/marts/marts.yml": "exposures:\n  - name: board\n    depends_on: [owners]\n",
}


def built(root: Path) -> Site:
    site = Site(root, FILES)
    assert run(site).status == "success"
    return site


def run(site: Site) -> RunResult:
    workspace = site.open()
    planner = EnvironmentPlanner(workspace, workspace.compile())
    try:
        return build(workspace, planner, planner.plan(), Wanted(), lambda event: None)
    finally:
        workspace.state.close()


def planned(site: Site) -> Plan:
    workspace = site.open()
    try:
        return EnvironmentPlanner(workspace, workspace.compile()).plan().plan
    finally:
        workspace.state.close()


def check(site: Site, *select: str) -> RunResult:
    """`xform test`, of everything or of what is selected."""
    workspace = site.open()
    compilation = workspace.compile()
    selected = Selector(workspace, compilation).select(Request(select=tuple(select)))
    planner = EnvironmentPlanner(workspace, compilation)
    try:
        plan = test_plan(planner, selected.tests)
        return run_tests(workspace, plan, lambda event: None)
    finally:
        workspace.state.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built(tmp_path_factory.mktemp("commands"))


# Building ----------------------------------------------------------------------------------------


def test_a_second_plan_is_empty(site: Site) -> None:
    assert planned(site).actions == ()


def test_testing_leaves_nothing_to_do(site: Site) -> None:
    """Whether all tests of a build are run or only some, it has passed what it had passed."""
    assert check(site).status == "success"
    assert planned(site).actions == ()
    assert check(site, "test_name:not_null").status == "success"
    assert planned(site).actions == ()


def test_a_warehouse_that_is_gone_is_built_again(tmp_path: Path) -> None:
    site = built(tmp_path)
    for path in site.root.glob("warehouse.duckdb*"):
        path.unlink()
    assert {str(action.action) for action in planned(site).actions} == {"build"}
    assert run(site).status == "success"


def test_a_state_that_is_gone_heals_from_the_warehouse(tmp_path: Path) -> None:
    site = built(tmp_path)
    for path in (site.root / ".xform").glob("state.db*"):
        path.unlink()
    assert planned(site).actions == ()


# Showing -----------------------------------------------------------------------------------------


def shown(site: Site, name: str, limit: int = 10) -> list[tuple[object, ...]]:
    workspace = site.open()
    return show_rows(workspace, workspace.compile(), AssetName(name), limit)[0].rows


def test_rows_of_a_model(site: Site) -> None:
    assert sorted(shown(site, "marts.owners")) == [(1, "ann"), (2, "bob")]


def test_no_more_rows_than_were_asked_for(site: Site) -> None:
    assert len(shown(site, "marts.pets_of", limit=2)) == 2


def test_an_ephemeral_model_is_computed_to_be_shown(site: Site) -> None:
    assert sorted(shown(site, "marts.inline")) == [(2,), (3,)]


@pytest.mark.parametrize("name", ["exposure.board"])
def test_an_exposure_has_no_rows(site: Site, name: str) -> None:
    known = site.compile().assets
    if name not in known:
        pytest.skip("exposures have another name")
    with pytest.raises(UserError, match="is an exposure, which has no rows"):
        shown(site, name)


def test_what_is_not_built_says_how(tmp_path: Path) -> None:
    site = Site(tmp_path, FILES)
    with pytest.raises(UserError) as raised:
        shown(site, "marts.owners")
    (said,) = raised.value.diagnostics
    assert said.message == "'marts.owners' is not built in 'prod'"
    assert said.help == "build it: xform build --select +marts.owners"


def test_tests_of_what_is_not_built_say_how(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not built in 'prod'"):
        check(Site(tmp_path, FILES))


# The graph ---------------------------------------------------------------------------------------


def test_the_graph_holds_tests_and_what_they_compare_with(site: Site) -> None:
    graph = graph_of(site.compile(), "duckdb")
    (test,) = [test for test in graph.tests if test.test_name == "relationships"]
    assert test.reads == ("marts.pets_of", "marts.owners")
    assert graph.nodes[AssetName("marts.owners")].depends_on == ("raw.people",)


# Debugging ---------------------------------------------------------------------------------------


HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def by_topic(workspace: Workspace) -> dict[str, tuple[str, str]]:
    return {found.topic: (found.state, found.text) for found in findings(workspace)}


def test_what_works_is_found_to_work(site: Site) -> None:
    found = by_topic(site.open())
    assert not [topic for topic, (state, _) in found.items() if state == "fail"]
    assert found["warehouse"] == ("ok", "warehouse.duckdb: 4 builds, 4 published in prod")
    assert found["sqlglot parser"][1].startswith("compiled modules in use")


def test_a_folder_without_a_project_is_found(tmp_path: Path) -> None:
    found = {item.topic: item for item in findings(Site(tmp_path, {}).open())}
    assert found["project"].state == "fail"
    assert "xform init" in found["project"].help
    assert found["profile"].state == "fail"


def test_a_file_that_is_no_warehouse_is_found(tmp_path: Path) -> None:
    site = Site(tmp_path, FILES)
    site.write("warehouse.duckdb", "this is no database, and long enough to be read as one" * 99)
    state, text = by_topic(site.open())["warehouse"]
    assert state == "fail"
    assert text


def test_a_warehouse_in_use_is_no_failure(tmp_path: Path) -> None:
    """A build runs there: that is how it should be."""
    site = built(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(site.root / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        state, text = by_topic(site.open())["warehouse"]
        holder.communicate()
    assert state == "warn"
    assert "in use" in text


# Beginning ---------------------------------------------------------------------------------------


def test_a_new_project_builds_at_once(tmp_path: Path) -> None:
    written = create_project(tmp_path / "mine")
    assert ".gitignore" in written
    site = Site(tmp_path / "mine", {})
    assert [str(found) for found in site.compile().diagnostics] == []
    assert run(site).status == "success"
    assert planned(site).actions == ()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    create_project(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="is there already"):
        create_project(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_folder_with_settings_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.xform]\nname = "mine"\n')
    with pytest.raises(UserError, match=r"'pyproject\.toml' is there already"):
        create_project(tmp_path)


def test_a_python_project_may_become_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n')
    create_project(tmp_path)
    assert Site(tmp_path, {}).compile().diagnostics == ()


def test_what_cannot_be_tested_is_not_built(tmp_path: Path) -> None:
    """What it is compared with is broken, and was not selected."""
    site = built(tmp_path)
    site.write("models/marts/owners.sql", "select nmae from people")
    site.replace("models/marts/pets_of.sql", "select owner, pet", "select owner, pet, 1 as one")
    workspace = site.open()
    planner = EnvironmentPlanner(workspace, workspace.compile())
    with pytest.raises(UserError, match=r"owners"):
        planner.plan(frozenset({AssetName("marts.pets_of")}))
    workspace.state.close()


# Sources of the warehouse ------------------------------------------------------------------------


def test_tests_look_again_when_what_they_compare_with_has_new_data(tmp_path: Path) -> None:
    files = {
        **FILES,
        "models/raw.yml": "sources:\n  - name: outside\n    tables:\n      - name: known\n"
        "        columns:\n          - {name: id, data_type: integer}\n",
        "models/marts/pets_of.sql": FILES["models/marts/pets_of.sql"].replace(
            "to: owners", "to: outside.known"
        ),
    }
    site = Site(tmp_path, files)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema outside; create table outside.known as select 1 as id")
        connection.execute("insert into outside.known values (2)")
    assert run(site).status == "success"
    assert planned(site).actions == ()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("delete from outside.known where id = 2")
    assert [(a.asset, str(a.action)) for a in planned(site).actions] == [("marts.pets_of", "test")]
    assert run(site).status == "failed"

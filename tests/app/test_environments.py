"""Environments listed, shown, compared, promoted and dropped, on real projects in DuckDB."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from compile_steps import PROFILES, Site

from xform.app.building.building import Wanted, build
from xform.app.environments import showing as environments
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.workspace import UserError, Workspace
from xform.run.failures import EngineBusy

FILES = {
    "pyproject.toml": '[tool.xform]\nname = "demo"\nprofile = "demo"\n',
    "profiles.yml": PROFILES,
    "seeds/raw/people.csv": "id,name\n1,ann\n2,bob\n",
    "models/marts/owners.sql": "/* @model\nkind: table\n*/\nselect id, name from people\n",
    "models/marts/names.sql": "select name from owners\n",
}
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
OWNERS = "models/marts/owners.sql"


def run(site: Site, environment: str) -> None:
    def work(workspace: Workspace) -> None:
        planner = EnvironmentPlanner(workspace, workspace.compile())
        result = build(workspace, planner, planner.plan(), Wanted(), lambda event: None)
        assert result.status == "success"

    on(site, work, environment=environment)


def on(site: Site, work: Callable[..., Any], *arguments: str, **options: Any) -> Any:
    workspace = site.open(**options)
    try:
        return work(workspace, *arguments)
    finally:
        workspace.state.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """`dev` shows an owner more than `prod`."""
    site = Site(tmp_path, FILES)
    run(site, "prod")
    site.replace(OWNERS, "from people", "from people union all select 3, 'cid'")
    run(site, "dev")
    return site


def names_in(site: Site, schema: str) -> list[str]:
    with duckdb.connect(str(next(site.root.glob("*.duckdb"))), read_only=True) as connection:
        rows = connection.execute(f"select name from {schema}.names order by all").fetchall()
    return [name for (name,) in rows]


def test_the_list_counts_builds_of_their_own(site: Site) -> None:
    listed = on(site, environments.list_environments)
    assert [(item.name, item.assets, item.own) for item in listed] == [
        ("prod", 3, 2),
        ("dev", 3, 2),
    ]


def test_what_is_shown_says_who_else_shows_it(site: Site) -> None:
    shown = {item.relation: item for item in on(site, environments.show_environment, "dev")}
    assert {relation: item.also for relation, item in shown.items()} == {
        "raw__dev.people": ("prod",),
        "marts__dev.owners": (),
        "marts__dev.names": (),
    }
    assert shown["marts__dev.owners"].rows == 3


def test_differences(site: Site) -> None:
    found = on(site, environments.compare_environments, "prod", "dev")
    assert [(item.asset, item.change, item.code) for item in found] == [
        ("marts.names", "changed", True),
        ("marts.owners", "changed", True),
    ]


def test_differences_of_data_alone(site: Site) -> None:
    run(site, "prod")
    site.write("seeds/raw/people.csv", "id,name\n1,ann\n2,bea\n")
    run(site, "dev")
    found = on(site, environments.compare_environments, "prod", "dev")
    assert {(item.asset, item.code) for item in found} >= {("raw.people", False)}


def test_a_promotion_moves_all_names_and_builds_nothing(site: Site) -> None:
    assert names_in(site, "marts") == ["ann", "bob"]
    moved = on(site, environments.promote, "dev", "prod")
    assert (moved.published, moved.dropped) == (("marts.names", "marts.owners"), ())
    assert names_in(site, "marts") == ["ann", "bob", "cid"]
    assert on(site, environments.compare_environments, "prod", "dev") == []
    assert on(site, environments.promote, "dev", "prod").published == ()


def test_after_a_promotion_the_project_has_nothing_to_do(site: Site) -> None:
    on(site, environments.promote, "dev", "prod")
    plan = on(site, lambda w: EnvironmentPlanner(w, w.compile()).plan().plan, environment="prod")
    assert plan.actions == ()


def test_a_promotion_takes_away_what_the_other_does_not_show(site: Site) -> None:
    (site.root / "models/marts/names.sql").unlink()
    run(site, "dev")
    moved = on(site, environments.promote, "dev", "prod")
    assert moved.dropped == ("marts.names",)
    with pytest.raises(duckdb.CatalogException):
        names_in(site, "marts")


def test_a_promotion_to_an_environment_that_is_new(site: Site) -> None:
    assert len(on(site, environments.promote, "dev", "stage").published) == 3
    assert names_in(site, "marts__stage") == ["ann", "bob", "cid"]


def test_a_drop_takes_the_names_and_leaves_the_builds(site: Site) -> None:
    assert len(on(site, environments.drop, "dev").dropped) == 3
    assert [item.name for item in on(site, environments.list_environments)] == ["prod"]
    run(site, "dev")  # at once, for the builds stand
    assert names_in(site, "marts__dev") == ["ann", "bob", "cid"]


@pytest.mark.parametrize(
    ("work", "arguments", "code"),
    [
        (environments.show_environment, ["dve"], "XF0604"),
        (environments.compare_environments, ["prod", "dve"], "XF0604"),
        (environments.promote, ["dve", "prod"], "XF0604"),
        (environments.drop, ["dve"], "XF0604"),
        (environments.drop, ["prod"], "XF0605"),
    ],
)
def test_what_is_not_there(
    site: Site, work: Callable[..., Any], arguments: list[str], code: str
) -> None:
    with pytest.raises(UserError) as raised:
        on(site, work, *arguments)
    (found,) = raised.value.diagnostics
    assert found.code == code
    if code == "XF0604":
        assert found.help == "did you mean 'dev'?"


def test_a_promotion_while_another_process_writes_is_refused(site: Site) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(next(site.root.glob("*.duckdb")))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1\n"
        with pytest.raises(EngineBusy):
            on(site, environments.promote, "dev", "prod")
    finally:
        holder.communicate("")
    assert names_in(site, "marts") == ["ann", "bob"]

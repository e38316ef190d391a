"""A plan that is answered from the last one is the plan that would be made: after every kind of
change, what is said with the index is what is said without it, to the byte."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from command_line import Answer, Project, copied, project

from postgres_server import PASSWORD
from state_homes import PostgresHome
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.remembering.index import LISTING
from xform.app.remembering.stored import PROJECT, SLIM
from xform.base.names import AssetName
from xform.run.events import NodeDone

FILES = {
    "profiles.yml": """\
demo:
  target: "{{ env_var('TARGET', 'dev') }}"
  outputs:
    dev:
      type: duckdb
      path: "{{ env_var('WAREHOUSE', 'warehouse.duckdb') }}"
      threads: 2
      settings:
        memory_limit: "{{ env_var('LIMIT', '1GB') }}"
        timezone: "{{ env_var('ZONE', 'UTC') }}"
    other: {type: duckdb, path: other.duckdb}
""",
    "pyproject.toml": (
        '[tool.xform]\nname = "demo"\nprofile = "demo"\n[tool.xform.vars]\nleast = 1\n'
    ),
    "seeds/raw/orders.csv": "id,amount,day\n1,10,2024-01-01\n2,20,2024-01-02\n",
    "macros/cents.sql": "{% macro cents(x) %}({{ x }} * 100){% endmacro %}\n",
    "models/staging/orders.sql": (
        "select id, {{ cents('amount') }} as cents, day\n"
        "from raw.orders where id >= {{ var('least') }}\n"
    ),
    "models/marts/days.sql": (
        "select day, sum(cents) as cents, '{{ env_var('MARK', 'x') }}' as mark\n"
        "from staging.orders group by day\n"
    ),
    "models/marts/ids.sql": "with spare as (select 1 as x) select id from staging.orders\n",
}
"""With one warning: nothing reads the CTE."""

ORDERS = "models/staging/orders.sql"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = project(tmp_path_factory.mktemp("standing"), FILES)
    made.ok("build")
    return made


class Looks:
    """Counts the plans that are made, not answered."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.made = 0
        plan = EnvironmentPlanner.plan

        def counted(*args: object, **options: object) -> object:
            self.made += 1
            return plan(*args, **options)  # type: ignore[arg-type]

        patch.setattr(EnvironmentPlanner, "plan", counted)

    def at_once(self, call: Callable[[], Answer]) -> tuple[bool, Answer]:
        """Whether a call was answered without making a plan, and the answer."""
        before = self.made
        answer = call()
        return self.made == before, answer


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    # As if the clock had moved on: no change hides behind the times of a file.
    monkeypatch.setattr("xform.host.files.RACY_NS", 0)
    monkeypatch.setattr("xform.app.remembering.circumstances.RACY_NS", 0)
    return Looks(monkeypatch)


@pytest.fixture
def standing(built: Project, tmp_path: Path, looks: Looks) -> Project:
    """A project whose last plan stands."""
    made = copied(built, tmp_path)
    assert made.ok("plan").out.startswith("Nothing to do")
    at_once, answer = looks.at_once(lambda: made.ok("plan"))
    assert at_once
    assert "XF0" in answer.err
    return made


def nothing(_: Project) -> None:
    pass


def touch(made: Project) -> None:
    os.utime(made.path(ORDERS), ns=(1, 1))


def comment(made: Project) -> None:
    made.replace(ORDERS, "select id", "-- ids\nselect id")


def hidden(made: Project) -> None:
    """A change that leaves size and time."""
    before = made.path(ORDERS).stat()
    made.replace(ORDERS, ">=", "> ")
    os.utime(made.path(ORDERS), ns=(before.st_atime_ns, before.st_mtime_ns))


def code(made: Project) -> None:
    made.replace(ORDERS, ">=", "<>")


def broken(made: Project) -> None:
    made.replace(ORDERS, "select id", "select idd")


def macro(made: Project) -> None:
    made.replace("macros/cents.sql", "100", "1000")


def seed(made: Project) -> None:
    made.replace("seeds/raw/orders.csv", "2,20", "2,21")


def setting(made: Project) -> None:
    made.replace("pyproject.toml", "least = 1", "least = 2")


def zone(made: Project) -> None:
    made.replace("profiles.yml", "'UTC'", "'Europe/Berlin'")


def remark(made: Project) -> None:
    made.write("profiles.yml", made.read("profiles.yml") + "# a remark\n")


def gone(made: Project) -> None:
    made.path("models/marts/ids.sql").unlink()


def new(made: Project) -> None:
    made.write("models/marts/more.sql", "select id from staging.orders\n")


def unread(made: Project) -> None:
    made.write("models/marts/notes.md", "no model\n")


def other_writer(made: Project) -> None:
    with duckdb.connect(str(made.path("warehouse.duckdb"))) as connection:
        connection.execute("create table somebody_elses as select 1 as x")


def build_gone(made: Project) -> None:
    with duckdb.connect(str(made.path("warehouse.duckdb"))) as connection:
        connection.execute("delete from _xform.ledger_builds where asset = 'marts.ids'")


def failed(made: Project) -> None:
    """Another process has recorded a failure: a build of it, say, that is over."""
    made.replace("models/marts/ids.sql", "select id", "select ('x' || id)::int as id")
    made.replace("models/marts/ids.sql", "with", "/* @model\nkind: table\n*/\nwith")
    assert made.call("build").code == 1
    made.write("models/marts/ids.sql", FILES["models/marts/ids.sql"])


def built_elsewhere(made: Project) -> None:
    made.ok("build", "--env", "dev_ann")


def no_op_build(made: Project) -> None:
    made.ok("build")


def no_state(made: Project) -> None:
    for path in made.path(".xform").glob("state.db*"):
        path.unlink()


def bad_state(made: Project) -> None:
    made.path(".xform/state.db").write_bytes(b"nonsense" * 1000)


def no_cache(made: Project) -> None:
    shutil.rmtree(made.path(".xform/cache"))


def cut_listing(made: Project) -> None:
    place = made.path(".xform/cache") / LISTING
    place.write_bytes(place.read_bytes()[:-20])


def cut_slim(made: Project) -> None:
    place = made.path(".xform/cache") / SLIM
    place.write_bytes(place.read_bytes()[:-20])


def cut_project(made: Project) -> None:
    place = made.path(".xform/cache") / PROJECT
    place.write_bytes(place.read_bytes()[:-20])


ANSWERED = [nothing, touch, unread, no_op_build, cut_slim, cut_project]
MADE = [
    comment,
    hidden,
    code,
    broken,
    macro,
    seed,
    setting,
    zone,
    remark,
    gone,
    new,
    other_writer,
    build_gone,
    failed,
    built_elsewhere,
    no_state,
    bad_state,
    no_cache,
    cut_listing,
]


def same(made: Project, *args: str) -> Answer:
    """The plan, which is the same with the index, without one, and with the new one."""
    first = made.call("plan", *args)
    shutil.rmtree(made.path(".xform/cache"))
    assert made.call("plan", *args) == first
    assert made.call("plan", *args) == first
    return first


@pytest.mark.parametrize("change", ANSWERED, ids=lambda change: change.__name__)
def test_what_changes_nothing_is_answered_at_once(
    standing: Project, looks: Looks, change: Callable[[Project], None]
) -> None:
    change(standing)
    at_once, _ = looks.at_once(lambda: standing.ok("plan"))
    assert at_once
    assert same(standing).out.startswith("Nothing to do")


@pytest.mark.parametrize("change", MADE, ids=lambda change: change.__name__)
def test_after_a_change_the_plan_is_made(
    standing: Project, looks: Looks, change: Callable[[Project], None]
) -> None:
    change(standing)
    at_once, answer = looks.at_once(lambda: standing.call("plan"))
    assert not at_once or answer.code == 2  # broken: nothing is planned
    again = same(standing)
    if change is not bad_state:  # which is told once
        assert answer == again


@pytest.mark.parametrize(
    ("name", "value", "at_once"),
    [
        ("LIMIT", "2GB", True),
        ("ZONE", "Europe/Berlin", False),
        ("MARK", "y", False),
        ("WAREHOUSE", "another.duckdb", False),
        ("TARGET", "other", False),
        ("XFORM_PROFILES_DIR", "elsewhere", False),
    ],
)
def test_variables_of_the_environment_count_where_they_shape_a_plan(
    standing: Project,
    looks: Looks,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    at_once: bool,
) -> None:
    shutil.copytree(standing.root, standing.root / "elsewhere", ignore=lambda *_: {"elsewhere"})
    if name == "XFORM_PROFILES_DIR":
        value = str(standing.root / value)
    monkeypatch.setenv(name, value)
    assert looks.at_once(lambda: standing.ok("plan"))[0] is at_once
    same(standing)


@pytest.mark.parametrize(
    "line",
    [
        "--env dev_ann",
        "--target other",
        "--full-refresh",
        "--offline",
        "--select marts.ids",
        "--exclude marts.ids",
        "--vars {least:2}",
    ],
)
def test_what_is_asked_for_specially_is_planned(standing: Project, looks: Looks, line: str) -> None:
    args = line.replace(":", ": ").split(" ", 1)
    assert not looks.at_once(lambda: standing.call("plan", *args))[0]
    same(standing, *args)
    assert standing.ok("plan").out.startswith("Nothing to do")


@pytest.mark.parametrize("args", [[], ["--explain"], ["--format", "json"], ["--exit-code"]])
def test_every_form_of_the_answer_is_that_of_a_plan(
    standing: Project, looks: Looks, args: list[str]
) -> None:
    at_once, first = looks.at_once(lambda: standing.call("plan", *args))
    assert at_once
    assert same(standing, *args) == first


def test_a_default_selection_is_no_whole_plan(standing: Project) -> None:
    standing.write(
        "selectors.yml",
        "selectors:\n  - name: some\n    default: true\n    definition: marts.ids\n",
    )
    standing.ok("why", "marts.days")  # which plans the whole
    same(standing, "--format", "json")


def test_another_day_is_another_plan(
    tmp_path: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(
        tmp_path, {"models/a/x.sql": "/* @model\nkind: table\n*/\nselect current_date as today\n"}
    )
    made.ok("build")
    made.ok("plan")
    assert looks.at_once(lambda: made.ok("plan"))[0]
    monkeypatch.setattr("xform.host.clock.now", lambda: "2199-01-01T00:00:00.000Z")
    assert not looks.at_once(lambda: made.ok("plan"))[0]
    assert made.stale() == {"a.x"}


def test_tables_of_the_warehouse_are_looked_at_each_time(tmp_path: Path, looks: Looks) -> None:
    made = project(
        tmp_path,
        {
            "models/s.yml": "sources:\n  - name: raw\n    tables:\n      - name: t\n"
            "        columns: [{name: x, data_type: integer}]\n",
            "models/a/x.sql": "select x from raw.t\n",
        },
    )
    with duckdb.connect(str(made.path("warehouse.duckdb"))) as connection:
        connection.execute("create schema raw; create table raw.t as select 1 as x")
    made.ok("build")
    made.ok("plan")
    assert not looks.at_once(lambda: made.ok("plan"))[0]


def test_a_file_changed_in_the_tick_of_its_listing_is_read_again(
    built: Project, tmp_path: Path
) -> None:
    """Its times tell nothing then (`RACY_NS` is as it is)."""
    made = copied(built, tmp_path)
    made.write(ORDERS, made.read(ORDERS))
    assert made.ok("plan").out.startswith("Nothing to do")
    made.replace(ORDERS, ">=", "> ")
    assert "staging.orders" in made.stale()


def test_no_secret_is_kept(tmp_path: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"TOKEN": "tok-5f1e", "FOLDER": "fold-77aa", "MARK": "mark-90cd"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    profiles = (
        "demo:\n  outputs:\n    dev:\n      type: duckdb\n"
        "      path: \"{{ env_var('FOLDER') }}.duckdb\"\n"
        "      settings: {custom_user_agent: \"plain-31ff {{ env_var('TOKEN') }}\"}\n"
    )
    model = "select 1 as x, length('{{ env_var('MARK') }}') as y\n"
    made = project(tmp_path, {"profiles.yml": profiles, "models/a/x.sql": model})
    made.ok("build")
    made.ok("plan")
    assert looks.at_once(lambda: made.ok("plan"))[0]
    kept = (made.path(".xform/cache") / LISTING).read_bytes()
    for value in ("tok-5f1e", "fold-77aa", "plain-31ff", "mark-90cd"):
        assert value.encode() not in kept, value


def test_every_change_of_the_record_has_a_revision_of_its_own(standing: Project) -> None:
    def revision() -> str:
        with sqlite3.connect(standing.path(".xform/state.db")) as connection:
            ((found,),) = connection.execute("select value from facts where key = 'revision'")
        return str(found)

    first = revision()
    standing.ok("build")
    assert revision() == first
    code(standing)
    standing.ok("build")
    assert revision() != first


# A state on a server ----------------------------------------------------------------------------


@pytest.fixture
def shared(tmp_path: Path, schema: PostgresHome, looks: Looks) -> Project:
    """A project whose last plan stands, with its state in PostgreSQL."""
    made = project(tmp_path, FILES)
    made.replace("profiles.yml", "      threads: 2\n", f"      state: {schema.profile}\n")
    made.ok("build")
    made.ok("plan")
    at_once, _ = looks.at_once(lambda: made.ok("plan"))
    assert at_once
    return made


def test_what_another_machine_records_is_seen(
    shared: Project, schema: PostgresHome, looks: Looks
) -> None:
    store = schema.store()
    store.start_run("r9", "prod", "2026-01-01T00:00:00Z")
    assert looks.at_once(lambda: shared.ok("plan"))[0]  # no plan sees that a run begins
    store.record("r9", [NodeDone(AssetName("marts.ids"), "error", None, 1.0, None, "")])
    store.close()
    assert not looks.at_once(lambda: shared.call("plan"))[0]
    same(shared)


def test_a_server_that_is_away_is_no_reason_to_answer(
    shared: Project, schema: PostgresHome, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    at_once, answer = looks.at_once(lambda: shared.call("plan"))
    assert (at_once, answer.code) == (False, 2)
    assert "error[XF0731]" in answer.err
    monkeypatch.delenv("PGOPTIONS")
    assert looks.at_once(lambda: shared.ok("plan"))[0]


def test_another_state_is_another_record(
    shared: Project, schema: PostgresHome, looks: Looks
) -> None:
    shared.replace("profiles.yml", schema.schema, f"{schema.schema} new")
    assert not looks.at_once(lambda: shared.ok("plan"))[0]
    same(shared)


def test_no_secret_of_the_state_is_kept(shared: Project) -> None:
    kept = (shared.path(".xform/cache") / LISTING).read_bytes()
    assert PASSWORD.encode() not in kept
    assert b"127.0.0.1" not in kept

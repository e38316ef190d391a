"""The state on a server, as a team has it: several machines, connections that are cut, secrets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from command_line import Project, copied, project, with_state
from test_two_processes import CHAIN, WAITING, until

from state_homes import PostgresHome
from xform.run.snapshots import StateSnapshot
from xform.state.store import StateStore

SECRET = "hush-4c1f"


def team(to: Path, schema: PostgresHome, files: dict[str, str]) -> Project:
    return with_state(project(to, files), schema.profile)


@contextmanager
def locked(schema: PostgresHome, table: str) -> Iterator[psycopg.Connection]:
    """Whoever writes to the table waits meanwhile."""
    with schema.connect() as other, other.transaction():
        other.execute(f"lock table {table} in share mode".encode())
        yield other


def is_waiting(schema: PostgresHome) -> Callable[[], bool]:
    def looked() -> bool:
        waits = "select pid from pg_locks where not granted and locktype = 'relation'"
        return any(pid in schema.backends() for (pid,) in schema.server.rows(waits))

    return looked


def test_every_command_works_over_it_and_no_file_is_made(
    tmp_path: Path, schema: PostgresHome
) -> None:
    place = team(tmp_path, schema, CHAIN)
    place.ok("build")
    place.write("seeds/raw/version.csv", "n\n2\n")
    assert place.stale() == {"raw.version", "m.a", "m.b"}
    file = str(place.path("p.json"))
    place.ok("plan", "--out", file)
    place.ok("build", file)
    assert place.rows("select n from m.c") == [(2,)]
    for call in (
        "why m.b", "ls", "test", "retry", "runs", "runs show", "env list", "sources check",
        "gc --dry-run", "state check", "state repair", "state export", "debug", "show m.c",
    ):  # fmt: skip
        place.ok(*call.split())
    place.ok("build", "--env", "dev")
    place.ok("env", "promote", "dev", "prod")
    place.ok("env", "drop", "dev")
    place.ok("rollback")
    assert place.rows("select n from m.c") == [(1,)]
    assert not list(place.path(".xform").glob("state*"))
    until(lambda: not schema.backends(), "the end of the sessions")


@pytest.mark.parametrize("many", [6, pytest.param(20, marks=pytest.mark.deep)])
def test_of_many_builds_at_once_each_runs_alone_or_waits_or_says_so(
    tmp_path: Path, schema: PostgresHome, many: int
) -> None:
    place = team(tmp_path / "many", schema, CHAIN)
    processes = [
        place.start("build", *(("--wait", "300") if number % 2 else ())) for number in range(many)
    ]
    for number, process in enumerate(processes):
        _, err = process.communicate(timeout=300)
        assert "Traceback" not in err
        assert process.returncode == 0 or (process.returncode == 75 and number % 2 == 0), err
        if process.returncode:
            assert "error[XF0621]" in err or "error[XF0701]" in err, err
    runs = place.json("runs", "--limit", "50")["runs"]
    assert sum(run["built"] for run in runs) == 4
    assert {run["status"] for run in runs} == {"success"}
    assert schema.execute("select owner from leases") == [("",)]
    assert place.actions() == {}
    assert place.json("state", "check")["findings"] == []
    clean = project(tmp_path / "clean", CHAIN)
    clean.ok("build")
    assert place.contents() == clean.contents()


def test_a_lease_on_another_machine_is_taken_when_it_is_over_and_not_before(
    tmp_path: Path, schema: PostgresHome
) -> None:
    place = team(tmp_path, schema, CHAIN)
    place.ok("build")
    held = "update leases set owner = 'r9', host = 'elsewhere', until = '2999-01-01T00:00:00.000Z'"
    schema.execute(held)
    place.write("seeds/raw/version.csv", "n\n2\n")
    answer = place.run("build")
    assert answer.code == 75
    assert "on 'elsewhere'" in answer.err
    assert "profiles.yml:4" in answer.err
    schema.let_leases_end()
    assert place.run("build").code == 0
    ((token,),) = schema.execute("select token from leases")
    assert token == 2


# A connection that is cut -----------------------------------------------------------------------


@pytest.mark.parametrize("table", ["nodes", "builds"])
def test_a_build_whose_connection_is_cut_mid_statement_goes_on_and_the_next_one_converges(
    tmp_path: Path, schema: PostgresHome, table: str
) -> None:
    place = team(tmp_path, schema, WAITING)
    place.ok("build", "--select", "raw.version")
    build = place.start("build")
    sql = "select 1 from leases where owner <> ''"
    until(lambda: bool(schema.execute(sql)), "the lease")
    with locked(schema, table) as other:
        place.write("go", "")
        until(is_waiting(schema), "a statement of the build")
        for pid in schema.backends():
            other.execute("select pg_terminate_backend(%s, 10000)", [pid])
    _, err = build.communicate(timeout=120)
    assert build.returncode == 0, err
    assert "the connection to the state is lost" in err
    assert "this run goes on without it" in err
    assert "Traceback" not in err
    # The warehouse has all of it, and nothing is built twice.
    assert place.rows("select n from m.slow") == [(1,)]
    assert place.actions() == {}
    assert place.run("build").code == 0
    assert place.json("state", "check")["findings"] == []
    assert place.value("select count(*) from _xform.ledger_builds where asset = 'm.slow'") == 1


@pytest.mark.parametrize("table", ["leases", "runs"])
def test_a_build_that_cannot_begin_since_its_connection_is_cut_does_nothing(
    tmp_path: Path, schema: PostgresHome, table: str
) -> None:
    place = team(tmp_path, schema, CHAIN)
    schema.make()
    with locked(schema, table) as other:
        build = place.start("build")
        until(is_waiting(schema), "a statement of the build")
        for pid in schema.backends():
            other.execute("select pg_terminate_backend(%s, 10000)", [pid])
    _, err = build.communicate(timeout=120)
    assert build.returncode == 2
    assert "error[XF0731]: the connection to the state is lost" in err
    assert "Traceback" not in err
    assert place.run("build").code == 0
    assert place.actions() == {}
    assert place.rows("select n from m.c") == [(1,)]


# Several machines -------------------------------------------------------------------------------


def test_a_build_on_another_machine_is_seen(tmp_path: Path, schema: PostgresHome) -> None:
    """Two checkouts of a project, with one warehouse and one state."""
    here = team(tmp_path / "here", schema, CHAIN)
    warehouse = here.path("warehouse.duckdb")
    here.replace("profiles.yml", "path: warehouse.duckdb", f"path: '{warehouse}'")
    there = copied(here, tmp_path / "there")
    here.ok("build")
    assert there.actions() == {}
    there.replace("models/m/b.sql", "sum(i)", "max(i)")
    there.ok("build")
    assert "m.b" in here.actions()  # it shows what is not written here
    here.replace("models/m/b.sql", "sum(i)", "max(i)")
    assert here.actions() == {}
    assert [run["built"] for run in here.json("runs")["runs"]] == [2, 4]


def test_a_state_that_two_warehouses_share_is_believed_for_neither(
    tmp_path: Path, schema: PostgresHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = team(tmp_path / "here", schema, CHAIN)
    there = copied(here, tmp_path / "there")
    here.ok("build")
    assert set(there.actions()) == {"raw.version", "m.a", "m.b", "m.c"}
    there.ok("build", "--select", "raw.version")
    assert here.actions() == {}
    assert set(there.actions()) == {"m.a", "m.b", "m.c"}

    # Somebody copies the ledger of the other warehouse just between looking and reading.
    plain = StateStore.snapshot
    meddling: list[bool] = []

    def snapshot(store: StateStore, environment: str, *, components: bool = True) -> StateSnapshot:
        if meddling.pop():
            there.run("plan")
        return plain(store, environment, components=components)

    monkeypatch.setattr(StateStore, "snapshot", snapshot)
    meddling[:] = [False, True]
    assert here.actions() == {}
    meddling[:] = [True] * 20
    answer = here.call("plan", "--select", "m.b")
    assert answer.code == 75
    assert "error[XF0716]: others write the record of another warehouse" in answer.err
    assert "give each warehouse a state of its own" in answer.err


# What is said -----------------------------------------------------------------------------------


@pytest.fixture
def secretive(
    tmp_path: Path, schema: PostgresHome, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    """A project whose state's user and password stand in the environment."""
    user = f"ann-{os.urandom(4).hex()}"
    schema.server.run(
        f"create role \"{user}\" login password '{SECRET}'",
        f'create schema "{schema.schema}" authorization "{user}"',
    )
    monkeypatch.setenv("STATE_USER", user)
    monkeypatch.setenv("STATE_PASSWORD", SECRET)
    state = (
        f"{{type: postgres, host: 127.0.0.1, port: {schema.server.port}, dbname: postgres,"
        f" schema: {schema.schema}, user: \"{{{{ env_var('STATE_USER') }}}}\","
        " password: \"{{ env_var('STATE_PASSWORD') }}\"}"
    )
    yield with_state(project(tmp_path, CHAIN), state)
    schema.server.run(f'drop owned by "{user}"', f'drop role "{user}"')


def found_in(place: Project, *texts: str) -> list[str]:
    """Files that hold one of these texts."""
    files = [path for path in place.root.rglob("*") if path.is_file()]
    return [
        str(path.relative_to(place.root))
        for path in files
        if any(text.encode() in path.read_bytes() for text in texts)
    ]


def test_no_secret_of_the_state_is_said_or_kept(
    secretive: Project, schema: PostgresHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = os.environ["STATE_USER"]
    secretive.ok(
        "build", "--events", str(secretive.path("e.ndjson")), "--vars", f"{{word: {SECRET}}}"
    )
    secretive.ok("compile")
    said = [secretive.ok(*call.split()) for call in ("plan", "runs show", "state export", "debug")]
    monkeypatch.setenv("STATE_PASSWORD", "wrong-77d0")
    said += [secretive.run(call) for call in ("build", "plan", "runs", "debug")]
    said.append(secretive.run("build", "--format", "json"))
    assert [answer.code for answer in said] == [0] * 4 + [2] * 5
    for answer in said:
        assert "Traceback" not in answer.err
        for text in (SECRET, "wrong-77d0", user):
            assert text not in answer.out + answer.err
    assert "error[XF0731]: the server of the state cannot be reached" in said[4].err
    assert 'password authentication failed for user "***"' in said[4].err
    assert found_in(secretive, SECRET, "wrong-77d0", user) == []


def test_a_password_in_the_profile_is_not_shown_with_its_line(
    tmp_path: Path, schema: PostgresHome
) -> None:
    place = project(tmp_path, CHAIN)
    url = f"postgresql://postgres:plain-9a1b@127.0.0.1:{schema.server.port}/x"
    place.write(
        "profiles.yml",
        "demo:\n  outputs:\n    dev:\n      type: duckdb\n"
        f"      state: {{url: '{url}', type: postgres}}\n",
    )
    answer = place.call("build")
    assert answer.code == 2
    assert "state: {url: 'postgresql://postgres:**********@127.0.0.1" in answer.err
    assert "plain-9a1b" not in answer.err + answer.out


def test_a_server_that_is_away_stops_before_anything_is_done(tmp_path: Path) -> None:
    place = with_state(project(tmp_path, CHAIN), "{type: postgres, host: 127.0.0.1, port: 1}")
    for call in ("build", "plan", "runs", "state check", "gc", "rollback"):
        answer = place.call(*call.split())
        assert answer.code == 2, call
        assert "error[XF0731]" in answer.err
        assert "profiles.yml:4" in answer.err
    assert not place.path("warehouse.duckdb").exists()
    assert place.ok("compile").code == 0  # that asks for nothing that was built


def test_a_newer_state_is_refused(tmp_path: Path, schema: PostgresHome) -> None:
    place = team(tmp_path, schema, CHAIN)
    place.ok("build")
    schema.set_version(99)
    answer = place.call("plan")
    assert answer.code == 2
    assert "error[XF0716]" in answer.err
    assert "written by a newer xform (version 99" in answer.err
    assert "update xform" in answer.err


def test_a_state_that_was_dropped_is_filled_from_the_warehouse(
    tmp_path: Path, schema: PostgresHome
) -> None:
    place = team(tmp_path, schema, CHAIN)
    for number in (1, 2, 3):
        place.write("seeds/raw/version.csv", f"n\n{number}\n")
        place.ok("build")
    schema.server.run(f'drop schema "{schema.schema}" cascade')
    assert place.actions() == {}
    place.write("seeds/raw/version.csv", "n\n4\n")
    place.ok("build")
    assert place.rows("select n from m.c") == [(4,)]
    token = place.value("select value from _xform.ledger_meta where key = 'fence:prod'")
    assert int(token) == 4


def test_a_file_in_another_place_keeps_the_state(tmp_path: Path) -> None:
    place = with_state(project(tmp_path, CHAIN), "{type: sqlite, path: kept/here.db}")
    place.ok("build")
    assert place.path("kept/here.db").exists()
    assert not place.path(".xform/state.db").exists()
    assert place.actions() == {}

"""The state on a server: what a user can mend is told with a next step and without secrets, and a
connection that is cut loses nothing that was said to be kept."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
import pytest
from state_ledgers import SHOWN, build

from postgres_server import PASSWORD, Server
from state_homes import PostgresHome
from xform.base.diagnostics import Diagnostic
from xform.base.spans import Span
from xform.project.profile import StateTarget
from xform.run.errors import state_diagnostic
from xform.run.failures import StateError
from xform.run.records import Ledger
from xform.state.database import Connection
from xform.state.opening import open_state
from xform.state.postgres import PostgresDatabase
from xform.state.store import StateStore

HERE = Span("profiles.yml", 6, 7, 6, 12)


def of(schema: PostgresHome, **settings: str | int) -> StateTarget:
    """The target of a home, with other settings; what is secret of them is masked."""
    masked = tuple(str(settings[name]) for name in ("url", "password") if name in settings)
    return StateTarget("postgres", settings, schema.schema, masked, HERE)


def parts(server: Server) -> dict[str, str | int]:
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "user": "postgres",
        "password": PASSWORD,
        "dbname": "postgres",
    }


@contextmanager
def opened(schema: PostgresHome, **settings: str | int) -> Iterator[StateStore]:
    store = open_state(of(schema, **settings), schema.root)
    try:
        yield store
    finally:
        store.close()


def refusal(schema: PostgresHome, **settings: str | int) -> Diagnostic:
    """What is said where the state cannot be read."""
    with opened(schema, **settings) as store, pytest.raises(StateError) as caught:
        store.snapshot("prod")
    found = state_diagnostic(caught.value)
    assert found.span == HERE
    assert found.help
    assert "\n" not in found.message
    return found


def until(found: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 30
    while not found():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)


def test_single_settings_say_as_much_as_a_url(schema: PostgresHome, postgres: Server) -> None:
    schema.make()
    with opened(schema, **parts(postgres), sslmode="prefer") as store:
        store.sync(Ledger((build("a_1"),), (SHOWN,)), "1")
    assert schema.execute("select physical from builds") == [("a_1",)]


@pytest.mark.parametrize("name", ['a "b" c', "100%?", "ü.x", "select", "a;b"])
def test_any_name_may_be_that_of_a_schema(
    schema: PostgresHome, postgres: Server, name: str
) -> None:
    schema.schema = f"{name} {schema.schema}"
    with opened(schema, url=postgres.url) as store:
        store.sync(Ledger((build("a_1"),), (SHOWN,)), "1")
        assert set(store.snapshot("prod").builds) == {"a_1"}
    quoted = schema.schema.replace('"', '""')
    assert postgres.rows(f'select physical from "{quoted}".builds') == [("a_1",)]


def test_schemas_are_apart(schema: PostgresHome, postgres: Server) -> None:
    other = PostgresHome(schema.root, postgres)
    with opened(schema, url=postgres.url) as one, opened(other, url=postgres.url) as two:
        one.sync(Ledger((build("a_1"),), (SHOWN,)), "1")
        two.sync(Ledger((build("a_2"),), ()), "2")
        assert set(one.snapshot("prod").builds) == {"a_1"}
        assert set(two.snapshot("prod").builds) == {"a_2"}


# No connection ----------------------------------------------------------------------------------


def test_a_server_that_is_not_there(schema: PostgresHome, postgres: Server) -> None:
    found = refusal(schema, **{**parts(postgres), "port": 1})
    assert found.code == "XF0731"
    assert "127.0.0.1" in found.message
    assert "that the server runs" in found.help


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70 + ".example", "/nowhere"])
def test_a_host_that_there_is_none_of(schema: PostgresHome, postgres: Server, host: str) -> None:
    assert refusal(schema, **{**parts(postgres), "host": host}).code == "XF0731"


def test_a_wrong_password(schema: PostgresHome, postgres: Server) -> None:
    found = refusal(schema, **{**parts(postgres), "password": "wrong-71c2"})
    assert found.code == "XF0731"
    assert "password authentication failed" in found.message
    assert found.help == "correct 'user' and 'password' of the state in profiles.yml"
    assert "wrong-71c2" not in str(found)


def test_a_database_that_there_is_none_of(schema: PostgresHome, postgres: Server) -> None:
    found = refusal(schema, **{**parts(postgres), "dbname": "nowhere"})
    assert found.code == "XF0731"
    assert "'dbname'" in found.help


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hush%zzhush@127.0.0.1/db",
        "postgresql://u ser:hush-hush@127.0.0.1/db",
        "postgresql://u:hush-hush@127.0.0.1:port/db",
        "postgresql://u:hush-hush@127.0.0.1/db?hush-hush=1",
        "postgresql://u:hush-hush@127.0.0.1/db?sslmode=hush-hush",
        "postgresql://hush-hush@127.0.0.1:1/db?password=hush-hush",
        "postgresql://u:hush-hush@[::1/db",
    ],
)
def test_a_url_that_is_none_is_not_repeated(schema: PostgresHome, url: str) -> None:
    target = StateTarget("postgres", {"url": url}, schema.schema, (url, "hush-hush"), HERE)
    store = open_state(target, schema.root)
    with pytest.raises(StateError) as caught:
        store.snapshot("prod")
    store.close()
    assert "hush" not in str(state_diagnostic(caught.value))
    assert "hush" not in str(caught.value)


def test_what_is_masked_is_not_in_what_a_server_says(
    schema: PostgresHome, postgres: Server
) -> None:
    settings = {**parts(postgres), "user": "ann-5512"}
    target = msgspec.structs.replace(of(schema, **settings), masked=("ann-5512",))
    store = open_state(target, schema.root)
    with pytest.raises(StateError) as caught:
        store.snapshot("prod")
    assert "ann-5512" not in caught.value.message
    assert '"***"' in caught.value.message


# Rights -----------------------------------------------------------------------------------------


def as_user(postgres: Server, user: tuple[str, str]) -> dict[str, str | int]:
    return {**parts(postgres), "user": user[0], "password": user[1]}


def test_a_user_who_may_not_make_a_schema(schema: PostgresHome, postgres: Server) -> None:
    with postgres.user() as user:
        found = refusal(schema, **as_user(postgres, user))
        assert found.code == "XF0732"
        told = f'have an administrator run: create schema "{schema.schema}" authorization USER'
        assert found.help == told
        postgres.run(told.partition(": ")[2].replace("USER", user[0]))
        with opened(schema, **as_user(postgres, user)) as store:
            assert store.snapshot("prod").builds == {}


def test_a_user_who_may_not_look_into_the_schema(schema: PostgresHome, postgres: Server) -> None:
    postgres.run(f'create schema "{schema.schema}"')
    with postgres.user() as user:
        found = refusal(schema, **as_user(postgres, user))
        assert found.code == "XF0732"
        told = f'have its owner run: grant usage, create on schema "{schema.schema}" to USER'
        assert found.help == told
        postgres.run(told.partition(": ")[2].replace("USER", user[0]))
        with opened(schema, **as_user(postgres, user)) as store:
            assert store.snapshot("prod").builds == {}


def test_a_user_who_may_not_read_what_another_made(schema: PostgresHome, postgres: Server) -> None:
    schema.make()
    with postgres.user(f'grant usage, create on schema "{schema.schema}" to {{}}') as user:
        found = refusal(schema, **as_user(postgres, user))
        assert found.code == "XF0732"
        told = f'grant all on all tables in schema "{schema.schema}" to USER'
        assert told in found.help
        postgres.run(told.replace("USER", user[0]))
        with opened(schema, **as_user(postgres, user)) as store:
            store.start_run("r1", "prod", "2026-01-01")


def test_a_server_that_takes_no_writes(schema: PostgresHome, postgres: Server) -> None:
    schema.make()
    grants = (
        f'grant all on schema "{schema.schema}" to {{}}',
        f'grant all on all tables in schema "{schema.schema}" to {{}}',
        "alter role {} set default_transaction_read_only = on",
    )
    with (
        postgres.user(*grants) as user,
        opened(schema, **as_user(postgres, user)) as store,
    ):
        assert store.snapshot("prod").builds == {}
        with pytest.raises(StateError) as caught:
            store.start_run("r1", "prod", "2026-01-01")
    assert state_diagnostic(caught.value).code == "XF0732"
    assert "standby" in caught.value.help


# What stands there ------------------------------------------------------------------------------


def test_a_schema_with_tables_of_others_is_left_alone(
    schema: PostgresHome, postgres: Server
) -> None:
    postgres.run(
        f'create schema "{schema.schema}"',
        f'create table "{schema.schema}".builds (x integer)',
    )
    found = refusal(schema, url=postgres.url)
    assert found.code == "XF0716"
    assert '"builds" already exists' in found.message
    assert "nobody else writes to" in found.help
    assert schema.tables() == ["builds"]


def test_a_state_of_which_a_part_is_gone(schema: PostgresHome, postgres: Server) -> None:
    schema.make()
    schema.execute("drop table publications")
    found = refusal(schema, url=postgres.url)
    assert found.code == "XF0716"
    assert "publications" in found.message


def test_without_its_driver_it_is_said_what_to_install(schema: PostgresHome) -> None:
    code = (
        "import sys, pathlib, msgspec\n"
        "sys.modules['psycopg'] = None\n"
        "from xform.cli.errors import describe_error\n"
        "from xform.project.profile import StateTarget\n"
        "from xform.state.opening import open_state\n"
        "target = msgspec.json.decode(sys.argv[1], type=StateTarget)\n"
        "try: open_state(target, pathlib.Path('.'))\n"
        "except Exception as error: print(msgspec.json.encode(describe_error(error)).decode())\n"
    )
    target = msgspec.json.encode(of(schema, host="127.0.0.1")).decode()
    done = subprocess.run(
        [sys.executable, "-c", code, target], capture_output=True, encoding="utf-8", check=True
    )
    exit_code, (found,) = msgspec.json.decode(done.stdout)
    assert (exit_code, found["code"]) == (2, "XF0733")
    assert found["help"] == "install it: pip install 'xform-sql[postgres]'"
    assert found["span"]["path"] == "profiles.yml"


# Others who write -------------------------------------------------------------------------------


@contextmanager
def writer(schema: PostgresHome) -> Iterator[PostgresDatabase]:
    """A process in the middle of a transaction that writes."""
    database = PostgresDatabase(schema.target, wait=60)
    begun, over = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        connection.execute("delete from facts where key = 'nothing'")
        begun.set()
        over.wait(60)

    thread = threading.Thread(target=database.write, args=(work,))
    thread.start()
    assert begun.wait(30)
    try:
        yield database
    finally:
        over.set()
        thread.join()
        database.close()


def test_who_writes_is_waited_for_then_told_and_readers_go_on(schema: PostgresHome) -> None:
    schema.make()
    impatient = StateStore(PostgresDatabase(schema.target, wait=0.2))
    with writer(schema):
        with pytest.raises(StateError, match="in use by another process") as caught:
            impatient.start_run("r1", "prod", "2026-01-01")
        assert caught.value.kind == "busy"
        assert impatient.snapshot("prod").builds == {}
        assert impatient.leases.held() == ()
    impatient.start_run("r1", "prod", "2026-01-01")
    impatient.close()


def test_who_stops_in_the_middle_does_not_keep_others_out(schema: PostgresHome) -> None:
    schema.make()
    sleeper = PostgresDatabase(schema.target, wait=0.3)
    patient = StateStore(PostgresDatabase(schema.target, wait=60))
    stopped, go_on = threading.Event(), threading.Event()
    ended: list[StateError] = []

    def work(connection: Connection) -> None:
        connection.execute("insert into facts (key, value) values ('half', 'written')")
        stopped.set()
        go_on.wait(60)
        connection.execute("delete from facts where key = 'nothing'")

    def sleep() -> None:
        with pytest.raises(StateError) as caught:
            sleeper.write(work)
        ended.append(caught.value)

    thread = threading.Thread(target=sleep)
    thread.start()
    assert stopped.wait(30)
    patient.start_run("r1", "prod", "2026-01-01")
    go_on.set()
    thread.join()
    assert [error.kind for error in ended] == ["unreachable"]
    assert schema.execute("select value from facts where key = 'half'") == []
    sleeper.close()
    patient.close()


def test_who_waits_while_another_makes_the_state_finds_it_made(
    schema: PostgresHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = PostgresDatabase._make
    makers: list[PostgresDatabase] = []

    def is_waited_for() -> bool:
        waiting = "select pid from pg_locks where locktype = 'advisory' and not granted"
        return any(pid in schema.backends() for (pid,) in schema.server.rows(waiting))

    def make_when_another_waits(database: PostgresDatabase, connection: Any) -> None:
        makers.append(database)
        until(is_waited_for, "another")
        make(database, connection)

    monkeypatch.setattr(PostgresDatabase, "_make", make_when_another_waits)
    found: list[int] = []

    def look() -> None:
        store = schema.store()
        found.append(len(store.snapshot("prod").builds))
        store.close()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, len(makers)) == ([0, 0], 1)


def test_threads_share_one_connection(schema: PostgresHome) -> None:
    store = schema.store()
    threads = [threading.Thread(target=store.snapshot, args=("prod",)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(schema.backends()) == 1
    store.close()
    until(lambda: not schema.backends(), "the end of the session")


# A connection that is cut -----------------------------------------------------------------------


def cut(schema: PostgresHome) -> None:
    (pid,) = schema.backends()
    schema.server.run(f"select pg_terminate_backend({pid}, 10000)")


def test_one_that_is_cut_between_two_calls_is_not_missed(schema: PostgresHome) -> None:
    store = schema.store()
    store.start_run("r1", "prod", "2026-01-01")
    cut(schema)
    store.start_run("r2", "prod", "2026-01-02")
    cut(schema)
    assert [run.run_id for run in store.runs(None, 9)] == ["r2", "r1"]
    store.close()


def test_one_that_is_cut_while_it_waits_for_its_turn_waits_again(schema: PostgresHome) -> None:
    schema.make()
    store = schema.store()
    store.snapshot("prod")
    (mine,) = schema.backends()
    thread = threading.Thread(target=store.start_run, args=("r1", "prod", "2026-01-01"))
    with writer(schema):
        thread.start()
        waits = f"select 1 from pg_locks where pid = {mine} and not granted"
        until(lambda: schema.server.rows(waits), "the wait")
        schema.server.run(f"select pg_terminate_backend({mine}, 10000)")
    thread.join()
    assert [run.run_id for run in store.runs(None, 9)] == ["r1"]
    store.close()


def test_one_that_is_cut_in_a_statement_writes_nothing_and_is_told(schema: PostgresHome) -> None:
    schema.make()
    store = schema.store()
    store.sync(Ledger((build("a_1"),), ()), "1")
    (mine,) = schema.backends()
    errors: list[StateError] = []

    def sync() -> None:
        try:
            store.sync(Ledger((build("a_2"),), (SHOWN,)), "2")
        except StateError as error:
            errors.append(error)

    thread = threading.Thread(target=sync)
    with schema.connect() as other, other.transaction():
        other.execute("lock table publications in access exclusive mode")
        thread.start()
        waits = f"select 1 from pg_locks where pid = {mine} and not granted"
        until(lambda: schema.server.rows(waits), "the wait")
        other.execute("select pg_terminate_backend(%s, 10000)", [mine])
    thread.join()
    assert [state_diagnostic(error).code for error in errors] == ["XF0731"]
    assert "is lost" in errors[0].message
    found = store.snapshot("prod")
    assert (set(found.builds), found.identity) == ({"a_1"}, "1")
    store.sync(Ledger((build("a_2"),), (SHOWN,)), "2")
    assert set(store.snapshot("prod").builds) == {"a_2"}
    store.close()


def test_nothing_that_is_set_stays_for_whoever_gets_the_connection_next(
    schema: PostgresHome,
) -> None:
    """A pooler gives it to others between two transactions."""
    database = PostgresDatabase(schema.target)
    database.read(lambda connection: None)
    connection = database._opened
    assert isinstance(connection, psycopg.Connection)
    for name in ("search_path", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert connection.execute(
            "select setting = reset_val from pg_settings where name = %s", [name]
        ).fetchone() == (True,)
    database.close()

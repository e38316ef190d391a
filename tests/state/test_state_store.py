"""The state: what goes in comes out."""

from __future__ import annotations

import subprocess
import sys
import threading

import msgspec
from state_ledgers import SHOWN, A, build

from state_homes import StateHome
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.run.events import CheckDone, Log, NodeDone, NodeSkip, RunEnd
from xform.run.history import Statement, Took
from xform.run.records import Ledger
from xform.state.store import StateStore


def test_a_ledger_comes_back_as_it_went_in(store: StateStore) -> None:
    ledger = Ledger((build("a_1"), build("a_2", 2)), (SHOWN,))
    store.sync(ledger, "inode")
    found = store.snapshot("prod")
    assert found.identity == "inode"
    assert found.builds == {record.physical: record for record in ledger.builds}
    assert found.published("prod") == {A: SHOWN}
    assert found.published("dev") == {}
    assert [record.generation for record in found.builds_of(A)] == [2, 1]
    assert found.by_fingerprint() == {(A, Digest("f")): ledger.builds[1]}


def test_components_can_be_left_out(store: StateStore) -> None:
    store.sync(Ledger((build("a_1"),), ()), "i")
    (record,) = store.snapshot("prod", components=False).builds.values()
    assert record == msgspec.structs.replace(build("a_1"), components=())


def test_a_sync_follows_the_warehouse(store: StateStore) -> None:
    store.sync(Ledger((build("a_1"), build("a_2")), (SHOWN,)), "1")
    store.sync(Ledger((build("a_2", audits="passed"), build("a_3")), ()), "2")
    found = store.snapshot("prod")
    assert set(found.builds) == {"a_2", "a_3"}
    assert found.builds["a_2"].audits_digest == "passed"
    assert found.publications == ()
    assert found.identity == "2"


def test_a_run_is_kept_with_its_nodes_and_checks(store: StateStore) -> None:
    store.start_run("r1", "prod", "2026-01-01T00:00:00Z")
    store.record(
        "r1",
        [
            NodeDone(A, "success", 3, 1.5, "a_1", "new"),
            CheckDone(A, "not_null_a", "pass", 0, 0.1),
            NodeSkip(AssetName("m.b"), "m.c failed"),
        ],
    )
    store.end_run("r1", [RunEnd("r1", "failed", 1, 0, 1, 0, 2.0, "2026-01-01T00:00:02Z")])
    run = store.last_run()
    assert run is not None
    assert (run.status, run.built, run.skipped, run.seconds) == ("failed", 1, 1, 2.0)
    assert [(node.asset, node.status) for node in run.nodes] == [
        ("m.a", "success"),
        ("m.b", "skipped"),
    ]
    assert run.nodes[1].message == "m.c failed"
    assert run.checks[0].check == "not_null_a"


def test_statuses_are_of_an_environment_and_the_last_run_there(store: StateStore) -> None:
    for run, environment, status in (
        ("r1", "prod", "success"),
        ("r2", "dev", "error"),
        ("r3", "dev", "fail"),
    ):
        store.start_run(run, environment, f"2026-01-0{run[1]}")
        store.record(run, [NodeDone(A, status, None, 7.0, "a_1", "")])
    assert store.snapshot("prod").statuses == {A: "success"}
    assert store.snapshot("dev").statuses == {A: "fail"}
    assert store.snapshot("dev").seconds == {A: 7.0}
    last = store.last_run("prod")
    assert last is not None
    assert (last.run_id, last.status) == ("r1", "running")


def test_a_new_store_is_empty(store: StateStore) -> None:
    found = store.snapshot("prod")
    assert (found.identity, found.builds, found.statuses) == ("", {}, {})
    assert store.last_run() is None


def test_every_thread_may_write(store: StateStore) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for part in range(10):
                store.start_run(f"r{number}-{part}", "prod", "2026")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(store.runs(None, 100)) == 40


def test_importing_the_state_loads_nothing_heavy() -> None:
    code = (
        "import sys; import xform.state.opening, xform.state.sqlite\n"
        "heavy = {'duckdb', 'rich', 'typer', 'sqlglot', 'jinja2', 'yaml', 'networkx', 'asyncio',"
        " 'psycopg'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_made_before_it_is_used(home: StateHome) -> None:
    store = home.store()
    assert not home.is_there()
    store.snapshot("prod")
    assert home.is_there()
    store.close()
    assert store.snapshot("prod").builds == {}  # it opens again
    store.close()


def test_what_happens_in_a_run_comes_back_in_its_order(store: StateStore) -> None:
    store.start_run("r1", "prod", "2026-01-01")
    said = [
        Statement(A, f"select {number} -- 100% ? ü", "2026-01-01T00:00:00Z", 0.125, "")
        for number in (3, 1, 2)
    ]
    store.record("r1", [*said, Log("warning", "b"), Log("info", "unkept"), Log("error", "a")])
    (run,) = store.find_runs("r")
    whole = store.whole_run(run)
    assert whole.statements == tuple(said)
    assert [log.message for log in whole.logs] == ["b", "a"]


def test_texts_are_kept_as_they_are(store: StateStore) -> None:
    text = "100% ?? 'x' \"y\" \\ \n\t ü 漢 🦆 -- {} $1 :x"
    store.start_run("r1", "prod", "2026-01-01")
    store.record("r1", [NodeDone(A, "error", 1 << 40, 0.1 + 0.2, text, text, text)])
    last = store.last_run()
    assert last is not None
    (node,) = last.nodes
    assert (node.build, node.reason, node.message) == (text, text, text)
    assert (node.rows, node.seconds) == (1 << 40, 0.1 + 0.2)


def test_a_text_with_a_nul_can_be_kept(store: StateStore) -> None:
    store.start_run("r1", "prod", "2026-01-01")
    store.record("r1", [Log("error", "a\0b")])
    (run,) = store.runs(None, 1)
    assert store.whole_run(run).logs[0].message in ("a\0b", "a\ufffdb")


def test_runs_are_found_by_how_their_id_begins(store: StateStore) -> None:
    for run_id in ("2026-a", "2026-ab", "2026_x", "2027"):
        store.start_run(run_id, "prod", "2026-01-01")
    assert [run.run_id for run in store.find_runs("2026-")] == ["2026-ab", "2026-a"]
    assert [run.run_id for run in store.find_runs("2026-a")] == ["2026-a"]
    assert store.find_runs("%") == ()


def test_runs_of_an_environment_the_newest_first_and_no_more_than_asked(store: StateStore) -> None:
    for number, environment in enumerate(("prod", "dev", "prod", "prod")):
        store.start_run(f"r{number}", environment, f"2026-01-0{min(number, 2) + 1}")
    assert [run.run_id for run in store.runs(None, 9)] == ["r3", "r2", "r1", "r0"]
    assert [run.run_id for run in store.runs("prod", 2)] == ["r3", "r2"]
    store.prune_runs(2, "2026-01-01")
    assert [run.run_id for run in store.runs(None, 9)] == ["r3", "r2"]


def test_names_are_ordered_byte_by_byte(store: StateStore) -> None:
    """Whatever the collation of the database is."""
    names = ["a_B", "aA", "ab", "a-z", "Z", "é", "e_f"]
    store.sync(Ledger(tuple(build(name) for name in names), ()), "1")
    assert list(store.snapshot("prod").builds) == sorted(names, key=str.encode)


def test_every_change_that_a_plan_might_see_gives_another_revision(
    store: StateStore, home: StateHome
) -> None:
    seen = [store.revision()]
    store.sync(Ledger((build("a_1"),), (SHOWN,)), "1")
    seen.append(store.revision())
    store.start_run("r1", "prod", "2026-01-01")
    assert store.revision() == seen[-1]  # no plan sees it
    other = home.store()
    other.record("r1", [NodeDone(A, "error", None, 1.0, None, "")])
    seen.append(store.revision())
    other.sync(Ledger((), ()), "2")
    other.close()
    seen.append(store.revision())
    assert store.revision() == seen[-1] == store.snapshot("prod").revision
    assert len(set(seen)) == 4
    assert all(seen)


def test_all_of_it_is_exported(store: StateStore, home: StateHome) -> None:
    store.sync(Ledger((build("a_1"),), (SHOWN,)), "1")
    store.start_run("r1", "prod", "2026-01-01")
    store.record("r1", [NodeDone(A, "success", 1, 1.0, "a_1", ""), Log("error", "x")])
    lines: list[str] = []
    store.export(lines.append)
    rows = [msgspec.json.decode(line) for line in lines]
    assert rows[0] == {"table": "state", "version": home.version}
    assert all("rowid" not in row for row in rows)
    for table in home.tables():
        ((count,),) = home.execute(f"select count(*) from {table}")
        assert sum(row["table"] == table for row in rows) == count, table


def test_an_excerpt_is_a_part_of_the_whole(store: StateStore) -> None:
    other, gone = AssetName("m.b"), AssetName("m.gone")
    builds = (
        build("a_1"),
        msgspec.structs.replace(build("b_1"), asset=other),
        msgspec.structs.replace(build("gone_1"), asset=gone),
        msgspec.structs.replace(build("gone_2"), asset=gone, fingerprint=Digest("g")),
    )
    elsewhere = msgspec.structs.replace(SHOWN, environment="dev", physical="b_1")
    store.sync(Ledger(builds, (SHOWN, elsewhere)), "1")
    found = store.excerpt("prod", {A}, {other}, {Digest("f")})
    whole = store.snapshot("prod", components=False)
    assert (found.identity, found.revision) == (whole.identity, whole.revision)
    assert found.builds == {name: whole.builds[name] for name in ("a_1", "gone_1")}
    assert found.published == {A: SHOWN}
    assert found.shown_elsewhere == {"b_1"}
    assert found.taken == {"raw__s_1", "a_2", "b_1"}


def test_how_long_builds_took_the_newest_first(store: StateStore) -> None:
    """What carries a table on, or keeps it, has the build of an earlier run."""
    a, b, c = AssetName("m.a"), AssetName("m.b"), AssetName("m.c")
    runs = [("a1", 9.0), ("a1", 1.0), ("a2", 8.0), ("a2", 2.0)]
    for number, (made, seconds) in enumerate(runs, start=1):
        store.start_run(f"r{number}", "prod", f"2026-01-0{number}T00:00:00Z")
        events = [
            NodeDone(a, "success", 1, seconds, made, ""),
            NodeDone(b, "fail", None, 5.0, None, ""),
            *([NodeDone(c, "success", 1, 4.0, "c1", "")] if number == 1 else []),
        ]
        store.record(f"r{number}", events)

    assert store.took({a, b}) == {a: Took((8.0, 9.0), (2.0, 1.0))}
    assert store.took({a, c}, runs=2) == {a: Took((8.0,), (2.0,)), c: Took((4.0,))}
    assert store.took(set()) == {}

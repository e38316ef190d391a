"""The DuckDB adapter on real files."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pandas  # type: ignore[import-untyped]
import polars
import pyarrow
import pytest
from engine_steps import csv, publication, python_of, record_of, step_of

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.engines.duckdb import create_engine
from xform.engines.duckdb.engine import DuckDBEngine
from xform.plan.plan import BuildStep, DropStep, PublishStep, SeedBody
from xform.project.profile import Target
from xform.run.failures import CodeError, ColumnsDiffer, EngineError, NameTaken
from xform.run.records import BuildRecord


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine(tmp_path / "w.duckdb", root=tmp_path)
    opened.open()
    opened.prepare(())
    yield opened
    opened.close()


def make(engine: DuckDBEngine, step: BuildStep, python: Any = None) -> BuildRecord:
    with engine.session() as session:
        return session.build(step, record_of(step), python)


def rows(engine: DuckDBEngine, sql: str) -> list[tuple[Any, ...]]:
    with engine.session() as session:
        return session.query(sql).rows


def test_constructing_and_looking_import_no_driver(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from xform.engines.duckdb.engine import DuckDBEngine\n"
        f"e = DuckDBEngine(Path({str(tmp_path / 'w.duckdb')!r})); e.identity()\n"
        "assert not {'duckdb', 'rich', 'sqlglot', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert list(tmp_path.iterdir()) == []


def test_a_build_and_its_record_come_together(engine: DuckDBEngine) -> None:
    step = step_of("a", "select 1 as x, 'é' as y")
    made = make(engine, step)
    assert (made.rows, made.columns) == (1, (("x", "INTEGER"), ("y", "VARCHAR")))
    assert engine.ledger().builds == (made,)


def test_nothing_stays_of_a_failed_build(engine: DuckDBEngine) -> None:
    step = step_of("a", "select 1 as x")

    def fail(record: BuildRecord) -> BuildRecord:
        raise EngineError("late")

    with engine.session() as session, pytest.raises(EngineError, match="late"):
        session.build(step, record_of(step), None, fail)
    assert engine.ledger().builds == ()
    assert rows(engine, "select count(*) from duckdb_tables() where table_name = 'a'") == [(0,)]


def test_a_session_goes_on_after_a_failure(engine: DuckDBEngine) -> None:
    bad, good = step_of("bad", "select nope"), step_of("good", "select 1 as x")
    with engine.session() as session:
        with pytest.raises(EngineError):
            session.build(bad, record_of(bad))
        session.build(good, record_of(good))
    assert [record.physical for record in engine.ledger().builds] == ["good"]


@pytest.mark.parametrize(
    ("sql", "kind", "at"),
    [
        ("select 'é', nope from range(2)", "binder", "nope"),
        ("select 1 from nothing_here", "catalog", "nothing_here"),
        ("selec 1", "syntax", "selec"),
        ("select 1 +", "syntax", None),
        ("select 'é', cast('abc' as int) as x", "conversion", "cast"),
        ("select error('no')", "other", None),
        ("select * from read_csv('nothing.csv')", "io", "read_csv"),
    ],
)
def test_errors_have_a_kind_and_a_place(
    engine: DuckDBEngine, sql: str, kind: str, at: str | None
) -> None:
    with pytest.raises(EngineError) as caught:
        make(engine, step_of("a", sql))
    assert caught.value.kind == kind
    assert "{" not in caught.value.message
    if at is not None:
        assert caught.value.offset is not None
        assert sql[caught.value.offset :].startswith(at)


def test_made_up_names_and_case_follow_the_compiler(engine: DuckDBEngine) -> None:
    sql = "select count(*), 1 as X"
    table = make(engine, step_of("a", sql, columns=("count_star", "x")))
    view = make(engine, step_of("v", sql, columns=("count_star", "x"), relation="view"))
    assert [name for name, _ in table.columns] == ["count_star", "x"]
    assert [name for name, _ in view.columns] == ["count_star", "x"]
    assert view.rows is None


@pytest.mark.parametrize("columns", [("b", "a"), ("a",), ("a", "b", "c"), ("a", "z")])
@pytest.mark.parametrize("relation", ["table", "view"])
def test_other_columns_than_compiled_are_refused(
    engine: DuckDBEngine, columns: tuple[str, ...], relation: str
) -> None:
    with pytest.raises(ColumnsDiffer):
        make(engine, step_of("x", "select 1 as a, 2 as b", columns=columns, relation=relation))
    assert engine.ledger().builds == ()


def test_a_csv_keeps_order_and_takes_declared_types(engine: DuckDBEngine, tmp_path: Path) -> None:
    lines = [f"{number:05},2013-01-01" for number in range(5000, 0, -1)]
    (tmp_path / "it's.csv").write_text("code,day\n" + "\n".join(lines) + "\n")
    made = make(engine, step_of("s", csv("it's.csv", {"code": "VARCHAR"})))
    assert (made.rows, made.columns) == (5000, (("code", "VARCHAR"), ("day", "DATE")))
    found = rows(engine, 'select code from "_xform"."s"')
    assert [code for (code,) in found] == [line[:5] for line in lines]


def test_a_late_value_decides_the_type_of_a_csv_column(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    (tmp_path / "s.csv").write_text("x\n" + "1\n" * 40_000 + "late\n")
    made = make(engine, step_of("s", csv("s.csv")))
    assert made.columns == (("x", "VARCHAR"),)


@pytest.mark.parametrize("form", ["parquet", "json"])
def test_other_files_take_declared_types_too(
    engine: DuckDBEngine, tmp_path: Path, form: str
) -> None:
    file = str(tmp_path / f"s.{form}")
    with duckdb.connect() as connection:
        connection.execute(f"copy (select range as x from range(3)) to '{file}' (format {form})")
    made = make(engine, step_of("s", SeedBody(f"s.{form}", form, {"x": "DECIMAL(9,2)"})))
    assert (made.rows, made.columns) == (3, (("x", "DECIMAL(9,2)"),))


def test_a_declared_column_that_a_file_lacks_is_told(engine: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("x\n1\n")
    with pytest.raises(EngineError, match="zz") as caught:
        make(engine, step_of("s", csv("s.csv", {"zz": "VARCHAR"})))
    assert "\n" not in caught.value.message


FRAMES = ["duckdb.DuckDBPyRelation", "pl.DataFrame", "polars.LazyFrame", "pandas.DataFrame"]


@pytest.mark.parametrize("annotation", [None, "'pyarrow.Table'", *FRAMES])
def test_python_models_get_and_give_every_frame(
    engine: DuckDBEngine, annotation: str | None
) -> None:
    make(engine, step_of("numbers", "select range as x, 'r' || range as name from range(10000)"))
    seen: list[str] = []

    def p(rows: Any) -> Any:
        seen.append(f"{type(rows).__module__.partition('.')[0]}.{type(rows).__name__}")
        return rows

    made = make(engine, step_of("p", python_of(annotation), columns=("x", "name")), p)
    wanted = (annotation or FRAMES[0]).strip("'").replace("pl.", "polars.")
    assert seen[0].lstrip("_").replace("pyarrow.lib", "pyarrow") == wanted
    assert made.rows == 10000
    assert rows(engine, 'select sum(x), count(distinct name) from "_xform"."p"') == [
        (49995000, 10000)
    ]


@pytest.mark.parametrize(
    "frame",
    [
        polars.DataFrame({"x": [1, None, 3], "s": ["a", None, "ü"]}),
        polars.LazyFrame({"x": [1, None, 3], "s": ["a", None, "ü"]}),
        pandas.DataFrame({"x": pandas.array([1, None, 3], "Int64"), "s": ["a", None, "ü"]}),
        pyarrow.table({"x": [1, None, 3], "s": ["a", None, "ü"]}),
    ],
    ids=["polars", "lazy", "pandas", "pyarrow"],
)
def test_frames_made_in_python_are_stored(engine: DuckDBEngine, frame: Any) -> None:
    make(engine, step_of("numbers", "select 1 as x"))
    make(engine, step_of("p", python_of()), lambda rows: frame)
    found = rows(engine, 'select x::int, s from "_xform"."p"')
    assert found == [(1, "a"), (None, None), (3, "ü")]


@pytest.mark.parametrize("value", [None, 3, [1], {"x": 1}])
def test_what_cannot_be_stored_is_named(engine: DuckDBEngine, value: object) -> None:
    make(engine, step_of("numbers", "select 1 as x"))
    with pytest.raises(CodeError, match=type(value).__name__) as caught:
        make(engine, step_of("p", python_of()), lambda rows: value)
    assert caught.value.stage == "result"


def test_a_relation_of_another_database_is_refused(engine: DuckDBEngine) -> None:
    make(engine, step_of("numbers", "select 1 as x"))
    with duckdb.connect() as other, pytest.raises(EngineError):
        make(engine, step_of("p", python_of()), lambda rows: other.sql("select 1 as x"))
    assert [record.physical for record in engine.ledger().builds] == ["numbers"]


def test_a_leftover_under_a_name_is_replaced(engine: DuckDBEngine) -> None:
    make(engine, step_of("a", "select 1 as x", relation="view"))
    made = make(engine, step_of("a", "select 2 as x"))
    assert engine.ledger().builds == (made,)
    assert rows(engine, 'select x from "_xform"."a"') == [(2,)]


def test_a_published_build_is_never_replaced_or_discarded(engine: DuckDBEngine) -> None:
    step = step_of("a", "select 1 as x")
    make(engine, step)
    engine.publish("prod", [publication(step)], [])
    with pytest.raises(EngineError, match="published"):
        make(engine, step_of("a", "select 2 as x"))
    with engine.session() as session, pytest.raises(EngineError, match="published"):
        session.discard("a")
    assert rows(engine, "select x from m.a") == [(1,)]


def test_a_build_whose_relation_is_gone_is_left_out(engine: DuckDBEngine) -> None:
    make(engine, step_of("a", "select 1 as x"))
    rows(engine, 'drop table "_xform"."a"')
    assert engine.ledger().builds == ()


def test_passing_tests_is_noted(engine: DuckDBEngine) -> None:
    make(engine, step_of("a", "select 1 as x"))
    with engine.session() as session:
        session.amend(
            "a", lambda record: msgspec.structs.replace(record, audits_digest=Digest("d"))
        )
    assert engine.ledger().builds[0].audits_digest == "d"


def test_publishing_moves_all_or_nothing(engine: DuckDBEngine) -> None:
    a, b = step_of("a", "select 1 as x"), step_of("b", "select 2 as x")
    make(engine, a)
    make(engine, b)
    rows(engine, "create schema m")
    rows(engine, "create view m.taken as select 'mine' as x")
    with pytest.raises(NameTaken, match=r"'m\.Taken' is a view"):
        engine.publish("prod", [publication(a), publication(b, "Taken")], [])
    assert engine.ledger().publications == ()
    assert rows(engine, "select x from m.taken") == [("mine",)]
    engine.publish("prod", [publication(a)], [])
    engine.publish("prod", [publication(b, "a")], [DropStep(a.asset, "m", "a")])
    assert [item.asset for item in engine.ledger().publications] == [b.asset]


def test_a_thousand_names_move_at_once_for_who_reads_meanwhile(engine: DuckDBEngine) -> None:
    names = [f"n{number}" for number in range(1000)]
    for version in ("one", "two"):
        make(engine, step_of(version, f"select '{version}' as x"))

    def publish(version: str) -> None:
        steps = [
            PublishStep(AssetName(f"m.{name}"), "m", name, version, Digest("f")) for name in names
        ]
        engine.publish("prod", steps, [])

    publish("one")
    first, middle, last = names[0], names[500], names[-1]
    seen: set[tuple[Any, ...]] = set()
    done = threading.Event()

    def look() -> None:
        sql = f"select (from m.{first}), (from m.{middle}), (from m.{last})"
        while not done.is_set():
            seen.update(rows(engine, sql))

    reader = threading.Thread(target=look)
    reader.start()
    for version in ("two", "one", "two"):
        publish(version)
    done.set()
    reader.join()
    assert seen <= {("one",) * 3, ("two",) * 3}
    assert rows(engine, f"select x from m.{last}") == [("two",)]
    assert len(engine.history()) == 4


def test_dropping_leaves_what_someone_else_put_there(engine: DuckDBEngine) -> None:
    step = step_of("a", "select 1 as x")
    make(engine, step)
    engine.publish("prod", [publication(step)], [])
    rows(engine, "create or replace view m.a as select 'mine' as x")
    engine.publish("prod", [], [DropStep(step.asset, "m", "a")])
    assert rows(engine, "select x from m.a") == [("mine",)]
    assert engine.ledger().publications == ()


def test_times_with_a_zone_can_be_shown(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        found = session.query("select timestamptz '2013-02-08 12:00:00+00' as t, 1 as x -- end")
    assert found.columns == (("t", "TIMESTAMP WITH TIME ZONE"), ("x", "INTEGER"))
    assert found.rows == [("2013-02-08 12:00:00+00", 1)]


def test_a_limited_query_frees_its_session(engine: DuckDBEngine) -> None:
    step = step_of("a", "select 1 as x")
    with engine.session() as session:
        assert len(session.query("select * from range(1000000)", 3).rows) == 3
        session.build(step, record_of(step))
    assert len(engine.ledger().builds) == 1


def test_interrupt_stops_a_query_and_all_that_would_follow(engine: DuckDBEngine) -> None:
    step = step_of("a", "select count(*) as n from range(100000000) a, range(100000) b")
    with engine.session() as session:
        threading.Timer(0.3, session.interrupt).start()
        begun = time.monotonic()
        with pytest.raises(EngineError) as caught:
            session.build(step, record_of(step))
        assert caught.value.kind == "interrupted"
        assert time.monotonic() - begun < 10
        with pytest.raises(EngineError, match="interrupted"):
            session.query("select 1")
    assert engine.ledger().builds == ()


def test_the_clock_is_utc_in_every_session(engine: DuckDBEngine) -> None:
    assert rows(engine, "select current_setting('TimeZone')") == [("UTC",)]


def test_settings_reach_the_database(tmp_path: Path) -> None:
    settings = {"memory_limit": "512MB", "TimeZone": "America/New_York", "threads": 1}
    engine = DuckDBEngine(tmp_path / "w.duckdb", settings)
    engine.open()
    found = rows(engine, "select current_setting('TimeZone'), current_setting('threads')")
    engine.close()
    assert found == [("America/New_York", 1)]


@pytest.mark.parametrize("settings", [{"no_such": 1}, {"memory_limit": "lots"}, {"threads": []}])
def test_wrong_settings_are_told_as_such(settings: dict[str, Any]) -> None:
    with pytest.raises(EngineError) as caught:
        DuckDBEngine(None, settings).open()
    assert caught.value.kind == "settings"


def test_describe_needs_no_warehouse(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("x,y\n1,a\n")
    engine = DuckDBEngine(tmp_path / "w.duckdb", root=tmp_path)
    queries = {"file": engine.scan(csv("s.csv")), "relative": "from 's.csv'", "no": "from nope"}
    found = engine.describe(queries)
    assert found["file"] == found["relative"] == (("x", "BIGINT"), ("y", "VARCHAR"))
    assert set(found) == {"file", "relative"}
    assert engine.ledger().builds == ()
    assert not (tmp_path / "w.duckdb").exists()


def test_identity_changes_with_every_write(engine: DuckDBEngine) -> None:
    before = engine.identity()
    make(engine, step_of("a", "select 1 as x"))
    assert engine.identity() != before
    engine.close()
    still = engine.identity()
    assert engine.ledger().builds
    assert engine.identity() == still


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("values (1, 'a'), (2, 'b')", "values (1, 'b'), (2, 'a')"),
        ("values (1, 'a')", "values (1, 'a'), (1, 'a')"),
        ("values (0.0::double, 1)", "values (-0.0::double, 1)"),
        ("values ([[1], [2]], 1)", "values ([[1, 2]], 1)"),
        ("values (['NULL'], 1)", "values ([NULL::varchar], 1)"),
        ("values (1::int, 1)", "values (1::bigint, 1)"),
        ("values (NULL::int, 1)", "values (0::int, 1)"),
        ("values (1, 2)", "values (2, 1)"),
    ],
)
def test_other_content_has_another_version(engine: DuckDBEngine, one: str, other: str) -> None:
    for table, values in (("one", one), ("other", other)):
        rows(engine, f"create table main.{table} as select * from ({values}) t(a, b)")
    found = engine.versions({"1": ("main", "one"), "2": ("main", "other"), "3": ("main", "no")})
    assert set(found) == {"1", "2"}
    assert found["1"] != found["2"]


def test_the_order_of_rows_is_no_content(engine: DuckDBEngine) -> None:
    rows(engine, "create table one as select range as x, md5(range::varchar) s from range(5000)")
    rows(engine, "create table two as from one order by s")
    found = engine.versions({"1": ("main", "one"), "2": ("main", "two")})
    assert found["1"] == found["2"]


def test_many_threads_build_at_once(engine: DuckDBEngine) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for part in range(5):
                make(engine, step_of(f"t{number}_{part}", f"select {number} as x from range(999)"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(engine.ledger().builds) == 20


def test_a_ledger_of_a_newer_xform_is_refused(engine: DuckDBEngine) -> None:
    rows(engine, "update _xform.ledger_meta set value = '99'")
    with pytest.raises(EngineError, match="newer xform"):
        engine.ledger()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "w.duckdb").write_text("hello " * 2000)
    with pytest.raises(EngineError, match="not a valid DuckDB database"):
        DuckDBEngine(tmp_path / "w.duckdb").open()


def test_a_target_becomes_an_engine(tmp_path: Path) -> None:
    target = Target("p", "dev", "duckdb", 4, settings={"path": "data/w.duckdb"})
    engine = create_engine(target, tmp_path)
    engine.open()
    engine.close()
    assert (tmp_path / "data" / "w.duckdb").is_file()

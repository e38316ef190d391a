"""Which inputs count interval by interval, and which queries cannot be computed so."""

from __future__ import annotations

import pytest

from xform.base.names import AssetName
from xform.project.incremental import TimeRange
from xform.sema.facts import Schema, SchemaColumn
from xform.sema.slices.parts import Sliced
from xform.sema.slices.slicing import sliced
from xform.sql.parse import Place, parse_query

COLUMNS = {"o": ("id", "t", "k", "amt"), "d": ("k", "name"), "w": ("t", "temp")}
SCHEMAS = {
    AssetName(name): Schema(tuple(SchemaColumn(column) for column in columns))
    for name, columns in COLUMNS.items()
}


def how(query: str, *, grain: str = "day", lookback: int = 0) -> tuple[Sliced, str]:
    place = Place("model.sql", lambda: query)
    unit, problems = parse_query(None, place, query, "duckdb", sliced=True)
    assert unit is not None, problems
    assets = [AssetName(table.parts[-1]) for table in unit.tables]
    time = TimeRange("t", "2024-01-01 00:00:00", grain, lookback=lookback)
    found, why = sliced(unit, assets, SCHEMAS, time)
    return found, why.message if why is not None else ""


def by(query: str, *, grain: str = "day", lookback: int = 0) -> dict[str, str | None]:
    found, _ = how(query, grain=grain, lookback=lookback)
    return {str(item.asset): item.column for item in found.inputs}


STRAIGHT = {
    "select * from o": {"o": "t"},
    "select o.* exclude (amt) from o": {"o": "t"},
    "select t, sum(amt) from o group by t": {"o": "t"},
    "select t as x, t from o": {"o": "t"},
    "select cast(t as date) as t, count(*) from o group by 1": {"o": "t"},
    "select date_trunc('hour', t) as t, count(*) from o group by all": {"o": "t"},
    "select o.t, name from o join d using (k)": {"o": "t", "d": None},
    "select o.t, temp from o left join w on o.t = w.t": {"o": "t", "w": "t"},
    "select t, temp from o join w using (t)": {"o": "t", "w": "t"},
    "select o.t, temp from o join w on o.id = w.temp": {"o": "t", "w": None},
    "select o.t from o semi join w on o.t = w.t": {"o": "t", "w": None},
    "select o.t, w.temp from o asof join w on o.t >= w.t": {"o": "t", "w": None},
    "with a as (select * from o where amt > 1) select a.t from a": {"o": "t"},
    "select s.t from (select t from o) as s": {"o": "t"},
    "select t from o union all select t from w": {"o": "t", "w": "t"},
    "select id as t, t as id from w as x (t, id)": {"w": "temp"},
    "select t, row_number() over (partition by t order by id) from o": {"o": "t"},
    "select t, sum(amt) over w1 from o window w1 as (partition by k, t)": {"o": "t"},
    "select distinct on (t, k) t, k from o order by id": {"o": "t"},
    "select distinct t, k from o": {"o": "t"},
    "select t from o where k in (select k from d)": {"o": "t", "d": None},
    "select t from o qualify row_number() over (partition by t) = 1": {"o": "t"},
}


@pytest.mark.parametrize("query", STRAIGHT)
def test_the_time_column_passes_straight_through(query: str) -> None:
    found, why = how(query)
    assert why == ""
    assert found.at_once
    assert by(query) == STRAIGHT[query]


STOPPED = {
    "select max(t) as t, k from o group by k": "GROUP BY puts times together",
    "select t, sum(amt) over (partition by k) from o": "a window looks at all times",
    "select t, sum(amt) over w1 from o window w1 as (order by t)": "a window looks at all times",
    "select t from o limit 10": "LIMIT counts rows of all times",
    "select t from (select t from o order by id limit 10)": "LIMIT counts rows of all times",
    "select distinct on (k) t, k from o": "DISTINCT ON puts times together",
    "select t + interval 1 day as t from o": "the time column is computed here",
    "select date_trunc('month', t) as t from o": "the time column is computed here",
    "select w.t from o left join w on o.id = w.temp": "an outer join makes rows without",
    "select o.t from o right join w on o.id = w.temp": "an outer join makes rows without",
    "select w.t from o asof join w on o.t >= w.t": "an outer join makes rows without",
    "select t from o tablesample 10%": "a sample is drawn from all times",
    "select o.t from o positional join w": "a positional join pairs rows of all times",
    "select t, k from o group by grouping sets ((t), (k))": "GROUP BY puts times together",
    "with recursive r as (select t from o union all select t from r) select t from r": (
        "a recursive CTE reads rows of all times"
    ),
}


@pytest.mark.parametrize("query", STOPPED)
def test_what_does_not_keep_times_apart(query: str) -> None:
    found, why = how(query)
    assert STOPPED[query] in why
    assert not found.at_once
    assert {item.column for item in found.inputs} == {None}


def test_a_month_holds_whole_days_and_no_whole_weeks() -> None:
    query = "select date_trunc('{}', t) as t from o"
    assert by(query.format("day"), grain="month") == {"o": "t"}
    assert by(query.format("week"), grain="month") == {"o": None}
    assert by(query.format("week"), grain="week") == {"o": "t"}


def test_an_input_counts_by_time_only_where_every_reading_of_it_does() -> None:
    twice = "select a.t from o as a join (select k, max(t) as m from o group by k) as b using (k)"
    assert by(twice) == {"o": None}
    cte = "with a as (select * from o) select a.t from a join (select max(amt) m from a) on true"
    assert by(cte) == {"o": None}


SAYS = "select t, sum(amt) over (order by t) as s from o where t >= {} and t < {}"


def test_a_query_says_itself_what_it_reads() -> None:
    found, why = how(SAYS.format("@start", "@end"))
    assert why != ""
    assert not found.at_once
    assert by(SAYS.format("@start", "@end")) == {"o": "t"}
    assert by(SAYS.format("@START", "@End")) == {"o": "t"}
    assert by(SAYS.format("cast(@start as date)", "@end::date")) == {"o": "t"}


def test_looking_back_must_be_said() -> None:
    query = SAYS.format("@start - interval 2 day", "@end")
    assert by(query) == {"o": None}
    assert by(query, lookback=2) == {"o": "t"}


def test_bounds_that_only_say_what_is_read_leave_it_to_one_statement() -> None:
    assert how("select t from o where t >= @start and t < @end")[0].at_once
    assert not how("select t, @start as s from o where t >= @start and t < @end")[0].at_once
    assert by("select t from o where t >= @start and t <= @end and k > 1") == {"o": "t"}

"""The example project without xform's app: its data, the text of its models, its helpers."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from jinja2 import Environment, StrictUndefined

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "seeds" / "raw"
MODELS = sorted((ROOT / "models").rglob("*.sql"))


def seed(sql: str) -> Any:
    """One value from the seeds; `{name}` in the query stands for a seed's file."""
    files = {path.stem: f"'{path}'" for path in SEEDS.iterdir()}
    with duckdb.connect() as connection:
        row = connection.execute(sql.format_map(files)).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def rendered(path: Path) -> str:
    """A model's SQL behind its header, with the project's macros and `ref` as the bare name."""
    environment = Environment(undefined=StrictUndefined, autoescape=False)
    environment.globals["ref"] = lambda name: name
    texts = [macro.read_text("utf-8") for macro in sorted((ROOT / "macros").glob("*.sql"))]
    texts.append(re.sub(r"\A/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL))
    return environment.from_string("".join(texts)).render()


def helper(module: str, name: str) -> Any:
    return runpy.run_path(str(ROOT / "macros" / f"{module}.py"))[name]


def test_flights_cover_ninety_full_days() -> None:
    days = "(select flight_date, count(*) as n from {flights} group by flight_date)"
    assert seed(f"select count(*), sum(n), min(n) > 600 from {days}") == (90, 80_789, True)


def test_flights_without_a_registered_aircraft() -> None:
    unknown = "tailnum is null or tailnum not in (select tailnum from {planes})"
    assert seed(f"select count(*) from {{flights}} where {unknown}") == 13_403


@pytest.mark.parametrize(("day", "percent"), [("2013-02-08", 51), ("2013-02-09", 57)])
def test_the_blizzard_is_in_the_data(day: str, percent: int) -> None:
    share = "round(100 * count(*) filter (where dep_time is null) / count(*))"
    assert seed(f"select {share} from {{flights}} where flight_date = '{day}'") == percent


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_model_is_one_duckdb_statement(model: Path) -> None:
    assert len(sqlglot.parse(rendered(model), dialect="duckdb")) == 1


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_model_gives_the_same_answer_every_time(model: Path) -> None:
    volatile = r"\b(now|random|uuid|today|current_\w+)\b|\blimit\b|\b(first|last|any_value)\("
    assert not re.findall(volatile, rendered(model))


def test_derived_delays_equal_the_reported_ones() -> None:
    sql = rendered(ROOT / "models" / "staging" / "stg_flights.sql")
    sql = sql.replace("raw.flights", f"'{SEEDS / 'flights.parquet'}'")
    differing = """
        select count(*) from derived join {flights} as raw
        on derived.flight_date = raw.flight_date and derived.carrier_code = raw.carrier
        and derived.flight_number = raw.flight and derived.origin = raw.origin
        where departure_delay_minutes is distinct from dep_delay
        or arrival_delay_minutes is distinct from arr_delay
    """
    assert seed(f"with derived as ({sql}) {differing}") == 0


@pytest.mark.parametrize(
    ("start", "end", "published_km"),
    [("JFK", "LAX", 3_975), ("EWR", "HNL", 7_980), ("JFK", "BOS", 301)],
)
def test_great_circle_is_near_published_distances(start: str, end: str, published_km: int) -> None:
    expression = helper("geo", "great_circle_km")(
        "a.latitude", "a.longitude", "b.latitude", "b.longitude"
    )
    pair = f"{{airports}} as a, {{airports}} as b where a.iata = '{start}' and b.iata = '{end}'"
    assert seed(f"select {expression} from {pair}") == pytest.approx(published_km, rel=0.006)


def test_prior_is_weak_where_groups_differ_and_strong_where_they_do_not() -> None:
    prior_strength = helper("stats", "prior_strength")
    assert prior_strength([(100, 5), (100, 95)]) < 1
    assert prior_strength([(100, 50), (100, 50)]) == float("inf")

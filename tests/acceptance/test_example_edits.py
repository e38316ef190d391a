"""What each edit of the example builds: nothing, the model, or just the readers of what changed.

The expected sets are read off the models' text, by hand.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import Project, copied, example

STG_FLIGHTS = "models/staging/stg_flights.sql"
STG_PLANES = "models/staging/stg_planes.sql"
STG_WEATHER = "models/staging/stg_weather.sql"
ROTATIONS = "models/intermediate/int_rotations.sql"
LEGS = "models/intermediate/int_operated_legs.sql"
CARRIER_MONTH = "models/marts/carrier_month.sql"
DIM_AIRCRAFT = "models/marts/dim_aircraft.sql"
DIM_ROUTE = "models/marts/dim_route.sql"
FCT = "models/marts/fct_departures.sql"
FLEET_RELIABILITY = "models/marts/fleet_reliability.sql"

COLUMNS = "select count(*) from duckdb_columns() where column_name = '{}' and schema_name = '{}'"

READERS_OF_DELAY_CAUSE = {
    "marts.airport_day",
    "marts.carrier_month",
    "marts.fleet_reliability",
    "marts.exec_daily",
    "marts.delay_risk",  # Python: reads all of fct_departures
    "marts.anomaly_days",  # Python: reads all of exec_daily
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = example(tmp_path_factory.mktemp("example"))
    made.ok("build")
    return made


@pytest.fixture
def warehouse(built: Project, tmp_path: Path) -> Project:
    return copied(built, tmp_path)


# Edits without a meaning -------------------------------------------------------------------------


def reformat(project: Project) -> None:
    """Fewer line breaks, more blanks, other case: of everything behind the header."""
    text = project.read(STG_PLANES)
    project.write(STG_PLANES, re.sub(r"\n\s*", "  ", text).replace("select", "SELECT", 1))
    header, sql = project.read(DIM_AIRCRAFT).split("*/", 1)
    spread = sql.replace(",\n", "\n    ,").replace("coalesce(", "COALESCE( ")
    project.write(DIM_AIRCRAFT, f"{header}*/\n\n\n{spread}\n")


def rename_ctes(project: Project) -> None:
    for path, old, new in (
        (CARRIER_MONTH, "monthly", "by_month"),
        (FCT, "joined", "everything"),
        (FLEET_RELIABILITY, "counted", "totals"),
    ):
        project.write(path, re.sub(rf"\b{old}\b", new, project.read(path)))


def rename_table_alias(project: Project) -> None:
    text = project.read("models/intermediate/int_flights_weather.sql")
    header, sql = text.split("*/", 1)
    sql = re.sub(r"\bweather(?=\.)|(?<=as )weather\b", "w", sql)
    project.write("models/intermediate/int_flights_weather.sql", f"{header}*/{sql}")


def comment_everywhere(project: Project) -> None:
    for path in project.path("models").rglob("*.sql"):
        path.write_text(path.read_text("utf-8") + "\n-- a comment /* more */ at the end\n", "utf-8")
    for path in project.path("models").rglob("*.py"):
        path.write_text("# a comment\n" + path.read_text("utf-8"), "utf-8")


def describe_differently(project: Project) -> None:
    project.replace(FCT, "description: Every scheduled departure", "description: Each departure")
    project.replace(FCT, "Negative when early; null when cancelled", "Minutes; null if cancelled")
    project.replace("models/staging/_schema.yml", "Carriers and their names.", "The airlines.")
    project.replace(CARRIER_MONTH, "owner: commercial", "owner: sales\ntags: [league]")


def move_a_model(project: Project) -> None:
    folder = project.path("models/marts/fleet")
    folder.mkdir()
    for name in ("aircraft_day.sql", "fleet_reliability.sql"):
        project.path(f"models/marts/{name}").rename(folder / name)


@pytest.mark.parametrize(
    "edit",
    [
        reformat,
        rename_ctes,
        rename_table_alias,
        comment_everywhere,
        describe_differently,
        move_a_model,
    ],
    ids=lambda edit: edit.__name__,
)
def test_an_edit_without_a_meaning_builds_nothing(warehouse: Project, edit: object) -> None:
    assert callable(edit)
    edit(warehouse)
    plan = warehouse.json("plan")
    assert plan["actions"] == []
    assert len(plan["unchanged"]) == 23


# Edits with a meaning ----------------------------------------------------------------------------


def check_edit(
    project: Project, expected: set[str], look: str, before: object, now: object
) -> None:
    """The plan builds what is expected; the build publishes the new rows; a second one does
    nothing."""
    assert project.value(look) == before
    actions = project.actions()
    assert {asset for asset, action in actions.items() if action == "build"} == expected
    built = project.json("build")
    assert {node["asset"] for node in built["nodes"]} == set(actions)
    assert project.value(look) == now
    assert project.actions() == {}


def test_a_new_column_that_nobody_reads_builds_just_its_model(warehouse: Project) -> None:
    warehouse.replace(
        DIM_ROUTE,
        "    flown.flights as flights,\n    flown.carriers",
        "    flown.flights as flights,\n    flown.flights * 2 as twice,\n    flown.carriers",
    )
    look = COLUMNS.format("twice", "marts")
    check_edit(warehouse, {"marts.dim_route"}, look, 0, 1)


def test_a_new_column_of_a_view_that_nobody_reads_builds_just_the_view(warehouse: Project) -> None:
    warehouse.replace(
        STG_WEATHER, "    temp as temperature_f,", "    temp as temperature_f, 1 as one,"
    )
    look = COLUMNS.format("one", "staging")
    check_edit(warehouse, {"staging.stg_weather"}, look, 0, 1)


def test_a_changed_maker_reaches_the_readers_of_the_maker(warehouse: Project) -> None:
    warehouse.replace(STG_PLANES, "when manufacturer = 'EMBRAER'", "when manufacturer like 'EMB%'")
    warehouse.replace(STG_PLANES, "when manufacturer = 'BOEING'", "when manufacturer = 'boeing'")
    look = "select count(*) > 0 from marts.fleet_reliability where manufacturer = 'Boeing'"
    expected = {"staging.stg_planes", "marts.dim_aircraft", "marts.fleet_reliability"}
    check_edit(warehouse, expected, look, True, False)


def test_changed_adverse_weather_reaches_the_causes_of_delays(warehouse: Project) -> None:
    warehouse.replace(STG_WEATHER, "coalesce(visib < 2, false)", "coalesce(visib < 20, false)")
    look = (
        "select bool_and(facts.is_adverse_weather) from marts.fct_departures as facts"
        " join intermediate.int_flights_weather as weather using (flight_key)"
        " where weather.visibility_miles is not null"
    )
    expected = {
        "staging.stg_weather",
        "intermediate.int_flights_weather",
        "marts.fct_departures",
        *READERS_OF_DELAY_CAUSE,
    }
    check_edit(warehouse, expected, look, False, True)


def test_changed_inherited_delay_reaches_utilisation_and_causes(warehouse: Project) -> None:
    warehouse.replace(
        ROTATIONS,
        "then least(previous_arrival_delay_minutes, departure_delay_minutes)",
        "then 2 * least(previous_arrival_delay_minutes, departure_delay_minutes)",
    )
    before = warehouse.value("select sum(inherited_delay_minutes) from marts.aircraft_day")
    expected = {
        "intermediate.int_rotations",
        "marts.aircraft_day",
        "marts.fct_departures",
        *READERS_OF_DELAY_CAUSE,
    }
    look = "select sum(inherited_delay_minutes) from marts.aircraft_day"
    check_edit(warehouse, expected, look, before, 2 * before)


def test_a_changed_where_reaches_all_readers_of_the_table(warehouse: Project) -> None:
    warehouse.write(
        DIM_AIRCRAFT, warehouse.read(DIM_AIRCRAFT).rstrip() + "\nwhere scheduled_flights > 0\n"
    )
    look = "select count(*) from marts.dim_aircraft"
    check_edit(warehouse, {"marts.dim_aircraft", "marts.fleet_reliability"}, look, 3576, 3576)


def test_a_changed_where_of_an_ephemeral_model_reaches_all_that_stands_on_it(
    warehouse: Project,
) -> None:
    warehouse.replace(LEGS, "where not is_cancelled", "where origin <> 'LGA' and not is_cancelled")
    look = "select count(*) > 50000 from intermediate.int_rotations"
    expected = {
        "intermediate.int_rotations",
        "marts.aircraft_day",
        "marts.fct_departures",
        *READERS_OF_DELAY_CAUSE,
    }
    check_edit(warehouse, expected, look, True, True)
    assert warehouse.value("select count(*) from intermediate.int_rotations") == warehouse.value(
        "select count(*) from staging.stg_flights"
        " where origin <> 'LGA' and not is_cancelled and tail_number is not null"
    )


def test_going_back_builds_nothing_and_publishes_what_was(warehouse: Project) -> None:
    before = warehouse.contents()
    text = warehouse.read(DIM_AIRCRAFT)
    warehouse.replace(DIM_AIRCRAFT, "when age_years < 10", "when age_years < 15")
    warehouse.ok("build")
    assert warehouse.contents() != before
    warehouse.write(DIM_AIRCRAFT, text)
    actions = warehouse.actions()
    # Departures are tested against the aircraft, so they are tested against these again.
    assert actions.pop("marts.fct_departures") == "test"
    assert actions == {"marts.dim_aircraft": "reuse", "marts.fleet_reliability": "reuse"}
    assert warehouse.json("build")["status"] == "success"
    assert warehouse.contents() == before
    assert warehouse.actions() == {}


def test_going_back_before_building_leaves_nothing_to_do(warehouse: Project) -> None:
    text = warehouse.read(FCT)
    warehouse.replace(FCT, ">= 15", ">= 20")
    assert "marts.fct_departures" in warehouse.stale()
    warehouse.write(FCT, text)
    assert warehouse.actions() == {}


def test_reasons_name_the_code_and_the_columns(warehouse: Project) -> None:
    warehouse.replace(STG_PLANES, "when manufacturer = 'BOEING'", "when manufacturer = 'boeing'")
    reasons = {item["asset"]: item["reasons"] for item in warehouse.json("plan")["actions"]}
    assert [(r["kind"], r["columns"]) for r in reasons["staging.stg_planes"]] == [
        ("code", ["manufacturer"])
    ]
    assert [(r["kind"], r["columns"]) for r in reasons["marts.dim_aircraft"]] == [
        ("dependency", ["staging.stg_planes.manufacturer"])
    ]


# Edits of what models use ------------------------------------------------------------------------


def test_changed_seed_data_reaches_what_reads_them(warehouse: Project) -> None:
    warehouse.replace("seeds/raw/airlines.csv", "JetBlue", "Jet Blue")
    look = "select count(*) from marts.carrier_month where carrier_name like 'Jet Blue%'"
    check_edit(warehouse, {"raw.airlines", "marts.carrier_month"}, look, 0, 3)


def test_a_touched_seed_builds_nothing(warehouse: Project) -> None:
    path = warehouse.path("seeds/raw/airlines.csv")
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    assert warehouse.actions() == {}


def test_a_changed_macro_reaches_just_the_models_that_call_it(warehouse: Project) -> None:
    warehouse.replace("macros/clock.sql", "+ {{ earliest }} + 1440", "+ {{ earliest }} + 1440 + 0")
    assert warehouse.stale() == {
        "staging.stg_flights",
        "intermediate.int_routes_distance",  # Python: reads all of stg_flights
        "marts.dim_route",
        "intermediate.int_rotations",
        "marts.aircraft_day",
        "marts.fct_departures",
        *READERS_OF_DELAY_CAUSE,
    }


def test_a_changed_macro_at_the_end_of_the_graph(warehouse: Project) -> None:
    warehouse.replace("macros/ratio.sql", "}}, 0), 4)", "}}, 0), 1)")
    (warehouse.root / "models/marts/_unit_tests.yml").unlink()  # they say what it was
    look = "select max(cancelled_share * 10 % 1) from marts.airport_day"
    before = warehouse.value(look)
    expected = {
        "marts.aircraft_day",
        "marts.airport_day",
        "marts.carrier_month",
        "marts.exec_daily",
        "marts.fleet_reliability",
        "marts.anomaly_days",
    }
    check_edit(warehouse, expected, look, before, 0)


def test_a_changed_helper_of_a_python_model(warehouse: Project) -> None:
    warehouse.replace("macros/geo.py", "6371.0088", "637.10088")
    warehouse.replace("models/intermediate/int_routes_distance.py", '{"min": 100, ', '{"min": 10, ')
    warehouse.replace(DIM_ROUTE, "{range: {min: 100}}", "{range: {min: 10}}")
    warehouse.replace(DIM_ROUTE, "tests: [{range: {min: 150, max: 1100}}]", "tests: []")
    warehouse.replace(
        "models/marts/aircraft_day.sql", "tests: [not_null, {range: {min: 100}}]", "tests: []"
    )
    # aircraft_day and dim_route read the distances; through a left join on them the rows of
    # aircraft_day, which exec_daily counts and anomaly_days reads.
    expected = {
        "intermediate.int_routes_distance",
        "marts.dim_route",
        "marts.aircraft_day",
        "marts.exec_daily",
        "marts.anomaly_days",
    }
    look = "select great_circle_km from marts.dim_route where route = 'JFK-LAX'"
    assert warehouse.stale() == expected
    reasons = {item["asset"]: item["reasons"] for item in warehouse.json("plan")["actions"]}
    assert reasons["intermediate.int_routes_distance"] == [
        {"kind": "code", "detail": "code changed", "columns": []}
    ]
    before = warehouse.value(look)
    assert warehouse.run("build").code == 0
    assert warehouse.value(look) == pytest.approx(before / 10, abs=1)
    assert warehouse.actions() == {}


# Kinds, names, selections ------------------------------------------------------------------------


def test_a_view_becomes_a_table_and_a_view_again(warehouse: Project) -> None:
    before = warehouse.contents()
    text = warehouse.read("models/staging/_schema.yml")
    warehouse.replace(
        "models/staging/_schema.yml",
        "config: {owner: commercial, ",
        "config: {kind: table, owner: commercial, ",
    )
    actions = warehouse.json("plan")["actions"]
    by_name = {item["asset"]: item for item in actions}
    assert by_name["staging.stg_airlines"]["action"] == "build"
    assert [r["kind"] for r in by_name["staging.stg_airlines"]["reasons"]] == ["config"]
    assert "marts.carrier_month" not in by_name
    warehouse.ok("build")
    assert warehouse.contents() == before
    warehouse.write("models/staging/_schema.yml", text)
    assert warehouse.actions()["staging.stg_airlines"] == "reuse"
    assert not warehouse.stale()
    warehouse.ok("build")
    assert warehouse.contents() == before


def test_a_removed_model_is_dropped(warehouse: Project) -> None:
    warehouse.path(FLEET_RELIABILITY).unlink()
    assert warehouse.actions() == {"marts.fleet_reliability": "drop"}
    assert warehouse.json("build")["dropped"] == ["marts.fleet_reliability"]
    assert "marts.fleet_reliability" not in warehouse.published()
    assert len(warehouse.published()) == 22
    assert warehouse.actions() == {}


def test_a_full_refresh_of_a_selection(warehouse: Project) -> None:
    before = warehouse.contents()
    arguments = ("--full-refresh", "--select", "dim_route")
    assert warehouse.actions(*arguments) == {"marts.dim_route": "build"}
    built = warehouse.json("build", *arguments)
    assert [node["asset"] for node in built["nodes"]] == ["marts.dim_route"]
    assert warehouse.contents() == before
    assert warehouse.actions() == {}


def test_a_selection_builds_nothing_else(warehouse: Project) -> None:
    warehouse.replace(STG_PLANES, "when manufacturer = 'BOEING'", "when manufacturer = 'boeing'")
    look = "select count(*) from marts.dim_aircraft where manufacturer = 'Boeing'"
    old = warehouse.value(
        "select count(*) from marts.fleet_reliability where manufacturer = 'Boeing'"
    )
    assert warehouse.stale("--select", "stg_planes", "dim_aircraft") == {
        "staging.stg_planes",
        "marts.dim_aircraft",
    }
    warehouse.ok("build", "--select", "stg_planes dim_aircraft")
    assert warehouse.value(look) == 0
    assert (
        warehouse.value(
            "select count(*) from marts.fleet_reliability where manufacturer = 'Boeing'"
        )
        == old
    )
    assert warehouse.stale() == {"marts.fleet_reliability"}


def test_many_edits_end_in_what_a_clean_build_gives(warehouse: Project, tmp_path: Path) -> None:
    warehouse.replace(FCT, ">= 15", ">= 30")
    warehouse.ok("build", "--select", "fct_departures+1")
    warehouse.replace(STG_WEATHER, "wind_gust >= 35", "wind_gust >= 45")
    warehouse.replace("seeds/raw/planes.csv", "EMBRAER", "BOEING")
    warehouse.replace(LEGS, "not is_cancelled", "origin <> 'LGA' and not is_cancelled")
    warehouse.ok("build")
    clean = example(tmp_path / "clean")
    for folder in ("models", "seeds", "macros"):
        for path in warehouse.path(folder).rglob("*.*"):
            clean.path(str(path.relative_to(warehouse.root))).write_bytes(path.read_bytes())
    clean.ok("build")
    assert warehouse.contents() == clean.contents()


def test_the_tests_of_the_example_take_a_statement_a_model(built: Project) -> None:
    run = built.json("runs")["runs"][0]["run_id"]
    past = built.json("runs", "show", run)["run"]
    asked = [item["sql"] for item in past["statements"] if " as _q0" in item["sql"]]
    tested = {check["asset"] for check in past["checks"]}
    assert len(past["checks"]) > 8 * len(tested)
    assert len(asked) == len(tested)

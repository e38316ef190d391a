"""Great-circle distance of every route flown."""

from typing import TYPE_CHECKING

from xform import model

from macros.geo import great_circle_km

if TYPE_CHECKING:
    import duckdb


@model(
    kind="table",
    description="Routes from New York with their length along the great circle.",
    owner="network",
    grain=["origin", "destination"],
    columns={
        "origin": {"type": "varchar", "tests": ["not_null"]},
        "destination": {"type": "varchar", "tests": ["not_null"]},
        "great_circle_km": {
            "type": "decimal(7,1)",
            "description": "From the coordinates of the two airports",
            "tests": ["not_null", {"range": {"min": 100, "max": 20016}}],
        },
    },
    tests=[{"unique": {"columns": ["origin", "destination"]}}],
)
def int_routes_distance(
    stg_flights: "duckdb.DuckDBPyRelation", stg_airports: "duckdb.DuckDBPyRelation"
) -> "duckdb.DuckDBPyRelation":
    routes = stg_flights.project("origin, destination").distinct()
    starts = stg_airports.project(
        "airport_code as origin, latitude as from_latitude, longitude as from_longitude"
    )
    ends = stg_airports.project(
        "airport_code as destination, latitude as to_latitude, longitude as to_longitude"
    )
    distance = great_circle_km("from_latitude", "from_longitude", "to_latitude", "to_longitude")
    return (
        routes.join(starts, "origin", how="left")
        .join(ends, "destination", how="left")
        .project(f"origin, destination, cast({distance} as decimal(7, 1)) as great_circle_km")
        .order("origin, destination")
    )

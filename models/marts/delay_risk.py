"""How likely a departure is to be late, by carrier, airport and hour."""

from typing import TYPE_CHECKING

from xform import model

from macros.stats import prior_strength

if TYPE_CHECKING:
    import duckdb


@model(
    kind="table",
    description=(
        "Risk of leaving 15 minutes late or more. Rates of small groups are drawn towards the "
        "overall rate (empirical Bayes), so that three unlucky flights do not top the list."
    ),
    owner="data-science",
    grain=["carrier_code", "origin", "scheduled_hour"],
    columns={
        "carrier_code": {"type": "varchar", "tests": ["not_null"]},
        "origin": {"type": "varchar", "tests": ["not_null"]},
        "scheduled_hour": {"type": "bigint", "tests": ["not_null"]},
        "flights": {"type": "bigint", "description": "That left"},
        "late_flights": {"type": "bigint"},
        "observed_risk": {"type": "double", "description": "Late flights over flights"},
        "delay_risk": {
            "type": "double",
            "description": "The observed risk, drawn towards the overall one",
            "tests": ["not_null", {"range": {"min": 0, "max": 1}}],
        },
    },
    tests=[{"unique": {"columns": ["carrier_code", "origin", "scheduled_hour"]}}],
)
def delay_risk(fct_departures: "duckdb.DuckDBPyRelation") -> "duckdb.DuckDBPyRelation":
    groups = fct_departures.filter("not is_cancelled").aggregate(
        "carrier_code, origin, scheduled_hour, "
        "count(*) as flights, count(*) filter (where is_late) as late_flights",
        "carrier_code, origin, scheduled_hour",
    )
    counts = groups.project("flights, late_flights").fetchall()
    overall = sum(late for _, late in counts) / sum(flights for flights, _ in counts)
    # A million flights stand for certainty, should the groups not differ by more than chance.
    weight = min(prior_strength(counts), 1e6)
    return groups.project(
        f"""
        carrier_code,
        origin,
        scheduled_hour,
        flights,
        late_flights,
        round(late_flights / flights, 4) as observed_risk,
        round(
            (late_flights + {weight!r}::double * {overall!r}::double)
            / (flights + {weight!r}::double), 4
        ) as delay_risk
        """
    ).order("carrier_code, origin, scheduled_hour")

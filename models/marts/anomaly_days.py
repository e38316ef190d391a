"""Days on which far more was cancelled or late than usual."""

from typing import TYPE_CHECKING

from xform import model

from macros.stats import robust_z

if TYPE_CHECKING:
    import duckdb

THRESHOLD = 3.5
"""Of the z-score, as Iglewicz and Hoaglin recommend."""


@model(
    kind="table",
    description=(
        "Days that stand out by cancellations or delays. Scores are built on medians, which the "
        "bad days themselves cannot shift."
    ),
    owner="data-science",
    tags=["executive"],
    grain=["flight_date"],
    columns={
        "flight_date": {"type": "date", "tests": ["not_null", "unique"]},
        "cancelled_share": {"type": "double", "tests": ["not_null"]},
        "cancelled_z": {"type": "double", "description": "Robust z-score of the cancelled share"},
        "average_delay_minutes": {"type": "double", "description": "At departure"},
        "delay_z": {"type": "double", "description": "Robust z-score of the average delay"},
        "anomaly": {
            "type": "varchar",
            "tests": [
                "not_null",
                {"accepted_values": {"values": ["cancellations", "delays", "both"]}},
            ],
        },
        "severity_rank": {
            "type": "bigint",
            "description": "1 is the worst day",
            "tests": ["not_null", "unique"],
        },
    },
)
def anomaly_days(exec_daily: "duckdb.DuckDBPyRelation") -> "duckdb.DuckDBPyRelation":
    cancelled_z = robust_z("cancelled_share", "cancelled_median", "cancelled_mad")
    delay_z = robust_z("average_delay_minutes", "delay_median", "delay_mad")
    usual = exec_daily.aggregate(
        "median(cancelled_share) as cancelled_median, mad(cancelled_share) as cancelled_mad, "
        "median(average_delay_minutes) as delay_median, mad(average_delay_minutes) as delay_mad"
    )
    scored = exec_daily.cross(usual).project(
        f"flight_date, cancelled_share, round({cancelled_z}, 2) as cancelled_z, "
        f"average_delay_minutes, round({delay_z}, 2) as delay_z"
    )
    return (
        scored.filter(f"cancelled_z > {THRESHOLD} or delay_z > {THRESHOLD}")
        .project(
            f"""
            flight_date,
            cancelled_share,
            cancelled_z,
            average_delay_minutes,
            delay_z,
            case
                when cancelled_z > {THRESHOLD} and delay_z > {THRESHOLD} then 'both'
                when cancelled_z > {THRESHOLD} then 'cancellations'
                else 'delays'
            end as anomaly,
            row_number() over (
                order by greatest(cancelled_z, delay_z) desc nulls last, flight_date
            ) as severity_rank
            """
        )
        .order("flight_date")
    )

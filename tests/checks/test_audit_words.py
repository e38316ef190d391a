"""Names of tests, what they claim in words, and what their results mean."""

from __future__ import annotations

from typing import Any

import pytest

from xform.base.names import AssetName
from xform.base.spans import Span
from xform.checks import declared
from xform.checks.outcome import Outcome, judge
from xform.checks.queries import audits_of
from xform.plan.audits import Audit
from xform.project import assets
from xform.project.assets import Asset, ColumnSpec, Kind, Language
from xform.project.thresholds import Threshold

FLIGHTS, PLANES = AssetName("staging.flights"), AssetName("staging.planes")
AT = Span("models/staging/flights.sql", 3, 7, 3, 15)


def spec(kind: str, *columns: str, **more: Any) -> assets.TestSpec:
    known = {
        key: more.pop(key)
        for key in ("severity", "where", "name", "warn_if", "error_if")
        if key in more
    }
    return assets.TestSpec(assets.TestKind(kind), columns, AT, more, **known)


def asset_with(*specs: assets.TestSpec, columns: tuple[ColumnSpec, ...] = ()) -> Asset:
    return Asset(FLIGHTS, Kind.TABLE, Language.SQL, AT.path, AT, columns=columns, tests=specs)


def resolve(written: str) -> AssetName | None:
    return PLANES if written == "planes" else None


def audit(one: assets.TestSpec) -> Audit:
    physical = {FLIGHTS: "f", PLANES: "p"}
    (made,), _ = audits_of(asset_with(one), physical, resolve, lambda name: f'"{name}"')
    return made


def names(*specs: assets.TestSpec) -> list[str]:
    return [name for name, _ in declared.tests_of(asset_with(*specs))]


def test_names_tell_kind_asset_and_columns() -> None:
    assert names(
        spec("unique", "origin", "hour"), spec("row_count", min=1), spec("not_null", "Unit Price")
    ) == [
        "unique_staging_flights_origin_hour",
        "row_count_staging_flights",
        "not_null_staging_flights_unit_price",
    ]


def test_names_are_made_unique_and_given_ones_kept() -> None:
    base = "range_staging_flights_delay"
    one = spec("range", "delay", max=1)
    assert names(one, one, spec("range", "delay", name=base), spec("unique", "x", name="mine")) == [
        f"{base}_2",
        f"{base}_3",
        base,
        "mine",
    ]
    mine = spec("unique", "x", name="mine")
    assert names(mine, mine) == ["mine", "mine_2"]


def test_tests_of_columns_come_first() -> None:
    column = ColumnSpec("tailnum", AT, tests=(spec("not_null", "tailnum"),))
    listed = declared.tests_of(asset_with(spec("row_count", min=1), columns=(column,)))
    assert [test.kind for _, test in listed] == ["not_null", "row_count"]


def test_nodes_know_what_they_read() -> None:
    partner, lost = (
        spec("relationships", "tailnum", to="planes", severity="warn"),
        spec("relationships", "x", to="gone"),
    )
    first, second = declared.nodes_of(asset_with(partner, lost), resolve)
    assert first.name == "relationships_staging_flights_tailnum"
    assert (first.test_name, first.severity, first.path) == ("relationships", "warn", AT.path)
    assert first.reads == (FLIGHTS, PLANES)
    assert second.reads == (FLIGHTS,)


@pytest.mark.parametrize(
    ("one", "claim", "failure"),
    [
        (spec("not_null", "id"), "id is never NULL", "id is NULL: 3 rows"),
        (spec("not_null", "a", "b"), "a, b are never NULL", "a or b is NULL: 3 rows"),
        (spec("unique", "id"), "id is unique", "id is repeated: 3 rows"),
        (
            spec("unique", "a", "b"),
            "a, b are together unique",
            "a, b are together repeated: 3 rows",
        ),
        (
            spec("accepted_values", "cause", values=["late", 1, True]),
            "cause is one of 'late', 1, true",
            "cause is none of 'late', 1, true: 3 rows",
        ),
        (
            spec("accepted_values", "n", values=list(range(8))),
            "n is one of 0, 1, 2, 3, 4 and 3 more",
            "n is none of 0, 1, 2, 3, 4 and 3 more: 3 rows",
        ),
        (spec("range", "x", min=0, max=9), "x is within 0 to 9", "x is outside 0 to 9: 3 rows"),
        (spec("range", "x", min=0), "x is at least 0", "x is below 0: 3 rows"),
        (
            spec("range", "d", max="2013-12-31"),
            "d is at most '2013-12-31'",
            "d is above '2013-12-31': 3 rows",
        ),
        (
            spec("relationships", "tailnum", to="planes", field="tail"),
            "every tailnum is a tail of staging.planes",
            "tailnum is no tail of staging.planes: 3 rows",
        ),
    ],
)
def test_words(one: assets.TestSpec, claim: str, failure: str) -> None:
    made = audit(one)
    assert judge(made, [0]) == Outcome("pass", claim)
    assert judge(made, [3]) == Outcome("fail", failure, 3)


@pytest.mark.parametrize(
    ("one", "count", "expected"),
    [
        (spec("row_count", min=3), 3, Outcome("pass", "there are at least 3 rows")),
        (
            spec("row_count", min=600),
            597,
            Outcome("fail", "there are fewer than 600 rows: 597 rows, 3 too few", 3),
        ),
        (
            spec("row_count", max=9, where="x > 1"),
            12,
            Outcome("fail", "where x > 1, there are more than 9 rows: 12 rows, 3 too many", 3),
        ),
        (
            spec("row_count", min=4, max=9),
            1,
            Outcome("fail", "there are not 4 to 9 rows: 1 row, 3 too few", 3),
        ),
    ],
)
def test_counts_of_rows(one: assets.TestSpec, count: int, expected: Outcome) -> None:
    assert judge(audit(one), [count]) == expected


def test_a_count_of_rows_against_the_build_before() -> None:
    made = audit(spec("row_count", min_share=0.5, max_share=2.0))
    assert judge(made, [10]).status == "pass", "there is no build before"
    before = [[1000], [100]]
    assert judge(made, [50], before).status == judge(made, [200], before).status == "pass"
    assert judge(made, [49], before) == Outcome(
        "fail", "there are not 0.5 to 2.0 times as many rows as before: 49 rows after 100, "
        "1 too few", 1
    )  # fmt: skip
    assert judge(made, [201], before).message.endswith("201 rows after 100, 1 too many")


def test_the_age_of_the_newest_value() -> None:
    made = audit(spec("freshness", "loaded_at", max_age=2 * 86400.0))
    assert judge(made, [3600.5]) == Outcome("pass", "the newest loaded_at is at most 2 days old")
    assert judge(made, [3 * 86400.0]) == Outcome(
        "fail", "the newest loaded_at is more than 2 days old: 3 days", 1
    )
    assert judge(made, [None]).message.endswith("more than 2 days old: there is none")
    soft = audit(spec("freshness", "loaded_at", max_age=2 * 86400.0, warn_age=3600.0))
    assert [judge(soft, [age]).status for age in (60.0, 7200.0, 3e5)] == ["pass", "warn", "fail"]


def test_drift_is_from_the_mean_of_the_builds_before() -> None:
    made = audit(spec("drift", "x", mean=0.1, null_share=0.05))
    assert judge(made, [5.0, 0.9]).status == "pass", "there is no build before"
    before = [[90.0, 0.01], [110.0, 0.01]]
    assert judge(made, [109.9, 0.059], before).status == "pass"
    assert judge(made, [110.1, 0.07], before) == Outcome(
        "fail",
        "the mean and null share of x are not as before: mean 110.1, 100 in the last 2 builds; "
        "null share 0.07, 0.01 in the last 2 builds",
        2,
    )
    assert judge(made, [None, None], before).status == "pass", "there is nothing to compare"
    patient = audit(spec("drift", "x", mean=0.1, least=3))
    assert judge(patient, [500.0], before).status == "pass"
    lately = audit(spec("drift", "x", mean=0.1, over=1))
    assert judge(lately, [120.0], before).status == "pass"


def test_a_test_of_severity_warn_warns() -> None:
    made = audit(spec("relationships", "tailnum", to="planes", severity="warn"))
    assert judge(made, [13_403]) == Outcome(
        "warn", "tailnum is no tailnum of staging.planes: 13,403 rows", 13_403
    )
    assert judge(made, [1]).message.endswith(": 1 row")


@pytest.mark.parametrize(
    ("severity", "failures", "expected"),
    [
        ("error", [0, 1, 5, 6, 10, 11], ["pass", "pass", "pass", "warn", "warn", "fail"]),
        ("warn", [0, 5, 6, 11], ["pass", "pass", "warn", "warn"]),
    ],
)
def test_thresholds(severity: str, failures: list[int], expected: list[str]) -> None:
    more, most = Threshold(">", 5), Threshold(">", 10)
    made = audit(spec("not_null", "x", severity=severity, warn_if=more, error_if=most))
    assert [judge(made, [count]).status for count in failures] == expected
    assert judge(made, [3]).message == "x is never NULL, but for 3 rows"
    assert judge(made, [6]).message == "x is NULL: 6 rows (> 5)"


def test_an_audit_without_words_for_its_failure() -> None:
    made = Audit("mine", FLIGHTS, "select 0", True, AT, description="all is well")
    assert judge(made, [2]).message == "not so: all is well: 2 rows"

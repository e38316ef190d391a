"""Names of tests, what they claim in words, and what their results mean."""

from __future__ import annotations

from typing import Any

import pytest

from xform.base.names import AssetName
from xform.base.spans import Span
from xform.checks import declared
from xform.checks.outcome import Outcome, judge
from xform.checks.queries import audits_of
from xform.plan.plan import Audit
from xform.project import assets
from xform.project.assets import Asset, ColumnSpec, Kind, Language

FLIGHTS, PLANES = AssetName("staging.flights"), AssetName("staging.planes")
AT = Span("models/staging/flights.sql", 3, 7, 3, 15)


def spec(kind: str, *columns: str, **more: Any) -> assets.TestSpec:
    known = {key: more.pop(key) for key in ("severity", "where", "name") if key in more}
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
        (
            spec("row_count", min=600),
            "there are at least 600 rows",
            "there are fewer than 600 rows; missing: 3 rows",
        ),
        (
            spec("row_count", max=9, where="x > 1"),
            "where x > 1, there are at most 9 rows",
            "where x > 1, there are more than 9 rows; too many: 3 rows",
        ),
    ],
)
def test_words(one: assets.TestSpec, claim: str, failure: str) -> None:
    made = audit(one)
    assert judge(made, 0) == Outcome("pass", claim)
    assert judge(made, 3) == Outcome("fail", failure)


def test_a_test_that_does_not_block_warns() -> None:
    made = audit(spec("relationships", "tailnum", to="planes", severity="warn"))
    assert judge(made, 13_403) == Outcome(
        "warn", "tailnum is no tailnum of staging.planes: 13,403 rows"
    )
    assert judge(made, 1).message.endswith(": 1 row")


def test_an_audit_without_words_for_its_failure() -> None:
    made = Audit("mine", FLIGHTS, "select 0", True, AT, description="all is well")
    assert judge(made, 2).message == "not so: all is well: 2 rows"

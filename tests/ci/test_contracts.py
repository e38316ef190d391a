"""What a change of a public asset breaks, and how a new version beside the old one does not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from xform.app.workspace import Options, Workspace
from xform.ci.checking import Limits, failed
from xform.ci.comparing import compare
from xform.ci.side import Side
from xform.plan.changes import ProjectChange

Files = Mapping[str, str | None]

SETTINGS = {
    "xform.toml": 'name = "shop"\n',
    "profiles.yml": "shop:\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n",
}
ORDERS = """\
/* @model
kind: table
access: public
contract: {enforced: true}
grain: [order_id]
columns:
  order_id: {type: bigint, tests: [not_null, unique]}
  status: {type: varchar, tests: [{accepted_values: {values: [open, paid]}}]}
  amount: {type: integer, tests: [not_null]}
*/
select order_id, status, amount from raw
"""
RAW = "select 1::bigint as order_id, 'open' as status, 2::integer as amount\n"
BASE = {**SETTINGS, "models/shop/orders.sql": ORDERS, "models/shop/raw.sql": RAW}

V1 = ORDERS.replace("access: public\n", "")
V2 = """\
/* @model
kind: table
contract: {enforced: true}
columns:
  order_id: {type: bigint, tests: [not_null, unique]}
  amount: {type: integer, tests: [not_null]}
*/
select order_id, amount from raw
"""


def versions(latest: int, *, until: str = "", first: bool = True) -> str:
    one = "      - v: 1\n" + (f"        deprecation_date: {until}\n" if until else "")
    return (
        f"models:\n  - name: orders\n    access: public\n    latest_version: {latest}\n"
        f"    versions:\n{one if first else ''}      - v: 2\n"
    )


def side(root: Path, files: Files) -> Side:
    for path, text in files.items():
        if text is not None:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    return Side(Workspace(Options(project_dir=root), {}))


def change(tmp_path: Path, before: Files, after: Files) -> ProjectChange:
    return compare(side(tmp_path / "base", before), side(tmp_path / "head", {**before, **after}))


def broken(found: ProjectChange) -> dict[str, tuple[str, ...]]:
    return {item.asset: item.breaks for item in found.changes if item.breaks}


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        ("amount: {type: integer, tests: [not_null]}\n", "", ("column amount is gone",)),
        (
            " tests: [not_null, unique]",
            " tests: [not_null]",
            ("order_id need no longer be unique",),
        ),
        (
            "unique]",
            "{unique: {where: amount > 0}}]",
            ("order_id need no longer be unique",),
        ),
        ("unique]", "{unique: {severity: warn}}]", ("order_id need no longer be unique",)),
        (
            "grain: [order_id]",
            "grain: [order_id, status]",
            ("its grain was order_id and is order_id, status",),
        ),
        ("values: [open, paid]", "values: [open]", ("status no longer takes paid",)),
        ("values: [open, paid]", "values: [open, paid, void]", ()),
        ("integer, tests: [not_null]", "integer", ()),
    ],
)
def test_what_a_public_asset_no_longer_keeps_breaks(
    tmp_path: Path, old: str, new: str, reasons: tuple[str, ...]
) -> None:
    orders = ORDERS.replace(old, new)
    if "amount" not in orders.partition("*/")[0]:
        orders = orders.replace("status, amount from", "status from")

    found = change(tmp_path, BASE, {"models/shop/orders.sql": orders})

    assert found.diagnostics == ()
    assert broken(found) == ({"shop.orders": reasons} if reasons else {})
    assert failed(found, Limits()) is bool(reasons)


def test_a_column_that_a_contract_says_is_never_null_may_become_so(tmp_path: Path) -> None:
    """`try_cast` may be NULL: that it is not is known by the test alone."""
    orders = ORDERS.replace(
        "status, amount from", "status, try_cast(amount as integer) as amount from"
    )
    base = {**BASE, "models/shop/orders.sql": orders}

    found = change(
        tmp_path,
        base,
        {"models/shop/orders.sql": orders.replace("integer, tests: [not_null]", "integer")},
    )
    assert broken(found) == {"shop.orders": ("column amount may now be NULL",)}


def test_what_only_the_query_said_may_be_kept_by_a_test(tmp_path: Path) -> None:
    orders = ORDERS.replace(
        "status, amount from", "status, try_cast(amount as integer) as amount from"
    )

    assert broken(change(tmp_path, BASE, {"models/shop/orders.sql": orders})) == {}


def test_of_what_is_not_public_only_columns_count(tmp_path: Path) -> None:
    base = {**BASE, "models/shop/orders.sql": V1}

    found = change(
        tmp_path, base, {"models/shop/orders.sql": V1.replace("[not_null, unique]", "[not_null]")}
    )
    assert broken(found) == {}
    assert [str(item.category) for item in found.changes] == ["tests"]


# Versions ----------------------------------------------------------------------------------------

SPLIT: Files = {
    "models/shop/orders.sql": None,
    "models/shop/orders_v1.sql": V1,
    "models/shop/orders_v2.sql": V2,
}


def test_a_version_beside_the_old_one_breaks_nothing(tmp_path: Path) -> None:
    found = change(tmp_path, BASE, {**SPLIT, "models/orders.yml": versions(1)})

    assert found.diagnostics == ()
    assert broken(found) == {}
    assert {item.asset: str(item.category) for item in found.changes} == {
        "shop.orders": "storage",
        "shop.orders_v1": "new",
        "shop.orders_v2": "new",
    }
    assert not failed(found, Limits())


def test_a_version_that_is_the_latest_at_once_breaks(tmp_path: Path) -> None:
    found = change(tmp_path, BASE, {**SPLIT, "models/orders.yml": versions(2)})

    assert broken(found) == {
        "shop.orders": (
            "column status is gone",
            "its grain was order_id and is not told any more",
            "version 2 is new: let latest_version stay at the one before",
        )
    }


VERSIONED = {
    **SETTINGS,
    "models/shop/raw.sql": RAW,
    "models/shop/orders_v1.sql": V1,
    "models/shop/orders_v2.sql": V2,
}


def test_the_plain_name_moves_to_a_version_that_could_be_read_before(tmp_path: Path) -> None:
    base = {**VERSIONED, "models/orders.yml": versions(1)}

    found = change(tmp_path, base, {"models/orders.yml": versions(2)})

    assert broken(found) == {}
    (moved,) = found.changes
    assert (moved.asset, str(moved.weight)) == ("shop.orders", "values")
    assert [(each.name, each.before, each.after) for each in moved.settings] == [
        ("shows", "shop.orders_v1", "shop.orders_v2")
    ]


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        ("", ("it is gone",)),
        ("2999-12-31", ("it is gone, and was to stay until 2999-12-31",)),
        ("2020-01-31", ()),
    ],
)
def test_a_version_goes_when_its_day_has_come(
    tmp_path: Path, until: str, reason: tuple[str, ...]
) -> None:
    base = {**VERSIONED, "models/orders.yml": versions(2, until=until)}

    found = change(
        tmp_path,
        base,
        {"models/shop/orders_v1.sql": None, "models/orders.yml": versions(2, first=False)},
    )

    assert broken(found) == ({"shop.orders_v1": reason} if reason else {})


def test_a_change_of_a_version_itself_breaks_it(tmp_path: Path) -> None:
    base = {**VERSIONED, "models/orders.yml": versions(2)}
    less = V1.replace(
        "  status: {type: varchar, tests: [{accepted_values: {values: [open, paid]}}]}\n", ""
    )

    found = change(
        tmp_path,
        base,
        {"models/shop/orders_v1.sql": less.replace("order_id, status,", "order_id,")},
    )
    assert broken(found) == {"shop.orders_v1": ("column status is gone",)}


def test_a_reference_that_is_not_allowed_is_a_new_finding(tmp_path: Path) -> None:
    groups = "groups:\n  - {name: finance, owner: ann@shop.example}\n"
    base = {
        **SETTINGS,
        "models/groups.yml": groups,
        "models/shop/raw.sql": f"/* @model\naccess: private\ngroup: finance\n*/\n{RAW}",
    }

    found = change(tmp_path, base, {"models/shop/total.sql": "select sum(amount) as a from raw\n"})

    assert [item.code for item in found.diagnostics] == ["XF0461"]
    assert failed(found, Limits())

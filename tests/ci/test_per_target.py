"""A change where templates ask for the target: told for each target of the profile."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from edits import ORDERS, REGIONS, STG_CUSTOMERS, File
from shop import SHOP
from test_edits import write

from xform.app.workspace import Options, Workspace
from xform.ci import per_target as module
from xform.ci.checking import Limits, failed
from xform.ci.comparing import compare
from xform.ci.markdown import markdown_text
from xform.ci.per_target import per_target
from xform.ci.side import Side
from xform.console.changes import change_lines
from xform.console.paint import plain
from xform.console.terminal import Surface
from xform.plan.changes import ProjectChange, Weight

TRIMMED = "macros/trimmed.sql"
SETTING: dict[str, File] = {
    "profiles.yml": (
        "shop:\n"
        "  outputs:\n"
        "    dev: {type: duckdb, path: shop.duckdb}\n"
        "    snow: {type: snowflake, account: x, password: \"{{ env_var('SNOW') }}\"}\n"
        "    prod: {type: duckdb, path: prod.duckdb}\n"
        "    odd: {type: no_such_engine}\n"
        "  target: dev\n"
    ),
    TRIMMED: (
        "{% macro trimmed(x) %}{% if target.type == 'snowflake' %}rtrim({{ x }})"
        "{% else %}trim({{ x }}){% endif %}{% endmacro %}\n"
    ),
    STG_CUSTOMERS: ("name, region", "{{ trimmed('name') }} as name, region"),
    REGIONS: ("count(*)", "count(distinct name)"),
}
"""What the shop is before: one macro branches on the engine."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("base")
    write(root, SHOP)
    write(root, SETTING)
    return root


def check(
    shop: Path, root: Path, files: Mapping[str, File], before: Mapping[str, File] | None = None
) -> ProjectChange:
    base, head = root / "base", root / "head"
    shutil.copytree(shop, base)
    write(base, before or {})
    shutil.copytree(base, head)
    write(head, files)
    old, new = (Side(Workspace(Options(project_dir=place), {})) for place in (base, head))
    return per_target(old, new, compare(old, new))


def told(change: ProjectChange) -> dict[str, list[str]]:
    """By asset: what it is on each target, where that is not the same on all."""
    return {
        item.asset: [
            f"{on.label}: {on.category} {' '.join(part.name for part in on.columns)}".strip()
            for on in item.on
        ]
        for item in change.changes
    }


def test_a_branch_that_another_engine_takes(shop: Path, tmp_path: Path) -> None:
    found = check(shop, tmp_path, {TRIMMED: ("rtrim(", "ltrim(")})

    assert told(found) == {
        "staging.stg_customers": ["duckdb: no-op", "snowflake: values name"],
        "marts.everything": ["duckdb: no-op", "snowflake: values name"],
        "marts.regions": ["duckdb: no-op", "snowflake: values customers"],
    }
    assert {item.weight for item in found.changes} == {Weight.VALUES}
    assert (found.verdict.values, found.verdict.runs) == (3, 0)
    assert found.verdict.unaffected == 4
    assert failed(found, Limits(fail_on=Weight.VALUES))


def test_a_branch_that_this_engine_takes(shop: Path, tmp_path: Path) -> None:
    found = check(shop, tmp_path, {TRIMMED: ("}trim(", "}lower(")})

    assert told(found)["marts.regions"] == ["duckdb: values customers", "snowflake: no-op"]
    assert found.verdict.runs == 3


def test_both_branches(shop: Path, tmp_path: Path) -> None:
    """Alike on all targets: then it is said once."""
    text = "{% macro trimmed(x) %}lower({{ x }}){% endmacro %}\n"
    found = check(shop, tmp_path, {TRIMMED: text})

    assert set(map(len, told(found).values())) == {0}
    assert found.verdict.values == 3


def test_an_error_in_a_branch_that_is_not_taken_here(shop: Path, tmp_path: Path) -> None:
    found = check(shop, tmp_path, {TRIMMED: ("rtrim({{ x }})", "rtrim({{ x }}")})

    assert [item.message.partition(":")[0] for item in found.diagnostics] == ["on snowflake"]
    assert found.diagnostics[0].span.path == STG_CUSTOMERS
    assert told(found)["staging.stg_customers"] == ["duckdb: no-op", "snowflake: broken"]
    assert failed(found, Limits())


def test_the_name_of_a_target(shop: Path, tmp_path: Path) -> None:
    """Where the name decides, targets of one engine are told apart."""
    before: dict[str, File] = {
        ORDERS: ("on c.", "on {% if target.name == 'prod' %}true and {% endif %}c.")
    }
    found = check(shop, tmp_path, {ORDERS: ("true and", "o.amount > 0 and")}, before)

    on = next(item.on for item in found.changes if item.asset == "marts.orders")
    assert [(each.label, bool(each.rows)) for each in on] == [
        ("duckdb (dev)", False),
        ("snowflake", False),
        ("duckdb (prod)", True),
    ]


def test_what_reads_a_change_on_one_engine_alone(shop: Path, tmp_path: Path) -> None:
    before: dict[str, File] = {
        "models/marts/notes.sql": (
            "/* @model\nkind: table\n*/\n"
            "select order_id, {% if target.type == 'snowflake' %}note{% else %}status{% endif %} "
            "as said from stg_orders\n"
        )
    }
    edits: dict[str, File] = {
        "models/staging/stg_orders.sql": ("status, note", "status, upper(note) as note")
    }
    found = check(shop, tmp_path, edits, before)

    assert told(found) == {
        "staging.stg_orders": [],
        "marts.notes": ["duckdb: no-op", "snowflake: values said"],
    }


def test_it_is_compiled_once_where_nothing_can_differ(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(module, "OtherTarget")

    found = check(shop, tmp_path, {"models/marts/events.sql": ("'order'", "'an order'")})

    assert told(found) == {"marts.events": []}


def test_in_words(shop: Path, tmp_path: Path) -> None:
    found = check(shop, tmp_path, {TRIMMED: ("rtrim(", "ltrim(")})

    lines = [plain(each) for each in change_lines(found, Surface(width=140))]
    assert (
        "  staging.stg_customers  no change on duckdb; other values of name on snowflake  "
        "models/staging/stg_customers.sql"
    ) in lines
    assert (
        "    ~ on snowflake: name  rtrim(raw.customers.name) → ltrim(raw.customers.name)" in lines
    )
    text = markdown_text(found)
    assert (
        "- **staging.stg_customers** no change on duckdb; other values of name on snowflake; "
        "does not run (`models/staging/stg_customers.sql`)\n"
        "  - on snowflake: `name` `rtrim(raw.customers.name)` → `ltrim(raw.customers.name)`\n"
    ) in text

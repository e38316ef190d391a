"""A compilation brought up to date after an edit is that of compiling anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from compile_steps import FILES, Site

from xform.app.compiling.compiled import Compilation
from xform.app.compiling.compiler import Compiler
from xform.app.output.forms import compile_form

MORE = {
    "models/marts/spread.sql": (
        "/* @model\nkind: ephemeral\n*/\nselect order_id, amount from orders\n"
    ),
    "models/marts/narrow.sql": "select order_id from spread\n",
    "models/marts/ranked.py": (
        "from xform import model\n\n\n"
        '@model(kind="table", columns={"order_id": "bigint"})\n'
        "def ranked(paid):\n    return paid\n"
    ),
    "models/marts/after.sql": "select order_id from ranked\n",
    "models/marts/tested.sql": (
        "/* @model\ncolumns:\n  order_id: {tests: [{relationships: {to: paid, field: order_id}}]}\n"
        "*/\nselect order_id from everything\n"
    ),
    "models/marts/set.sql": "{{ config(tags=['a']) }}\nselect name from stg_customers\n",
    "models/marts/below.sql": "select name from set\n",
    "models/marts/spare.sql": (
        "with spare as (select 1 as x) select customer_id from stg_customers\n"
    ),
    "models/marts/quiet.sql": (
        "with spare as (select 1 as x) -- xform: ignore XF0426\nselect customer_id from customers\n"
    ),
    "models/marts/board.yml": (
        "exposures:\n  - name: board\n    type: dashboard\n    depends_on: [marts.top]\n"
    ),
}
"""With one warning, in `spare`."""

ORDERS = "models/marts/orders.sql"
STAGED = "models/staging/stg_orders.sql"
CUSTOMERS = "models/staging/stg_customers.sql"


class Runs:
    """Counts whole compilations."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.whole = 0
        run = Compiler.run

        def counted(compiler: Compiler) -> object:
            self.whole += 1
            return run(compiler)

        patch.setattr(Compiler, "run", counted)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    # As if the clock had moved on: no change hides behind the times of a file.
    monkeypatch.setattr("xform.host.files.RACY_NS", 0)
    monkeypatch.setattr("xform.app.remembering.circumstances.RACY_NS", 0)
    return Runs(monkeypatch)


@pytest.fixture
def site(tmp_path: Path, runs: Runs) -> Site:
    site = Site(tmp_path, {**FILES, **MORE})
    assert [found.code for found in site.compile().diagnostics] == ["XF0426"]
    assert runs.whole == 1
    return site


def assert_same(one: Compilation, other: Compilation) -> None:
    assert one.slim.project == other.slim.project
    assert one.slim.assets == other.slim.assets
    assert one.slim.diagnostics == other.slim.diagnostics
    assert one.slim.dialect == other.slim.dialect
    assert set(one.slim.traces) >= set(other.slim.traces)
    assert compile_form(one) == compile_form(other)


PART = {
    "an expression": (ORDERS, "amount from", "amount + 1 as amount from"),
    "rows": (STAGED, "from raw", "from raw.order_rows as o where id > 1 --"),
    "a comment": (STAGED, "select", "-- so\nselect"),
    "nothing but space": (STAGED, "select", "select  "),
    "a column more": (STAGED, "amount", "amount, amount as again"),
    "another type": (STAGED, "customer,", "cast(customer as varchar) as customer,"),
    "an ephemeral model": ("models/marts/spread.sql", "amount from", "amount * 2 as amount from"),
    "what a Python model reads": ("models/marts/paid.sql", "> 5", "> 6"),
    "a template": ("models/marts/in_cents.sql", "as cents", "+ 1 as cents"),
    "what another's test reads": ("models/marts/paid.sql", "amount > 5", "amount > 50"),
    "a new variable": ("models/marts/top.sql", "var('least', 1)", "var('most', 1)"),
    "a finding": ("models/marts/names.sql", "select", "with idle as (select 1 as x) select"),
    "a finding that is silenced": (
        "models/marts/narrow.sql",
        "select",
        "with idle as (select 1 as x) -- xform: ignore XF0426\nselect",
    ),
    "a comment that silences nothing": (STAGED, "select", "-- xform: ignore XF0426\nselect"),
    "what an exposure shows": ("models/marts/top.sql", "> {{", ">= {{"),
}
"""Edits that touch a part of the project: file, old text, new text."""

WHOLE = {
    "a header": (ORDERS, "kind: table", "kind: view"),
    "a new header": (STAGED, "select", "/* @model\nkind: table\n*/\nselect"),
    "another dependency": ("models/marts/names.sql", "from customers", "from stg_customers"),
    "one dependency less": ("models/marts/names.sql", "name from customers", "'x' as name"),
    "a name that is not known": ("models/marts/names.sql", "from customers", "from custmers"),
    "an error": (ORDERS, "amount", "amuont"),
    "a column that a reader misses": (STAGED, "amount\n", "amount as money\n"),
    "no query": (STAGED, "select id as order_id, customer, amount\nfrom raw.order_rows", ""),
    "a config call": (ORDERS, "select", "{{ config(tags=['x']) }} select"),
    "above a config call": (CUSTOMERS, "name", "upper(name) as name"),
    "below a config call": ("models/marts/below.sql", "select name", "select upper(name) as name"),
    "beside a finding": ("models/marts/spare.sql", "x)", "x, 2 as y)"),
    "a yml file": ("models/marts/marts.yml", "who they are", "who"),
    "a macro": ("macros/money.sql", "100", "1000"),
    "a seed": ("seeds/raw/people.csv", "ann", "anna"),
    "a Python model": ("models/marts/ranked.py", "return paid", "return paid  # so"),
    "settings": ("pyproject.toml", 'profile = "demo"', 'profile = "demo"\nvars = {least = 2}'),
}
"""Edits that may reach further."""


@pytest.mark.parametrize("edit", PART.values(), ids=PART.keys())
def test_an_edit_of_a_query_goes_through_a_part(
    site: Site, runs: Runs, edit: tuple[str, str, str]
) -> None:
    site.replace(*edit)
    found = site.compile()
    assert runs.whole == 1
    held = site.compile()
    assert runs.whole == 1
    shutil.rmtree(site.root / ".xform")
    anew = site.compile()
    assert runs.whole == 2
    assert_same(found, anew)
    assert_same(held, anew)


@pytest.mark.parametrize("edit", WHOLE.values(), ids=WHOLE.keys())
def test_an_edit_that_may_reach_further_goes_through_the_whole(
    site: Site, runs: Runs, edit: tuple[str, str, str]
) -> None:
    site.replace(*edit)
    found = site.compile()
    assert runs.whole == 2
    shutil.rmtree(site.root / ".xform")
    assert_same(found, site.compile())


def rename(site: Site) -> None:
    (site.root / ORDERS).rename(site.root / "models/marts/bills.sql")


def remove(site: Site) -> None:
    (site.root / "models/marts/names.sql").unlink()


def add(site: Site) -> None:
    site.write("models/marts/another.sql", "select 1 as one\n")


@pytest.mark.parametrize("change", [rename, remove, add])
def test_other_files_go_through_the_whole(
    site: Site, runs: Runs, change: Callable[[Site], None]
) -> None:
    change(site)
    site.replace(STAGED, "amount", "amount + 1 as amount")
    found = site.compile()
    assert runs.whole == 2
    shutil.rmtree(site.root / ".xform")
    assert_same(found, site.compile())


def test_edits_follow_each_other(site: Site, runs: Runs) -> None:
    for edit in PART.values():
        site.replace(*edit)
        site.compile()
        site.replace(edit[0], edit[2], edit[1])
        found = site.compile()
    shutil.rmtree(site.root / ".xform")
    assert_same(found, site.compile())


def test_several_files_at_once(site: Site, runs: Runs) -> None:
    for edit in ("a column more", "an ephemeral model", "a template", "what an exposure shows"):
        site.replace(*PART[edit])
    found = site.compile()
    assert runs.whole == 1
    shutil.rmtree(site.root / ".xform")
    assert_same(found, site.compile())


def test_another_circumstance_goes_through_the_whole(site: Site, runs: Runs) -> None:
    site.replace(*PART["an expression"])
    found = site.compile(environ={"TAG": "x"})
    assert runs.whole == 2
    shutil.rmtree(site.root / ".xform")
    assert_same(found, site.compile(environ={"TAG": "x"}))


def test_only_what_was_edited_is_parsed(site: Site) -> None:
    site.replace(*PART["an expression"])
    workspace = site.open()
    workspace.compile()
    assert {ran for ran in workspace.ran if ran[0] != "bind"} == {
        ("declare", ORDERS),
        ("parse", "marts.orders"),
    }


def test_a_project_that_asks_for_findings_of_the_whole(site: Site, runs: Runs) -> None:
    site.replace(
        "pyproject.toml", "[tool.xform]", '[tool.xform.lint]\nXF0428 = "warning"\n\n[tool.xform]'
    )
    site.compile()
    before = runs.whole
    site.replace(*PART["a column more"])
    found = site.compile()
    assert runs.whole == before + 1
    assert "XF0428" in [item.code for item in found.diagnostics]

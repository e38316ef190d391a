"""A plan as text: exactly what is printed, small and large."""

from __future__ import annotations

from textwrap import dedent

import pytest

from xform.base.names import AssetName
from xform.console.paint import plain
from xform.console.plan import plan_headline, plan_lines
from xform.console.terminal import Surface
from xform.plan.plan import Action, ActionKind, Plan, Reason, ReasonKind


def action(kind: ActionKind, asset: str, *reasons: Reason) -> Action:
    return Action(AssetName(asset), kind, reasons)


def build(asset: str, kind: ReasonKind, detail: str = "", *columns: str) -> Action:
    return action(ActionKind.BUILD, asset, Reason(kind, detail, columns))


def reads(asset: str, upstream: str) -> Action:
    return build(asset, ReasonKind.DEPENDENCY, f"reads {upstream}, changed", upstream)


def plan(*actions: Action, unchanged: int = 0, environment: str = "prod") -> Plan:
    names = tuple(AssetName(f"marts.same_{number}") for number in range(unchanged))
    return Plan(environment, actions, names)


def shown(of: Plan, width: int = 80, *, explain: bool = False, unicode: bool = True) -> str:
    lines = plan_lines(of, Surface(width=width, unicode=unicode), explain=explain)
    return "\n".join(map(plain, lines)) + "\n"


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")


SMALL = plan(
    build("staging.stg_orders", ReasonKind.CODE, "column amount changed", "amount"),
    reads("marts.fct_orders", "staging.stg_orders.amount"),
    reads("marts.daily", "marts.fct_orders.amount"),
    build("marts.customers", ReasonKind.NEW, "not built yet"),
    action(ActionKind.PUBLISH, "marts.latest", Reason(ReasonKind.DEPENDENCY, "shows marts.daily")),
    action(ActionKind.DROP, "marts.old", Reason(ReasonKind.CODE, "no longer in the project")),
    unchanged=41,
)


def test_a_small_plan() -> None:
    assert shown(SMALL) == expected("""
        4 to build · 1 to publish · 1 to drop · 41 unchanged  (environment prod)

        build
        ├─ ~ staging.stg_orders   code: column amount changed
        │  └─ ~ marts.fct_orders  upstream: reads staging.stg_orders.amount
        │     └─ ~ marts.daily    upstream: reads marts.fct_orders.amount
        └─ + marts.customers      new: not built yet

        publish
        └─ → marts.latest  upstream: shows marts.daily

        drop
        └─ - marts.old  code: no longer in the project
    """)


def test_in_a_narrow_terminal_reasons_stand_below() -> None:
    assert shown(SMALL, 40) == expected("""
        4 to build · 1 to publish · 1 to drop · 41 unchanged  (environment prod)

        build
        ├─ ~ staging.stg_orders
        │  │    code: column amount changed
        │  └─ ~ marts.fct_orders
        │     │    upstream: reads
        │     │      staging.stg_orders.amount
        │     └─ ~ marts.daily
        │             upstream: reads
        │               marts.fct_orders.amount
        └─ + marts.customers
                new: not built yet

        publish
        └─ → marts.latest
                upstream: shows marts.daily

        drop
        └─ - marts.old
                code: no longer in the project
    """)


def test_ascii() -> None:
    assert shown(SMALL, unicode=False) == expected("""
        4 to build - 1 to publish - 1 to drop - 41 unchanged  (environment prod)

        build
        |- ~ staging.stg_orders   code: column amount changed
        |  `- ~ marts.fct_orders  upstream: reads staging.stg_orders.amount
        |     `- ~ marts.daily    upstream: reads marts.fct_orders.amount
        `- + marts.customers      new: not built yet

        publish
        `- > marts.latest  upstream: shows marts.daily

        drop
        `- - marts.old  code: no longer in the project
    """)


@pytest.mark.parametrize(
    ("unchanged", "environment", "text"),
    [
        (23, "prod", "Nothing to do: all 23 assets are up to date."),
        (1, "prod", "Nothing to do: the only asset is up to date."),
        (0, "prod", "Nothing to do: there are no assets."),
        (2, "dev_ann", "Nothing to do: all 2 assets are up to date.  (environment dev_ann)"),
    ],
)
def test_nothing_to_do(unchanged: int, environment: str, text: str) -> None:
    of = plan(unchanged=unchanged, environment=environment)
    assert plan_headline(of, Surface()).text == text
    assert shown(of) == f"{text}\n"


@pytest.mark.parametrize(
    ("kind", "symbol"),
    [
        (ReasonKind.NEW, "+"),
        (ReasonKind.CODE, "~"),
        (ReasonKind.CONFIG, "~"),
        (ReasonKind.DEPENDENCY, "~"),
        (ReasonKind.DATA, "↻"),
        (ReasonKind.MISSING, "!"),
        (ReasonKind.FAILED, "!"),
        (ReasonKind.FORCED, "*"),
    ],
)
def test_each_reason_has_its_symbol(kind: ReasonKind, symbol: str) -> None:
    assert f"└─ {symbol} marts.a" in shown(plan(build("marts.a", kind)))


def test_several_reasons_stand_under_each_other_and_columns_are_named_once() -> None:
    reasons = (
        Reason(ReasonKind.CODE, "column a changed", ("a", "b")),
        Reason(ReasonKind.CONFIG, "view → table"),
        Reason(ReasonKind.DATA, "", ("x",)),
        Reason(ReasonKind.FAILED, "the last run of it failed"),
    )
    of = plan(action(ActionKind.BUILD, "marts.a", *reasons))
    assert shown(of) == expected("""
        1 to build  (environment prod)

        build
        └─ ~ marts.a  code: column a changed (b)
                      config: view → table
                      data (x)
                      and 1 more reason
    """)
    assert "failed: the last run of it failed" in shown(of, explain=True)


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (("s.a.x",), "reads s.a.x"),
        (("s.a",), "reads the rows of s.a"),
        (("s.a.*",), "reads all of s.a"),
        (("s.a", "s.b.y", "s.a.x"), "reads s.a (rows, x), s.b.y"),
        (tuple(f"s.a.{x}" for x in "abcdefgh"), "reads s.a (a, b, c, d, e, f and 2 more)"),
        ((), "as the planner says"),
        (("x",), "as the planner says"),
    ],
)
def test_upstream_columns_are_named_by_asset(columns: tuple[str, ...], text: str) -> None:
    of = plan(build("m.a", ReasonKind.DEPENDENCY, "as the planner says", *columns))
    assert f"upstream: {text}\n" in shown(of)


def test_an_asset_hangs_under_the_first_cause_in_its_own_group_only() -> None:
    of = plan(
        build("raw.orders", ReasonKind.DATA, "new data in raw.orders"),
        build("raw.items", ReasonKind.DATA, "new data in raw.items"),
        build("marts.a", ReasonKind.DATA, "new data in raw.items, raw.orders"),
        reads("marts.b", "raw.unknown.id"),
    )
    assert shown(of).split("\n")[3:8] == [
        "├─ ↻ raw.orders  data: new data in raw.orders",
        "├─ ↻ raw.items   data: new data in raw.items",
        "│  └─ ↻ marts.a  data: new data in raw.items, raw.orders",
        "└─ ~ marts.b     upstream: reads raw.unknown.id",
        "",
    ]


def test_reasons_that_name_each_other_still_show_every_asset() -> None:
    of = plan(reads("m.a", "m.b.x"), reads("m.b", "m.c.x"), reads("m.c", "m.a.x"))
    assert [name for name in ("m.a ", "m.b ", "m.c ") if f"~ {name}" in shown(of)] == [
        "m.a ",
        "m.b ",
        "m.c ",
    ]


def test_a_thousand_assets_fold_and_every_one_is_counted() -> None:
    readers = (reads(f"marts.m{at}", f"marts.m{at // 8}.x") for at in range(1, 1000))
    large = plan(build("marts.m0", ReasonKind.CODE, "where changed"), *readers)
    text = shown(large)
    assert text.startswith("1,000 to build  (environment prod)\n")
    assert len(text.splitlines()) < 75
    assert text.count("reads marts.m0.x") == 7
    assert text.endswith("\n970 more; see them all with: xform plan --explain\n")
    hidden = [line.split("… ")[1] for line in text.splitlines() if "…" in line]
    assert sum(int(line.split()[0]) for line in hidden) == 970
    assert shown(large, explain=True).count("~ marts.m") == 1000


def test_a_chain_longer_than_the_stack_stays_within_the_width() -> None:
    chain = (reads(f"m.m{at}", f"m.m{at - 1}.x") for at in range(1, 3000))
    of = plan(build("m.m0", ReasonKind.CODE, "where changed"), *chain)
    assert max(map(len, shown(of, explain=True).splitlines())) <= 80


def test_explain_lists_what_is_unchanged() -> None:
    of = plan(build("m.a", ReasonKind.NEW), unchanged=2)
    assert shown(of, explain=True).endswith("\nunchanged\n   = marts.same_0\n   = marts.same_1\n")

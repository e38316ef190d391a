"""Who is rebuilt: a model whose upstream changed in a column, a row or an order that it reads."""

from __future__ import annotations

import pytest
from chains import Chain

BASE = "select k, a, b from t"


def changed(upstream: str, reader: str, base: str = BASE) -> bool:
    """Whether the reader's build changes when the upstream model is rewritten."""
    before = Chain({"m": base, "r": reader})
    return before.build("r") != Chain({"m": upstream, "r": reader}).build("r")


@pytest.mark.parametrize(
    ("upstream", "reader", "rebuilt"),
    [
        ("select k, a, b + 1 as b from t", "select a from m", False),
        ("select k, a, b + 1 as b from t", "select b from m", True),
        ("select k, a, b + 1 as b from t", "select a from m where b > 1", True),
        ("select k, a, b + 1 as b from t", "select * from m", True),
        ("select k, a, b + 1 as b from t", "select count(*) as n from m", False),
        ("select k, a, b + 1 as b from t", "select distinct a from m", False),
        ("select k, a, b + 1 as b from t", "select m as r from m", True),
        ("select k, a, b, 1 as z from t", "select a from m", False),
        ("select k, a, b, 1 as z from t", "select * from m", True),
        ("select k, a, b, 1 as c from t", "select a from m natural join u", True),
        ("select b, a, k from t", "select a, b from m", False),
        ("select b, a, k from t", "select * from m", True),
        ("select k, a, b from t where b > 1", "select a from m", True),
        ("select k, a, b from t where b > 1", "select count(*) as n from m", True),
        ("select k, a, b from t where b > 1", "select u.c from u, m", True),
        ("select k, a, b from t where b > 1", "select exists (from m) as n from u", True),
        ("select distinct k, a, b from t", "select a from m", True),
        ("select k, a, b from t order by b", "select a from m", False),
        ("select k, a, b from t order by b", "select sum(a) as n from m", False),
        ("select k, a, b from t order by b", "select first(a) as n from m", True),
        ("select k, a, b from t order by b", "select list(a) as n from m", True),
        ("select k, a, b from t order by b", "select string_agg(a, ',' order by a) as n from m",
         False),
        ("select k, a, b from t order by b", "select a from m limit 3", True),
        ("select k, a, b from t order by b", "select a from m order by a limit 3", False),
        ("select k, a, b from t order by b", "select row_number() over () as n from m", True),
        ("select k, a, b from t order by b", "select row_number() over (order by a) as n from m",
         False),
        ("select k, a, b from t order by b", "select distinct on (a) b from m", True),
        ("select k, a, b from t order by b", "select array(select a from m) as n", True),
        ("select k, a, b from t order by b", "select * from m positional join u", True),
        ("with c as (select * from t) select k, a, b from c", "select * from m", False),
        ("select k, 0 + a as a, b from t", "select * exclude (a) from m", False),
        ("select k, 0 + a as a, b from t", "select columns('[kb]') from m", False),
        ("select k, 0 + a as a, b from t", "select max(columns(*)) from m", True),
    ],
)  # fmt: skip
def test_readers_of_a_changed_model(upstream: str, reader: str, rebuilt: bool) -> None:
    assert changed(upstream, reader) is rebuilt


def test_order_passes_through_a_model_that_keeps_it() -> None:
    """A view hands on the order of what it reads; its own columns stay as they were."""
    middle = {"v": "select a from m"}
    reader = {"r": "select first(a) as n from v"}
    before = Chain({"m": BASE, **middle, **reader})
    after = Chain({"m": f"{BASE} order by b", **middle, **reader})
    assert before.build("v") == after.build("v")
    assert before.build("r") != after.build("r")


def test_a_new_column_does_not_change_the_order_of_rows() -> None:
    middle = {"v": "select a from m"}
    reader = {"r": "select first(a) as n from v"}
    before = Chain({"m": BASE, **middle, **reader})
    after = Chain({"m": "select k, a, b, 1 as z from t", **middle, **reader})
    assert before.build("r") == after.build("r")


def test_leaves_are_the_sources_that_can_change_a_build() -> None:
    chain = Chain({"m": "select t.a from t join u on t.k = u.k", "r": "select a from m, s"})
    leaves = {name: set(chain.prints[name].build.leaves) for name in chain.facts}
    assert leaves == {"m": {"t", "u"}, "r": {"t", "u", "s"}}


def test_components_name_what_changed() -> None:
    one = Chain({"m": "select a, b from t where k > 1 order by a"}).components("m")
    other = Chain({"m": "select a, b + 1 as b from t where k > 2 order by a"}).components("m")
    before = {item.name: item for item in one}
    after = {item.name: item for item in other}
    assert {name for name in before if before[name].digest != after[name].digest} == {
        "where",
        "column b",
    }
    assert before["where"].text == "where(t, lt(1, t.k))"
    assert set(after["column b"].inputs) == {"t.b"}

"""Lineage as a tree: exactly what is printed."""

from __future__ import annotations

from textwrap import dedent

from xform.base.names import AssetName, ColumnRef
from xform.console.lineage import ColumnSources, lineage_lines
from xform.console.paint import plain
from xform.console.terminal import Surface


def ref(text: str) -> ColumnRef:
    asset, _, column = text.rpartition(".")
    return AssetName(asset), column


def sources(value: str, rows: str = "") -> ColumnSources:
    return ColumnSources(
        tuple(map(ref, value.split())),
        tuple(map(ref, rows.split())),
    )


RATE = ref("marts.days.rate")
SOURCES = {
    RATE: sources("marts.facts.cancelled marts.facts.n", "marts.facts.day"),
    ref("marts.facts.cancelled"): sources("staging.flights.dep_time", "staging.flights.year"),
    ref("marts.facts.n"): sources("staging.flights.dep_time"),
    ref("staging.flights.dep_time"): sources("raw.flights.dep_time"),
}


def shown(known: dict[ColumnRef, ColumnSources], *, limit: int = 200, unicode: bool = True) -> str:
    rows = lineage_lines(RATE, known, Surface(unicode=unicode), limit=limit)
    return "\n".join(map(plain, rows)) + "\n"


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_direct() -> None:
    assert shown({RATE: SOURCES[RATE]}, unicode=False) == expected("""
        marts.days.rate
        |- value <- marts.facts.cancelled
        |- value <- marts.facts.n
        `- rows  <- marts.facts.day
    """)


def test_to_the_sources_each_followed_once() -> None:
    assert shown(SOURCES) == expected("""
        marts.days.rate
        ├─ value ← marts.facts.cancelled
        │  ├─ value ← staging.flights.dep_time
        │  │  └─ value ← raw.flights.dep_time
        │  └─ rows  ← staging.flights.year
        ├─ value ← marts.facts.n
        │  └─ value ← staging.flights.dep_time  (see above)
        └─ rows  ← marts.facts.day
    """)


def test_no_sources() -> None:
    assert shown({RATE: sources("")}) == "marts.days.rate\ncomes from no column\n"


def test_a_limit_says_what_is_left_out() -> None:
    assert shown(SOURCES, limit=3).endswith("\nand 3 more sources; all with: --format json\n")


def test_a_chain_longer_than_the_stack() -> None:
    known = {ref(f"m.a{at}.c"): sources(f"m.a{at + 1}.c") for at in range(3000)}
    known[RATE] = sources("m.a0.c")
    assert len(shown(known, limit=5000).splitlines()) == 3002


def test_what_the_column_holds() -> None:
    column = (AssetName("m"), "n")
    lines = lineage_lines(column, {}, Surface(unicode=True), kind="bigint, never NULL")
    assert plain(lines[0]) == "m.n  bigint, never NULL"

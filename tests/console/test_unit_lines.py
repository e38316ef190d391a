"""Unit tests as lines: exactly what is printed."""

from __future__ import annotations

from xform.app.unit_tests.running import UnitResult
from xform.base.spans import file_span
from xform.checks.unit.comparing import difference
from xform.console.paint import ansi, plain
from xform.console.terminal import Surface
from xform.console.unit_tests import difference_lines, unit_lines
from xform.plan.cells import Row

COLUMNS = (("day", "date"), ("note", "varchar"), ("total", "bigint"))
EXPECTED: list[Row] = [
    ("2024-01-01", "a", "55"),
    ("2024-01-02", "b", "-1"),
    ("2024-01-04", "", "2"),
]
ACTUAL: list[Row] = [("2024-01-01", "a", "56"), ("2024-01-03", "c", None)]


def told(width: int, columns: int = 3) -> str:
    found = difference(
        COLUMNS[:columns], [r[:columns] for r in EXPECTED], [r[:columns] for r in ACTUAL], keys=(0,)
    )
    assert found is not None
    return "".join(f"{plain(each)}\n" for each in difference_lines(found, Surface(width=width)))


def test_cells_that_differ_are_marked() -> None:
    assert told(80) == (
        "        day           note    total\n"
        "    -   2024-01-01    a     - 55\n"
        "    +   2024-01-01    a     + 56\n"
        "    -   2024-01-02    b       -1\n"
        "    -   2024-01-04    ''      2\n"
        "    +   2024-01-03    c       NULL\n"
        "    - expected  + came out\n"
    )


def test_columns_that_do_not_fit_are_counted() -> None:
    assert told(32).splitlines()[-1].strip() == "- expected  + came out; 1 more column"
    assert "total" in told(32)


def test_a_summary_of_all() -> None:
    at = file_span("tests/unit/x.yml")
    differs = difference(COLUMNS, EXPECTED, ACTUAL)
    results = [
        UnitResult("good", "m.a", at, "pass", 0.5),
        UnitResult("known", "m.a", at, "pass", 0.0, again=True),
        UnitResult("bad", "m.b", at, "fail", 0.5, difference=differs),
        UnitResult("odd", "m.b", at, "error", 0.0),
    ]
    lines = [plain(each) for each in unit_lines(results, Surface(width=100))]
    assert lines[0].startswith(
        "fail  bad of m.b: 1 row differs, 2 rows are missing, 1 row too many"
    )
    assert "error  odd of m.b" in lines
    assert lines[-1] == (
        "failed: 2 unit tests passed · 1 of them before, unchanged since · 1 failed · "
        "1 could not run · 1.00s"
    )


def test_colour_says_nothing_by_itself() -> None:
    differs = difference(COLUMNS, EXPECTED, ACTUAL)
    assert differs is not None
    for each in difference_lines(differs, Surface(width=80)):
        if "\x1b[31m" in ansi(each):
            assert "-" in plain(each)
        if "\x1b[32m" in ansi(each):
            assert "+" in plain(each)

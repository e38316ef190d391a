"""Diagnostics as text: exactly what is printed."""

from __future__ import annotations

from textwrap import dedent

import pytest

from xform.base.diagnostics import Diagnostic, Label, Severity
from xform.base.spans import Span, file_span
from xform.console.diagnostics import concise_lines, diagnostic_lines, summary_line
from xform.console.paint import plain
from xform.console.terminal import Surface

MODEL = "models/staging/x.sql"


def at(line: int, column: int, end_line: int, end_column: int, path: str = MODEL) -> Span:
    return Span(path, line, column, end_line, end_column)


def error(
    message: str, span: Span, help_: str = "mend it", *labels: Label, code: str = "XF0401"
) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, span, help_, labels=labels)


def shown(diagnostic: Diagnostic, text: str | None, width: int = 80) -> str:
    lines = diagnostic_lines([diagnostic], {MODEL: text}.get, Surface(width=width))
    return "\n".join(map(plain, lines)) + "\n"


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_one_place() -> None:
    found = error("unknown column 'amout'", at(2, 8, 2, 13), "did you mean 'amount'?")
    assert shown(found, "-- orders\nselect amout\nfrom t\n") == expected("""
        error[XF0401]: unknown column 'amout'
         --> models/staging/x.sql:2:8
          |
        2 | select amout
          |        ^^^^^
        help: did you mean 'amount'?
    """)


def test_a_place_without_width_gets_one_caret_even_at_the_end() -> None:
    assert shown(error("expected a table", at(1, 14, 1, 14)), "select 1 from") == expected("""
        error[XF0401]: expected a table
         --> models/staging/x.sql:1:14
          |
        1 | select 1 from
          |              ^
        help: mend it
    """)


def test_tabs_and_wide_characters_keep_the_marks_under_their_text() -> None:
    assert shown(error("wide", at(1, 8, 1, 13)), "\t'日本', amout\r\n") == expected("""
        error[XF0401]: wide
         --> models/staging/x.sql:1:8
          |
        1 |     '日本', amout
          |             ^^^^^
        help: mend it
    """)


def test_control_characters_in_the_source_are_shown_and_do_not_act() -> None:
    assert "1 | a\\x1b[31m b\n  |           ^" in shown(error("odd", at(1, 8, 1, 9)), "a\x1b[31m b")


def test_second_places_in_the_same_line_and_in_other_lines() -> None:
    labels = (
        Label(at(1, 8, 1, 12), "first read here"),
        Label(at(3, 6, 3, 12), "from here"),
    )
    source = "select a.id, b.id\n-- why\nfrom orders\n"
    assert shown(error("'id' stands twice", at(1, 14, 1, 18), "name one", *labels), source) == (
        expected("""
        error[XF0401]: 'id' stands twice
         --> models/staging/x.sql:1:14
          |
        1 | select a.id, b.id
          |        ----  ^^^^
          |        |
          |        first read here
        2 | -- why
        3 | from orders
          |      ------ from here
        help: name one
    """)
    )


def test_a_second_place_in_another_file() -> None:
    label = Label(at(7, 3, 7, 8, "models/b.sql"), "declared here")
    gone = Label(at(9, 3, 9, 8, "models/gone.sql"), "and here")
    found = error("declared twice", at(1, 1, 1, 3), "remove one", label, gone)
    files = {MODEL: "ab", "models/b.sql": "\n" * 6 + "  x: 1\n"}
    lines = diagnostic_lines([found], files.get, Surface())
    assert "\n".join(map(plain, lines)) + "\n" == expected("""
        error[XF0401]: declared twice
         --> models/staging/x.sql:1:1
          |
        1 | ab
          | ^^
         ::: models/b.sql:7:3
          |
        7 |   x: 1
          |   ---- declared here
         ::: models/gone.sql:9:3
          = and here
        help: remove one
    """)


def test_a_place_of_several_lines() -> None:
    assert shown(error("block", at(1, 1, 3, 2)), "(\n  select 1\n)\nx") == expected("""
        error[XF0401]: block
         --> models/staging/x.sql:1:1
          |
        1 | / (
        2 | |   select 1
        3 | | )
          | |_^
        help: mend it
    """)


def test_a_place_of_several_lines_that_begins_within_one() -> None:
    assert shown(error("block", at(1, 6, 3, 2)), "with (\n  select 1\n) x") == expected("""
        error[XF0401]: block
         --> models/staging/x.sql:1:6
          |
        1 |   with (
          |  ______^
        2 | |   select 1
        3 | | ) x
          | |_^
        help: mend it
    """)


def test_a_place_of_many_lines_is_folded() -> None:
    source = "\n".join(f"line {number}" for number in range(1, 21))
    assert shown(error("block", at(2, 1, 12, 5)), source) == expected("""
        error[XF0401]: block
          --> models/staging/x.sql:2:1
           |
         2 | / line 2
         3 | | line 3
         4 | | line 4
        ...  |
        12 | | line 12
           | |____^
        help: mend it
    """)


def test_a_place_that_ends_at_the_start_of_a_line_ends_on_the_line_before() -> None:
    assert "1 | select\n  | ^^^^^^\nhelp" in shown(error("x", at(1, 1, 2, 1)), "select\nfrom t")


def test_long_lines_are_cut_around_the_place() -> None:
    source = "select " + ", ".join(f"column_{number}" for number in range(40))
    start = source.index("column_30") + 1
    assert shown(error("x", at(1, start, 1, start + 9)), source, width=40) == expected("""
        error[XF0401]: x
         --> models/staging/x.sql:1:328
          |
        1 | …column_29, column_30, column_31, c…
          |             ^^^^^^^^^
        help: mend it
    """)


@pytest.mark.parametrize("text", [None, "", "one line"])
def test_without_the_file_or_the_line_there_is_no_excerpt(text: str | None) -> None:
    assert shown(error("gone", at(5, 2, 5, 4)), text) == expected("""
        error[XF0401]: gone
         --> models/staging/x.sql:5:2
        help: mend it
    """)


def test_a_whole_file_is_named_without_an_excerpt() -> None:
    assert "1 |" not in shown(error("empty model", file_span(MODEL)), "-- nothing\n")


def test_help_is_wrapped_under_itself_and_long_messages_keep_their_lines() -> None:
    found = error("first\n  second", file_span(MODEL), "write the name in full, or give an alias")
    assert shown(found, None, width=40) == expected("""
        error[XF0401]: first
            second
         --> models/staging/x.sql:1:1
        help: write the name in full, or give an
              alias
    """)


def test_order_is_by_place_and_a_limit_keeps_errors() -> None:
    later = error("later", at(9, 1, 9, 2))
    earlier = error("earlier", at(2, 1, 2, 2))
    warning = Diagnostic("XF0402", Severity.WARNING, "careful", at(1, 1, 1, 2), "")
    lines = diagnostic_lines([later, warning, earlier], lambda _: None, Surface(), limit=2)
    assert [plain(line) for line in lines] == [
        "error[XF0401]: earlier",
        " --> models/staging/x.sql:2:1",
        "help: mend it",
        "",
        "error[XF0401]: later",
        " --> models/staging/x.sql:9:1",
        "help: mend it",
        "",
        "… and 1 more: 1 warning (--format line lists all)",
    ]


def test_concise_form() -> None:
    found = [
        error("unknown column 'b'", at(12, 8, 12, 9), "did you mean 'a'?"),
        Diagnostic("XF0102", Severity.WARNING, "two\nlines", at(3, 1, 3, 2), ""),
    ]
    assert [plain(line) for line in concise_lines(found)] == [
        "models/staging/x.sql:3:1: warning XF0102 two lines",
        "models/staging/x.sql:12:8: error XF0401 unknown column 'b' (did you mean 'a'?)",
    ]


def test_summary_counts_by_severity() -> None:
    warning = Diagnostic("XF0102", Severity.WARNING, "w", at(3, 1, 3, 2), "")
    note = Diagnostic("XF0103", Severity.INFO, "n", at(3, 1, 3, 2), "")
    errors = [error("a", at(1, 1, 1, 2)), error("b", at(1, 1, 1, 2))]
    assert summary_line([*errors, warning, note]).text == "2 errors, 1 warning, 1 note"
    assert summary_line([warning]).text == "1 warning"
    assert summary_line([]).text == ""

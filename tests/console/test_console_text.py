"""Cells, safety of shown text, wrapping."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from xform.console.cells import cut, cut_middle, pad, printable, width
from xform.console.text import Fragment, Style, line, wrap
from xform.console.words import count, duration, listing


def test_width_counts_cells_not_characters() -> None:
    assert width("amount") == 6
    assert width("日本") == 4
    assert width("e\u0301") == 1


def test_what_a_terminal_would_act_upon_is_shown_as_its_escape() -> None:
    assert printable("a\x1b[31mb\n\t\u202e\xa0\ud800") == "a\\x1b[31mb\\n\\t\\u202e\\xa0\\ud800"
    assert line("a\x1b[2Jb", Fragment("\r", Style.DIM)).text == "a\\x1b[2Jb\\r"


def test_cut_never_splits_a_wide_character() -> None:
    assert cut("日本語", 5, "…") == "日本…"
    assert cut("日本語", 4, "…") == "日…"
    assert cut("short", 5, "…") == "short"
    assert cut_middle("staging.stg_flights", 11, "…") == "stagi…ights"
    assert pad("日本", 6) == "日本  "
    assert pad("7", 3, right=True) == "  7"


def test_wrap_breaks_at_spaces_hangs_and_splits_only_what_is_too_long() -> None:
    content = line("  one ", Fragment("two three", Style.DIM), " four-and-more")
    assert [row.text for row in wrap(content, 12, hang=3)] == [
        "  one two",
        "   three",
        "   four-and-",
        "   more",
    ]
    assert wrap(line("fits"), 12) == [line("fits")]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("ab日 ", max_size=30), max_size=6), st.integers(8, 40), st.integers(0, 6))
def test_wrap_loses_nothing_and_keeps_within(parts: list[str], cells: int, hang: int) -> None:
    styles = list(Style)
    content = line(*(Fragment(part, styles[at]) for at, part in enumerate(parts)))
    rows = wrap(content, cells, hang)
    together = "".join(row.text for row in rows)
    assert together.replace(" ", "") == content.text.replace(" ", "")
    assert all(width(row.text.rstrip()) <= max(cells, hang + 8) for row in rows)


def test_numbers_in_words() -> None:
    assert [count(0, "row"), count(1, "row"), count(80789, "row")] == [
        "0 rows",
        "1 row",
        "80,789 rows",
    ]
    assert [duration(s) for s in (0, 0.124, 9.996, 59.94, 59.96, 65, 3600, 7632)] == [
        "0.00s", "0.12s", "10.0s", "59.9s", "1m 00s", "1m 05s", "1h 00m", "2h 07m",
    ]  # fmt: skip
    assert listing("abcd", 4) == "a, b, c, d"
    assert listing("abcde", 3) == "a, b, c and 2 more"

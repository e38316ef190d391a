"""YAML with places: types of plain scalars, spans, merging, and limits that hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xform.project.values import Mapping, plain
from xform.project.yaml import read_yaml


def read(text: str) -> Any:
    value, found = read_yaml(text, "a.yml")
    assert not found, found
    assert value is not None
    return plain(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("0x1f", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("~", None),
        ("yes", "yes"),
        ("on", "on"),
        ("007", "007"),
        ("2013-02-08", "2013-02-08"),
        ("12:30", "12:30"),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("1_000", "1_000"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    result = read(f"a: {text}")["a"]
    assert result == value
    assert type(result) is type(value)


def test_keys_are_their_text() -> None:
    assert read("{on: 1, 5: 2, null: 3}") == {"on": 1, "5": 2, "null": 3}


def test_merge_keys_stand_behind_written_ones() -> None:
    assert read("base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}")["use"] == {"y": 3, "x": 1}


def test_spans_count_characters_of_the_whole_file() -> None:
    file = "é ñ\r\n  kind: 'tablé'\r\n"
    value, _ = read_yaml(file[3:], "a.sql", within=file, offset=3)
    assert isinstance(value, Mapping)
    (entry,) = value
    assert (entry.key.span.line, entry.key.span.column, entry.key.span.end_column) == (2, 3, 7)
    assert (entry.value.span.line, entry.value.span.column, entry.value.span.end_column) == (
        2,
        9,
        16,
    )


def test_line_separators_that_only_yaml_knows_do_not_shift_lines() -> None:
    value, _ = read_yaml("a: 'x\u2028y'\nb: 1", "a.yml")
    assert isinstance(value, Mapping)
    assert value.entries[1].key.span.line == 2


def test_what_ends_with_an_alias_ends_behind_its_beginning() -> None:
    _, found = read_yaml("a: &a [1, 2]\nb: *a\n? c: *a\n: d\n", "a.yml")
    (problem,) = found
    span = problem.span
    assert (span.line, span.column) == (3, 3)
    assert (span.end_line, span.end_column) > (3, 3)


def test_a_very_deep_text_is_refused_before_it_costs_anything() -> None:
    value, found = read_yaml("[" * 200_000, "a.yml")
    assert value is None
    assert [each.code for each in found] == ["XF0112"]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:-[]{},'\"&*!|>#%@` \n\t0.~<?\\", max_size=40))
def test_no_text_makes_it_raise(text: str) -> None:
    _, found = read_yaml(text, "a.yml")
    lines = text.count("\n") + 1
    assert all(1 <= each.span.line <= lines and each.help for each in found)

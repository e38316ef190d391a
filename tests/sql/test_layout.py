"""The one form of SQL: what comes out for what goes in, and that nothing is lost on the way."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from xform.project.header import read_header
from xform.sql.layout.form import laid_out
from xform.sql.layout.lexing import Unreadable

CASES = Path(__file__).with_name("layout_cases.md").read_text("utf-8")
_CASE = re.compile(
    r"^## (.*?)\n(?:.*?)```sql\n(.*?)```\n+```sql\n(.*?)```", re.MULTILINE | re.DOTALL
)


def form(text: str, dialect: str = "duckdb", width: int = 60) -> str:
    """The text in its form, which laying it out again does not change."""
    header, _ = read_header(text, "a.sql")
    made = laid_out(text, dialect, header.end, width)
    header, _ = read_header(made, "a.sql")
    assert laid_out(made, dialect, header.end, width) == made
    return made


@pytest.mark.parametrize(
    ("written", "wanted"),
    [pytest.param(written, wanted, id=name) for name, written, wanted in _CASE.findall(CASES)],
)
def test_what_is_written_gets_its_form(written: str, wanted: str) -> None:
    assert form(written) == wanted


def test_there_is_a_case_under_every_heading() -> None:
    assert len(_CASE.findall(CASES)) == CASES.count("\n## ")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("select 'it''s  THIS' as a\n", "'it''s  THIS'"),
        ("select $$ FROM  ; $$ as a\n", "$$ FROM  ; $$"),
        ("select E'a\\n  B' as a\n", "E'a\\n  B'"),
        ("select \"Or der\" , 'AS'\n", '"Or der"'),
        ("select {{  ref( 'A' )  }} , x\n", "{{  ref( 'A' )  }}"),
        ("select x -- As  it IS\n", "-- As  it IS"),
        ("select x /* As  it\n   IS */ from t\n", "/* As  it\n   IS */"),
        ("select '{{ var(\"AS  x\") }}' as a\n", "'{{ var(\"AS  x\") }}'"),
        ("select 'two\n  lines ' as a , b from t\n", "'two\n  lines '"),
        ("SELECT MyColumn AS Total, Sum(X) FROM T\n", "MyColumn as Total, Sum(X)"),
        ("select t.Order, s.FROM, x as Select from t, s\n", "t.Order, s.FROM, x as Select"),
        ("select f(End := 1), {'Case': 1, Then: 2} from t\n", "f(End := 1), {'Case': 1, Then: 2}"),
        ("select x::Decimal(10,2), cast(y as VARCHAR)\n", "x::Decimal(10, 2), cast(y as VARCHAR)"),
    ],
)
def test_what_is_no_keyword_stays_as_it_is(text: str, kept: str) -> None:
    assert kept in form(text)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("a=-1", "a = -1"),
        ("a*-b", "a * -b"),
        ("a- -1", "a - -1"),
        ("-(-a)", "-(-a)"),
        ("x!~~'a%'", "x !~~ 'a%'"),
        ("a<->b", "a <-> b"),
        ("a ->> 'b'", "a ->> 'b'"),
        ("a->>'b'", "a->>'b'"),
        ("l[1:-2]", "l[1:-2]"),
        ("a::int[]", "a::int[]"),
        ("x[ 1 ]", "x[1]"),
        ("list_filter(l,x->x>1)", "list_filter(l, x->x > 1)"),
        ("{'a':1,'b':[1,2]}", "{'a': 1, 'b': [1, 2]}"),
        ("count( * )filter(where a)", "count(*) filter (where a)"),
        ("t.*exclude(a)", "t.* exclude (a)"),
        ("a in(1,2)and not(b)", "a in (1, 2) and not (b)"),
        ("sum(a)over(partition by b)", "sum(a) over (partition by b)"),
        ("interval '1'  day", "interval '1' day"),
        ("a is not  distinct from b", "a is not distinct from b"),
        ("extract(year from d)", "extract(year from d)"),
        ("a between 1 and 2 and b", "a between 1 and 2 and b"),
        ("1.5e3+.5", "1.5e3 + .5"),
        ("x'ab'", "x'ab'"),
        ("date'2024-01-01'", "date'2024-01-01'"),
        ("c{{ i }}_x+{{ a }}{{ b }}", "c{{ i }}_x+{{ a }}{{ b }}"),
    ],
)
def test_space_between_tokens(written: str, wanted: str) -> None:
    assert form(f"select {written} from t\n") == f"select {wanted} from t\n"


def test_two_texts_side_by_side_stay_on_two_lines() -> None:
    """On one line they would be an error, on two they are one text."""
    assert form("select 'a'\n 'b' as x\n") == "select\n    'a'\n    'b' as x\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("select (1\n", "different blocks"),
        ("select 1)\n", "closes nothing"),
        ("select 'a\n", "told apart"),
        ("select {% if a %} 1\n", "template cannot be read"),
        ("select ( {% if a %} 1 ) {% endif %}\n", "different blocks"),
        ("select a{# b #}c\n", "within a word"),
        ("select a,\r\nb,\nc\n", "several ways"),
        (f"select {'(' * 200}1{')' * 200}\n", "nested too deeply"),
    ],
)
def test_what_cannot_be_told_is_refused(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        laid_out(text, "duckdb", 0, 60)


def test_lines_end_as_they_ended() -> None:
    assert form("/* @model\r\nkind: view\r\n*/\r\nselect a,\r\nb\r\n") == (
        "/* @model\r\nkind: view\r\n*/\r\nselect\r\n    a,\r\n    b\r\n"
    )


def test_the_settings_stay_to_the_byte() -> None:
    settings = "-- first\n/* @model\nkind:   view  \n\n#  AND\n*/"
    made = form(f"{settings}\n\n\n\nSELECT 1\n")
    assert made == f"{settings}\n\nselect 1\n"


@pytest.mark.parametrize(
    ("dialect", "written", "wanted"),
    [
        ("bigquery", "SELECT `a b`, r'\\d' # c\nFROM t", "select `a b`, r'\\d'  # c\nfrom t\n"),
        ("mysql", "select 'it\\'s' AS a # c", "select 'it\\'s' as a  # c\n"),
        ("snowflake", "select a:b.c::int AS d // c\n", "select a:b.c::int as d  // c\n"),
        ("postgres", "select $q$ AND $q$ AS a", "select $q$ AND $q$ as a\n"),
        ("tsql", "select [From] AS a from t", "select [From] as a from t\n"),
        ("spark", "select * from t LATERAL VIEW f(x)", "select * from t lateral VIEW f(x)\n"),
        ("clickhouse", "select * from a ANY LEFT JOIN b USING(x)",
         "select * from a any left join b using (x)\n"),
    ],
)  # fmt: skip
def test_other_dialects_have_their_quotes_and_comments(
    dialect: str, written: str, wanted: str
) -> None:
    assert form(written, dialect) == wanted


def test_a_width_is_kept_where_a_line_can_end() -> None:
    text = dedent("""\
        select coalesce(first_thing, second_thing, third_thing) + another_thing as total from t
    """)
    assert max(map(len, form(text, width=40).splitlines())) <= 40
    assert form(text, width=100) == text

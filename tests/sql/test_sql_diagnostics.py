"""Each XF03xx: where it points and what it says to do."""

from __future__ import annotations

import pytest
from lowered import parsed

CASES = [
    ("select a\nfrom t where and b", "XF0301", (2, 18), "SQL syntax error at 'b'", "take it out"),
    ("select (a from t", "XF0301", (1, 11), "SQL syntax error at 'from'", "close the bracket"),
    ("select a from (select 1 as a", "XF0301", (1, 28), "behind 'a': expected ')'", "close the"),
    ("select a from t)", "XF0301", (1, 16), "at ')'", "no bracket is open"),
    ("select a form t", "XF0301", (1, 15), "at 't'", "did you mean FROM instead of 'form'"),
    ("selct a from t", "XF0301", (1, 9), "at 'from'", "did you mean SELECT"),
    ("select a from t gruop by a", "XF0301", (1, 23), "at 'by'", "did you mean GROUP"),
    ("select a from t left jion u using (a)", "XF0301", (1, 17), "at 'left'", "mean JOIN"),
    ("select a,, b from t", "XF0301", (1, 10), "nothing stands before this comma", "take"),
    ("select , b from t", "XF0301", (1, 8), "nothing stands before this comma", "take"),
    ("select f(, b) from t", "XF0301", (1, 10), "nothing stands before this comma", "take"),
    ("select trim(a from t", "XF0301", (1, 12), "this bracket is never closed", "close it"),
    ("select a from from t", "XF0301", (1, 10), "nothing stands behind FROM", "name what"),
    ("from select a", "XF0301", (1, 1), "nothing stands behind FROM", "name what"),
    ("select a as, b from t", "XF0301", (1, 10), "no name stands behind AS", "write a name"),
    ("select a as from t", "XF0301", (1, 10), "no name stands behind AS", "write a name"),
    ("select max(a as) from t", "XF0301", (1, 14), "no name stands behind AS", "write a name"),
    ("as select a from t", "XF0301", (1, 1), "nothing stands before AS", "take the word out"),
    ("select as a from t", "XF0301", (1, 8), "nothing stands before AS", "take the word out"),
    (
        "select mode() within group () from t",
        "XF0301",
        (1, 28),
        "WITHIN GROUP of nothing",
        "write ORDER BY",
    ),
    ("select from t", "XF0301", (1, 8), "nothing is selected", "name the columns"),
    (
        "select a from (select a from t group by) x",
        "XF0301",
        (1, 32),
        "GROUP BY of nothing",
        "name",
    ),
    ("select 'abc from t", "XF0301", (1, 8), "never closed", "it''s"),
    ("-- nothing\n", "XF0302", (1, 1), "holds no query", "write a SELECT"),
    ("select 1 as a;\nselect 2 as b", "XF0303", (2, 1), "2 statements", "one query per file"),
    ("/* x */\ncreate table t (a int)", "XF0304", (2, 1), "CREATE is not a query", "one SELECT"),
    ("delete from t", "XF0304", (1, 1), "DELETE is not a query", "one SELECT"),
    ("select a\nfrom t where b = $1", "XF0307", (2, 18), "parameter $1", "var("),
]


@pytest.mark.parametrize(
    ("sql", "code", "at", "message", "help_"), CASES, ids=[c[0] for c in CASES]
)
def test_sql_diagnostic(sql: str, code: str, at: tuple[int, int], message: str, help_: str) -> None:
    found, problems = parsed(sql)
    assert found is None
    (problem,) = problems
    assert problem.code == code
    assert (problem.span.line, problem.span.column) == at
    assert message in problem.message
    assert help_ in problem.help


def test_unknown_dialect() -> None:
    _, (problem,) = parsed("select 1", "duckbd")
    assert (problem.code, problem.span.path) == ("XF0305", "models/m.sql")
    assert problem.help == "did you mean 'duckdb'?"


def test_too_deep() -> None:
    _, (problem,) = parsed("select " + "(" * 5000 + "1" + ")" * 5000)
    assert problem.code == "XF0306"
    assert "split it" in problem.help


@pytest.mark.parametrize("sql", ["->", "select ->> a", "select a from t limit ->"])
def test_what_the_parser_itself_stumbles_over(sql: str) -> None:
    unit, (problem,) = parsed(sql)
    assert unit is None
    assert problem.code == "XF0301"


def test_a_misspelt_keyword_is_pointed_at() -> None:
    _, (problem,) = parsed("select a\nform t")
    (label,) = problem.labels
    assert label.message == "is this FROM?"
    assert (label.span.line, label.span.column, label.span.end_column) == (2, 1, 5)


@pytest.mark.parametrize(
    "sql",
    [
        "select '(,' as a, b from t -- ,,\n",
        "select a from t order by all",
        "select a, from t",
        "from t select a",
        "select a is distinct from b as x from t",
    ],
)
def test_what_only_looks_like_a_gap_passes(sql: str) -> None:
    assert parsed(sql)[1] == ()


@pytest.mark.parametrize(
    "sql",
    [
        "select a as from from t",
        "select a as as from t",
        "select a as select, b as where, c as from from t",
        "select a as group from t",
        "select q.map, map + 1 as b from (select a as map from t) q",
        "select q.from, q.select from (select a as from, a as select from t) q",
        "with drop as (select a as lock from t) select insert.lock from drop insert",
    ],
)
def test_a_keyword_behind_as_is_a_name(sql: str) -> None:
    found, problems = parsed(sql)
    assert found is not None, problems

"""Each XF03xx: where it points and what it says to do."""

from __future__ import annotations

import pytest
from lowered import parsed

CASES = [
    ("select a\nfrom t where and b", "XF0301", (2, 18), "SQL syntax error at 'b'", "take it out"),
    ("select (a from t", "XF0301", (1, 11), "SQL syntax error at 'from'", "just before 'from'"),
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

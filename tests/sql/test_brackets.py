"""Stretches of text with the brackets that belong to them."""

from __future__ import annotations

import pytest

from xform.sql.brackets import enclosed


# «…» is the stretch that is known, ‹…› the one that is meant.
@pytest.mark.parametrize(
    "marked",
    [
        "select ‹«sum(a»)› from t",
        "select ‹«f(g(a, 'x)'»))› from t",
        "select ‹«f(a» /* ) */, ')')› from t",
        "select ‹(«a + 1) * b»› from t",
        "select ‹cast(«a as integer) + b»› from t",
        "select ‹case when «a then 1 else b» end› from t",
        "select ‹case «a when 1 then b» end› from t",
        "select case when ‹«a»› then b end from t",
        "select (‹«a»›) from t",
        "select ‹«f(a»› from t",
        "select ‹«»›",
    ],
)
def test_a_stretch_is_made_whole(marked: str) -> None:
    known = marked.replace("‹", "").replace("›", "")
    meant = marked.replace("«", "").replace("»", "")
    text = known.replace("«", "").replace("»", "")
    start, end = known.index("«"), known.index("»") - 1
    assert enclosed(text, start, end) == (meant.index("‹"), meant.index("›") - 1)

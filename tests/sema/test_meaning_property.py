"""Fingerprints are sound: what hashes alike gives the same rows.

A random query and a small random edit of it run on the same data. Where the build fingerprints
are equal, so are the results; where only the rows' fingerprints are equal, so are the columns
that have equal fingerprints, taken together.
"""

from __future__ import annotations

from random import Random

import duckdb
from hypothesis import given
from hypothesis import strategies as st
from random_edits import random_edit
from random_queries import TABLES, random_query
from random_runs import Engine, projected, random_data
from sema_bound import bound, facts_of, prints_of

from xform.base.diagnostics import has_errors

ENGINE = Engine()
EDITS = 3


@given(st.integers(0, 2**32))
def test_equal_fingerprints_give_equal_rows(seed: int) -> None:
    random = Random(seed)
    sql = random_query(random, depth=2)
    ENGINE.load(random_data(random))
    names, rows = ENGINE.run(sql)
    prints = prints_of(sql, TABLES)
    at = {column.name: i for i, column in enumerate(facts_of(sql, TABLES).columns)}
    for _ in range(EDITS):
        edited = random_edit(random, sql)
        try:
            other_names, other_rows = ENGINE.run(edited)
        except duckdb.Error:
            continue
        _, facts, found = bound(edited, TABLES)
        if facts is None or has_errors(found):
            continue
        other = prints_of(edited, TABLES)
        other_at = {column.name: i for i, column in enumerate(facts.columns)}
        if other.build.digest == prints.build.digest:
            assert names == other_names
            shared = list(at)
        elif other.rows.digest == prints.rows.digest:
            shared = [
                name
                for name in at
                if name in other_at
                and prints.columns[name.lower()].digest == other.columns[name.lower()].digest
            ]
        else:
            continue
        assert projected(rows, [at[name] for name in shared]) == projected(
            other_rows, [other_at[name] for name in shared]
        ), f"{sql}\n{edited}"


@given(st.integers(0, 2**32))
def test_layout_case_and_comments_do_not_matter(seed: int) -> None:
    random = Random(seed)
    sql = random_query(random)
    words = sql.split(" ")
    styled = "".join(word + _gap(random, word) for word in words)
    assert prints_of(styled, TABLES).build.digest == prints_of(sql, TABLES).build.digest


def _gap(random: Random, word: str) -> str:
    """What stands behind a word. (sqlglot takes no comment between ORDER and BY.)"""
    if word.endswith(("order", "group", "partition")) or random.random() < 0.7:
        return random.choice([" ", "\n", "  "])
    return random.choice([" /* ; */ ", " -- select\n"])

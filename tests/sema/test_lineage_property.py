"""Lineage is sound: what is outside a column's lineage cannot change the column.

A random query runs on random data, then on the same rows with other values in one source column.
If that column decides no rows, then the outputs whose value lineage lacks it are, taken
together, the same multiset of rows as before.
"""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from random_queries import TABLES, random_query
from random_runs import Engine, perturbed, projected, random_data
from sema_bound import facts_of

from xform.sema.scope import NO_SOURCES, Column, deduplicate

ENGINE = Engine()
PER_EXAMPLE = 2
"""Queries for each example: drawing is cheap beside running."""


@given(st.integers(0, 2**32))
def test_no_output_changes_outside_its_lineage(seed: int) -> None:
    for random in (Random(seed + i) for i in range(PER_EXAMPLE)):
        sql = random_query(random)
        data = random_data(random)
        ENGINE.load(data)
        _, before = ENGINE.run(sql)
        facts = facts_of(sql, TABLES)
        table = random.choice(list(TABLES))
        source = (table, random.choice(TABLES[table]))
        if source in facts.rows:
            continue
        ENGINE.load(perturbed(random, data, *source))
        _, after = ENGINE.run(sql)
        unaffected = [i for i, column in enumerate(facts.columns) if source not in column.value]
        assert projected(before, unaffected) == projected(after, unaffected), (
            f"{source} changes {sql}\non {data}"
        )


@given(st.integers(0, 2**32))
def test_columns_are_those_that_the_engine_yields(seed: int) -> None:
    random = Random(seed)
    sql = random_query(random)
    ENGINE.load(random_data(random))
    names, _ = ENGINE.run(sql)
    shown = [column.name for column in deduplicate([Column(name, 0, NO_SOURCES) for name in names])]
    assert [column.name for column in facts_of(sql, TABLES).columns] == shown, sql

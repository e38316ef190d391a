"""Queries over every construct, and what random changes of their words make of them, against
DuckDB: types, names, value lineage and fingerprints."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from typed_engine import TABLES, bound, connect, described, inferred, schemas
from typed_rows import Engine, perturbed, rows

from xform.base.diagnostics import has_errors
from xform.base.names import AssetName
from xform.fingerprint.evaluate import Fingerprints, of_query, of_source
from xform.sema.facts import ModelFacts
from xform.sema.types.type import is_known

QUERIES = [
    line
    for line in (Path(__file__).parent / "construct_queries.sql").read_text("utf-8").splitlines()
    if line and not line.startswith("--")
]
SOURCES = {name: of_source(name, schema, name) for name, schema in schemas().items()}
OTHERS = ["(", ")", "not", "-", "distinct", "all", "desc", "nulls first", "1", "null", "::varchar"]


def words(query: str) -> list[str]:
    """The tokens of a query as they are written."""
    tokens = Dialect.get_or_raise("duckdb").tokenize(query)
    return [query[token.start : token.end + 1] for token in tokens]


VOCABULARY = sorted({word for query in QUERIES for word in words(query)})


@cache
def engine() -> Engine:
    made = Engine()
    made.load(rows())
    return made


def facts_of(query: str) -> ModelFacts | None:
    """None of what has errors, asks for the time or for chance, or yields what cannot be listed."""
    facts, found = bound(query)
    if facts is None or has_errors(found) or facts.clock or facts.columns_open:
        return None
    return facts


def prints_of(facts: ModelFacts) -> Fingerprints:
    return of_query(facts, SOURCES, "table")


def changed(random: Random, query: str) -> str:
    """A query with one word or two taken out, put in, exchanged or replaced."""
    found = words(query)
    for _ in range(random.choice((1, 1, 1, 2))):
        at, other = random.randrange(len(found)), random.randrange(len(found))
        match random.randrange(5):
            case 0:
                del found[at : at + random.choice((1, 1, 2, 3))]
            case 1:
                found[at], found[other] = found[other], found[at]
            case 2:
                found[at] = found[other]
            case 3:
                found.insert(at, random.choice(random.choice((VOCABULARY, found, OTHERS))))
            case _:
                found[at] = random.choice(VOCABULARY)
        if not found:
            return query
    return " ".join(found)


@pytest.mark.parametrize("query", QUERIES)
def test_columns_are_those_of_the_engine(query: str) -> None:
    """No type is wrong; the names are those of `create table as`."""
    connection = connect()
    expected, found = described(connection, query), inferred(query)
    assert [one is other or not is_known(one) for one, other in zip(found, expected, strict=True)]
    connection.execute(f"create table made as {query}")
    facts = facts_of(query)
    assert facts is not None
    made = connection.execute("describe made").fetchall()
    assert [column.name.lower() for column in facts.columns] == [row[0].lower() for row in made]


def check_lineage(seed: int) -> None:
    random = Random(seed)
    query = random.choice(QUERIES)
    if random.random() < 0.5:
        query = changed(random, query)
    table = random.choice(list(TABLES))
    source = (AssetName(table), random.choice(list(TABLES[table])))
    try:
        facts = facts_of(query)
    except SqlglotError:
        return
    if facts is None or source in facts.rows:
        return
    free = [at for at, column in enumerate(facts.columns) if source not in column.value]
    engine().load(rows())
    before = engine().run(query)
    if before is None or len(before[0]) != len(facts.columns):
        return
    before = engine().run(query, free)
    engine().load(perturbed(random, rows(), *source))
    after = engine().run(query, free)
    engine().load(rows())
    assert after is None or before == after, f"{source} changes {query}"


def check_fingerprints(seed: int) -> None:
    """Equal fingerprints give equal results; of equal rows, equal columns are equal together."""
    random = Random(seed)
    query = random.choice(QUERIES)
    other = changed(random, query)
    one, two = facts_of(query), facts_of(other)
    if one is None or two is None:
        return
    prints, others = prints_of(one), prints_of(two)
    if prints.rows.digest != others.rows.digest:
        return
    if prints.build.digest == others.build.digest:
        result, expected = engine().run(other), engine().run(query)
        assert None in (result, expected) or result == expected, f"{query}\n{other}"
        return
    at = {column.name.lower(): number for number, column in enumerate(one.columns)}
    beside = {column.name.lower(): number for number, column in enumerate(two.columns)}
    shared = [
        name
        for name in at
        if name in beside and prints.columns[name].digest == others.columns[name].digest
    ]
    result = engine().run(other, [beside[name] for name in shared])
    expected = engine().run(query, [at[name] for name in shared])
    assert None in (result, expected) or result == expected, f"{query}\n{other}\n{shared}"


@given(st.integers(0, 2**32))
def test_no_output_changes_outside_its_lineage(seed: int) -> None:
    check_lineage(seed)


@given(st.integers(0, 2**32))
def test_equal_fingerprints_give_equal_results(seed: int) -> None:
    check_fingerprints(seed)


def test_rows_with_their_numbers_are_others() -> None:
    numbered, plain = (
        facts_of(f"select * from unnest([1, 2]) {words} u(v, o)")
        for words in ("with ordinality as", "")
    )
    assert numbered is not None
    assert plain is not None
    assert [column.name for column in plain.columns] == ["v"]
    assert prints_of(numbered).rows.digest != prints_of(plain).rows.digest


@pytest.mark.deep
@settings(max_examples=20_000)
@given(st.integers(0, 2**32))
def test_twenty_thousand_changes_are_sound(seed: int) -> None:
    check_fingerprints(seed)
    if seed % 4 == 0:
        check_lineage(seed)

"""The data version of a table: a checksum of its content, computed where the data is.

Over all rows, in any order: their count and two sums of 64-bit hashes, which take the columns in
opposite orders. Column names and types are part of it. DuckDB hashes some unlike values alike
(0.0 and -0.0; a list and its nested twin), so those columns go in twice, in another form too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xform.base.hashing import digest_parts
from xform.engines.duckdb.rounding import rounded
from xform.engines.duckdb.text import name
from xform.project.checksum import Checksum
from xform.project.versioning import USUAL, Versioning
from xform.run.records import Sums

if TYPE_CHECKING:
    import duckdb

LEAST = 10_000
"""Rows that a sample has to have by its size; what would have fewer is looked at as a whole."""

_FLOATS = ("DOUBLE", "FLOAT")
_NESTED = ("STRUCT", "TUPLE", "MAP", "UNION", "VARIANT", "JSON")


def version(
    cursor: duckdb.DuckDBPyConnection, schema: str, table: str, how: Versioning = USUAL
) -> str:
    """By the content, unless a source says how else. DuckDB keeps nothing of a table that tells
    whether it has changed."""
    target = f"{name(schema)}.{name(table)}"
    if how.policy == "query" and how.query is not None:
        rows = cursor.execute(how.query).fetchall()
        return f"query:{digest_parts([str(value) for row in rows for value in row])}"
    if how.policy == "loaded_at" and how.column is not None:
        ((newest, count),) = cursor.execute(
            f"select cast(max({name(how.column)}) as varchar), count(*) from {target}"
        ).fetchall()
        return f"loaded:{newest}:{count}"
    columns = [
        (str(row[0]), str(row[1])) for row in cursor.execute(f"describe {target}").fetchall()
    ]
    (sums,) = cursor.execute(f"select {sums_of(columns)} from {target}").fetchall()
    shape = [part for column in columns for part in column]
    return f"rows:{sums[0]}:{digest_parts([*shape, *(str(part) for part in sums)])}"


def checksums(
    cursor: duckdb.DuckDBPyConnection,
    target: str,
    columns: Sequence[tuple[str, str]],
    how: Checksum,
) -> Sums:
    """Of a table's rows in any order, and of the rows in the order in which they are stored.

    A sample is chosen by the hash of the row itself: a row is in it wherever it stands, and each
    difference in a row is seen with the chance that the row is.
    """
    terms = [_rounded_terms(cursor, column, kind, how.float_digits) for column, kind in columns]
    digits = how.float_digits if any(found for _, found in terms) else None
    flat = [term for found, _ in terms for term in found]
    (count,) = cursor.execute(f"select count(*) from {target}").fetchall()[0]
    part = how.sample if count * how.sample >= LEAST else 1.0
    chosen = f" where hash({_back(flat)}) < {int(part * 2**64)}::ubigint" if part < 1 else ""
    in_order = _listed([*flat, "rowid"])
    (sums,) = cursor.execute(
        f"select {_sums(flat)}, sum(hash({in_order})) from {target}{chosen}"
    ).fetchall()
    shape = [part for column in columns for part in column]
    content = digest_parts([*shape, str(count), *(str(part) for part in sums[:3])])
    return Sums(content, digest_parts([content, str(sums[3])]), Checksum(part, digits))


def sums_of(columns: Sequence[tuple[str, str]]) -> str:
    """The three numbers that stand for rows of these columns (name, type), as SQL."""
    return _sums([term for column, kind in columns for term in _terms(name(column), kind)])


def _sums(terms: Sequence[str]) -> str:
    return f"count(*), sum(hash({_listed(terms)})), sum(hash({_back(terms)}))"


def _back(terms: Sequence[str]) -> str:
    """The terms in the opposite order. With a text before them, rows of zeros have no hash of
    their own."""
    return _listed(["'xform'", *reversed(terms)])


def _listed(terms: Sequence[str]) -> str:
    return ", ".join(terms) or "0"


def _rounded_terms(
    cursor: duckdb.DuckDBPyConnection, column: str, kind: str, digits: int | None
) -> tuple[list[str], bool]:
    """What is hashed of a column, and whether floats in it are rounded."""
    value = rounded(cursor, column, kind, digits) if digits is not None else None
    if value is None:
        return _terms(name(column), kind), False
    return ([value] if kind in _FLOATS else _terms(value, kind)), True


def _terms(value: str, kind: str) -> list[str]:
    """What is hashed of a value, given as SQL."""
    if kind in _FLOATS:
        return [value, f"signbit({value})"]
    if kind.endswith("]") or kind.startswith(_NESTED):
        return [value, f"cast({value} as varchar)"]
    return [value]

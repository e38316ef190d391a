"""The data version of a table: a checksum of its content, computed where the data is.

Over all rows, in any order: their count and two sums of 64-bit hashes, which take the columns in
opposite orders. Column names and types are part of it. DuckDB hashes some unlike values alike
(0.0 and -0.0; a list and its nested twin), so those columns go in twice, in another form too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xform.base.hashing import digest_parts
from xform.engines.duckdb.text import name
from xform.project.versioning import USUAL, Versioning

if TYPE_CHECKING:
    import duckdb


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
    cursor: duckdb.DuckDBPyConnection, target: str, columns: Sequence[tuple[str, str]]
) -> tuple[str, str]:
    """(of a table's rows in any order, of the rows in the order in which they are stored)."""
    terms = [term for column, kind in columns for term in _terms(column, kind)]
    in_order = ", ".join([*terms, "rowid"])
    (sums,) = cursor.execute(
        f"select {sums_of(columns)}, sum(hash({in_order})) from {target}"
    ).fetchall()
    shape = [part for column in columns for part in column]
    content = digest_parts([*shape, *(str(part) for part in sums[:3])])
    return content, digest_parts([content, str(sums[3])])


def sums_of(columns: Sequence[tuple[str, str]]) -> str:
    """The three numbers that stand for rows of these columns (name, type), as SQL."""
    terms = [term for column, kind in columns for term in _terms(column, kind)]
    forth, back = ", ".join(terms) or "0", ", ".join(["'xform'", *reversed(terms)])
    return f"count(*), sum(hash({forth})), sum(hash({back}))"


def _terms(column: str, kind: str) -> list[str]:
    value = name(column)
    if kind in ("DOUBLE", "FLOAT"):
        return [value, f"signbit({value})"]
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT", "JSON")):
        return [value, f"cast({value} as varchar)"]
    return [value]

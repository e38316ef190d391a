"""Rows that failed tests, as far as they are kept: a row of the ledger each, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from xform.run.records import BadRows

if TYPE_CHECKING:
    import duckdb

CREATE = """
create table if not exists _xform.ledger_bad_rows
  (environment varchar, asset varchar, test varchar, run_id varchar, found_at varchar,
   number integer, bad_row varchar);
"""

_PRESENT = (
    "select count(*) from duckdb_tables() where database_name = current_database() "
    "and schema_name = '_xform' and table_name = 'ledger_bad_rows'"
)
_ALL = """
select environment, asset, test, run_id, found_at, bad_row from _xform.ledger_bad_rows
order by environment, asset, test, number
"""


def write(cursor: duckdb.DuckDBPyConnection, found: Sequence[BadRows]) -> None:
    """Put rows in the place of those that their tests had; there may be none."""
    _forget(cursor, found)
    for bad in found:
        if bad.rows:
            cursor.executemany(
                "insert into _xform.ledger_bad_rows values (?, ?, ?, ?, ?, ?, ?)",
                [
                    [bad.environment, bad.asset, bad.test, bad.run_id, bad.at, number, _text(row)]
                    for number, row in enumerate(bad.rows)
                ],
            )


def read(cursor: duckdb.DuckDBPyConnection) -> tuple[BadRows, ...]:
    if not cursor.execute(_PRESENT).fetchall()[0][0]:
        return ()
    found: dict[BadRows, list[dict[str, Any]]] = {}
    for environment, asset, test, run_id, at, text in cursor.execute(_ALL).fetchall():
        bad = BadRows(environment, asset, test, run_id, at)
        found.setdefault(bad, []).append(msgspec.json.decode(text))
    return tuple(msgspec.structs.replace(bad, rows=tuple(rows)) for bad, rows in found.items())


def _forget(cursor: duckdb.DuckDBPyConnection, gone: Sequence[BadRows]) -> None:
    for bad in gone:
        cursor.execute(
            "delete from _xform.ledger_bad_rows where environment = ? and asset = ? and test = ?",
            [bad.environment, bad.asset, bad.test],
        )


def _text(row: Mapping[str, Any]) -> str:
    return msgspec.json.encode(row, enc_hook=str).decode()

"""All of a state as lines of JSON: a row each, with the name of its table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from xform.state.database import Connection

_TABLES = {
    "facts": "key",
    "builds": "physical",
    "publications": "environment, asset",
    "statuses": "environment, asset",
    "durations": "asset",
    "leases": "environment",
    "runs": "rowid",
    "nodes": "rowid",
    "checks": "rowid",
    "statements": "rowid",
    "logs": "rowid",
}
"""Each with its order."""
_JSON = ("record", "components", "asked")
"""Columns that hold JSON."""


def export(connection: Connection, version: int, write: Callable[[str], None]) -> None:
    """The first line has the version of the state. No statement or command line in a state holds a
    secret: these are masked when they are kept."""
    encode = msgspec.json.encode
    write(encode({"table": "state", "version": version}).decode())
    for table, order in _TABLES.items():
        found = connection.execute(f"select * from {table} order by {order}")
        columns = [column[0] for column in found.description]
        for row in found:
            values = {
                name: _plain(name, value)
                for name, value in zip(columns, row, strict=True)
                if name != "rowid"
            }
            write(encode({"table": table, **values}).decode())


def _plain(column: str, value: Any) -> Any:
    return msgspec.Raw(value) if column in _JSON else value

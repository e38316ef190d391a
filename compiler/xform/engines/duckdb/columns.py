"""Columns of a table that new code carries on, and those of the rows that come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xform.engines.duckdb.text import name
from xform.run.failures import ColumnsDiffer

Columns = Sequence[tuple[str, str]]
"""(name, type)"""


def fit(
    target: str,
    has: Columns,
    comes: Columns,
    on_schema: str,
    run: Callable[[str], object],
) -> list[str]:
    """Make a table take rows with other columns, as `on_schema` says (fail, append, sync, ignore);
    the columns that are then to be put in, by name. Raises ColumnsDiffer."""
    known = {column.lower() for column, _ in has}
    coming = {column.lower() for column, _ in comes}
    more = [(column, kind) for column, kind in comes if column.lower() not in known]
    gone = [column for column, _ in has if column.lower() not in coming]
    if (more or gone) and on_schema == "fail":
        parts = [f"lacks {', '.join(column for column, _ in more)}"] if more else []
        parts += [f"has {', '.join(gone)}, which no longer come"] if gone else []
        raise ColumnsDiffer(
            f"the table {' and '.join(parts)} (on_schema_change: append, sync or ignore)",
            [column for column, _ in comes],
            [column for column, _ in has],
        )
    if on_schema in ("append", "sync"):
        for column, kind in more:
            run(f"alter table {target} add column {name(column)} {kind}")
    if on_schema == "sync":
        for column in gone:
            run(f"alter table {target} drop column {name(column)}")
    if on_schema == "ignore":
        return [column for column, _ in comes if column.lower() in known]
    return [column for column, _ in comes]

"""`xform show`: rows of an asset."""

from __future__ import annotations

from typing import Annotated

from xform.app.data.rows import bad_rows, show_rows
from xform.app.lineage.columns import find_asset
from xform.app.workspace import UserError
from xform.cli.context import Context, command
from xform.cli.options import Argument, Option
from xform.console.tables import table_lines
from xform.console.text import EMPTY, dim, line, strong
from xform.run.ports import QueryResult


@command
def run(
    context: Context,
    asset: Annotated[str, Argument(help="What to show rows of: an asset, or a test.")],
    limit: Annotated[int, Option("--limit", "-n", minimum=1, help="How many rows.")] = 10,
    failures: Annotated[
        bool, Option("--failures", help="Rows that failed its tests, as far as they are kept.")
    ] = False,
) -> None:
    """Show the first rows of an asset as it is published, or those that failed a test."""
    if failures:
        _show_failures(context, asset, limit)
        return
    compilation = context.compile(strict=False)
    name, found = find_asset(compilation, asset)
    if name is None:
        raise UserError(found)
    result, total = show_rows(context.workspace, compilation, name, limit)
    if context.json:
        names = [column for column, _ in result.columns]
        context.print_json(
            {
                "version": 1,
                "asset": name,
                "columns": [{"name": column, "type": kind} for column, kind in result.columns],
                "total": total,
                "rows": [dict(zip(names, row, strict=True)) for row in result.rows],
            }
        )
    else:
        context.terminal.data(table_lines(result, context.terminal.out, total=total))


def _show_failures(context: Context, written: str, limit: int) -> None:
    found = bad_rows(context.workspace, written)
    if context.json:
        failures = [
            {
                "asset": bad.asset,
                "test": bad.test,
                "run_id": bad.run_id,
                "at": bad.at,
                "rows": bad.rows[:limit],
            }
            for bad in found
        ]
        context.print_json({"version": 1, "failures": failures})
        return
    for number, bad in enumerate(found):
        columns = tuple((column, "") for column in bad.rows[0])
        rows = [tuple(row.values()) for row in bad.rows[:limit]]
        head = line(strong(bad.test), dim(f"  {bad.asset}, {bad.at[:19].replace('T', ' ')}"))
        table = table_lines(QueryResult(columns, rows), context.terminal.out, total=len(bad.rows))
        context.terminal.data([*([EMPTY] if number else []), head, *table])

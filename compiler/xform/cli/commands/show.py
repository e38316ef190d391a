"""`xform show`: rows of an asset."""

from __future__ import annotations

from typing import Annotated

from xform.app.lineage import find_asset
from xform.app.showing import show_rows
from xform.app.workspace import UserError
from xform.cli.context import Context, command
from xform.cli.options import Argument, Option
from xform.console.tables import table_lines


@command
def run(
    context: Context,
    asset: Annotated[str, Argument(help="What to show rows of.")],
    limit: Annotated[int, Option("--limit", "-n", minimum=1, help="How many rows.")] = 10,
) -> None:
    """Show the first rows of an asset as it is published."""
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

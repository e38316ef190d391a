"""`xform backfill`: compute intervals of incremental models again."""

from __future__ import annotations

from typing import Annotated

from xform.app.building.again import Again
from xform.cli.commands.build import Asked, planned_and_built
from xform.cli.context import Context, reporting
from xform.cli.options import Option, UsageMistake
from xform.cli.selection import Exclude, Select, SelectorName, request_of
from xform.cli.spans import AllowMissing, End, Start, span_of
from xform.cli.waiting import Wait, wait_for


@reporting
def run(
    context: Context,
    select: Select = None,
    exclude: Exclude = None,
    selector: SelectorName = None,
    start: Start = None,
    end: End = None,
    downstream: Annotated[
        bool, Option("--downstream", help="Readers, too: their intervals that these touch.")
    ] = False,
    allow_missing: AllowMissing = False,
    wait: Wait = 0,
    dry_run: Annotated[bool, Option("--dry-run", help="Show the plan and stop.")] = False,
) -> None:
    """Compute intervals of incremental models again, test them, and publish."""
    if not (select or selector):
        raise UsageMistake("say which models: xform backfill --select NAME --start … --end …")
    span = span_of(start, end)
    if span is None:
        raise UsageMistake("say which time: --start, --end, or both", option="--start")
    wait_for(context, wait)
    request = request_of(select, exclude, selector, "eager")
    again = Again(span, downstream, allow_missing)
    planned_and_built(context, request, Asked(False, False, False, False, dry_run, None, again))

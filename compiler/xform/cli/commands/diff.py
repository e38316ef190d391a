"""`xform diff`: the rows that one environment shows of assets against those of another."""

from __future__ import annotations

from typing import Annotated

import msgspec

from xform.app.data.diffing import comparable, compare_data, sides_and_assets
from xform.app.data.table_diffing import DiffOptions
from xform.base.names import AssetName
from xform.cli.context import CHANGED, FAILED, Context, command
from xform.cli.options import Argument, Option, UsageMistake
from xform.cli.selection import Exclude, Select, SelectorName, request_of, selector_of
from xform.cli.waiting import Wait, wait_for
from xform.console.data_diff import data_diff_lines
from xform.console.text import dim, line


@command
def run(
    context: Context,
    left: Annotated[str, Argument(help="The environment to go from.")],
    words: Annotated[
        list[str] | None,
        Argument(
            metavar="RIGHT ASSET",
            help="The environment to go to, which else is the current one, and the assets to "
            "compare, which else are all.",
        ),
    ] = None,
    select: Select = None,
    exclude: Exclude = None,
    selector: SelectorName = None,
    key: Annotated[
        str | None,
        Option(
            "--key",
            metavar="COLUMNS",
            help="The columns by which rows are paired: a,b.",
            shown_default="the grain, a unique test or the unique key",
        ),
    ] = None,
    rows: Annotated[
        int, Option("--rows", minimum=0, help="How many examples of each kind to show.")
    ] = 3,
    sample: Annotated[
        str | None,
        Option(
            "--sample",
            metavar="SHARE",
            help="The share of the keys to compare, chosen by their hash: 0.01; 1 compares all.",
            shown_default="all, of large tables a million rows or so",
        ),
    ] = None,
    float_digits: Annotated[
        int | None,
        Option(
            "--float-digits", minimum=0, help="Round floats to so many digits behind the point."
        ),
    ] = None,
    exit_code: Annotated[
        bool, Option("--exit-code", help="Exit with 3 where anything differs.")
    ] = False,
    wait: Wait = 0,
) -> None:
    """Compare the data of two environments: schemas, rows by key, columns, with examples."""
    options = DiffOptions(
        key=_columns(key), rows=rows, sample=_share(sample), float_digits=float_digits
    )
    wait_for(context, wait)
    workspace = context.workspace
    compilation = context.compile(strict=False)
    right, names = sides_and_assets(workspace, compilation, words or ())
    selects = any((select, exclude, selector))
    if names and selects:
        raise UsageMistake("name assets, or select them: not both", option="--select")
    assets, required = None, frozenset[AssetName]()
    if names:
        assets = required = frozenset(comparable(compilation, names, named=True))
    elif selects:
        chooser = selector_of(context, compilation)
        chosen = chooser.select(request_of(select, exclude, selector, "eager")).assets
        context.report(chooser.diagnostics)
        assets = frozenset(comparable(compilation, chosen, named=False))
    say = context.terminal.talk if context.terminal.err.interactive else lambda lines: None
    found, problems = compare_data(
        workspace,
        compilation,
        left,
        right,
        assets,
        options,
        required=required,
        tell=lambda asset, number, of: say([line(dim(f"comparing {asset} ({number} of {of})"))]),
    )
    if context.json:
        context.print_json({"version": 1, **msgspec.to_builtins(found)})
    else:
        context.terminal.data(data_diff_lines(found, context.terminal.out))
    context.report(problems)
    if problems:
        context.exit(FAILED)
    if exit_code and found.differs:
        context.exit(CHANGED)


def _columns(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise UsageMistake("name columns, with commas between them: a,b", option="--key")
    return names


def _share(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageMistake("a share is above 0 and at most 1: 0.01", option="--sample")
    return share

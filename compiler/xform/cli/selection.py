"""The options of a selection, shared by the commands that have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from xform.cli.options import Option

if TYPE_CHECKING:
    from xform.app.compiling.compiled import Compilation
    from xform.app.planning.selecting import Selector
    from xform.base.names import AssetName
    from xform.cli.context import Context
    from xform.graph.selection.request import Request

Select = Annotated[
    list[str] | None,
    Option(
        "--select", "-s", metavar="WHAT", help="What to take: names, tags, paths, graph operators."
    ),
]
Exclude = Annotated[
    list[str] | None, Option("--exclude", metavar="WHAT", help="What to leave out of it.")
]
SelectorName = Annotated[
    str | None, Option("--selector", metavar="NAME", help="A selection named in selectors.yml.")
]
Indirect = Annotated[
    str,
    Option(
        "--indirect-selection",
        metavar="MODE",
        help="Which tests come along: eager, cautious, buildable or empty.",
    ),
]

Upstream = Annotated[
    bool,
    Option("--upstream", help="Build what is read and stale too, though it is not selected."),
]


def request_of(
    select: list[str] | None, exclude: list[str] | None, selector: str | None, indirect: str
) -> Request:
    from xform.graph.selection.request import Request

    return Request(tuple(select or ()), tuple(exclude or ()), selector, indirect)


def chosen_assets(
    context: Context,
    compilation: Compilation,
    select: list[str] | None,
    exclude: list[str] | None,
) -> frozenset[AssetName] | None:
    """What a selection takes; None where nothing is selected. What is to be said of it is said."""
    if not select and not exclude:
        return None
    chooser = selector_of(context, compilation)
    selected = chooser.select(request_of(select, exclude, None, "eager"))
    context.report(chooser.diagnostics)
    return selected.assets


def selector_of(context: Context, compilation: Compilation) -> Selector:
    from xform.app.planning.selecting import Selector

    return Selector(context.workspace, compilation)
